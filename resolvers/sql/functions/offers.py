"""Functions and procedures that a database declares become operations, or are left out with their reason.

What the database says that changes nothing is a read; everything else is a write, whatever it does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from sqlalchemy import Column, Table
from sqlalchemy.engine.interfaces import Dialect as SqlDialect

from resolvers.model import (
    Argument,
    Effect,
    EnumType,
    Field,
    LeftOut,
    ListRef,
    ManyKeys,
    NamedRef,
    Operation,
    Place,
    Rows,
    Scalar,
    ScalarRef,
    SourceModel,
    TypeRef,
)
from resolvers.naming import Naming
from resolvers.problem import Problem, nearest
from resolvers.sql.catalogue import Catalogue, Served
from resolvers.sql.column import SqlColumn
from resolvers.sql.dialects import DeclaredArgument, DeclaredRoutine, TypeName
from resolvers.sql.functions.calling import Called, argument_names
from resolvers.sql.routines import Offer, Parameter, Result, Routine, Shapes, Shown, bound_names

_EVIDENCE = ("a function of the database: served where functions says so",)
_AFTER_ALL = 2


def chosen(
    declared: Sequence[DeclaredRoutine],
    wanted: bool | tuple[str, ...],  # noqa: FBT001  # as the setting is
) -> tuple[list[DeclaredRoutine], list[Problem]]:
    """Those that the settings name; a pattern that names none is a problem."""
    if isinstance(wanted, bool):
        return list(declared) if wanted else [], []
    names = {name for each in declared for name in _called(each)}
    problems = [
        Problem(
            f'the database has no function or procedure "{pattern}"',
            ("functions", index),
            nearest(pattern, names) or "see those that there are with: isthmus inspect",
        )
        for index, pattern in enumerate(wanted)
        if not any(fnmatchcase(name, pattern) for name in names)
    ]
    kept = [
        each for each in declared if any(fnmatchcase(name, pattern) for name in _called(each) for pattern in wanted)
    ]
    return kept, problems


def _called(routine: DeclaredRoutine) -> tuple[str, ...]:
    return (routine.name, routine.full_name) if routine.schema else (routine.name,)


def offers(
    declared: Iterable[DeclaredRoutine], catalogue: Catalogue, model: SourceModel, spoken: SqlDialect
) -> tuple[list[Offer], list[LeftOut]]:
    """An operation for each that can be served."""
    routines = list(declared)
    alike = Counter(routine.full_name for routine in routines)
    several = Counter(name for name, _ in {(routine.name, routine.schema) for routine in routines})
    taken = set(model.operations)
    made: list[Offer] = []
    left_out: list[LeftOut] = []
    enums = dict(model.enums)
    for routine in routines:
        own = routine.name if several[routine.name] == 1 or not routine.schema else f"{routine.schema}_{routine.name}"
        name = own if alike[routine.full_name] == 1 else _apart(own, routine)
        place = Place(model.name, f"{routine.full_name}({', '.join(_written(routine))})")
        if not routine.refused and name in taken:
            what = "another function" if alike[routine.full_name] > 1 else "an operation"
            left_out.append(LeftOut(str(place.pointer), f'{what} of the source is called "{name}" too', place))
            continue
        try:
            offer = _Offering(routine, name, catalogue, model, spoken, place, enums).offer()
        except _Left as error:
            left_out.append(LeftOut(str(place.pointer), str(error), place))
            continue
        taken.add(name)
        enums |= offer.enums
        made.append(offer)
    return made, left_out


def _apart(own: str, routine: DeclaredRoutine) -> str:
    """The name of one of several that are called alike: by their arguments."""
    names = [argument.name or each for argument, each in zip(routine.arguments, _written(routine), strict=True)]
    return f"{own}_by_{'_'.join(names)}" if names else own


def _written(routine: DeclaredRoutine) -> list[str]:
    return [argument.type.written for argument in routine.arguments]


class _Left(Exception):
    """Why a routine is not served."""


class _Offering:
    """One routine on its way to an operation."""

    def __init__(
        self,
        routine: DeclaredRoutine,
        name: str,
        catalogue: Catalogue,
        model: SourceModel,
        spoken: SqlDialect,
        place: Place,
        enums: Mapping[str, EnumType],
    ) -> None:
        self._routine = routine
        self._name = name
        self._catalogue = catalogue
        self._spoken = spoken
        self._place = place
        self._model = model
        self._shapes = Shapes(catalogue, model, name, name, place)
        self._shown = Shown("nothing", ScalarRef(Scalar.BOOLEAN), enums=dict(enums))
        self._before = set(enums)

    def offer(self) -> Offer:
        routine = self._routine
        if routine.refused:
            raise _Left(routine.refused)
        named = argument_names(routine.arguments)
        arguments: dict[str, Argument] = {}
        parameters: dict[str, Parameter] = {}
        for index, name in named.items():
            arguments[name], parameters[name] = self._argument(name, routine.arguments[index])
        served = self._served()
        result = self._result(served)
        called = Called(routine, named, parameters, self._spoken, self._catalogue.dialect.arrays)
        rows = keys = None
        select = None
        if served is not None and routine.many and routine.reads:
            columns = served.columns.values()
            filterable = frozenset(column.name for column in columns if column.filterable)
            orderable = frozenset(column.name for column in columns if column.orderable)
            rows = Rows(filterable, orderable, joined=False)
            keys = ManyKeys(argument=(), by={}) if filterable else None
            select = called.rows(self._name, served, self._catalogue)
        operation = Operation(
            name=self._name,
            effect=Effect.READ if routine.reads else Effect.WRITE,
            arguments=arguments,
            result=result,
            keys=keys,
            rows=rows,
            evidence=_EVIDENCE,
            description=routine.comment,
            place=self._place,
            naming=Naming(f"function {self._place.pointer}", (self._name,), _AFTER_ALL),
        )
        word = "PROCEDURE" if routine.procedure else "FUNCTION"
        made = Routine(
            self._name,
            parameters,
            bound_names(parameters),
            called.statement(self._shown.results),
            self._shown.gives,
            self._shown.results,
            f"{word} {routine.full_name}",
            select,
            self._shown.table,
        )
        fresh = {key: enum for key, enum in self._shown.enums.items() if key not in self._before}
        return Offer(operation, made, self._shown.types, fresh)

    def _argument(self, name: str, declared: DeclaredArgument) -> tuple[Argument, Parameter]:
        dialect = self._catalogue.dialect
        column = dialect.column(Column(name, declared.type.type))
        if column.degraded and column.scalar is Scalar.JSON:
            raise _Left(f'its argument "{name}" takes a value that has parts')
        by_text = bool(column.degraded)
        strict = self._routine.strict and not declared.optional
        ref = column.type_ref(self._enum(column), nullable=not strict)
        argument = Argument(name, ref, required=strict, place=self._place)
        if by_text:
            column = dialect.column(Column(name, dialect.plain_type(Scalar.STRING).type))
        many = column.array
        cast = declared.type.written if dialect.arrays else ""
        item = column if not many else _item(column)
        return argument, Parameter(name, item, many, cast, by_text and dialect.arrays, required=strict)

    def _enum(self, column: SqlColumn) -> str:
        return self._shapes.enum(column, self._shown) if column.enum is not None else ""

    def _served(self) -> Served | None:
        """The table whose rows it gives, where that is served with all of its columns."""
        if self._routine.table is None:
            return None
        for access in self._catalogue.access.values():
            table = access.served.table
            if isinstance(table, Table) and (table.schema or "", table.name) == self._routine.table:
                return access.served
        return None

    def _result(self, served: Served | None) -> TypeRef | None:
        routine, shown = self._routine, self._shown
        if routine.value is not None:
            ref, result = self._column("value", routine.value)
            shown.gives, shown.results = "values" if routine.many else "value", (result,)
            return ListRef(ref) if routine.many else ref
        if not routine.columns:
            return None
        shown.gives = "many" if routine.many else "one"
        if served is not None:
            known = {name for name, _ in routine.columns}
            own = [served.columns[name] for name in served.columns if name in known]
            shown.results = tuple(Result(column.name, column, column.scalar) for column in own)
            shown.table = served.name
            ref = NamedRef(served.name, nullable=not routine.many)
            return ListRef(ref) if routine.many else ref
        made = [self._column(name, each) for name, each in routine.columns]
        if len({result.name for _, result in made}) < len(made):
            raise _Left("two of the columns that it gives have one name")
        fields = {result.name: Field(result.name, ref, place=self._place) for ref, result in made}
        return self._shapes.typed(shown, fields, [result for _, result in made]).ref

    def _column(self, name: str, typed: TypeName) -> tuple[TypeRef, Result]:
        column = self._catalogue.dialect.column(Column(name, typed.type))
        if column.degraded and self._routine.procedure:
            raise _Left(f'the type of what it gives as "{name}" has no counterpart')
        return column.type_ref(self._enum(column), nullable=True), Result(name, column, column.scalar)


def _item(column: SqlColumn) -> SqlColumn:
    return replace(column, array=False)
