"""Faults as errors: SOAP 1.1, section 4.4; SOAP 1.2 part 1, section 5.4.

What a source says in words goes into the error's ``detail``, which only the log sees; a caller sees names that the
specification or the description declares.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from resolvers.errors import IsthmusError, SourceBadResponse, SourceFault
from resolvers.model import TYPE_KEY
from resolvers.soap.builtins import SOAP11, SOAP12
from resolvers.soap.replies.reader import Mode, Readers
from resolvers.soap.replies.reading import Reading
from resolvers.soap.shapes import OperationCodec
from resolvers.source import EVERYTHING
from resolvers.xml import Element, namespace_of

FAULTS = frozenset({f"{{{SOAP11}}}Fault", f"{{{SOAP12}}}Fault"})
MAX_BYTES = 4096
"""Of a detail that is shown, as JSON; a larger one is not shown at all: half of one would be read as the whole."""

_CODES = frozenset({
    "Client", "Server", "VersionMismatch", "MustUnderstand", "Sender", "Receiver", "DataEncodingUnknown",
})  # fmt: skip
_HARMLESS = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_EXACT = 2**53
_LOGGED = 2000


def fault_of(
    codec: OperationCodec, fault: Element, readers: Readers, reading: Reading, *, told: bool = False
) -> SourceFault:
    """A fault as an error. ``told``: callers may see the fields of a detail that the description declares."""
    space = namespace_of(fault.tag)
    if space == SOAP12:
        code = fault.find(f"{{{space}}}Code/{{{space}}}Value")
        subcode = fault.find(f"{{{space}}}Code/{{{space}}}Subcode/{{{space}}}Value")
        text = fault.findtext(f"{{{space}}}Reason/{{{space}}}Text", "")
        detail = fault.find(f"{{{space}}}Detail")
    else:
        code, subcode = _first(fault, "faultcode"), None
        words = _first(fault, "faultstring")
        text = "" if words is None else words.text or ""
        detail = _first(fault, "detail")
    extensions: dict[str, object] = {}
    short = _local(code).partition(".")[0]
    if short in _CODES:
        extensions["faultCode"] = short
    elif subcode is None and space == SOAP11:
        subcode = code
    name = _qualified(subcode)
    if name:
        extensions["faultSubcode"] = name
    said = f"fault {short}: {' '.join(text.split())}"
    header = fault.getroottree().getroot().find(f"{{{space}}}Header")
    for node in (*(detail if detail is not None else ()), *(header if header is not None else ())):
        member = codec.faults.get(node.tag)
        if member is None:
            continue
        extensions["fault"] = member.name
        try:
            value = readers.of(member, EVERYTHING, Mode(encoded=codec.encoded))(node, reading)
        except SourceBadResponse:
            said += f"; {member.name}: does not fit its declaration"
            break
        said += f"; {member.name}: {value}"
        shown = _shown(value) if told else None
        if shown is not None:
            extensions["detail"] = shown
        break
    return SourceFault(said[:_LOGGED], extensions=extensions)


def _first(fault: Element, name: str) -> Element | None:
    """A part of a fault of SOAP 1.1, which has no namespace; some senders give it the envelope's."""
    found = fault.find(name)
    return found if found is not None else fault.find(f"{{{SOAP11}}}{name}")


def _local(code: Element | None) -> str:
    return "" if code is None else (code.text or "").strip().rpartition(":")[2]


def _qualified(code: Element | None) -> str:
    """The local name of a code whose prefix is declared and not SOAP's own, where it is made of harmless letters."""
    prefix, colon, name = ("" if code is None else (code.text or "").strip()).rpartition(":")
    if code is None or not colon or not _HARMLESS.fullmatch(name):
        return ""
    space = code.nsmap.get(prefix)
    return name if space and space not in {SOAP11, SOAP12} else ""


def _shown(value: object) -> object:
    """A declared detail as JSON, what does not fit its declaration left out; ``None`` for what is not shown."""
    shown = _plain(value)
    try:
        return shown if len(msgspec.json.encode(shown)) <= MAX_BYTES else None
    except (msgspec.MsgspecError, TypeError, RecursionError):
        return None


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in _sound(value.items())}
    if isinstance(value, list):
        return [_plain(item) for item in value if not isinstance(item, IsthmusError)]
    if isinstance(value, Decimal) or (isinstance(value, int) and abs(value) > _EXACT):
        return str(value)
    return value


def _sound(items: Iterable[tuple[object, object]]) -> list[tuple[object, object]]:
    return [(name, item) for name, item in items if name != TYPE_KEY and not isinstance(item, IsthmusError)]
