"""Writers of elements, attributes and text, each made once for what the description declares.

Elements stand in the order of the schema, whatever the order of the values is. Arrays and what else only encoded
messages have is ``encoded.py``'s, what no type is declared for ``anything.py``'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from lxml import etree

from resolvers.errors import SourceBadResponse
from resolvers.model import Scalar
from resolvers.soap.builtins import NIL, XSI_TYPE
from resolvers.soap.lexical import Spell, Unfit, is_simple, reads, spells, takes_any_text
from resolvers.soap.lexical.forms import QNAME
from resolvers.soap.requests.anything import write_anything, write_wildcard
from resolvers.soap.requests.encoded import array_writer
from resolvers.soap.requests.sheet import INLINE_BYTES, Prefixes, Sheet, Values, beside_wildcard
from resolvers.soap.shapes import (
    NO_FACETS,
    Array,
    Branch,
    Choice,
    Complex,
    Content,
    Member,
    Opaque,
    Shape,
    Simple,
    alternatives,
)
from resolvers.xml import Element

Write: TypeAlias = Callable[[Element, Values, Sheet], None]
"""Writes what one content of a type says into the element of that type, out of all its values."""
Fill: TypeAlias = Callable[[Element, object, Sheet], None]
"""Writes one value: into its own element, or as a child of the element that is given."""

_ABSENT = object()
_STRINGS = {str}
_SELF = "exactly one of the fields is expected"


class Writers:
    """The writers of one source, made when they are first needed. They raise ``Unfit``."""

    def __init__(self, prefixes: Prefixes, *, encoded: bool = False, soap12: bool = False) -> None:
        self.prefixes = prefixes
        self.encoded = encoded
        self.soap12 = soap12
        self._objects: dict[Complex, Fill] = {}

    # --- contents ----------------------------------------------------------------------------------------------

    def content(self, content: Content) -> Write:
        """The writer of one content among the values of its type."""
        if isinstance(content, Choice):
            return self._choice_among(content) if content.name else self._whole_choice(content)
        name, required = content.name, content.required
        fill = self.member(content)
        unsaid = content.fixed if content.fixed is not None else content.default
        fallback = None if unsaid is None or not required else self._unsaid(content, unsaid)
        # GraphQL has no argument that may be null and must be given: what must be there and is not said is nil.
        nil = required and content.nillable and not content.many and not content.substitutes

        def write(parent: Element, values: Values, sheet: Sheet) -> None:
            value = values.get(name, _ABSENT)
            if value is not _ABSENT:
                try:
                    fill(parent, value, sheet)
                except Unfit as error:
                    raise error.under(name) from None
            elif fallback is not None:
                fallback(parent)
            elif nil:
                fill(parent, None, sheet)
            elif required:
                raise Unfit("it is required", name)

        return write

    def _unsaid(self, member: Member, text: str) -> Callable[[Element], None]:
        """Writes what the schema says that a required member is where nothing else is said."""
        if member.kind == "attribute":
            return lambda parent: parent.set(member.tag, text)
        if member.kind == "value":
            return lambda parent: _set_text(parent, text)

        def write(parent: Element) -> None:
            self._element(parent, member).text = text

        return write

    def _choice_among(self, choice: Choice) -> Write:
        name = choice.name
        fill = self._choice(choice)

        def write(parent: Element, values: Values, sheet: Sheet) -> None:
            value = values.get(name)
            if value is None:
                if choice.required:
                    raise Unfit("it is required", name)
                return
            try:
                if choice.many:
                    _each(fill, parent, value, sheet)
                else:
                    fill(parent, value, sheet)
            except Unfit as error:
                raise error.under(name) from None

        return write

    def _whole_choice(self, choice: Choice) -> Write:
        fill = self._choice(choice)

        def write(parent: Element, values: Values, sheet: Sheet) -> None:
            if values or choice.required:
                fill(parent, values, sheet)

        return write

    def _choice(self, choice: Choice) -> Fill:
        """One branch of a choice."""
        return _one_of({branch.name: self._branch(branch) for branch in choice.branches})

    def _branch(self, branch: Branch) -> Fill:
        if len(branch.content) == 1:
            content = branch.content[0]
            return self.member(content) if isinstance(content, Member) else self._lone_choice(content)
        names = frozenset(content.name for content in branch.content)
        writers = [self.content(content) for content in branch.content]

        def fill(parent: Element, value: object, sheet: Sheet) -> None:
            for write in writers:
                write(parent, _object(value, names), sheet)

        return fill

    def _lone_choice(self, choice: Choice) -> Fill:
        fill = self._choice(choice)
        if not choice.many:
            return fill
        return lambda parent, value, sheet: _each(fill, parent, value, sheet)

    # --- members -----------------------------------------------------------------------------------------------

    def member(self, member: Member) -> Fill:
        """Writes the value of a member, all its items, into the element that it is a part of."""
        if member.kind == "any":
            return lambda parent, value, sheet: write_wildcard(parent, value, sheet.declared)
        if member.kind != "element":
            return self._text(member)
        one = self._substituted(member) if member.substitutes else self.element(member)
        if not member.many:
            return one
        texts = self._texts(member)

        def fill(parent: Element, value: object, sheet: Sheet) -> None:
            if member.required and value == []:
                raise Unfit("at least one item is needed")
            if texts is not None and type(value) is list and set(map(type, value)) == _STRINGS:
                texts(parent, value)
            else:
                _each(one, parent, value, sheet)

        return fill

    def _texts(self, member: Member) -> Callable[[Element, list[str]], None] | None:
        """Writes a list of strings, as keys mostly are; ``None`` where each of them needs more than its text."""
        shape = member.shape
        if self.encoded or member.substitutes or not isinstance(shape, Simple) or shape.scalar is Scalar.BASE64:
            return None
        spell, tag = _spell(member), member.tag
        any_text = member.fixed is None and shape.builtin != "QName" and takes_any_text(shape)

        def fill(parent: Element, value: list[str]) -> None:
            if any_text and is_simple("".join(value)):
                for text in value:
                    etree.SubElement(parent, tag).text = text
                return
            for index, text in enumerate(value):
                try:
                    etree.SubElement(parent, tag).text = spell(text)
                except Unfit as error:
                    raise error.under(f"[{index}]") from None

        return fill

    def _substituted(self, member: Member) -> Fill:
        return _one_of({item.name: self.element(item) for item in member.substitutes.values()})

    def _text(self, member: Member) -> Fill:
        """An attribute, or the text of an element that has attributes."""
        spell = _spell(member)

        def fill(parent: Element, value: object, _: Sheet) -> None:
            if value is None:
                raise Unfit("it cannot be null")
            text = spell(value)
            if member.kind == "attribute":
                parent.set(member.tag, text)
            else:
                parent.text = text

        return fill

    def element(self, member: Member) -> Fill:
        """Writes one element of a member."""
        inner = self.inside(member)
        nillable = member.nillable

        def fill(parent: Element, value: object, sheet: Sheet) -> None:
            node = self._element(parent, member)
            if value is not None:
                inner(node, value, sheet)
            elif nillable:
                node.set(NIL, "true")
            else:
                raise Unfit("it cannot be null")

        return fill

    def _element(self, parent: Element, member: Member) -> Element:
        node = etree.SubElement(parent, member.tag)
        if self.encoded and member.type_tag:
            node.set(XSI_TYPE, self.prefixes.name(member.type_tag))
        return node

    # --- what stands inside of an element ----------------------------------------------------------------------

    def inside(self, member: Member) -> Fill:
        """Writes a value that is not null into the element of a member."""
        shape: Shape = member.shape
        if isinstance(shape, Simple):
            return _leaf(member, shape)
        if isinstance(shape, Complex):
            return self._derived(shape) if shape.derived else self.object(shape)
        if isinstance(shape, Array):
            return array_writer(shape, self.element(shape.item), self.prefixes, soap12=self.soap12)
        return _untyped(shape)

    def object(self, shape: Complex) -> Fill:
        """Writes the contents of one type; types may hold themselves."""
        known = self._objects.get(shape)
        if known is not None:
            return known
        names = frozenset(content.name for content in shape.content)
        allowed = None if "" in names else names  # the names of a choice are those of its branches
        writers: list[Write] = []

        declared = beside_wildcard(shape)

        def fill(node: Element, value: object, sheet: Sheet) -> None:
            values = _object(value, allowed)
            for write in writers:
                write(node, values, sheet)

        def closed(node: Element, value: object, sheet: Sheet) -> None:
            outer, sheet.declared = sheet.declared, declared
            try:
                fill(node, value, sheet)
            finally:
                sheet.declared = outer

        self._objects[shape] = made = closed if declared else fill
        writers.extend(self.content(content) for content in shape.content)
        return made

    def _derived(self, shape: Complex) -> Fill:
        """One of the types that may stand here, named by ``xsi:type`` where it is not the declared one."""
        return _one_of({name: self._typed(item, declared=shape) for name, item in alternatives(shape).items()})

    def _typed(self, shape: Complex, *, declared: Complex) -> Fill:
        fill = self.object(shape)
        if shape is declared and not self.encoded:
            return fill
        said = self.prefixes.name(shape.tag)

        def typed(node: Element, value: object, sheet: Sheet) -> None:
            if said:
                node.set(XSI_TYPE, said)
            fill(node, value, sheet)

        return typed


def _each(fill: Fill, parent: Element, value: object, sheet: Sheet) -> None:
    if not isinstance(value, list | tuple):
        raise Unfit("a list is expected")
    for index, item in enumerate(value):
        try:
            fill(parent, item, sheet)
        except Unfit as error:
            raise error.under(f"[{index}]") from None


def _one_of(fills: Mapping[str, Fill]) -> Fill:
    """The value of a ``@oneOf``: exactly one of the names."""

    def fill(parent: Element, value: object, sheet: Sheet) -> None:
        if not isinstance(value, Mapping) or len(value) != 1:
            raise Unfit(_SELF)
        ((name, below),) = value.items()
        chosen = fills.get(name)
        if chosen is None:
            raise Unfit("there is no such field", str(name))
        try:
            chosen(parent, below, sheet)
        except Unfit as error:
            raise error.under(str(name)) from None

    return fill


def _object(value: object, allowed: frozenset[str] | None) -> Values:
    if not isinstance(value, Mapping):
        raise Unfit("an object is expected")
    if allowed is not None and not value.keys() <= allowed:
        raise Unfit("there is no such field", str(min(value.keys() - allowed)))
    return value


def _spell(member: Member) -> Spell:
    """The speller of a member's text; a fixed value allows no other (XML Schema part 1, section 3.3.1)."""
    assert isinstance(member.shape, Simple)
    plain = _named(spells(member.shape)) if member.shape.builtin == "QName" else spells(member.shape)
    fixed = member.fixed
    if fixed is None:
        return plain
    read = reads(member.shape)

    def spell(value: object) -> str:
        text = plain(value)
        try:
            same = text == fixed or read(text) == read(fixed)
        except SourceBadResponse:
            same = False
        if not same:
            raise Unfit(f"it is always {fixed}")
        return text

    return spell


