"""The model that is served: that of the source, with its types, inputs, arguments and rows as they are shaped."""

from __future__ import annotations

from dataclasses import replace

from resolvers.model import (
    Argument,
    Field,
    InputType,
    InterfaceType,
    ListRef,
    NamedRef,
    ObjectType,
    Operation,
    OutputType,
    Rows,
    ScalarRef,
    SourceModel,
    TypeRef,
    UnionType,
)
from resolvers.shaping.alike import EXTREMES, member_of
from resolvers.shaping.coding import UNREADABLE
from resolvers.shaping.draft import Draft
from resolvers.shaping.lifting import lifted_type
from resolvers.shaping.shapes import Kind, Lifted, Slot, at, inner, named, with_inner
from resolvers.views import DISTINCT, KEY


def _open(ref: TypeRef) -> TypeRef:
    """The reference, which may be null, and so may its items."""
    return ListRef(_open(ref.item), nullable=True) if isinstance(ref, ListRef) else replace(ref, nullable=True)


class Served:
    """What becomes of a draft that is whole."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._raw = draft.raw
        self._codings = draft.codings

    def model(self) -> SourceModel:
        """The model as it is served."""
        if not (self._codings or self._draft.nullable or self._draft.lifts):
            return self._raw
        types = {key: self._type(key, each) for key, each in self._raw.types.items()}
        inputs: dict[str, InputType] = {}
        for key, each in self._raw.inputs.items():
            lifts = self._lifts("input", key)
            given: dict[str, Argument] = {}
            for name, item in each.fields.items():
                for shown, lifted in lifts.get(name, {}).items():
                    given[shown] = self._lifted_argument(shown, lifted, item)
                if name not in lifts:
                    given[name] = self._argument(("input", key, name), item)
            inputs[key] = replace(each, fields=given)
        operations = {key: self._operation(key, each) for key, each in self._raw.operations.items()}
        return replace(
            self._raw, types=types, inputs=inputs, operations=operations, enums={**self._raw.enums, **self._draft.made}
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
        for shown, lifted in self._draft.lifts.get((kind, owner), {}).items():
            found.setdefault(lifted.chain[0], {})[shown] = lifted
        return found

    def _lifted_field(self, shown: str, lifted: Lifted, outer: Field) -> Field:
        found = at(self._raw, lifted.slot)
        assert isinstance(found, Field)
        made = self._field(lifted.slot, found, is_key=False)
        said = found.description or outer.description
        ref = lifted_type(made.type, lifted)
        return replace(made, name=shown, type=ref, required=made.required and not lifted.nullable, description=said)

    def _lifted_argument(self, shown: str, lifted: Lifted, outer: Argument) -> Argument:
        found = at(self._raw, lifted.slot)
        assert isinstance(found, Argument)
        made = self._argument(lifted.slot, found)
        steps = [at(self._raw, each) for each in lifted.passed]
        needed = made.required and all(each is not None and each.required for each in steps)
        said = found.description or outer.description
        return replace(
            made, name=shown, type=lifted_type(made.type, lifted), required=needed, default=None, description=said
        )

    def _field(self, place: Slot, item: Field, *, is_key: bool) -> Field:
        ref = self._ref(place, item.type)
        if place in self._codings and not is_key:
            ref = _open(ref)  # a value that is not written so takes nothing with it but itself
        null = self._draft.nullable.get(place)
        if null is not None:
            item = replace(item, required=item.required or not null)
            ref = replace(ref, nullable=null)
        note = self._codings[place].note if place in self._codings else ""
        said = "\n\n".join(filter(None, (item.description, note)))
        return replace(item, type=ref, description=said, written=self._written(place[1], item))

    def _written(self, key: str, item: Field) -> str:
        stated = self._draft.said.get(("field", key, item.name))
        if stated is None:
            return ""
        # What means nothing is equal to nothing, and the source would find it equal to itself: so it is like no other.
        alone = f" {key}.{item.name}" if stated.settings.nothing else ""
        return f"{inner(item.type)} {stated.settings.model_dump_json(exclude={'nullable'})}{alone}"

    def _untold(self, key: str, definition: ObjectType | InterfaceType, item: Field) -> bool:
        """Whether an aggregate cannot tell of a coded field: its source would reckon with what is written."""
        if not isinstance(definition, ObjectType) or not item.of or not definition.of:
            return False
        coding = self._codings.get(("field", definition.of, item.of))
        if coding is None:
            return False
        member = member_of(self._raw, key)
        if coding.nulls:  # they would be counted, and be less or greater than others
            return member != KEY or not self._one_group(definition.of, item.of)
        if member in EXTREMES:
            return not coding.ordered
        return member not in {KEY, DISTINCT} or not coding.exact

    def _one_group(self, owner: str, name: str) -> bool:
        """Whether rows that are equal in what is meant are equal in the source, too."""
        coding, found = self._codings["field", owner, name], at(self._raw, ("field", owner, name))
        assert found is not None
        return coding.exact and (not coding.nulls or (len(coding.nulls) == 1 and not found.type.nullable))

    def _gone(self, ref: TypeRef) -> bool:
        """Whether nothing is left of a member of an aggregate."""
        key = named(ref)
        definition = self._raw.types.get(key)
        if not isinstance(definition, ObjectType) or not definition.of or key not in self._raw.made:
            return False
        return bool(definition.fields) and all(
            self._untold(key, definition, item) or self._gone(item.type) for item in definition.fields.values()
        )

    def _argument(self, place: Slot, argument: Argument) -> Argument:
        null = self._draft.nullable.get(place)
        if null is not None:
            argument = replace(
                argument, type=replace(argument.type, nullable=null), required=argument.required or not null
            )
        coding = self._codings.get(place)
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
        coding = self._codings.get(place)
        if coding is None:
            return ref
        if coding.plain:
            return ref
        return with_inner(ref, NamedRef(self._draft.enums[place]) if coding.words else ScalarRef(coding.scalar))

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
        coded = {name: coding for (kind, key, name), coding in self._codings.items() if (kind, key) == ("field", owner)}
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
            unsure=frozenset(
                name for name, coding in coded.items() if not (coding.known or coding.plain or coding.total)
            ),
        )
