"""What an audit is told of an operation: the recorded coordinates that it asks for, their outcome, and the objects.

Which coordinates are recorded is decided once per schema, what of them an operation asks once per plan. Nothing here
knows who reads the record or where it is kept, and no value of a field other than a key ever comes here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type

from resolvers import read
from schema.access.coordinates import Places, members_of
from schema.access.need import Need
from schema.access.rules import Policy
from schema.filters import MIRROR
from schema.plan.fields import Origin
from schema.plan.used import Use

Outcome: TypeAlias = Literal["given", "masked", "refused", "failed", "input"]
"""``input``: something that tells of its values was given (a filter, an order). ``failed``: its source gave nothing."""

Told: TypeAlias = Mapping[Outcome, tuple[str, ...]]


_SHOWN: tuple[Outcome, ...] = ("given", "masked")


class Unrecorded(Exception):
    """An operation asks for what is recorded, it cannot be recorded now, and then nothing of it may run."""


@dataclass(frozen=True, slots=True)
class Identity:
    """How objects of one GraphQL type are told apart: ``keys``, fields of rows of the type ``row`` of ``source``.

    Without keys they are only counted.
    """

    type: str
    keys: tuple[str, ...] = ()
    source: str = ""
    row: str = ""


class Recorded:
    """The coordinates of one schema that are recorded; ``places`` is ``None`` where those are that have a rule."""

    def __init__(
        self,
        schema: GraphQLSchema,
        policy: Policy,
        places: Places | None,
        identities: Mapping[tuple[str, Origin], Identity],
    ) -> None:
        self._schema = schema
        self._policy = policy
        self._places = places
        self._identities = identities

    def identity(self, type_name: str, origin: Origin) -> Identity:
        """How objects of a type are told apart in rows of an origin."""
        return self._identities.get((type_name, origin)) or Identity(type_name)

    def field(self, type_name: str, name: str) -> bool:
        """Whether a field is recorded."""
        if self._places is None:
            return self._policy.field(type_name, name).ruled
        return any(map(self._places.of, self._meant(type_name, name)))

    def argument(self, type_name: str, name: str, argument: str) -> bool:
        """Whether an argument is recorded by itself."""
        if self._places is None:
            return self._policy.argument(type_name, name, argument).ruled
        return bool(self._places.of(f"{type_name}.{name}({argument}:)"))

    def given(self, use: Use) -> str | None:
        """The coordinate that an input field or enum value tells of, where it is recorded."""
        type_name, name = use
        if name is None:
            coordinate = type_name
        else:
            definition = members_of(self._schema.type_map[type_name])[name]
            mirrored = getattr(definition, "extensions", {}).get(MIRROR)
            coordinate = mirrored if isinstance(mirrored, str) else f"{type_name}.{name}"
        if self._places is None:
            need: Need = self._policy.used(type_name, name)
            return coordinate if need.ruled else None
        owner, _, field_name = coordinate.partition(".")
        meant = {type_name, coordinate, *(self._meant(owner, field_name) if field_name else ())}
        return coordinate if any(map(self._places.of, meant)) else None

    def every(self) -> Iterator[str]:
        """All fields that are recorded, in the order of the schema."""
        for (type_name, name), _ in self._policy.needs():
            named = self._schema.type_map[type_name]
            if isinstance(named, GraphQLObjectType) and self.field(type_name, name):
                yield f"{type_name}.{name}"

    def _meant(self, type_name: str, name: str) -> Iterator[str]:
        """Everything by which a field may be named: itself, its type, what it returns, what it tells of."""
        named = self._schema.type_map.get(type_name)
        yield type_name
        yield f"{type_name}.{name}"
        if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType) or name not in named.fields:
            return
        for interface in named.interfaces:
            yield interface.name
            yield f"{interface.name}.{name}"
        returned = get_named_type(named.fields[name].type)
        yield returned.name
        for told_of in (named.fields[name].extensions.get(MIRROR), named.extensions.get(MIRROR)):
            if isinstance(told_of, str):
                yield told_of
                yield told_of.partition(".")[0]
            elif isinstance(told_of, GraphQLObjectType):
                yield told_of.name


class Telling:
    """Collects, while one operation is planned, what will be told of it."""

    def __init__(self, recorded: Recorded) -> None:
        self.recorded = recorded
        self._found: dict[Outcome, dict[str, None]] = {}

    def add(self, outcome: Outcome, coordinate: str) -> None:
        self._found.setdefault(outcome, {})[coordinate] = None

    def field(self, type_name: str, name: str, outcome: Outcome) -> bool:
        """Tells of a field; whether it is recorded. What is refused is told in any case."""
        is_recorded = self.recorded.field(type_name, name)
        if is_recorded or outcome == "refused":
            self.add(outcome, f"{type_name}.{name}")
        return is_recorded

    @property
    def told(self) -> Told:
        return {outcome: tuple(found) for outcome, found in self._found.items()}


@dataclass(slots=True)
class Objects:
    """Objects of one type that recorded fields were read of. ``count``: an object in two places counts twice."""

    count: int = 0
    ids: dict[tuple[str, ...], None] = field(default_factory=dict)
    more: bool = False
    restricted: bool = False
    """Whether a rule on rows holds for the caller, so that there may be objects that were not shown."""


@dataclass(slots=True)
class Trail:
    """What one request leaves behind for an audit; whoever wants it gives one to the graph, which fills it in.

    ``closed``: nothing of what is recorded may run. ``most_ids``: how many objects of a type are named at most.
    ``later``: finds out what else is to be told, once the caller has the answer.
    """

    closed: bool = False
    most_ids: int = 100
    told: dict[Outcome, dict[str, None]] = field(default_factory=dict)
    objects: dict[str, Objects] = field(default_factory=dict)
    operation: str = ""
    """The name of the operation; empty where it has none."""
    variables: tuple[str, ...] = ()
    """The names of its variables."""
    later: Callable[[], None] | None = None

    def begin(self, told: Told) -> None:
        """What the plan says.

        Raises:
            Unrecorded: there is something to tell, and it could not be kept.
        """
        self.told = {outcome: dict.fromkeys(found) for outcome, found in told.items()}
        if self.told and self.closed:
            raise Unrecorded

    def ended(self, coordinate: str, outcome: Outcome, *, also: bool = False) -> None:
        """A field of which the plan said that it is given ended otherwise; ``also``: told of where it is not recorded.

        One that failed in one place may have been given in another, so that is told as well.
        """
        before = [each for each in _SHOWN if coordinate in self.told.get(each, {})]
        if before or also:
            self.told.setdefault(outcome, {})[coordinate] = None
        if outcome == "refused":
            for each in before:
                self.told[each].pop(coordinate)

    def note(self, identity: Identity, rows: Sequence[object]) -> None:
        """Recorded fields of these rows are in the answer."""
        found = self.objects.get(identity.type)
        if found is None:
            found = self.objects[identity.type] = Objects()
        found.count += len(rows)
        if not identity.keys or found.more:
            return
        for key in zip(*(read(rows, name) for name in identity.keys), strict=True):
            named = tuple(_text(part) for part in key if not isinstance(part, list | dict | Exception | None))
            if len(named) == len(key) and named not in found.ids:
                if len(found.ids) >= self.most_ids:
                    found.more = True
                    return
                found.ids[named] = None


def _text(value: object) -> str:
    text = value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= 128 else f"{text[:128]}…"
