"""What the writers of one request share: the prefixes of its namespaces, and the bytes that travel beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from resolvers.soap.builtins import SOAP11, SOAP12, SOAP12_ENCODING, SOAP_ENCODING, XML, XOP, XSD, XSI
from resolvers.soap.shapes import Array, Choice, Complex, Content, Member, OperationCodec, Shape
from resolvers.xml import Element, local, namespace_of

INLINE_BYTES = 1024
"""Bytes up to this size stay in the envelope where others travel beside it: a part of its own costs 200 bytes more."""


@dataclass(slots=True)
class Sheet:
    """``optimized``: larger bytes are taken out of the envelope (XOP). ``files``: those that were, by content id.

    ``declared``: what the type that is being written declares beside its wildcard, by tag.
    """

    optimized: bool = False
    files: dict[str, bytes] = field(default_factory=dict)
    declared: frozenset[str] = frozenset()

    def put(self, node: Element, content: bytes) -> None:
        """Lets ``node`` hold bytes that are sent in a part of their own (XOP, section 2)."""
        name = f"{len(self.files) + 1}@isthmus"
        self.files[name] = content
        etree.SubElement(node, f"{{{XOP}}}Include", nsmap={"xop": XOP}).set("href", f"cid:{name}")


class Prefixes:
    """The prefix of each namespace, one for all requests of a source."""

    def __init__(self) -> None:
        self._known = {XSI: "xsi", XSD: "xs", SOAP_ENCODING: "enc", SOAP12_ENCODING: "enc12"}

    def of(self, space: str) -> str:
        known = self._known.get(space)
        if known is None:
            known = self._known[space] = f"n{len(self._known)}"
        return known

    def name(self, tag: str) -> str:
        """A qualified name as it stands in the value of an attribute; an envelope declares its prefix."""
        space = namespace_of(tag)
        return f"{self.of(space)}:{local(tag)}" if space else tag

    def declared(self, codec: OperationCodec) -> dict[str, str]:
        """What the envelope of an operation declares: all that its request may need."""
        envelope = SOAP12 if codec.version == "1.2" else SOAP11
        contents = (*codec.parts.values(), *codec.headers.values())
        spaces = {namespace_of(tag) for tag in (codec.wrapper, *_tags(contents))}
        spaces -= {"", XML, SOAP11, SOAP12}
        if codec.encoded:
            spaces.add(SOAP12_ENCODING if codec.version == "1.2" else SOAP_ENCODING)
        found = {"soap": envelope, "xsi": XSI, "xs": XSD}
        found.update({self.of(space): space for space in sorted(spaces)})
        return found


def _tags(contents: Iterable[Content]) -> Iterator[str]:
    """Every name that can stand in a request that holds ``contents``."""
    waiting: list[Content | Shape] = list(contents)
    seen: set[int] = set()
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        match item:
            case Member():
                yield from (item.tag, item.type_tag) if item.kind != "any" else ()
                waiting += [item.shape, *item.substitutes.values()]
            case Choice():
                waiting += [content for branch in item.branches for content in branch.content]
            case Complex():
                yield item.tag
                waiting += [*item.content, *item.derived]
            case Array():
                yield item.item_type
                waiting.append(item.item)


def beside_wildcard(shape: Complex) -> frozenset[str]:
    """The tags of what a type declares for itself, where it has a wildcard too; otherwise empty."""
    members: list[Member] = []
    waiting: list[Content] = list(shape.content)
    while waiting:
        item = waiting.pop()
        if isinstance(item, Choice):
            waiting += [content for branch in item.branches for content in branch.content]
        else:
            members.append(item)
    if all(member.kind != "any" for member in members):
        return frozenset()
    return frozenset(tag for member in members if member.kind != "any" for tag in (member.tag, *member.substitutes))


Values = Mapping[str, object]
