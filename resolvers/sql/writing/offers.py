"""Which operations change the rows of a catalogue's tables, in the neutral form: what they take and what they give.

Names inside a source are a table's name and a verb (``orders.insert``); a view is never written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import Table

from resolvers.model import (
    Argument,
    Change,
    Effect,
    EnumType,
    EnumValue,
    Field,
    InputType,
    LeftOut,
    ListRef,
    NamedRef,
    ObjectType,
    Operation,
    Rows,
    Scalar,
    ScalarRef,
    SourceModel,
    TypeRef,
    Verb,
)
from resolvers.naming import Naming
from resolvers.sql.catalogue import Catalogue, Served
from resolvers.sql.catalogue.names import Taken, plain, singular
from resolvers.sql.writing.target import AFFECTED, RETURNING, Target, inputs, keys_of, required

_AFTER_OTHERS = 1
"""The rank of every name that is given here: whatever reads keeps its own."""
_WHERE, _IF_MATCH = "where", "ifMatch"
_STALE = "The row is only changed while it fulfils this; otherwise nothing is, and the error is CONFLICT (stale)."


@dataclass(frozen=True, slots=True)
class Offers:
    """``model``: that of the catalogue with the changes; ``targets``: what each of them writes to, by its name."""

    model: SourceModel
    targets: Mapping[str, Target]


def offers(catalogue: Catalogue) -> Offers:
    """Everything that could be changed; what of it is served is the settings' business."""
    made = _Offering(catalogue)
    for operation, access in catalogue.access.items():
        lists = isinstance(catalogue.model.operations[operation].result, ListRef)
        if lists and not access.by and not access.served.view:
            made.add(access.served, operation)
    model = catalogue.model
    served = replace(
        model,
        operations=made.operations,
        types=made.types,
        inputs=made.inputs,
        enums=made.enums,
        left_out=(*model.left_out, *made.left_out),
        declared=model.declared + len(made.targets),
    )
    return Offers(served, made.targets)


def no_offers(catalogue: Catalogue, reason: str) -> Offers:
    """Nothing can be changed, and why."""
    left_out = (*catalogue.model.left_out, LeftOut("writes", reason))
    return Offers(replace(catalogue.model, left_out=left_out), {})


@dataclass(slots=True)
class _Offering:
    catalogue: Catalogue
    operations: dict[str, Operation] = field(init=False)
    types: dict[str, ObjectType] = field(init=False)
    inputs: dict[str, InputType] = field(init=False)
    enums: dict[str, EnumType] = field(init=False)
    targets: dict[str, Target] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)

    def __post_init__(self) -> None:
        model = self.catalogue.model
        self.operations, self.inputs, self.enums = dict(model.operations), dict(model.inputs), dict(model.enums)
        self.types = {name: each for name, each in model.types.items() if isinstance(each, ObjectType)}

    def add(self, served: Served, listed: str) -> None:
        table = served.table
        assert isinstance(table, Table)
        if served.key not in keys_of(self.catalogue, served):
            served = replace(served, key=())  # the configuration states it, or its values cannot be compared
        reads = self.operations[listed]
        target = Target(served, table, "insert", False, inputs(served), required(self.catalogue, served))
        one = singular(served.name)
        many = served.name if plain(one) != plain(served.name) else f"many_{served.name}"
        offered = _Table(self, target, reads, one, many)
        missing = sorted(target.required - target.inputs.keys())
        for name in missing:
            reason = "a new row needs its value, and no caller can give it one: rows are not inserted"
            self.left_out.append(LeftOut(f"{served.name}.{name}", reason, reads.place, degraded=True))
        if not missing:
            offered.inserts()
        if target.inputs:
            offered.updates()
        offered.deletes()