def _named(spell: Spell) -> Spell:
    """A qualified name: lxml declares the namespace of an ``etree.QName`` where it is put."""

    def named(value: object) -> str:
        found = QNAME.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise Unfit("a qualified name is written {namespace}name, or name alone without a namespace")
        text = spell(value)
        return etree.QName(text) if found[1] else text  # type: ignore[return-value]  # taken as text, and more

    return named


def _leaf(member: Member, shape: Simple) -> Fill:
    spell = _spell(member)
    if shape.scalar is not Scalar.BASE64 or shape.many or member.fixed is not None:

        def fill(node: Element, value: object, _: Sheet) -> None:
            node.text = spell(value)

        return fill

    plain = shape.facets is NO_FACETS

    def fill_bytes(node: Element, value: object, sheet: Sheet) -> None:
        if not sheet.optimized or not isinstance(value, bytes) or len(value) <= INLINE_BYTES:
            node.text = spell(value)
            return
        if not plain:
            spell(value)
        sheet.put(node, value)

    return fill_bytes


def _set_text(node: Element, text: str) -> None:
    node.text = text


def _untyped(shape: Opaque) -> Fill:
    if shape.missing:

        def refuse(_: Element, __: object, ___: Sheet) -> None:
            raise Unfit("it cannot be written: its type is not declared")

        return refuse
    if shape.elements:
        # A source that says nothing is read as empty text, which may be given back.
        return lambda node, value, _: None if value == "" else write_wildcard(node, value)
    return lambda node, value, _: write_anything(node, value)
