"""The gateway's side of a WSDL: what its reader makes of a global element, and a codec of that element alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from resolvers.documents import Documents
from resolvers.model import TYPE_KEY
from resolvers.soap.documents.gather import gather
from resolvers.soap.operations.wsdl import _Reader
from resolvers.soap.replies.envelope import decode
from resolvers.soap.requests.envelope import encode
from resolvers.soap.schemas.members import settle
from resolvers.soap.schemas.neutral import unwritable
from resolvers.soap.shapes import Array, Choice, Complex, Content, Member, OperationCodec, alternatives

OPEN = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
CLOSE = b"</s:Body></s:Envelope>"


class Ours:
    """The elements of one WSDL as the gateway reads and writes them."""

    def __init__(self, path: Path) -> None:
        found = asyncio.run(gather(Documents(path.parent), path.name))
        self._reader = _Reader("source", found, path.name)
        self._reader.read()
        self._codecs: dict[str, OperationCodec | None] = {}

    def codec(self, tag: str) -> OperationCodec | None:
        """An operation that sends and answers the element ``tag``; ``None`` where it is declared nowhere."""
        if tag not in self._codecs:
            member = self._reader._types.element(tag)
            settle(self._reader._types)
            self._codecs[tag] = (
                None if member is None else OperationCodec("Any", "", "", "", {member.name: member}, member)
            )
        return self._codecs[tag]


def member_of(codec: OperationCodec) -> Member:
    assert codec.result is not None
    return codec.result


def refusal(codec: OperationCodec) -> str:
    """Why a request with this element is not served; empty where it is."""
    return unwritable(member_of(codec))


def decoded(codec: OperationCodec, element: bytes) -> object:
    """What a reply that holds ``element`` is read as."""
    return decode(codec, 200, "text/xml; charset=utf-8", OPEN + element + CLOSE)


def encoded(codec: OperationCodec, value: object) -> bytes:
    """The envelope of a request that says what was read as ``value``."""
    member = member_of(codec)
    if value is None and isinstance(member.shape, Complex) and not member.nillable:
        value = {}  # a reply without content is read as nothing
    return encode(codec, {member.name: _argument(member, value)})


def _argument(member: Member, value: object) -> object:
    """What was read, as it is given: they differ in choices and in types that stand for others."""
    if isinstance(value, list) and member.many:
        return [_one(member, item) for item in value]
    return _one(member, value)


def _one(member: Member, value: object) -> object:
    shape = member.shape
    if isinstance(shape, Array) and isinstance(value, list):
        return [_one(shape.item, item) for item in value]
    if not isinstance(shape, Complex) or not isinstance(value, Mapping):
        return value
    if not shape.derived:
        return _fields(shape.content, value)
    name = value.get(TYPE_KEY)
    assert isinstance(name, str)
    return {name: _fields(alternatives(shape)[name].content, value)}


def _fields(content: tuple[Content, ...], row: Mapping[str, object]) -> dict[str, object]:
    given: dict[str, object] = {}
    for one in content:
        if isinstance(one, Member):
            absent = one.name not in row or (one.many and row[one.name] == [] and not one.required)
            if not absent and (row[one.name] is not None or one.nillable):
                given[one.name] = _argument(one, row[one.name])
            continue
        chosen = _choice(one, row)
        if chosen is not None and one.name:
            given[one.name] = [chosen] if one.many else chosen
        elif chosen is not None:
            given.update(chosen)
    return given


def _choice(choice: Choice, row: Mapping[str, object]) -> dict[str, object] | None:
    for branch in choice.branches:
        inner = _fields(branch.content, row)
        if inner:
            (first, *others) = branch.content
            return {branch.name: inner if others else inner[first.name]}
    return None
