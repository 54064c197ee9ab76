"""The files that one description is made of: what it refers to is read before anything of it is understood.

References into other files are found, resolved against the file they stand in, and read within bounds. What the files
mean is told elsewhere (``tree.py``, ``operations/openapi.py``).
"""

from __future__ import annotations

import asyncio
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import unquote, urljoin, urlsplit

from resolvers.documents import DescriptionError, Document, Documents
from resolvers.problem import Problem
from resolvers.rest.documents.overlays import Overlay, applied
from resolvers.yaml12 import Yaml, YamlError

MAX_FILES = 500
MAX_BYTES = 64 * 1024 * 1024
"""Of all files of one description together."""
_ELSEWHERE = re.compile(r"""\$ref["']?\s*:\s*["']?[^#"'\s{\[]""")
"""A reference that does not begin with ``#``: without one, a document is not searched for them."""


@dataclass(frozen=True, slots=True)
class Files:
    """``read``: address → the file; ``refused``: address → why it is not there. ``location``: of the main document.

    An address is a path relative to the folder of the main document or, for what was read from the network, a URL; the
    main document's own is empty.
    """

    location: str
    read: Mapping[str, Yaml]
    refused: Mapping[str, str] = field(default_factory=dict)
    hashes: Mapping[str, bytes] = field(default_factory=dict)
    """Of the bytes of every file but the main document, by address."""
    cautions: tuple[str, ...] = ()
    """What is to be known of overlays that were applied to the main document."""


def alone(document: Document) -> Files:
    """One document by itself: its references into others lead nowhere.

    Raises:
        DescriptionError: it is neither JSON nor YAML.
    """
    return Files(document.location, {"": parse(document)})


def parse(document: Document) -> Yaml:
    """The document read, the keys of its mappings as they are written (YAML reads ``200:`` as a number).

    Raises:
        DescriptionError: it is neither JSON nor YAML.
    """
    try:
        return Yaml(document.content, text_keys=True)
    except YamlError as error:
        where = document.location if error.line is None else f"{document.location}:{error.line}"
        raise DescriptionError(Problem(f"the document cannot be read: {error}", document=where)) from error


async def gather(documents: Documents, document: Document, overlays: Sequence[Overlay] = (), *, network: bool) -> Files:
    """The document with every file that it, or one of those, refers to. What cannot be had is in ``refused``.

    ``overlays``: applied to the document, in this order, before anything is made of it. ``network``: files may be
    fetched from the document's own origin; a document on disk has none and stays there.

    Raises:
        DescriptionError: ``document`` is neither JSON nor YAML. ConfigurationError: an overlay does not fit it.
    """
    return await _Gathering(documents, document, overlays, network=network).run()


async def same(documents: Documents, document: Document, hashes: Mapping[str, bytes], *, network: bool) -> bool:
    """Whether the other files of a description, address → hash, are still what they were."""
    return await _Gathering(documents, document, network=network).unchanged(hashes)


class _Gathering:
    def __init__(
        self, documents: Documents, document: Document, overlays: Sequence[Overlay] = (), *, network: bool
    ) -> None:
        self._overlays = overlays
        self._cautions: list[str] = []
        self._documents = documents
        self._main = document
        self._network = network
        self._read: dict[str, Yaml] = {}
        self._refused: dict[str, str] = {}
        self._hashes: dict[str, bytes] = {}
        self._size = len(document.content)

    async def run(self) -> Files:
        self._read[""] = await asyncio.to_thread(self._overlaid)
        waiting = await asyncio.to_thread(self._addresses, "")
        while waiting:
            address = waiting.pop()
            if address in self._read or address in self._refused:
                continue
            try:
                document = await self._fetch(address)
                self._read[address] = await asyncio.to_thread(parse, document)
            except DescriptionError as error:
                self._refused[address] = error.problem.what
                continue
            self._hashes[address] = sha256(document.content).digest()
            self._size += len(document.content)
            waiting += await asyncio.to_thread(self._addresses, address)
        return Files(self._main.location, self._read, self._refused, self._hashes, tuple(self._cautions))

    def _overlaid(self) -> Yaml:
        document = parse(self._main)
        if self._overlays:  # its lines are still those of the text: what overlays add stands in none
            document.value, self._cautions = applied(document.value, self._overlays)
        return document

    async def unchanged(self, hashes: Mapping[str, bytes]) -> bool:
        """Whether the files at these addresses are still the same."""
        for address, wanted in hashes.items():
            try:
                document = await self._fetch(address)
            except DescriptionError:
                return False
            if sha256(document.content).digest() != wanted:
                return False
        return True

    async def _fetch(self, address: str) -> Document:
        reason = self._refusal(address)
        if reason:
            raise DescriptionError(Problem(reason))
        document = await self._documents.read(address, relative_to=self._main.location, referred=True)
        if self._size + len(document.content) > MAX_BYTES:
            raise DescriptionError(Problem(f"the description's files are larger than {MAX_BYTES} bytes together"))
        return document

    def _refusal(self, address: str) -> str:
        if len(self._read) > MAX_FILES:
            return f"the description has more than {MAX_FILES} files"
        here = urlsplit(self._main.location)
        if here.scheme not in {"http", "https"}:
            if urlsplit(address).scheme or address.startswith("//"):
                return f"{address} is not a file beside the document"
            return "an absolute path is not followed" if address.startswith("/") else ""
        there = urlsplit(address)
        if (there.scheme, there.netloc) != (here.scheme, here.netloc):
            return f"{address} lies on another host and is not fetched"
        return "" if self._network else f"{address} is on the network: references: network allows it"

    def _addresses(self, base: str) -> list[str]:
        document = self._read[base]
        if not _ELSEWHERE.search(document.text) and not (self._overlays and not base):
            return []
        found = {address_of(reference, base, self._main.location) for reference in references(document.value)}
        return sorted(found - {""}, reverse=True)


def references(value: object) -> Iterator[str]:
    """Every ``$ref`` of a document that leads out of it."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str) and not reference.startswith("#"):
                yield reference
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def address_of(reference: str, base: str, location: str) -> str:
    """The address of the file that a reference in the file ``base`` leads to; empty for the main document.

    ``location``: where the main document was read.
    """
    path = reference.partition("#")[0]
    if not path:
        return base
    if location.startswith(("http://", "https://")):
        address = urljoin(base or location, path)
        return "" if address == location else address
    if urlsplit(path).scheme or path.startswith("/"):
        return path
    address = posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(path)))
    return "" if address == posixpath.basename(location.replace("\\", "/")) else address


def absolute(reference: str, base: str) -> str:
    """A reference that stands in the file ``base``, written so that it means the same in the main document."""
    path, mark, fragment = reference.partition("#")
    if not base:
        return reference
    if not path:
        return f"{base}{mark}{fragment}"
    if base.startswith(("http://", "https://")):
        return urljoin(base, path) + mark + fragment
    if urlsplit(path).scheme or path.startswith("/"):
        return reference
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), path)) + mark + fragment
