"""zeep as the judge of elements: it reads and writes them by the WSDL, without a network."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path
from typing import Any

import zeep
import zeep.exceptions
from lxml import etree
from zeep.transports import Transport

from tests.corpus.measure import CORPUS
from tests.soap_interop.schemas import Node

logging.getLogger("zeep").setLevel(logging.CRITICAL)


class _Offline(Transport):
    """Files, and of the network only what the corpus' catalogue has a copy of."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # zeep has no types
        folder = CORPUS / "wsdl" / "_catalog"
        self._known = {
            url: folder / name for url, name in json.loads((folder / "catalog.json").read_text("utf-8")).items()
        }

    def _load_remote_data(self, url: str) -> bytes:
        found = self._known.get(url)
        if found is None:
            raise OSError("not in the catalogue")
        content: bytes = found.read_bytes()
        return content


class Zeep:
    """A WSDL as zeep reads it.

    Raises:
        Exception: of whatever kind, where it cannot.
    """

    def __init__(self, path: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            client: Any = zeep.Client(str(path), transport=_Offline())  # type: ignore[no-untyped-call]  # likewise
            self.types: Any = client.wsdl.types

    def read(self, element: Node) -> Any:
        """The value of an element, in zeep's own objects."""
        declared = self.types.get_element(etree.QName(element))
        return declared.parse(element, self.types)

    def written(self, tag: str, value: Any) -> Node:
        """A value of zeep's as an element."""
        around = etree.Element("around")
        self.types.get_element(etree.QName(tag)).render(around, value)
        made = around[0]
        return etree.fromstring(etree.tostring(made, encoding="utf-8"))
