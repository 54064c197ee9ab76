"""What a statement gives, by what is stated of it and what the database says: columns, their types, the type of a row.

A result that is not known for sure is refused, with a line to paste that states it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Column

from resolvers.model import (
    EnumType,
    EnumValue,
    Field,
    ListRef,
    NamedRef,
    ObjectType,
    Place,
    Scalar,
    ScalarRef,
    SourceModel,
    TypeRef,
)
from resolvers.naming import Naming
from resolvers.problem import Key, nearest
from resolvers.sql.catalogue import Catalogue, Served
from resolvers.sql.catalogue.names import plain, singular
from resolvers.sql.column import SqlColumn, SqlType
from resolvers.sql.routines.routine import Gives, Result
from resolvers.sql.routines.types import NoType, read_type, shows


class Unknown(ValueError):
    """What it gives is not known, or is not what is stated. ``where``: the keys below those of the statement."""

    def __init__(self, what: str, *where: Key, mend: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.mend = what, where, mend


@dataclass(slots=True)
class Shown:
    """``ref``: the type of the operation's result; ``types`` and ``enums``: those that it takes beside the model's."""

    gives: Gives
    ref: TypeRef
    results: tuple[Result, ...] = ()
    table: str = ""
    types: dict[str, ObjectType] = field(default_factory=dict)
    enums: dict[str, EnumType] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shapes:
    """Finds the results of one routine. ``name``: what it is called; ``title``: what its rows are called."""

    catalogue: Catalogue
    model: SourceModel
    name: str
    title: str
    place: Place

    def affected(self) -> Shown:
        return Shown("affected", ScalarRef(Scalar.INT))

    def value(self, columns: Sequence[tuple[str, SqlType | None]] | None, stated: str | None) -> Shown:
        """The one value of one row."""
        if columns is not None and len(columns) != 1:
            raise Unknown(f"a value is one column, and it gives {len(columns)}", "returns", mend="write one or many")
        name, typed = columns[0] if columns is not None else ("", None)
        shown = Shown("value", ScalarRef(Scalar.JSON))
        if stated is None:
            if typed is None:
                raise Unknown("the database does not say its type", "returns", mend="write returns: { value: Decimal }")
            ref, result = self._served(name, typed, shown)
        else:
            ref, result = self._stated(name, typed, stated, ("returns", "value"))
        shown.ref, shown.results = _nullable(ref), (result,)
        return shown

    def rows(self, gives: Gives, columns: Sequence[tuple[str, SqlType | None]]) -> Shown:
        """Rows of a type of their own, as the database describes them."""
        self._check_names([name for name, _ in columns])
        shown = Shown(gives, ScalarRef(Scalar.JSON))
        made = [self._served(name, typed, shown) for name, typed in columns if typed is not None]
        fields = {result.name: Field(result.name, ref, place=self.place) for ref, result in made}
        return self.typed(shown, fields, [result for _, result in made])

    def stated_rows(
        self, gives: Gives, columns: Sequence[tuple[str, SqlType | None]] | None, stated: Mapping[str, str]
    ) -> Shown:
        """Rows of a type of their own, as the configuration states them."""
        where = ("returns", gives)
        if not stated:
            raise Unknown("a row has no columns", *where, mend="write { column: type }")
        known = dict(columns) if columns is not None else dict.fromkeys(stated)
        if columns is not None:
            self._check_names([name for name, _ in columns])
            for name in stated:
                if name not in known:
                    raise Unknown(f'it gives no column "{name}"', *where, name, mend=nearest(name, known))
            missing = [name for name in known if name not in stated]
            if missing:
                what = f"it gives {_listed(missing)} too, which is not stated"
                raise Unknown(what, *where, mend="state it, or leave it out of the statement")
        shown = Shown(gives, ScalarRef(Scalar.JSON))
        order = list(known)
        made = [self._stated(name, known[name], stated[name], (*where, name)) for name in order]
        fields = {result.name: Field(result.name, ref, place=self.place) for ref, result in made}
        return self.typed(shown, fields, [result for _, result in made])

    def table_rows(self, gives: Gives, columns: Sequence[tuple[str, SqlType | None]] | None, table: str) -> Shown:
        """Rows of a table: all of its columns, and nothing else."""
        served = self.table(table, ("returns", gives))
        if columns is not None:
            self._check_names([name for name, _ in columns])
        known = dict(columns) if columns is not None else dict.fromkeys(served.columns)
        missing = [name for name in served.columns if name not in known]
        more = [name for name in known if name not in served.columns]
        if missing or more:
            what = f"rows of {served.name} have {_listed(missing)}, which it does not give"
            if not missing:
                what = f"it gives {_listed(more)}, which rows of {served.name} do not have"
            mend = "select all columns of the table and no others, or state the columns instead of it"
            raise Unknown(what, "returns", gives, mend=mend)
        for name, typed in known.items():
            if typed is not None:
                self._check_alike(served.columns[name], self._column(name, typed))
        ref = NamedRef(served.name, nullable=gives == "one")
        results = tuple(Result(name, served.columns[name], served.columns[name].scalar) for name in known)
        return Shown(gives, ref if gives == "one" else ListRef(ref), results, served.name)

    def table(self, name: str, where: tuple[Key, ...]) -> Served:
        """The table whose name, or whose rows' name, it is.

        Raises:
            Unknown: there is none, or several may be meant.
        """
        tables = {access.served.name: access.served for access in self.catalogue.access.values()}
        if name in tables:
            return tables[name]
        alike = [key for key in tables if plain(name) in {plain(key), plain(singular(key))}]
        if len(alike) == 1:
            return tables[alike[0]]
        known = [*tables, *(singular(key) for key in tables)]
        raise Unknown(f'there is no table or view "{name}"', *where, mend=nearest(name, known))

    def paste(self, gives: str, columns: Sequence[tuple[str, SqlType | None]]) -> str:
        """A line that states the columns, with types that are likely."""
        seen: dict[str, set[str]] = {}
        for access in self.catalogue.access.values():
            for column in access.served.columns.values():
                if not column.array and column.enum is None:
                    seen.setdefault(column.name, set()).add(column.scalar.value)
        made = []
        for name, typed in columns:
            known = seen.get(name, set())
            scalar = next(iter(known)) if len(known) == 1 else ""
            if not scalar:
                scalar = self._column(name, typed).scalar.value if typed is not None else Scalar.STRING.value
            made.append(f"{_key(name)}: {scalar}")
        return f"returns: {{ {gives}: {{ {', '.join(made)} }} }}"

    def typed(self, shown: Shown, fields: dict[str, Field], results: Sequence[Result]) -> Shown:
        """Rows of a type of their own, with these fields."""
        key = f"{self.name} (row)"
        while key in self.model.types:
            key += "_"
        naming = Naming(f"{self.name} row", (f"{self.title}_row",), 1)
        what = f"A row of what {self.name} gives."
        shown.types[key] = ObjectType(f"{self.title}_row", fields, description=what, place=self.place, naming=naming)
        ref = NamedRef(key, nullable=shown.gives == "one")
        shown.ref, shown.results = ref if shown.gives == "one" else ListRef(ref), tuple(results)
        return shown

    def _column(self, name: str, typed: SqlType) -> SqlColumn:
        return self.catalogue.dialect.column(Column(name, typed))

    def _served(self, name: str, typed: SqlType, shown: Shown) -> tuple[TypeRef, Result]:
        column = self._column(name, typed)
        self._check_shown(name, column)
        enum = self.enum(column, shown) if column.enum is not None else ""
        return column.type_ref(enum, nullable=True), Result(name, column, column.scalar)

    def _stated(self, name: str, typed: SqlType | None, stated: str, where: tuple[Key, ...]) -> tuple[TypeRef, Result]:
        try:
            ref = read_type(stated, self.model.enums)
        except NoType as error:
            raise Unknown(error.what, *where, mend=error.mend) from None
        item = ref.item if isinstance(ref, ListRef) else ref
        scalar = item.scalar if isinstance(item, ScalarRef) else Scalar.STRING
        if typed is None:
            if isinstance(ref, ListRef):
                raise Unknown("this database has no columns that are lists", *where, mend="write JSON")
            column = self._column(name, self.catalogue.dialect.plain_type(scalar).type)
            return ref, Result(name, column, scalar)
        column = self._column(name, typed)
        self._check_shown(name, column)
        enums = isinstance(item, NamedRef) and column.enum is not None
        alike = enums and [value.value for value in self.model.enums[item.name].values] == list(column.enum.enums)  # type: ignore[union-attr]  # both are
        fits = alike if isinstance(item, NamedRef) else shows(scalar, column)
        if not fits or column.array != isinstance(ref, ListRef):
            own = f"[{column.scalar}]" if column.array else str(column.scalar)
            raise Unknown(
                f'"{name}" is {own} and not {stated}', *where, mend=f"write {own}, or cast it in the statement"
            )
        return ref, Result(name, column, scalar)

    @staticmethod
    def _check_shown(name: str, column: SqlColumn) -> None:
        if column.degraded:
            cast = "to_jsonb(…)" if column.scalar is Scalar.JSON else "CAST(… AS text)"
            what = f'the type of its column "{name}" has no counterpart'
            raise Unknown(what, "sql", mend=f"write {cast} AS {name} in the statement")

    @staticmethod
    def _check_alike(own: SqlColumn, given: SqlColumn) -> None:
        enums = (own.enum is None) == (given.enum is None)
        if given.degraded or own.scalar is not given.scalar or own.array != given.array or not enums:
            cast = " as text" if own.degraded and own.scalar is Scalar.STRING else ""
            what = f'its column "{own.name}" is of another type than that of the table is served as{cast}'
            raise Unknown(what, "sql", mend="cast it in the statement")

    @staticmethod
    def _check_names(names: Sequence[str]) -> None:
        count = Counter(names)
        twice = [name for name in names if count[name] > 1]
        if twice:
            raise Unknown(
                f'it gives two columns "{twice[0]}"', "sql", mend=f"name one of them otherwise: … AS {twice[0]}_2"
            )

    def enum(self, column: SqlColumn, shown: Shown) -> str:
        """The name of the model's enum that a column has; one that is new is added to ``shown``."""
        assert column.enum is not None
        values = list(column.enum.enums)
        for key, known in [*self.model.enums.items(), *shown.enums.items()]:
            if [each.value for each in known.values] == values and plain(column.enum.name or "") in plain(key):
                return key
        key = str(column.enum.name or f"{self.title}_{column.name}")
        while key in self.model.enums or key in self.model.types:
            key += "_enum"
        shown.enums[key] = EnumType(key, tuple(EnumValue(value) for value in values), place=self.place)
        return key


def _nullable(ref: TypeRef) -> TypeRef:
    if isinstance(ref, ListRef):
        return ListRef(ref.item, nullable=True)
    return NamedRef(ref.name, nullable=True) if isinstance(ref, NamedRef) else ScalarRef(ref.scalar, nullable=True)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _key(name: str) -> str:
    return name if name.isidentifier() else f"'{name.replace(chr(39), chr(39) * 2)}'"