@dataclass(frozen=True, slots=True)
class _Table:
    """The operations of one table. ``one``, ``many``: what a row and several are called."""

    draft: _Offering
    target: Target
    reads: Operation
    one: str
    many: str

    def inserts(self) -> None:
        row = NamedRef(self._input("insert", f"{self.one}_insert", self.target.required))
        rows = Argument("rows", ListRef(row), required=True)
        self._offer("insert", "insert", (f"insert_{self.one}",), {"row": Argument("row", row, required=True)})
        self._offer("insertMany", "insert", (f"insert_{self.many}",), {"rows": rows}, many=True)
        keys = {"_".join(by): by for by in keys_of(self.draft.catalogue, self.target.served)}
        keys = {name: by for name, by in keys.items() if all(column in self.target.inputs for column in by)}
        if keys:
            name = self._free(f"{self.one}_key", self.draft.enums)
            values = tuple(EnumValue(key, f"The unique key {', '.join(by)}.") for key, by in keys.items())
            naming = Naming(self._place("key"), (f"{self.one}_key",), _AFTER_OTHERS)
            self.draft.enums[name] = EnumType(
                name, values, f"The unique keys of {self.target.served.name}.", self.reads.place, naming
            )
            on = Argument("on", NamedRef(name), default=next(iter(keys)), description="Which key names the row.")
            given = {"row": Argument("row", row, required=True), "on": on}
            self._offer("upsert", "upsert", (f"upsert_{self.one}",), given, keys=keys)

    def updates(self) -> None:
        name = NamedRef(self._input("set", f"{self.one}_set", frozenset()))
        takes = Argument("set", name, required=True, description="What is absent stays as it is.")
        if self._by():
            beside = replace(takes, name=self._beside_keys("set", "values", "new_values"))
            given = {**self._key_arguments(), beside.name: beside}
            self._offer("update", "update", (f"update_{self.one}",), given, by=self._by(), condition=_IF_MATCH)
        if self._can_filter():
            given = {takes.name: takes}
            self._offer("updateMany", "update", (f"update_{self.many}",), given, many=True, condition=_WHERE)

    def deletes(self) -> None:
        if self._by():
            given = self._key_arguments()
            self._offer("delete", "delete", (f"delete_{self.one}",), given, by=self._by(), condition=_IF_MATCH)
        if self._can_filter():
            self._offer("deleteMany", "delete", (f"delete_{self.many}",), {}, many=True, condition=_WHERE)

    def _offer(
        self,
        word: str,
        verb: Verb,
        names: tuple[str, ...],
        arguments: dict[str, Argument],
        *,
        many: bool = False,
        by: tuple[str, ...] = (),
        condition: str = "",
        keys: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        served = self.target.served
        name = self._free(f"{served.name}.{word}", self.draft.operations)
        takes = next((argument for argument in arguments if argument not in by and argument != "on"), "")
        self.draft.targets[name] = replace(
            self.target, verb=verb, many=many, by=by, takes=takes, on="on" if keys else "", keys=keys
        )
        result = NamedRef(self._changed() if many else served.name, nullable=True)
        self.draft.operations[name] = Operation(
            name=name,
            effect=Effect.WRITE,
            arguments=arguments,
            result=result,
            rows=Rows(self._filterable(), frozenset(), of=served.name) if condition else None,
            change=Change(served.name, verb, condition, conditional=many),
            description=_description(verb, served.name, many=many, condition=condition),
            place=self.reads.place,
            naming=Naming(self._place(word), names, _AFTER_OTHERS),
        )

    def _changed(self) -> str:
        """The type of what is given by changes of many rows."""
        served = self.target.served
        key = f"{served.name} (change)"
        if key not in self.draft.types:
            fields = {
                AFFECTED: Field(AFFECTED, ScalarRef(Scalar.INT), description="How many rows."),
                RETURNING: Field(RETURNING, ListRef(NamedRef(served.name)), description="The rows, in no given order."),
            }
            naming = Naming(self._place("change"), (f"{self.many}_change",), _AFTER_OTHERS)
            what = f"What became of rows of {served.name}."
            self.draft.types[key] = ObjectType(
                f"{self.many}_change", fields, description=what, place=self.reads.place, naming=naming
            )
        return key

    def _input(self, word: str, called: str, needed: frozenset[str]) -> str:
        served = self.target.served
        members = self.draft.types[served.name].fields
        name = self._free(called, self.draft.inputs)
        fields = {
            key: Argument(
                key,
                members[key].type,
                required=key in needed,
                description=members[key].description,
                place=members[key].place,
            )
            for key in self.target.inputs
        }
        naming = Naming(self._place(word), (called,), _AFTER_OTHERS)
        self.draft.inputs[name] = InputType(name, fields, place=self.reads.place, naming=naming, row_of=served.name)
        return name

    def _key_arguments(self) -> dict[str, Argument]:
        members = self.draft.types[self.target.served.name].fields
        return {
            name: Argument(name, _not_null(members[name].type), required=True, description=members[name].description)
            for name in self._by()
        }

    def _by(self) -> tuple[str, ...]:
        return self.target.served.key

    def _can_filter(self) -> bool:
        return bool(self._filterable())

    def _filterable(self) -> frozenset[str]:
        return frozenset(name for name, column in self.target.served.columns.items() if column.filterable)

    def _beside_keys(self, *names: str) -> str:
        """The name of an argument that stands beside those of the key."""
        return Taken(self.target.served.key).first(names)

    def _place(self, word: str) -> str:
        return f"{self.target.served.name}.{word}"

    @staticmethod
    def _free(name: str, taken: Mapping[str, object]) -> str:
        while name in taken:
            name = f"{name}_"
        return name


def _not_null(ref: TypeRef) -> TypeRef:
    return replace(ref, nullable=False)


def _description(verb: Verb, table: str, *, many: bool, condition: str) -> str:
    what = f"rows of {table}" if many else f"one row of {table}"
    words = {
        "insert": f"Inserts {what}: all of it or nothing.",
        "upsert": f"Inserts {what}, or changes the one that has its key already; what is absent stays as it is.",
        "update": f"Changes {what}; null where there is none.",
        "delete": f"Deletes {what}, and gives it as it was; null where there is none.",
    }
    if many and condition:
        return f"{'Changes' if verb == 'update' else 'Deletes'} the {what} that fulfil where: all of them or none."
    return f"{words[verb]} {_STALE.replace('this', condition)}" if condition else words[verb]
