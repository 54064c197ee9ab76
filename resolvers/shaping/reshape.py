"""A model and what is said of its values become the model that is served: types in, types out.

What means the same as a shaped field is shaped with it: the same field of an interface's implementations, the inputs
that give a row its values, arguments that are compared with it, foreign keys, and what aggregates say of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from resolvers.model import (
    NOWHERE,
    Argument,
    EnumType,
    EnumValue,
    Field,
    InputType,
    InterfaceType,
    ListRef,
    NamedRef,
    ObjectType,
    Operation,
    OutputType,
    Relation,
    Rows,
    ScalarRef,
    SourceModel,
    TypeRef,
    UnionType,
    unwrapped,
)
from resolvers.naming import Naming
from resolvers.problem import Problem
from resolvers.shaping.coding import UNREADABLE, Base, Coding, NoCoding
from resolvers.shaping.lifting import flattened, lifted_type, members, on_the_way, taken_out
from resolvers.shaping.shapes import Kind, Lifted, Shaping, Slot, Stated, at, inner, named, with_inner
from resolvers.views import DISTINCT, GREATEST, KEY, LEAST

EXTREMES = frozenset({LEAST, GREATEST})
_LATE = 50
"""The enum of a code table takes no name that the description gives to something else."""


def reshaped(model: SourceModel, stated: Sequence[Stated]) -> tuple[SourceModel, Shaping, list[Problem]]:
    """The model as it is served, what leads from the one to the other, and what does not fit."""
    draft = _Draft(model)
    for each in stated:
        if each.settings.recodes:
            draft.code(each)
        elif each.settings.flatten is not None or each.settings.take is not None:
            draft.lift(each)
        elif each.settings.nullable is not None:
            draft.nullable[each.place] = each.settings.nullable
    draft.spread()
    draft.check()
    return draft.model(), Shaping(model, draft.codings, draft.lifts), draft.problems


def _open(ref: TypeRef) -> TypeRef:
    """The reference, which may be null, and so may its items."""
    return ListRef(_open(ref.item), nullable=True) if isinstance(ref, ListRef) else replace(ref, nullable=True)


@dataclass(slots=True)
class _Draft:
    raw: SourceModel
    codings: dict[Slot, Coding] = field(default_factory=dict)
    said: dict[Slot, Stated] = field(default_factory=dict)
    """By which statement a place is coded."""
    nullable: dict[Slot, bool] = field(default_factory=dict)
    enums: dict[Slot, str] = field(default_factory=dict)
    lifts: dict[tuple[Kind, str], dict[str, Lifted]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _made: dict[str, EnumType] = field(default_factory=dict)

    def code(self, stated: Stated, place: Slot | None = None) -> bool:
        """Codes a place as it is stated of it, or of another that means the same; whether it was not coded before."""
        where = place or stated.place
        if where in self.codings:
            return False
        found = at(self.raw, where)
        assert found is not None
        base = self._base(found.type)
        if base is None:
            self._refuse(stated, NoCoding("its values are objects", "say it of their fields"), where)
            return False
        if where[0] == "argument" and place is None and stated.settings.nothing:
            fault = NoCoding("an argument that means nothing is left out", "say it of the field", told="nulls")
            self._refuse(stated, fault, where)
            return False
        try:
            self.codings[where] = stated.settings.coding(base, tables=self.raw.has_tables)
        except NoCoding as fault:
            self._refuse(stated, fault, where)
            return False
        self.said[where] = stated
        if stated.settings.nullable is not None and place is None:
            self.nullable[where] = stated.settings.nullable
        if self.codings[where].words:
            self.enums[where] = self._enum(stated, self.codings[where])
        return True

    def _refuse(self, stated: Stated, fault: NoCoding, place: Slot) -> None:
        what, mend = fault.what, fault.mend
        if place != stated.place:
            what = f"{place[2]} of {place[1]} means the same, and {what}"
            mend = "shape it by its own coordinate"
        self.problems.append(Problem(what, (stated.coordinate, *stated.settings.told(fault)), mend))

    def _base(self, ref: TypeRef) -> Base | None:
        leaf = inner(ref)
        return leaf.scalar if isinstance(leaf, ScalarRef) else self.raw.enums.get(named(leaf))

    def _enum(self, stated: Stated, coding: Coding) -> str:
        """The enum of a code table; one for all places with the same words and the same name of their own."""
        name = stated.place[2]
        for key, enum in self._made.items():
            if key.endswith(f".{name}") and tuple(each.value for each in enum.values) == coding.words:
                return key
        key = f"{stated.place[1]}.{name}"
        while key in self.raw.enums or key in self.raw.types or key in self.raw.inputs:
            key = f"shape {key}"
        naming = Naming(f"shape {stated.coordinate}", (stated.word,), _LATE)
        values = tuple(EnumValue(word) for word in coding.words)
        self._made[key] = EnumType(stated.word, values, naming=naming)
        return key

    def lift(self, stated: Stated) -> None:
        """Takes fields out of an object, in results and in the inputs of the very same description."""
        word = "take" if stated.settings.take is not None else "flatten"
        places = [stated.place]
        if stated.place[0] == "field":
            places += [each for each in self._given(*stated.place[1:]) if members(self.raw, each) is not None]
        for kind, owner, name in places:
            slot: Slot = (kind, owner, name)
            if self._is_promised(slot) or on_the_way(self.raw, slot):
                what = f"an interface, or an operation's result or pages, are found by {name}"
                self.problems.append(Problem(what, (stated.coordinate, word), "state at: of the operation"))
                continue
            try:
                there = members(self.raw, slot) or {}
                inside = tuple(each for each in stated.inside if word == "take" or each in there)
                found = (
                    {name: taken_out(self.raw, slot, inside)}
                    if word == "take"
                    else flattened(self.raw, slot, inside, self.lifts.get((kind, owner), {}))
                )
            except (NoCoding, KeyError) as fault:
                if slot == stated.place and isinstance(fault, NoCoding):
                    self.problems.append(Problem(fault.what, (stated.coordinate, word), fault.mend))
                continue
            self.lifts.setdefault((kind, owner), {}).update(found)

    def _is_promised(self, slot: Slot) -> bool:
        definition = self.raw.types.get(slot[1]) if slot[0] == "field" else None
        interfaces = definition.interfaces if isinstance(definition, ObjectType) else ()
        return any(at(self.raw, ("field", each, slot[2])) is not None for each in interfaces)

    def spread(self) -> None:
        """Codes what means the same as what is coded, and what means the same as that."""
        waiting = [place for place in self.codings if place[0] == "field"]
        while waiting:
            place = waiting.pop()
            fresh = [other for other in self._alike(place) if self.code(self.said[place], other)]
            waiting += [other for other in fresh if other[0] == "field"]

    def _alike(self, place: Slot) -> Iterator[Slot]:
        _, owner, name = place
        if isinstance(self.raw.types[owner], InterfaceType):
            for key, definition in self.raw.types.items():
                if not isinstance(definition, UnionType) and owner in definition.interfaces:
                    yield "field", key, name
        for relation in self.raw.relations:
            yield from self._related(relation, owner, name)
        yield from self._told(owner, name)
        yield from self._given(owner, name)
        for operation in self.raw.operations.values():
            yield from self._asked(operation, owner, name)

    def _related(self, relation: Relation, owner: str, name: str) -> Iterator[Slot]:
        """The other end of a foreign key."""
        operation = self.raw.operations.get(relation.operation)
        target = named(operation.result) if operation is not None else ""
        for mine, theirs in relation.match:
            if (owner, name) == (relation.type, mine) and target:
                yield "field", target, theirs
            if (owner, name) == (target, theirs):
                yield "field", relation.type, mine

    def _told(self, owner: str, name: str) -> Iterator[Slot]:
        """What aggregates say in the values of a field: what groups have in common, the least and the greatest."""
        for key, definition in self.raw.types.items():
            if isinstance(definition, ObjectType) and definition.of == owner and name in definition.fields:
                told = definition.fields[name]
                if told.of == name and self._member_of(key) in {KEY, *EXTREMES}:
                    yield "field", key, name

    def _member_of(self, key: str) -> str:
        """The member of an aggregate that is of a type."""
        for definition in self.raw.types.values():
            if isinstance(definition, ObjectType) and definition.of:
                for member, each in definition.fields.items():
                    if each.type == NamedRef(key, each.type.nullable):
                        return member
        return ""

    def _given(self, owner: str, name: str) -> Iterator[Slot]:
        """The inputs whose field gives the value of this one: to a row, or since one place describes both."""
        described = at(self.raw, ("field", owner, name))
        assert described is not None
        for key, each in self.raw.inputs.items():
            given = each.fields.get(name)
            if given is None:
                continue
            same = given.place == described.place and given.place != NOWHERE and bool(given.place.pointer)
            if each.row_of == owner or (same and not self.raw.has_tables):
                yield "input", key, name

    def _asked(self, operation: Operation, owner: str, name: str) -> Iterator[Slot]:
        """The arguments that the values of the field are given for."""
        row = operation.change.rows if operation.change is not None else named(unwrapped(operation).result)
        if row != owner:
            return
        for argument in (operation.by.get(name), operation.filters.get(name)):
            if argument is not None:
                yield "argument", operation.name, argument
        definition = self.raw.types[owner]
        keys = definition.key if isinstance(definition, ObjectType) else ()
        if operation.change is not None and name in keys and name in operation.arguments:
            yield "argument", operation.name, name
        many = operation.keys
        if many is not None and many.argument and name in many.by and not many.separator:
            yield from self._key_of(operation, many.argument, many.by[name])

    def _key_of(self, operation: Operation, path: tuple[str, ...], member: str) -> Iterator[Slot]:
        place: Slot = ("argument", operation.name, path[0])
        for step in (*path[1:], *([member] if member else [])):
            found = at(self.raw, place)
            below = named(found.type) if found is not None else ""
            if below not in self.raw.inputs:
                return
            place = ("input", below, step)
        yield place

    def check(self) -> None:
        """What is written in several ways is neither asked for nor given."""
        keys = {
            (owner, name)
            for owner, definition in self.raw.types.items()
            if isinstance(definition, ObjectType)
            for name in definition.key
        }
        for relation in self.raw.relations:
            operation = self.raw.operations.get(relation.operation)
            keys |= {(relation.type, mine) for mine, _ in relation.match}
            keys |= {(named(operation.result), theirs) for _, theirs in relation.match} if operation else set()
        told = set()
        for place, coding in self.codings.items():
            stated = self.said[place]
            if place[0] != "field" and coding.one_way and stated.coordinate not in told:
                told.add(stated.coordinate)
                what = f'"{coding.one_way}" stands for several codes, and {place[2]} of {place[1]} needs the way back'
                mend = "give each code a word of its own"
                self.problems.append(Problem(what, (stated.coordinate, "values"), mend))
            elif place[1:] in keys and not coding.exact and self.raw.has_tables and stated.coordinate not in told:
                told.add(stated.coordinate)
                what = f"{place[2]} of {place[1]} is a key, and equal values of it may be written in several ways"
                self.problems.append(Problem(what, (stated.coordinate,), "say how they are written, in one way"))
            elif (
                place[0] == "field" and place[1:] in keys and stated.settings.nothing and stated.coordinate not in told
            ):
                told.add(stated.coordinate)
                what = f"{place[2]} of {place[1]} is a key, or leads to one, where each value means something"
                self.problems.append(Problem(what, (stated.coordinate,), "remove nulls"))
            self._promised(place, stated)

    def _promised(self, place: Slot, stated: Stated) -> None:
        kind, owner, name = place
        if kind != "field" or place != stated.place:
            return
        definition = self.raw.types[owner]
        assert not isinstance(definition, UnionType)
        for interface in definition.interfaces:
            promise: Slot = ("field", interface, name)
            if at(self.raw, promise) is not None and promise not in self.codings:
                what = f"the interface {interface} promises {name} as its description says it"
                self.problems.append(Problem(what, (stated.coordinate,), f"shape {name} of {interface} instead"))

    def model(self) -> SourceModel:
        """The model as it is served."""
        if not (self.codings or self.nullable or self.lifts):
            return self.raw
        types = {key: self._type(key, each) for key, each in self.raw.types.items()}
        inputs: dict[str, InputType] = {}
        for key, each in self.raw.inputs.items():
            lifts = self._lifts("input", key)
            given: dict[str, Argument] = {}
            for name, item in each.fields.items():
                for shown, lifted in lifts.get(name, {}).items():
                    given[shown] = self._lifted_argument(shown, lifted, item)
                if name not in lifts:
                    given[name] = self._argument(("input", key, name), item)
            inputs[key] = replace(each, fields=given)
        operations = {key: self._operation(key, each) for key, each in self.raw.operations.items()}
        return replace(
            self.raw, types=types, inputs=inputs, operations=operations, enums={**self.raw.enums, **self._made}
        )

    def _type(self, key: str, definition: OutputType) -> OutputType:
        if isinstance(definition, UnionType):
            return definition
        keys = definition.key if isinstance(definition, ObjectType) else ()
        lifts = self._lifts("field", key)
        fields: dict[str, Field] = {}
        for name, item in definition.fields.items():
            for shown, lifted in lifts.get(name, {}).items():
                fields[shown] = self._lifted_field(shown, lifted, item)
            if name not in lifts and not self._untold(key, definition, item) and not self._gone(item.type):
                fields[name] = self._field(("field", key, name), item, is_key=name in keys)
        return replace(definition, fields=fields)

    def _lifts(self, kind: Kind, owner: str) -> dict[str, dict[str, Lifted]]:
        """The lifted fields of a type or an input, by the field that they come out of."""
        found: dict[str, dict[str, Lifted]] = {}
        for shown, lifted in self.lifts.get((kind, owner), {}).items():
            found.setdefault(lifted.chain[0], {})[shown] = lifted
        return found

    def _lifted_field(self, shown: str, lifted: Lifted, outer: Field) -> Field:
        found = at(self.raw, lifted.slot)
        assert isinstance(found, Field)
        made = self._field(lifted.slot, found, is_key=False)
        said = found.description or outer.description
        ref = lifted_type(made.type, lifted)
        return replace(made, name=shown, type=ref, required=made.required and not lifted.nullable, description=said)

    def _lifted_argument(self, shown: str, lifted: Lifted, outer: Argument) -> Argument:
        found = at(self.raw, lifted.slot)
        assert isinstance(found, Argument)
        made = self._argument(lifted.slot, found)
        steps = [at(self.raw, each) for each in lifted.passed]
        needed = made.required and all(each is not None and each.required for each in steps)
        said = found.description or outer.description
        return replace(
            made, name=shown, type=lifted_type(made.type, lifted), required=needed, default=None, description=said
        )

    def _field(self, place: Slot, item: Field, *, is_key: bool) -> Field:
        ref = self._ref(place, item.type)
        if place in self.codings and not is_key:
            ref = _open(ref)  # a value that is not written so takes nothing with it but itself
        null = self.nullable.get(place)
        if null is not None:
            item = replace(item, required=item.required or not null)
            ref = replace(ref, nullable=null)
        return replace(item, type=ref, written=self._written(place[1], item))

    def _written(self, key: str, item: Field) -> str:
        stated = self.said.get(("field", key, item.name))
        if stated is None:
            return ""
        # What means nothing is equal to nothing, and the source would find it equal to itself: so it is like no other.
        alone = f" {key}.{item.name}" if stated.settings.nothing else ""
        return f"{inner(item.type)} {stated.settings.model_dump_json(exclude={'nullable'})}{alone}"

    def _untold(self, key: str, definition: ObjectType | InterfaceType, item: Field) -> bool:
        """Whether an aggregate cannot tell of a coded field: its source would reckon with what is written."""
        if not isinstance(definition, ObjectType) or not item.of or not definition.of:
            return False
        coding = self.codings.get(("field", definition.of, item.of))
        if coding is None:
            return False
        member = self._member_of(key)
        if coding.nulls:  # they would be counted, and be less or greater than others
            return member != KEY or not self._one_group(definition.of, item.of)
        if member in EXTREMES:
            return not coding.ordered
        return member not in {KEY, DISTINCT} or not coding.exact

    def _one_group(self, owner: str, name: str) -> bool:
        """Whether rows that are equal in what is meant are equal in the source, too."""
        coding, found = self.codings["field", owner, name], at(self.raw, ("field", owner, name))
        assert found is not None
        return coding.exact and (not coding.nulls or (len(coding.nulls) == 1 and not found.type.nullable))

    def _gone(self, ref: TypeRef) -> bool:
        """Whether nothing is left of a member of an aggregate."""
        key = named(ref)
        definition = self.raw.types.get(key)
        if not isinstance(definition, ObjectType) or not definition.of or key not in self.raw.made:
            return False
        return bool(definition.fields) and all(
            self._untold(key, definition, item) or self._gone(item.type) for item in definition.fields.values()
        )

    def _argument(self, place: Slot, argument: Argument) -> Argument:
        null = self.nullable.get(place)
        if null is not None:
            argument = replace(
                argument, type=replace(argument.type, nullable=null), required=argument.required or not null
            )
        coding = self.codings.get(place)
        if coding is None:
            return argument
        default = argument.default
        if default is not None:
            try:
                default = coding.read(default)
            except UNREADABLE:
                default = None  # the source has it all the same
        if place[0] == "input" and coding.nulls and not (argument.type.nullable or isinstance(argument.type, ListRef)):
            # Null can be given, for something stands for it there.
            argument = replace(argument, type=replace(argument.type, nullable=True), required=False)
        return replace(argument, type=self._ref(place, argument.type), default=default)

    def _ref(self, place: Slot, ref: TypeRef) -> TypeRef:
        coding = self.codings.get(place)
        if coding is None:
            return ref
        if coding.plain:
            return ref
        return with_inner(ref, NamedRef(self.enums[place]) if coding.words else ScalarRef(coding.scalar))

    def _operation(self, key: str, operation: Operation) -> Operation:
        arguments = {
            name: self._argument(("argument", key, name), argument) for name, argument in operation.arguments.items()
        }
        return replace(operation, arguments=arguments, rows=self._rows(operation))

    def _rows(self, operation: Operation) -> Rows | None:
        rows = operation.rows
        if rows is None:
            return None
        owner = rows.of or named(operation.result)
        coded = {name: coding for (kind, key, name), coding in self.codings.items() if (kind, key) == ("field", owner)}
        several = {name for name, coding in coded.items() if not coding.exact}
        unordered = {name for name, coding in coded.items() if not coding.ordered}
        # The source has a place of its own in its order for what means nothing, and not that of its nulls.
        nothing = {name for name, coding in coded.items() if coding.nulls}
        return replace(
            rows,
            filterable=rows.filterable - several,
            orderable=rows.orderable - unordered - nothing,
            by_equality=frozenset(unordered - several),
            ungrouped=frozenset(name for name in coded if not self._one_group(owner, name)),
            unsure=frozenset(name for name, coding in coded.items() if not (coding.known or coding.plain)),
        )
