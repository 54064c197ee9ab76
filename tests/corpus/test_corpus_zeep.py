"""Compared with zeep on the real WSDLs: what zeep can call, we serve, and what we read is spelled as it spells it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from zeep.wsdl.bindings.soap import Soap11Binding, SoapBinding

from resolvers.documents import Documents
from resolvers.soap.documents.gather import gather
from resolvers.soap.operations.wsdl import Description, read
from resolvers.soap.shapes import Member
from tests.corpus.measure import CORPUS
from tests.corpus.soap import loaded_by_zeep

LEAST_LOADED = 45
"""WSDLs that zeep loads without a network."""


def _ours(path: str) -> Description:
    return read("source", asyncio.run(gather(Documents(CORPUS), path)), path)


def _operations(wsdl: Any) -> Iterator[tuple[str, Any]]:
    """The operations that zeep would send by SOAP."""
    for service in wsdl.services.values():
        for port in service.ports.values():
            if isinstance(port.binding, SoapBinding):
                yield from port.binding._operations.items()


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real WSDLs is not beside the checkout")
def test_what_zeep_can_call_is_served_with_the_same_action_and_wrapper() -> None:
    loaded = 0
    for path, wsdl in loaded_by_zeep():
        loaded += 1
        ours = _ours(path)
        left_out = {item.operation for item in ours.model.left_out if not item.degraded}
        for name, theirs in _operations(wsdl):
            if name in left_out:
                continue  # with a reason, that another test holds
            codec = ours.codecs[name]
            assert codec.rpc == (theirs.style == "rpc"), (path, name)
            if codec.version == "1.1" and isinstance(theirs.binding, Soap11Binding):
                assert codec.action == (theirs.soapaction or ""), (path, name)
            body = theirs.input.body
            if body is not None and codec.wrapper:
                assert codec.wrapper == body.qname.text, (path, name)
                children = [
                    part.tag for part in codec.parts.values() if isinstance(part, Member) and part.kind != "any"
                ]
                assert set(children) <= _children(body), (path, name)
    assert loaded >= LEAST_LOADED


def _children(body: Any) -> set[str]:
    """The tags of the children of a wrapper, those in its groups among them."""
    return {each.qname.text for _, each in body.type.elements if getattr(each, "qname", None) is not None}
