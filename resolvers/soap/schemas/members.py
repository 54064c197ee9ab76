"""Members of complex types: what a reply may hold, told of each tag once, that of the base first.

A member has one name wherever its type or one derived from it holds it. The order and the choices that a request obeys
are made in ``contents.py``, the types that may stand in a type's place in ``families.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from resolvers.model import LeftOut
from resolvers.naming import shortened
from resolvers.soap.builtins import SOAP_ENCODINGS, XSD, XSDS
from resolvers.soap.schemas.contents import Contents
from resolvers.soap.schemas.declarations import NESTING, Schema, derivation, is_true, place_of, qname
from resolvers.soap.schemas.particles import Group, Leaf, Particle, Particles
from resolvers.soap.schemas.types import Types
from resolvers.soap.shapes import Complex, Member, Opaque, Shape, Simple
from resolvers.xml import Element, local, namespace_of


@dataclass(frozen=True, slots=True)
class _Seen:
    """A member as one leaf says it; ``choice``: another may stand in its stead."""

    member: Member
    choice: bool = False
    inherited: bool = False


class Filling:
    """Fills complex shapes, each once, their bases before them."""

    def __init__(self, types: Types) -> None:
        self._types = types
        self._particles: dict[Complex, list[Particle]] = {}
        self._attributes: dict[Complex, list[Member]] = {}
        self._contents = Contents(types)

    def fill(self, shape: Complex) -> None:
        """Gives the shape its members and contents."""
        chain = [shape]
        while chain[-1] not in self._particles:
            base = self._base(chain[-1])
            if base is None:
                break
            if base in chain or len(chain) > NESTING:
                node, schema = self._types.nodes[shape]
                reason = "derived from itself" if base in chain else "derived through too many types"
                self._types.note(shape.name, reason, node, schema)
                break
            chain[-1].base = base
            chain.append(base)
        for each in reversed(chain):
            if each not in self._particles:
                self._fill(each)

    def _base(self, shape: Complex) -> Complex | None:
        """The complex type that this one is derived from."""
        node, schema = self._types.nodes[shape]
        inner = derivation(node)
        written = inner.get("base") if inner is not None else None
        if inner is None or written is None:
            return None
        tag = qname(inner, written, schema.namespace)
        found = self._types.declarations.find("type", tag)
        if found is None or local(found[0].tag) != "complexType":
            known = found is not None or namespace_of(tag) in XSDS or namespace_of(tag) in SOAP_ENCODINGS
            if not known:
                self._types.note(shape.name, f"its base type {local(tag)} is declared nowhere", inner, schema)
            return None
        return self._types.based_on(*found, tag)

    def _fill(self, shape: Complex) -> None:
        node, schema = self._types.nodes[shape]
        inner, base = derivation(node), shape.base
        declaring = node if inner is None else inner
        reading = Particles(self._types, shape)
        if is_true(node.get("mixed")):
            reading.note("", "mixed content: the text between its elements is not served", node, schema)
        own = reading.of(declaring, schema)
        attributes = list(reading.attributes(declaring, schema))
        restricts = inner is not None and local(inner.tag) == "restriction"
        above = [] if base is None else self._particles.get(base, [])
        if restricts:  # elements are said anew, attributes are inherited
            again = any(leaf.member.kind == "any" for leaf, _ in _leaves(own))
            inherited = [m for m in (base.members if base is not None else ()) if m.kind != "any" or again]
            particles = own
        else:
            inherited = list(base.members) if base is not None else []
            particles = [*above, *own]
        self._particles[shape] = particles
        value = self._value(shape, node, schema, base)
        seen = [_Seen(member, inherited=True) for member in inherited]
        seen += [_Seen(member) for member in value]
        for leaf, around in _leaves(own):
            seen.append(_Seen(_bounded(leaf, around), around.choice))
        seen += [_Seen(member) for member in attributes]
        names = self._distinct(shape, seen, again=restricts)
        shape.members = tuple(names.values())
        self._attributes[shape] = self._written_attributes(base, attributes, declaring, schema, names)
        plain = [member for member in shape.members if member.kind == "value"]
        shape.content = self._contents.of(shape, particles, names, [*plain, *self._attributes[shape]])
        shape.by_tag = {member.tag: member for member in shape.members if member.kind == "element"}
        for member in shape.members:
            for tag in member.substitutes:
                shape.by_tag.setdefault(tag, member)
        self._note_repeated(reading, own, node, schema)

    def _written_attributes(
        self,
        base: Complex | None,
        own: Iterable[Member],
        declaring: Element,
        schema: Schema,
        names: dict[tuple[str, str], Member],
    ) -> list[Member]:
        """The attributes of a request: those of the base that are not prohibited, then its own."""
        barred = {
            child.get("name") or local(qname(child, child.get("ref", ""), schema.namespace))
            for child in declaring.iterchildren(f"{{{XSD}}}attribute")
            if child.get("use") == "prohibited"
        }
        found = {member.tag: member for member in (self._attributes.get(base, []) if base is not None else [])}
        found |= {member.tag: member for member in own}
        return [
            replace(member, name=names["attribute", tag].name)
            for tag, member in found.items()
            if local(tag) not in barred
        ]

    def _value(self, shape: Complex, node: Element, schema: Schema, base: Complex | None) -> list[Member]:
        if node.find(f"{{{XSD}}}simpleContent") is None or (
            base is not None and any(member.kind == "value" for member in base.members)
        ):
            return []
        simple = self._types.simple.of_content(node, schema, shape.name, shape.naming)
        return [Member("value", "", simple, "value", place=place_of(node, schema))]

    def _note_repeated(self, reading: Particles, own: list[Particle], node: Element, schema: Schema) -> None:
        for group in _groups(own):
            if group.many and sum(1 for _ in _leaves([group])) > 1:
                what = "choice" if group.kind == "choice" else "sequence"
                reading.note("", f"a repeated {what}: in replies its elements are served as lists apart", node, schema)

    def _distinct(self, owner: Complex, seen: list[_Seen], *, again: bool) -> dict[tuple[str, str], Member]:
        """One member for each kind and tag, each with a field name of its own.

        ``again``: what is inherited is only said anew (a restriction), not a second time.
        """
        merged: dict[tuple[str, str], _Seen] = {}
        for each in seen:
            member = each.member
            key = (str(member.kind), member.tag)
            known = merged.get(key)
            if known is None:
                merged[key] = each
            elif known.inherited and (again or member.kind == "attribute"):
                continue
            elif member.kind == "attribute":
                merged[key] = each
            else:
                merged[key] = _Seen(self._both(owner, known, each), each.choice and known.choice)
        used = {each.member.name for each in merged.values() if each.inherited}
        taken = {each.member.name for each in merged.values() if each.member.kind in {"element", "value"}}
        if owner.tag and any(each.member.kind == "attribute" and not each.inherited for each in merged.values()):
            taken |= self._elements_below(owner.tag)
        named: dict[tuple[str, str], Member] = {}
        for each in merged.values():
            member, key = each.member, (str(each.member.kind), each.member.tag)
            if each.inherited:
                named[key] = member
                continue
            name = _free_name(member, taken, used)
            used.add(name)
            named[key] = member if name == member.name else replace(member, name=name)
        return named

    def _elements_below(self, tag: str) -> set[str]:
        """The names of the elements that derived types add: an attribute of the base has another in all of them."""
        find = self._types.declarations.find
        found = (find("type", each) for each in self._types.declarations.derived(tag))
        nodes = (each[0].iter(f"{{{XSD}}}element") for each in found if each is not None)
        return {name for each in nodes for node in each if (name := node.get("name"))}

    def _both(self, owner: Complex, first: _Seen, second: _Seen) -> Member:
        one, other = first.member, second.member
        shape = one.shape
        if shape is not other.shape and not _alike(shape, other.shape):
            coordinate = f"{owner.name}.{one.name}"
            reason = "declared with two types: read as JSON, never written"
            self._types.fallbacks.append(LeftOut(coordinate, reason, other.place, degraded=True))
            self._types.missing = True
            shape = Opaque("two types")
        both = one.kind == "element" and not (first.choice and second.choice)
        return replace(
            one,
            shape=shape,
            required=one.required or other.required,
            many=one.many or other.many or both,
            nillable=one.nillable or other.nillable,
        )


def _free_name(member: Member, taken: set[str], used: set[str]) -> str:
    name = next((short for short in shortened(member.name) if short not in used), member.name)
    if member.kind == "attribute" and (name in taken or name in used):
        name += "Attribute"
    elif member.kind == "any" and (name in taken or name in used):
        name += "Other"
    elif name in used:  # the same name in another namespace
        space = namespace_of(member.tag)
        words = "".join(char if char.isalnum() else " " for char in space).split()
        name += next((word.capitalize() for word in reversed(words) if word[0].isalpha()), "Other")
    free, number = name, 2
    while free in used:
        free, number = f"{name}{number}", number + 1
    return free


@dataclass(frozen=True, slots=True)
class _Around:
    """How the groups around an element bear on it."""

    optional: bool = False
    many: bool = False
    choice: bool = False


def _leaves(particles: Iterable[Particle], around: _Around = _Around()) -> Iterator[tuple[Leaf, _Around]]:
    for part in particles:
        if isinstance(part, Leaf):
            yield part, around
            continue
        choice = part.kind == "choice" and len(part.parts) > 1
        here = _Around(around.optional or part.optional or choice, around.many or part.many, around.choice or choice)
        yield from _leaves(part.parts, here)


def _groups(particles: Iterable[Particle]) -> Iterator[Group]:
    for part in particles:
        if isinstance(part, Group):
            yield part
            yield from _groups(part.parts)


def _bounded(leaf: Leaf, around: _Around) -> Member:
    member = leaf.member
    if member.kind == "any":
        return member
    return replace(member, required=not (around.optional or leaf.optional), many=around.many or leaf.many)


def _alike(one: Shape, other: Shape) -> bool:
    if isinstance(one, Simple) and isinstance(other, Simple):
        return (one.scalar, one.builtin, one.values, one.many) == (
            other.scalar,
            other.builtin,
            other.values,
            other.many,
        )
    return isinstance(one, Opaque) and isinstance(other, Opaque) and one.missing == other.missing
