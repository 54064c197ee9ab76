"""A random company: two sources in memory with random types, untidy data and failing operations, and links between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from resolvers import (
    TYPE_KEY,
    Argument,
    Call,
    Context,
    Effect,
    EnumType,
    EnumValue,
    Field,
    InterfaceType,
    ListRef,
    ManyKeys,
    NamedRef,
    ObjectType,
    Operation,
    OutputType,
    Row,
    Scalar,
    ScalarRef,
    SourceFault,
    SourceModel,
    TypeRef,
    UnionType,
)
from resolvers.rest.replies.reply import AS_DESCRIBED
from resolvers.rest.replies.rows import Rows
from resolvers.rest.replies.typed import TypedDecoders
from schema import Extension, LinkSettings

KEYS = 8
"""Ids run from 0 to 7, so that links meet the same objects again."""
LEAVES = [item for item in Scalar if item is not Scalar.JSON]
GOOD: Mapping[Scalar, list[object]] = {
    Scalar.STRING: ["", "a", "ü\u2028"],
    Scalar.ID: ["x", 7],
    Scalar.INT: [0, -3, 2**31 - 1],
    Scalar.FLOAT: [0.5, 1e300, 3],
    Scalar.BOOLEAN: [True, False],
    Scalar.BIG_INT: [2**80, "12"],
    Scalar.DECIMAL: ["1.10", 3],
    Scalar.DATE_TIME: ["2026-01-31T12:00:00Z"],
    Scalar.DATE: ["2026-01-31"],
    Scalar.TIME: ["12:30:00"],
    Scalar.UUID: ["6f1c1f2e-0000-4000-8000-000000000001"],
    Scalar.BASE64: ["YWJj"],
    Scalar.JSON: [{"a": [1, None]}, 5, "text"],
}
BAD: list[object] = ["no", {"k": 1}, [1], 2**40, float("nan"), True, b"\xff"]


STILL = {"plain"}
"""The hand-written fields that do not wait."""


def waits(name: str) -> bool:
    """Whether a field of a type waits, by its name."""
    return name in {"waits", "together"} or name.startswith("link")


@dataclass
class World:
    """``trouble``: how often a value is null, absent or wrong, from 0 to 1."""

    seed: int
    trouble: float = 0.0
    models: dict[str, SourceModel] = field(default_factory=dict)
    links: dict[str, LinkSettings] = field(default_factory=dict)
    extensions: list[Extension] = field(default_factory=list)

    def sources(self) -> dict[str, Memory]:
        return {name: Memory(model, self) for name, model in self.models.items()}


@dataclass
class Memory:
    """Gives the same answer to the same call, whoever asks; which calls fail depends on the seed too.

    Rows that may stand in the answer are decoded for it from JSON as those of a REST source are, where they fit.
    """

    model: SourceModel
    world: World
    laid: int = 0
    """How many replies were decoded so."""

    def __post_init__(self) -> None:
        known = Rows.of(self.model.types, self.model.enums, AS_DESCRIBED)
        self._decoders = TypedDecoders(known, patience=0)

    @property
    def concurrency(self) -> int:
        return 20

    async def execute(self, call: Call, context: Context) -> object:
        value = await self._answer(call, context)
        result = self.model.operations[call.operation].result
        if call.selection.layout is None or result is None or not isinstance(value, dict | list):
            return value
        try:
            decode = self._decoders.of(result, call.selection)
            found = value if decode is None else decode(json.dumps(value, allow_nan=False).encode())
        except (TypeError, ValueError):
            return value
        self.laid += any(isinstance(row, Row) for row in (found if isinstance(found, list) else [found]))
        return found

    async def _answer(self, call: Call, context: Context) -> object:  # noqa: ARG002  # as above
        rng = Random(f"{self.world.seed}/{call.operation}/{sorted(call.arguments.items(), key=str)}")
        for _ in range(rng.randrange(3)):
            await asyncio.sleep(0)
        operation = self.model.operations[call.operation]
        fails = Random(f"{self.world.seed}/{call.operation}")  # a batch must not fail by how it was cut
        if fails.random() < self.world.trouble * 0.5:
            raise SourceFault("broken")
        if operation.keys is not None:
            ids = call.arguments["ids"]
            assert isinstance(ids, list)
            rows = [self._object("Keyed", Random(f"{self.world.seed}/{key}"), 0) for key in ids if key % 5]
            return [{**row, "id": key} for key, row in zip([key for key in ids if key % 5], rows, strict=True)]
        assert operation.result is not None
        value = self.value(operation.result, rng, 0)
        if call.operation.startswith("one") and isinstance(value, dict):
            return {**value, "id": call.arguments["id"]}  # a value of BAD is every caller's
        return value

    async def close(self) -> None:
        return None

    def value(self, ref: TypeRef, rng: Random, depth: int) -> object:
        roll = rng.random()
        if roll < self.world.trouble * 0.4:
            return rng.choice(BAD)
        if roll < self.world.trouble * 0.8 or (ref.nullable and roll > 0.85):
            return None
        if isinstance(ref, ListRef):
            return [self.value(ref.item, rng, depth + 1) for _ in range(rng.randrange(4))]
        if isinstance(ref, ScalarRef):
            return rng.choice(GOOD[ref.scalar])
        if ref.name in self.model.enums:
            return rng.choice([item.value for item in self.model.enums[ref.name].values])
        return self._object(ref.name, rng, depth)

    def _object(self, name: str, rng: Random, depth: int) -> dict[str, object]:
        definition = self.model.types[name]
        row: dict[str, object] = {}
        if isinstance(definition, UnionType):
            name = rng.choice(definition.members)
        elif isinstance(definition, InterfaceType):
            name = rng.choice([item for item, one in self.model.types.items() if _implements(one, definition.name)])
        if name != definition.name and rng.random() >= self.world.trouble * 0.3:
            row[TYPE_KEY] = name
        concrete = self.model.types[name]
        assert isinstance(concrete, ObjectType)
        for key, item in concrete.fields.items():
            if depth > 3 and isinstance(item.type, NamedRef | ListRef):
                continue
            if rng.random() >= self.world.trouble * 0.2:
                row[key] = rng.randrange(KEYS) if key in {"id", "other"} else self.value(item.type, rng, depth + 1)
        return row


def _implements(definition: OutputType, interface: str) -> bool:
    return isinstance(definition, ObjectType) and interface in definition.interfaces


def make(seed: int) -> World:
    """The company of a seed."""
    rng = Random(seed)
    world = World(seed, rng.choice([0.0, 0.05, 0.3]))
    for name in ("north", "south"):
        world.models[name] = _model(name, rng)
    for name in world.models:
        _links(world, name, rng)
    world.extensions.append(_extension(world, rng))
    return world


def _model(name: str, rng: Random) -> SourceModel:
    shared = _fields(rng, 2, [])
    objects = [f"{name}{letter}" for letter in "ABCD"]
    named = [*objects, f"{name}Face", f"{name}Either", f"{name}Kind"]
    types: dict[str, OutputType] = {f"{name}Face": InterfaceType(f"{name}Face", shared)}
    for index, item in enumerate(objects):
        faces = (f"{name}Face",) if index < 2 else ()
        own = {**_keys(), **_fields(rng, rng.randint(2, 5), named), **(shared if faces else {})}
        types[item] = ObjectType(item, own, faces)
    types[f"{name}Either"] = UnionType(f"{name}Either", tuple(objects[1:3]))
    types["Keyed"] = ObjectType("Keyed", {**_keys(), **_fields(rng, 4, named)})
    kinds = EnumType(f"{name}Kind", (EnumValue("red"), EnumValue("dark-blue"), EnumValue(3)))
    number = Argument("n", ScalarRef(Scalar.INT, nullable=True))
    results = [_ref(rng, named) for _ in range(3)]
    results += [ListRef(NamedRef(item, rng.random() < 0.5)) for item in objects]  # every type can be reached
    operations = {
        f"get{index}{name}": Operation(f"get{index}{name}", Effect.READ, {"n": number}, result)
        for index, result in enumerate(results)
    }
    many = Argument("ids", ListRef(ScalarRef(Scalar.INT)), required=True)
    keyed = ListRef(NamedRef("Keyed"))
    operations["batch"] = Operation("batch", Effect.READ, {"ids": many}, keyed, keys=ManyKeys(("ids",), {"id": ""}, 3))
    one = Argument("id", ScalarRef(Scalar.INT), required=True)
    operations["one"] = Operation("one", Effect.READ, {"id": one}, NamedRef("Keyed", nullable=True), by={"id": "id"})
    write = Argument("n", ScalarRef(Scalar.INT), required=True)
    operations["write"] = Operation("write", Effect.WRITE, {"n": write}, _ref(rng, named))
    operations["change"] = Operation("change", Effect.WRITE, {"n": write}, _ref(rng, named))
    return SourceModel(name, "openapi", operations, types, {}, {f"{name}Kind": kinds})


def _keys() -> dict[str, Field]:
    return {"id": Field("id", ScalarRef(Scalar.INT)), "other": Field("other", ScalarRef(Scalar.INT, nullable=True))}


def _fields(rng: Random, count: int, named: list[str]) -> dict[str, Field]:
    picked = rng.sample("abcdefgh", count)
    return {f"f_{key}": Field(f"f_{key}", _ref(rng, named), required=rng.random() < 0.7) for key in picked}


def _ref(rng: Random, named: list[str]) -> TypeRef:
    nullable = rng.random() < 0.5
    roll = rng.random()
    if roll < 0.2:
        return ListRef(_ref(rng, named), nullable)
    if named and roll < 0.65:
        return NamedRef(rng.choice(named), nullable)
    return ScalarRef(rng.choice([*LEAVES, Scalar.JSON]), nullable)


def _links(world: World, name: str, rng: Random) -> None:
    for letter in "ABCD":
        parent = f"{name.title()}{letter}"
        for index in range(rng.randrange(3)):
            target = f"{rng.choice(list(world.models))}.{rng.choice(['batch', 'one'])}"
            match = {rng.choice(["id", "other"]): "id"}
            kind = "many" if target.endswith("batch") and rng.random() < 0.5 else "one"
            settings: dict[str, object] = {kind: target, "match": match}
            if rng.random() < 0.3:
                settings["take"] = "other"
            world.links[f"{parent}.link{index}"] = LinkSettings.model_validate(settings)


def _extension(world: World, rng: Random) -> Extension:
    extension = Extension()
    seed, trouble = world.seed, world.trouble

    def bad(parent: Mapping[str, object], what: str) -> bool:
        return Random(f"{seed}/{what}/{parent.get('id')}").random() < trouble * 0.3

    for name in world.models:
        for letter in rng.sample("ABCD", 2):
            _add(extension, f"{name.title()}{letter}", bad)
    return extension


def _add(extension: Extension, owner: str, bad: Callable[[Mapping[str, object], str], bool]) -> None:
    @extension.field(owner, needs=["id"])
    def plain(parent: Mapping[str, object]) -> str:
        if bad(parent, "plain"):
            raise ValueError("plain")
        return f"p{parent.get('id')}"

    @extension.field(owner, needs=["id"])
    async def waits(parent: Mapping[str, object]) -> int | None:
        await asyncio.sleep(0)
        if bad(parent, "waits"):
            raise ValueError("waits")
        return None if parent.get("id") == 3 else 5

    @extension.batch(owner, needs=["id"])
    async def together(parents: list[Mapping[str, object]]) -> list[str | None]:
        await asyncio.sleep(0)
        return [None if bad(parent, "together") else f"b{parent.get('id')}" for parent in parents]
