"""The gateway's side of a WSDL: what its reader makes of a global element, and a codec of that element alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

from resolvers.documents import Documents
from resolvers.model import TYPE_KEY
from resolvers.soap.documents.gather import gather
from resolvers.soap.operations.bindings import bound
from resolvers.soap.operations.definitions import Definitions
from resolvers.soap.operations.wsdl import _Reader
from resolvers.soap.replies.envelope import decode
from resolvers.soap.replies.reader import Readers
from resolvers.soap.requests.envelope import Encoders
from resolvers.soap.schemas.written import Written
from resolvers.soap.shapes import Array, Choice, Complex, Content, Member, Opaque, OperationCodec, alternatives

OPEN = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
CLOSE = b"</s:Body></s:Envelope>"


class Ours:
    """The elements of one WSDL, those of ``tags``, as the gateway reads and writes them."""

    def __init__(self, path: Path, tags: Iterable[str]) -> None:
        definitions = Definitions(asyncio.run(gather(Documents(path.parent), path.name)), path.name)
        reader = _Reader("source", definitions)
        reader.read(bound(definitions, None, None))
        found = {tag: reader._types.element(tag) for tag in tags}
        reader._families.settle()
        self._written = Written(missing=reader._types.missing)
        self._readers, self._encoders = Readers(), Encoders()
        self._codecs = {
            tag: OperationCodec(tag, "", "", "", {member.name: member}, member)
            for tag, member in found.items()
            if member is not None
        }

    def codec(self, tag: str) -> OperationCodec | None:
        """An operation that sends and answers the element ``tag``; ``None`` where it is declared nowhere."""
        return self._codecs.get(tag)

    def refusal(self, codec: OperationCodec) -> str:
        """Why a request with this element is not served; empty where it is."""
        return self._written.reason(member_of(codec))

    def decoded(self, codec: OperationCodec, element: bytes) -> object:
        """What a reply that holds ``element`` is read as."""
        return decode(codec, 200, "text/xml; charset=utf-8", OPEN + element + CLOSE, made=self._readers)

    def encoded(self, codec: OperationCodec, value: object, element: str) -> bytes:
        """The envelope of a request that says what was read as ``value`` of an element of the tag ``element``."""
        member = member_of(codec)
        if value is None and isinstance(member.shape, Complex) and not member.nillable:
            value = {}  # a reply without content is read as nothing
        given = _one(member.substitutes.get(element, member), value)
        if member.substitutes:
            given = {member.substitutes[element].name: given}
        return self._encoders.of(codec).encode({member.name: given}).body


def member_of(codec: OperationCodec) -> Member:
    assert codec.result is not None
    return codec.result


def _argument(member: Member, value: object) -> object:
    """What was read, as it is given: they differ in choices and in types that stand for others."""
    if isinstance(value, list) and member.many:
        return [_standing(member, item) for item in value]
    return _standing(member, value)


def _standing(member: Member, value: object) -> object:
    """One element, or one that stands for it: which of them it was is told by its type alone."""
    if not member.substitutes:
        return _one(member, value)
    name = value.get(TYPE_KEY) if isinstance(value, Mapping) else None
    for item in member.substitutes.values():
        shape = item.shape
        if not isinstance(shape, Complex) or name is None or name in alternatives(shape):
            return {item.name: _one(item, value)}
    raise AssertionError(f"no element of {member.name} has the type {name}")


def _one(member: Member, value: object) -> object:
    shape = member.shape
    if isinstance(shape, Opaque):
        return _qualified(value)
    if isinstance(shape, Array) and isinstance(value, list):
        return [_one(shape.item, item) for item in value]
    if not isinstance(shape, Complex) or not isinstance(value, Mapping):
        return value
    if not shape.derived:
        return _fields(shape.content, value)
    ways = alternatives(shape)
    name = value.get(TYPE_KEY)
    if name not in ways and len(ways) == 1:
        (name,) = ways
    assert isinstance(name, str)
    return {name: _fields(ways[name].content, value)}


def _fields(content: tuple[Content, ...], row: Mapping[str, object]) -> dict[str, object]:
    given: dict[str, object] = {}
    for one in content:
        if isinstance(one, Member):
            absent = one.name not in row or (one.many and row[one.name] == [] and not one.required)
            if not absent and one.kind == "any":
                given[one.name] = _qualified(row[one.name])
            elif not absent and (row[one.name] is not None or one.nillable):
                given[one.name] = _argument(one, row[one.name])
            continue
        chosen = _choices(one, row)
        if chosen and one.name:
            given[one.name] = chosen if one.many else chosen[0]
        elif chosen:
            given.update(chosen[0])
    return given


def _qualified(held: object) -> object:
    """The elements of a wildcard under their whole names, which readers are not told."""
    if isinstance(held, list):
        return [_qualified(item) for item in held]
    if not isinstance(held, Mapping):
        return held
    names = {name: f"{{urn:others}}{name}" if name == "thing" else name for name in held}
    return {names[name]: _qualified(item) for name, item in held.items()}


def _choices(choice: Choice, row: Mapping[str, object]) -> list[dict[str, object]]:
    """The ways that were taken, each item of a choice that may be repeated: how they were mixed is not read."""
    found: list[dict[str, object]] = []
    for branch in choice.branches:
        (first, *others) = branch.content
        held = row.get(first.name)
        if choice.many and not others and isinstance(first, Member) and not first.many and isinstance(held, list):
            found += [{branch.name: _argument(first, item)} for item in held]
            continue
        inner = _fields(branch.content, row)
        if any(item != [] for item in inner.values()):
            found.append({branch.name: inner if others or not first.name else inner[first.name]})
    return found
