"""Texts of elements and attributes read: what an absent, an empty or a fixed one is; prefixes and attachments."""

from __future__ import annotations

from typing import NamedTuple

from resolvers.errors import SourceBadResponse
from resolvers.model import Scalar
from resolvers.soap.lexical import Convert, reads
from resolvers.soap.replies.reading import Read, Reading, qualified
from resolvers.soap.shapes import Member, Shape, Simple
from resolvers.xml import Element

ABSENT = object()


class Text(NamedTuple):
    """An attribute, or the text of the element itself where ``tag`` is empty; ``preset``: what it is when absent."""

    name: str
    tag: str
    convert: Convert
    preset: object


def is_name(shape: Shape) -> bool:
    """Whether a text is one qualified name (xs:QName)."""
    return isinstance(shape, Simple) and shape.builtin == "QName" and not shape.values and not shape.many


def needs_node(shape: Simple) -> bool:
    """Its text alone does not say its value: a prefix is declared elsewhere, bytes may be an attachment."""
    return is_name(shape) or shape.scalar is Scalar.BASE64


def leaf(member: Member, shape: Simple, *, as_sent: bool = False) -> Read:
    """An element of text, or of an attachment that stands for it."""
    convert = converter(member, shape, as_sent=as_sent)
    binary = shape.scalar is Scalar.BASE64 and not shape.many
    named = is_name(shape)

    def read(node: Element, reading: Reading) -> object:
        if binary:
            attached = reading.attached(node)
            if attached is not None:
                return attached
        if len(node):
            raise SourceBadResponse("elements where text is declared")
        text = node.text or ""
        return convert(qualified(node, text) if named else text)

    return read


def converter(member: Member, shape: Simple, *, as_sent: bool = False) -> Convert:
    """The converter of a member; an empty element has the default, and a fixed value is no other. ``as_sent``: it is
    the text, whatever the description takes it for.
    """
    unsaid = member.fixed if member.fixed is not None else member.default
    if as_sent and not shape.many:
        return _sent(unsaid or "", stripped=shape.scalar is not Scalar.STRING)
    plain = reads(shape)
    if unsaid is None:
        return plain
    try:
        preset = plain(unsaid)
    except SourceBadResponse:
        return plain  # the description contradicts itself: then the type decides
    fixed = member.fixed is not None

    def convert(text: str) -> object:
        if not text:
            return preset
        value = plain(text)
        if fixed and value != preset:
            raise SourceBadResponse("another value than the one that is declared as fixed")
        return value

    return convert


def _sent(unsaid: str, *, stripped: bool) -> Convert:
    """``stripped``: spaces around it mean nothing, as in all types but texts (XML Schema part 2, section 4.3.6)."""

    def convert(text: str) -> object:
        return (text.strip(" \t\r\n") if stripped else text) or unsaid

    return convert


def text_of(member: Member, *, as_sent: bool = False) -> Text:
    assert isinstance(member.shape, Simple)
    convert = converter(member, member.shape, as_sent=as_sent)
    unsaid = member.fixed if member.fixed is not None else member.default
    preset: object = ABSENT
    if unsaid is not None and member.kind == "attribute":
        try:
            preset = reads(member.shape)(unsaid)
        except SourceBadResponse:
            preset = ABSENT
    return Text(member.name, member.tag if member.kind == "attribute" else "", convert, preset)
