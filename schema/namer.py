"""What the things of a source are called: names for its types, fields, operations and arguments, those that are kept
first.

How a name is spelled is decided in ``naming.py``, what a type is made of in ``types.py``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from resolvers import LONGEST, EnumType, InputType, Naming, Operation, OutputType, Scalar, SourceModel
from schema.naming import NO_SOURCE, RESERVED_TYPES, Names, Pins, camel, fronted, members, pascal
from schema.shared import Kind, shapes

KINDS: tuple[Kind, ...] = ("type", "input", "enum")
CONNECTION, AGGREGATE = "Connection", "Aggregate"
_LATE = 100
"""More than any rank of a reader."""
_REQUEST = re.compile(r"(?<=[a-z0-9])(Request|Body|Payload|Params|Parameters|Dto|DTO|RequestBody)$")


class Namer:
    """Names the things of one source after the other; ``names`` are those of types, ``root_names`` of root fields."""

    def __init__(
        self,
        taken: set[str],
        taken_roots: set[str],
        *,
        prefixes: Mapping[str, str],
        pins: Mapping[str, Pins] | None = None,
    ) -> None:
        self._prefixes = prefixes
        self._pins = dict(pins or {})
        reserved = RESERVED_TYPES | taken | {"OrderDirection"} | {f"{scalar}Filter" for scalar in Scalar}
        kept = {
            name: [*each.types.values(), *each.inputs.values(), *each.enums.values()]
            for name, each in self._pins.items()
        }
        self._kept_made = {shape: name for each in self._pins.values() for shape, name in each.made.items()}
        self.names = Names(reserved, {**kept, NO_SOURCE: self._kept_made.values()})
        self.root_names = Names(taken_roots, {name: each.operations.values() for name, each in self._pins.items()})

    def types(
        self, model: SourceModel, shared: Mapping[tuple[Kind, str], str], known: Mapping[str, str]
    ) -> dict[tuple[Kind, str], str]:
        """A name for every type, input and enum of a source; they share one namespace.

        ``shared``: those that other sources may have too, with their shapes. ``known``: shape → the name that it has
        already, since another source has it.
        """
        prefix = self._prefixes.get(model.name, "")
        front = prefix[:1].upper() + prefix[1:]
        wanted: dict[tuple[Kind, str], Naming] = {}
        places = model_places(model)
        definitions: Mapping[Kind, Mapping[str, OutputType | InputType | EnumType]] = {
            "type": model.types, "input": model.inputs, "enum": model.enums,
        }  # fmt: skip
        for kind, each in definitions.items():
            for key, definition in each.items():
                own = definition.naming or Naming(key, (definition.name,))
                names, rank = own.names, own.rank
                if kind == "input" and not getattr(definition, "row_of", ""):
                    rank += int(not names[0].endswith("Input"))
                    names = _as_input(names)
                wanted[kind, key] = Naming(places[kind, key], names, rank)
        pins = self._pins.get(model.name, Pins())
        kept = {"type": pins.types, "input": pins.inputs, "enum": pins.enums}
        pinned = {
            (kind, key): kept[kind][place.place] for (kind, key), place in wanted.items() if place.place in kept[kind]
        }

        def options(naming: Naming) -> Iterator[str]:
            return _spelled(front, naming)

        def common(naming: Naming) -> Iterator[str]:
            return _spelled("", naming)

        alone = {thing: naming for thing, naming in wanted.items() if thing not in shared}
        given = self.names.give(model.name, alone, pinned, options, pascal_case=True)
        given |= {thing: known[shape] for thing, shape in shared.items() if shape in known}
        fresh = {thing: wanted[thing] for thing in shared if thing not in given}
        pinned |= {thing: self._kept_made[shared[thing]] for thing in fresh if shared[thing] in self._kept_made}
        return given | self.names.give(model.name, fresh, pinned, common, pascal_case=True)

    def roots(self, model: SourceModel) -> dict[str, str]:
        """A name for the root field of every operation of a source.

        A connection is named after its list, once that has a name: the two differ by their ending alone.
        """
        prefix = self._prefixes.get(model.name, "").lower()
        wanted: dict[str, Naming] = {}
        places = model_places(model)
        for key, operation in model.operations.items():
            own = operation.naming or Naming(key, (operation.name,))
            # What must be cut comes last: it may not take the name that another operation bears as it stands.
            late = _LATE if len(prefix + camel(own.names[0])) > LONGEST else 0
            wanted[key] = Naming(places["operation", key], own.names, own.rank + late)
        pins = self._pins.get(model.name, Pins()).operations
        pinned = {key: pins[each.place] for key, each in wanted.items() if each.place in pins}
        followed = {item.connection_of: key for key, item in model.operations.items() if item.connection_of}
        aggregates = {item.aggregate_of: key for key, item in model.operations.items() if item.aggregate_of}
        # What a database calls its tables is theirs alone: their names are as long as they are.
        roomy = not model.has_tables
        room = {wanted[key].place: len(CONNECTION) for key in followed if key in wanted and roomy}

        def options(naming: Naming) -> Iterator[str]:
            for name in naming.names:
                yield from fronted(prefix, camel(name), room=room.get(naming.place, 0))

        def after(naming: Naming, ending: str) -> Iterator[str]:
            for name in naming.names:
                yield from fronted("", name, ending)

        behind = {*followed.values(), *aggregates.values()}
        lists = {key: each for key, each in wanted.items() if key not in behind}
        given = self.root_names.give(model.name, lists, pinned, options, pascal_case=False, room=room)
        for ending, views in ((CONNECTION, followed), (AGGREGATE, aggregates)):
            shown = {key: replace(wanted[key], names=(given[owner],)) for owner, key in views.items()}
            options_of = partial(after, ending=ending)
            given |= self.root_names.give(model.name, shown, pinned, options_of, pascal_case=False)
        return {key: given[key] for key in model.operations}

    def arguments(self, source: str, root: str, operation: Operation) -> dict[str, str]:
        """The names of an operation's arguments, at its root field and at every link that calls it."""
        pins = self._pins[source].arguments if source in self._pins else {}
        names = [argument.name for argument in operation.arguments.values()]
        kept = {name: pins[root, name] for name in names if (root, name) in pins} if pins else {}
        return members(names, kept)

    def fields(self, source: str, owner: str, names: Iterable[str]) -> dict[str, str]:
        """The names of the fields of one type. ``owner``: its GraphQL name."""
        pins = self._pins[source].fields if source in self._pins else {}
        kept = {name: pins[owner, name] for name in names if (owner, name) in pins} if pins else {}
        return members(names, kept)


