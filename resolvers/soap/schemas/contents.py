"""Contents: what a request holds, in the order of the schema and with its choices.

A wildcard is a member of its own where it stands beside the other elements; one inside of a choice or of what is
repeated is left out. Which names members have was decided in ``members.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from resolvers.naming import shortened
from resolvers.soap.schemas.particles import Group, Leaf, Particle
from resolvers.soap.schemas.types import Types
from resolvers.soap.shapes import Branch, Choice, Complex, Content, Member

_LONGEST = 30
"""Letters of a name that is made of those of two branches."""

Names = Mapping[tuple[str, str], Member]


class Contents:
    """Makes contents of the particles of complex types."""

    def __init__(self, types: Types) -> None:
        self._types = types

    def of(
        self, owner: Complex, particles: Sequence[Particle], names: Names, beside: Sequence[Member]
    ) -> tuple[Content, ...]:
        """The contents of a type; ``beside``: its text and attributes."""
        found = _with_one_wildcard(self._all(owner, particles, names, optional=False, many=False))
        made = [*_of_its_own_name([*found, *beside])]
        only = made[0] if len(made) == 1 else None
        if isinstance(only, Choice) and only.required and not only.many:
            return (replace(only, name="", type_name=owner.name),)
        return tuple(made)

    def _all(
        self, owner: Complex, particles: Iterable[Particle], names: Names, *, optional: bool, many: bool
    ) -> Iterator[Content]:
        for part in particles:
            if isinstance(part, Leaf):
                if part.member.kind != "any":
                    yield _written(part, names, optional=optional, many=many)
                elif not many:
                    yield names.get(("any", ""), part.member)
            elif part.kind == "choice":
                yield from self._choice(owner, part, names, optional=optional, many=many)
            else:
                yield from self._sequence(owner, part, names, optional=optional, many=many)

    def _sequence(self, owner: Complex, group: Group, names: Names, *, optional: bool, many: bool) -> Iterator[Content]:
        optional, many = optional or group.optional, many or group.many
        parts = [part for part in group.parts if not (isinstance(part, Leaf) and part.member.kind == "any")]
        if not many or len(parts) <= 1:
            yield from self._all(owner, parts if many else group.parts, names, optional=optional, many=many)
            return
        # Several elements that come again and again belong together, each time.
        made = _without_wildcards(self._all(owner, parts, names, optional=False, many=False))
        content = tuple(_of_its_own_name(made))
        if not content:
            return
        name = group.name or _first_name(content)
        yield self._named(owner, [(name, content)], required=not optional, many=True, group=group, name=f"{name}Group")

    def _choice(self, owner: Complex, group: Group, names: Names, *, optional: bool, many: bool) -> Iterator[Content]:
        optional, many = optional or group.optional, many or group.many
        ways = list(_ways(group))
        branches: list[tuple[str, tuple[Content, ...]]] = []
        for way in ways:
            one = isinstance(way, Leaf)
            kept = replace(way, many=False) if isinstance(way, Leaf) and many else way
            made = _without_wildcards(self._all(owner, [kept], names, optional=False, many=False))
            content = tuple(_of_its_own_name(made))
            named = way.name if isinstance(way, Group) and way.name and len(content) > 1 else ""
            if content:
                branches.append((named or _first_name(content), content))
            if not content or (way.optional if one else _may_be_empty(way)):
                optional = True
        if len(branches) == 1:
            for content_of in branches[0][1]:
                needed = content_of.required and not optional
                yield replace(content_of, required=needed, many=content_of.many or many)
        elif branches:
            yield self._named(owner, branches, required=not optional, many=many, group=group, name=_joined(branches))

    def _named(
        self,
        owner: Complex,
        found: list[tuple[str, tuple[Content, ...]]],
        *,
        required: bool,
        many: bool,
        group: Group,
        name: str,
    ) -> Choice:
        type_name = self._types.names.take(f"{owner.name}{name[:1].upper()}{name[1:]}")
        branches: list[Branch] = []
        used: set[str] = set()
        for each, content in found:
            own = _not_in(used, each, content)
            used.add(own)
            inner = "" if len(content) == 1 else self._types.names.take(f"{type_name}{own[:1].upper()}{own[1:]}")
            branches.append(Branch(own, content, inner))
        return Choice(name, type_name, tuple(branches), required, many, group.place)


def _is_wildcard(content: Content) -> bool:
    return isinstance(content, Member) and content.kind == "any"


def _without_wildcards(contents: Iterable[Content]) -> Iterator[Content]:
    return (content for content in contents if not _is_wildcard(content))


def _with_one_wildcard(contents: Iterable[Content]) -> Iterator[Content]:
    """The contents with the last of their wildcards: what is given goes where extensions usually stand."""
    found = list(contents)
    wildcards = [content for content in found if _is_wildcard(content)]
    return (content for content in found if content not in wildcards[:-1])


def _ways(group: Group) -> Iterator[Particle]:
    """The ways of a choice, those of choices inside it among them."""
    for part in group.parts:
        if isinstance(part, Group) and part.kind == "choice" and not part.many and not part.optional:
            yield from _ways(part)
        else:
            yield part


def _may_be_empty(part: Particle) -> bool:
    if part.optional or isinstance(part, Leaf):
        return part.optional
    empty = [_may_be_empty(each) for each in part.parts]
    return any(empty) if part.kind == "choice" else all(empty)


def _written(leaf: Leaf, names: Names, *, optional: bool, many: bool) -> Member:
    member = leaf.member
    named = names.get((member.kind, member.tag), member)
    return replace(member, name=named.name, required=not (optional or leaf.optional), many=many or leaf.many)


def _first_name(content: Sequence[Content]) -> str:
    needed = next((each.name for each in content if each.required and each.name), "")
    return needed or next((each.name for each in content if each.name), "choice")


def _joined(branches: Sequence[tuple[str, tuple[Content, ...]]]) -> str:
    """``ibanOrCard`` for two, ``ibanOrOther`` for more."""
    first, second = branches[0][0], branches[1][0] if len(branches) == 2 else "Other"
    name = f"{first}Or{second[:1].upper()}{second[1:]}"
    return name if len(name) <= _LONGEST else next(shortened(f"{first}Choice"))


def _not_in(used: set[str], name: str, content: Sequence[Content]) -> str:
    """A name for a branch that none before it has: by its first element, then by all of them."""
    if name not in used:
        return name
    others = [each.name for each in content if each.name and each.name != name]
    for count in range(1, len(others) + 1):
        longer = name + "".join(f"And{other[:1].upper()}{other[1:]}" for other in others[:count])
        if longer not in used:
            return longer
    while name in used:
        name += "Again"
    return name


def _of_its_own_name(contents: Iterable[Content]) -> Iterator[Content]:
    """Each content under a name that none before it has: the same element may come a second time."""
    used: dict[str, int] = {}
    for content in contents:
        name = content.name
        while name in used:
            used[content.name] += 1
            name = f"{content.name}Again{used[content.name] if used[content.name] > 2 else ''}"
        used[name] = 1
        yield content if name == content.name else replace(content, name=name)
