"""What the readers of one reply share: its attachments, the elements that others refer to, and what was counted."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias
from urllib.parse import unquote

from resolvers.errors import SourceBadResponse
from resolvers.soap.builtins import NIL, SOAP12_ENCODING, XOP
from resolvers.xml import Element

NO_FILES: Mapping[str, bytes] = MappingProxyType({})
REFERENCE12 = f"{{{SOAP12_ENCODING}}}ref"
_INCLUDE = f"{{{XOP}}}Include"
_MOST_NESTED = 100
"""References inside of what references lead to: as deep as elements may lie."""
MOST_REPEATED = 1_000_000
"""Elements that references may repeat: each time that one is referred to again, all that it holds counts again."""
_WEIGHT = 64
"""So many bytes of text or of an attachment weigh as much as an element."""


@dataclass(slots=True)
class Reading:
    """``files``: the other parts of the message by content id; nothing is ever fetched by one from anywhere else.

    ``targets``: elements of the body by their ``id``, in encoded messages. ``sparse``: arrays may say where their items
    stand. ``misnamed``: how many elements were read that have a declared name in another namespace than declared.
    """

    files: Mapping[str, bytes] = field(default_factory=lambda: NO_FILES)
    targets: Mapping[str, Element | None] | None = None
    sparse: bool = False
    misnamed: int = 0
    _read: dict[tuple[Element, Read], tuple[object, int]] = field(default_factory=dict)
    _busy: set[tuple[Element, Read]] = field(default_factory=set)
    _written: dict[str, str] = field(default_factory=dict)
    _counted: int = 0
    _repeated: int = 0

    def target(self, node: Element) -> Element | None:
        """The element that ``node`` only refers to (SOAP 1.1, section 5.4.1), or ``None`` where it does not.

        Raises:
            SourceBadResponse: it refers to nothing of this message.
        """
        if self.targets is None:
            return None
        written = node.get("href") or node.get(REFERENCE12)
        if written is None or written.startswith("cid:"):
            return None
        found = self.targets.get(written.removeprefix("#"))
        if found is None:
            raise SourceBadResponse("it refers to an element that the reply does not hold, or holds twice")
        return found

    def once(self, target: Element, read: Read) -> object:
        """What ``read`` makes of the target of a reference; made once, however many refer to it.

        Raises:
            SourceBadResponse: it holds itself, or references are nested too deeply or repeat too much: what a few
                references to references make is small here, and without end once it is written out.
        """
        key = (target, read)
        known = self._read.get(key)
        if known is not None:
            value, size = known
            self._repeat(size)
            return value
        if key in self._busy:
            raise SourceBadResponse("an element of the reply holds itself by reference")
        if len(self._busy) >= _MOST_NESTED:
            raise SourceBadResponse("the references of the reply are nested too deeply")
        self._busy.add(key)
        before = self._counted
        self._counted += sum(1 + len(node.text or "") // _WEIGHT for node in target.iter())
        try:
            value = read(target, self)
        finally:
            self._busy.remove(key)
        self._read[key] = (value, self._counted - before)
        return value

    def _repeat(self, size: int) -> None:
        self._counted += size
        self._repeated += size
        if self._repeated > MOST_REPEATED:
            raise SourceBadResponse(f"the references of the reply repeat more than {MOST_REPEATED} elements")

    def attached(self, node: Element) -> str | None:
        """The attachment that stands for the text of ``node`` in base64: ``xop:Include``, or ``href="cid:…"``.

        Raises:
            SourceBadResponse: the message has no such part, or it is referred to too often.
        """
        href = node.get("href") if not len(node) else node[0].get("href") if node[0].tag == _INCLUDE else None
        if href is None or not href.startswith("cid:"):
            return None
        name = unquote(href[4:])
        written = self._written.get(name)
        if written is not None:
            self._repeat(1 + len(written) // _WEIGHT)
            return written
        content = self.files.get(name)
        if content is None:
            raise SourceBadResponse("it refers to an attachment that the reply does not hold")
        written = self._written[name] = base64.b64encode(content).decode("ascii")
        return written


Read: TypeAlias = Callable[[Element, Reading], object]


def is_nil(node: Element) -> bool:
    return node.get(NIL, "").strip() in {"true", "1"}


def check_nil(node: Element) -> None:
    """Looks whether a nil element is empty.

    Raises:
        SourceBadResponse: it holds something.
    """
    if len(node) or (node.text and node.text.strip()):
        raise SourceBadResponse("it is nil and yet holds something")


def qualified(node: Element, written: str) -> str:
    """A prefixed name in an element's text or attribute as ``{namespace}local``; an unknown prefix stays."""
    prefix, colon, name = written.strip().rpartition(":")
    space = node.nsmap.get(prefix if colon else None)
    if space:
        return f"{{{space}}}{name}"
    return written.strip() if colon else name