def _spelled(front: str, naming: Naming) -> Iterator[str]:
    """The names of a type as GraphQL spells them; what an input ends in is not cut off."""
    for name in naming.names:
        ending = "Input" if name.endswith("Input") else ""
        yield from fronted(front, pascal(name.removesuffix(ending)), ending)


def model_places(model: SourceModel) -> dict[tuple[str, str], str]:
    """(kind, key) → what the description calls each thing of a source; the key where two share one place."""
    things: list[tuple[str, str, str]] = [
        (kind, key, item.naming.place if item.naming is not None else key)
        for kind, each in (
            ("operation", model.operations), ("type", model.types), ("input", model.inputs), ("enum", model.enums),
        )
        for key, item in each.items()
    ]  # fmt: skip
    count = Counter((kind, place) for kind, _, place in things)
    return {(kind, key): place if count[kind, place] == 1 else f"{place} {key}" for kind, key, place in things}


def living(pins: Mapping[str, Pins], models: Iterable[SourceModel]) -> dict[str, Pins]:
    """The pins without those of things that a source does not have any more: their names are free again.

    A source that could not be read keeps all of its names until it comes back.
    """
    kept = dict(pins)
    for model in models:
        if model.name not in pins:
            continue
        own = pins[model.name]
        there: dict[str, set[str]] = {}
        for (kind, _), place in model_places(model).items():
            there.setdefault(kind, set()).add(place)
        kinds = (("operation", own.operations), ("type", own.types), ("input", own.inputs), ("enum", own.enums))
        found = [{place: each[place] for place in each.keys() & there.get(kind, set())} for kind, each in kinds]
        made = {shape: own.made[shape] for shape in own.made.keys() & set(shapes(model).values())}
        kept[model.name] = Pins(*found, fields=own.fields, arguments=own.arguments, made=made)
    return kept


def _as_input(names: Sequence[str]) -> tuple[str, ...]:
    """The names of an input end in ``Input``: ``CreateOrderRequest`` → ``CreateOrderInput``."""
    made: list[str] = []
    for name in names:
        made += [name] if name.endswith("Input") else [f"{_REQUEST.sub('', name)}Input", f"{name}Input"]
    return tuple(dict.fromkeys([*made, *(f"{name}DataInput" for name in names[:1])]))
