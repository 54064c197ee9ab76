"""Shapes, codecs and messages made by hand, for tests that need no description."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from resolvers.errors import SourceBadResponse
from resolvers.soap.builtins import BUILTINS, SOAP11, SOAP12, XSD
from resolvers.soap.replies.envelope import decode
from resolvers.soap.replies.reader import Readers
from resolvers.soap.requests.envelope import Sent, encode
from resolvers.soap.shapes import Complex, Content, Member, OperationCodec, Shape, Simple
from resolvers.source import EVERYTHING, Selection

SPACE = "urn:made"
XML = "text/xml; charset=utf-8"
DECLARED = (
    'xmlns:t="urn:made" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:enc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:apache="http://xml.apache.org/xml-soap"'
)


def simple(builtin: str, **changes: Any) -> Simple:
    return replace(Simple(BUILTINS[builtin], builtin), **changes)


TEXT = simple("string")
INT = simple("int")


def element(name: str, shape: Shape = TEXT, **changes: Any) -> Member:
    return replace(Member(name, f"{{{SPACE}}}{name}", shape, type_tag=_type_tag(shape)), **changes)


def attribute(name: str, shape: Shape = TEXT, **changes: Any) -> Member:
    return replace(Member(name, name, shape, "attribute", required=False), **changes)


def _type_tag(shape: Shape) -> str:
    if isinstance(shape, Simple):
        return f"{{{XSD}}}{shape.builtin}"
    return shape.tag if isinstance(shape, Complex) else ""


def a_type(name: str, *content: Content, members: Iterable[Member] | None = None, **changes: Any) -> Complex:
    """A type whose members are its content, where they are not told apart from it."""
    told = tuple(members) if members is not None else tuple(item for item in content if isinstance(item, Member))
    shape = Complex(name, told, content, tag=f"{{{SPACE}}}{name}")
    for key, value in changes.items():
        setattr(shape, key, value)
    shape.by_tag = {member.tag: member for member in told if member.kind == "element"}
    return shape


def a_codec(*parts: Content, result: Member | None = None, **changes: Any) -> OperationCodec:
    """A wrapped operation ``Ask``."""
    made = OperationCodec(
        "Ask", "urn:made#Ask", "http://127.0.0.1:9/", f"{{{SPACE}}}Ask", {part.name: part for part in parts}, result
    )
    return replace(made, **changes)


def answers(shape: Shape, **changes: Any) -> OperationCodec:
    return a_codec(result=element("Answer", shape), **changes)


def reply(inside: str, *, header: str = "", version: str = "1.1") -> bytes:
    space = SOAP12 if version == "1.2" else SOAP11
    blocks = f"<s:Header>{header}</s:Header>" if header else ""
    return f'<s:Envelope xmlns:s="{space}" {DECLARED}>{blocks}<s:Body>{inside}</s:Body></s:Envelope>'.encode()


def written(codec: OperationCodec, arguments: Mapping[str, object]) -> bytes:
    return encode(codec, arguments).body


def sent(codec: OperationCodec, arguments: Mapping[str, object]) -> Sent:
    return encode(codec, arguments)


def read(codec: OperationCodec, content: bytes, selection: Selection = EVERYTHING, media: str = XML) -> Any:
    """The value of a reply, errors in it as their sentences."""
    return told(decode(codec, 200, media, content, selection=selection, made=Readers()))


def told(value: Any) -> Any:
    if isinstance(value, SourceBadResponse):
        return f"error: {value.detail}"
    if isinstance(value, dict):
        return {name: told(item) for name, item in value.items()}
    return [told(item) for item in value] if isinstance(value, list) else value
