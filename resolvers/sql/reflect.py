"""A reflected catalogue becomes a ``SourceModel``: tables are types, keys are operations, foreign keys are relations.

It takes what SQLAlchemy has reflected and does no I/O. How a call is written in SQL is ``statement.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, MetaData, Table, UniqueConstraint, types
from sqlalchemy.exc import NoReferencedColumnError, NoReferencedTableError

from resolvers.keys import agree
from resolvers.model import (
    Argument,
    Effect,
    EnumType,
    EnumValue,
    Field,
    LeftOut,
    ListRef,
    ManyKeys,
    NamedRef,
    ObjectType,
    Operation,
    Place,
    Relation,
    Rows,
    SourceModel,
)
from resolvers.naming import Naming
from resolvers.sql.address import Dialect
from resolvers.sql.column import SqlColumn, sql_column
from resolvers.sql.names import Taken, plain, singular, without_key_suffix


@dataclass(frozen=True, slots=True)
class Served:
    """One table or view and its columns, by the name of its type. ``key``: the columns of its primary key."""

    name: str
    table: Table
    columns: Mapping[str, SqlColumn]
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """How an operation is answered: all rows of a table, or the one row that the ``by`` columns name."""

    served: Served
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """``access``: by the operation's name, for every operation of the model."""

    model: SourceModel
    access: Mapping[str, Access]
    dialect: Dialect


@dataclass(slots=True)
class _Draft:
    document: str
    tables: dict[Table, Served] = field(default_factory=dict)
    types: dict[str, ObjectType] = field(default_factory=dict)
    enums: dict[str, EnumType] = field(default_factory=dict)
    enum_names: dict[tuple[str | None, str], str] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    access: dict[str, Access] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def place(self, table: Table) -> Place:
        return Place(self.document, table.fullname)


def read_catalogue(
    name: str, metadata: MetaData, dialect: Dialect, *, views: frozenset[str] = frozenset(), unread: Sequence[str] = ()
) -> Catalogue:
    """Reads what was reflected.

    ``views``: keys of ``metadata.tables`` that are views. ``unread``: names of tables and views that the database
    listed and that could not be reflected; they are left out with a reason.
    """
    draft = _Draft(document=name)
    taken = Taken()
    # A table of the default schema keeps its name; one of another schema gives way to it.
    for table in sorted(metadata.tables.values(), key=lambda table: (table.schema or "", table.name)):
        free = table.name not in taken or table.schema is None
        served_name = taken.first([table.name] if free else [f"{table.schema}_{table.name}"])
        _add_type(draft, served_name, table, dialect)
    for table, served in draft.tables.items():
        _add_list(draft, table, served)
    operations = Taken(draft.operations)
    for table, served in draft.tables.items():
        if table.key not in views:
            _add_by_key(draft, table, served, operations)
    _add_relations(draft)
    draft.left_out += [
        LeftOut(missing, "the database does not let it be read", Place(name, missing)) for missing in unread
    ]
    model = SourceModel(
        name=name,
        kind="database",
        operations=draft.operations,
        types=_singular_types(draft.types),
        enums=draft.enums,
        relations=tuple(draft.relations),
        left_out=tuple(draft.left_out),
        declared=len(draft.operations) + len(unread),
    )
    return Catalogue(model, draft.access, dialect)


def _singular_types(rows: Mapping[str, ObjectType]) -> dict[str, ObjectType]:
    """A row type bears the singular of its table's name, where no other table bears that or would come to bear it."""
    wanted = Counter(singular(name) for name in rows)
    return {
        name: replace(made, name=singular(name)) if wanted[singular(name)] == 1 and singular(name) not in rows else made
        for name, made in rows.items()
    }


def _add_type(draft: _Draft, name: str, table: Table, dialect: Dialect) -> None:
    columns = {column.name: sql_column(column, dialect) for column in table.columns}
    key = tuple(column.name for column in table.primary_key.columns)
    place = draft.place(table)
    if not columns:
        draft.left_out.append(LeftOut(name, "it has no columns", place))
        return
    for column in columns.values():
        if column.degraded:
            draft.left_out.append(LeftOut(f"{name}.{column.name}", column.degraded, place, degraded=True))
    fields = {
        column.name: Field(
            column.name,
            column.type_ref(_enum(draft, column, place), nullable=_is_nullable(column.column, key, dialect)),
            description=column.column.comment or "",
            place=place,
        )
        for column in columns.values()
    }
    draft.types[name] = ObjectType(name, fields, key=key, description=table.comment or "", place=place)
    draft.tables[table] = Served(name, table, columns, key)


def _is_nullable(column: Column[Any], key: tuple[str, ...], dialect: Dialect) -> bool:
    # SQLite calls the column of a row's number nullable and never stores a null there.
    is_row_number = dialect == "sqlite" and key == (column.name,) and isinstance(column.type, types.INTEGER)
    return bool(column.nullable) and not is_row_number


def _enum(draft: _Draft, column: SqlColumn, place: Place) -> str:
    if column.enum is None:
        return ""
    wanted = column.enum.name or f"{column.column.table.name}_{column.name}"
    identity = (column.enum.schema, wanted)
    if identity not in draft.enum_names:
        # A type of the model and an enum may not share a name.
        tables = [table.name for table in (column.column.table.metadata.tables.values())]
        taken = Taken([*tables, *draft.enums])
        made = taken.first([wanted, f"{column.enum.schema}_{wanted}" if column.enum.schema else f"{wanted}_enum"])
        draft.enum_names[identity] = made
        draft.enums[made] = EnumType(made, tuple(EnumValue(value) for value in column.enum.enums), place=place)
    return draft.enum_names[identity]


def _add_list(draft: _Draft, table: Table, served: Served) -> None:
    columns = served.columns.values()
    filterable = frozenset(column.name for column in columns if column.filterable)
    draft.operations[served.name] = Operation(
        name=served.name,
        effect=Effect.READ,
        arguments={},
        result=ListRef(NamedRef(served.name)),
        keys=ManyKeys(argument=(), by={}) if filterable else None,
        rows=Rows(filterable, frozenset(column.name for column in columns if column.orderable)),
        description=table.comment or "",
        place=draft.place(table),
    )
    draft.access[served.name] = Access(served)


def _add_by_key(draft: _Draft, table: Table, served: Served, taken: Taken) -> None:
    one = singular(served.name)
    if served.key:
        joined = "_".join(served.key)
        # A name that another table bears, or will bear as its own singular, is not taken from it.
        clear = plain(one) != plain(served.name) and one not in Taken(
            draft.tables[other].name for other in draft.tables
        )
        plural_first = f"{one}_by_{joined}" if plain(one) == plain(served.name) else f"{served.name}_by_{joined}"
        _add_one(draft, table, served, served.key, taken.first([one, plural_first] if clear else [plural_first]))
    for columns in _unique(table):
        if columns != served.key:
            joined = "_".join(columns)
            name = taken.first([f"{one}_by_{joined}", f"{served.name}_by_{joined}"])
            _add_one(draft, table, served, columns, name)


def _unique(table: Table) -> list[tuple[str, ...]]:
    found = {
        tuple(column.name for column in constraint.columns)
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    }
    found |= {
        tuple(column.name for column in index.columns)
        for index in table.indexes
        # A partial index promises nothing about the other rows, an expression is no column.
        if index.unique
        and len(index.expressions) == len(index.columns)
        and all(isinstance(expression, Column) for expression in index.expressions)
        and not any(options.get("where") is not None for options in index.dialect_options.values())
    }
    order = {column.name: position for position, column in enumerate(table.columns)}
    return sorted((columns for columns in found if columns), key=lambda columns: [order[name] for name in columns])


def _add_one(draft: _Draft, table: Table, served: Served, by: tuple[str, ...], name: str) -> None:
    place = draft.place(table)
    unfit = [column for column in by if not served.columns[column].filterable]
    if unfit:
        draft.left_out.append(LeftOut(name, f'values of the key column "{unfit[0]}" cannot be compared', place))
        return
    members = draft.types[served.name].fields
    arguments = {
        column: Argument(
            column,
            served.columns[column].type_ref(_enum(draft, served.columns[column], place), nullable=False),
            required=True,
            description=members[column].description,
            place=place,
        )
        for column in by
    }
    draft.operations[name] = Operation(
        name=name,
        effect=Effect.READ,
        arguments=arguments,
        result=NamedRef(served.name, nullable=True),
        by={column: column for column in by},
        not_found_is_null=True,
        description=table.comment or "",
        place=place,
        # What it is called may come to be another table's name; what it is stays this.
        naming=Naming(f"{served.name} by {', '.join(by)}", (name,)),
    )
    draft.access[name] = Access(served, by)


@dataclass(frozen=True, slots=True)
class _Reference:
    """A foreign key between two served tables, by name: columns of the one, columns of the other, in its order."""

    source: str
    target: str
    columns: tuple[str, ...]
    referred: tuple[str, ...]


def _add_relations(draft: _Draft) -> None:
    references = [
        reference
        for table in draft.tables
        for constraint in sorted(table.foreign_key_constraints, key=_constraint_order)
        if (reference := _reference(draft, table, constraint)) is not None
    ]
    references = list(dict.fromkeys(references))
    taken = {served.name: Taken(served.columns) for served in draft.tables.values()}
    forward: list[str] = []
    for reference in references:
        joined = "_".join(reference.columns)
        one = singular(reference.target)
        stem = without_key_suffix(reference.columns[0]) if len(reference.columns) == 1 else ""
        name = taken[reference.source].first([stem, one, f"{one}_by_{joined}"])
        forward.append(name)
        match = tuple(zip(reference.columns, reference.referred, strict=True))
        draft.relations.append(Relation(reference.source, name, reference.target, match, many=False))
    pairs = [(reference.source, reference.target) for reference in references]
    for reference, name_forward in zip(references, forward, strict=True):
        source, target = reference.source, reference.target
        by_forward = f"{source}_by_{name_forward}"
        alone = pairs.count((source, target)) == 1
        name = taken[target].first([source, by_forward] if alone else [by_forward])
        match = tuple(zip(reference.referred, reference.columns, strict=True))
        draft.relations.append(Relation(target, name, source, match, many=True))


def _constraint_order(constraint: ForeignKeyConstraint) -> list[int]:
    order = {column.name: position for position, column in enumerate(constraint.table.columns)}
    return [order[name] for name in constraint.column_keys]


def _reference(draft: _Draft, table: Table, constraint: ForeignKeyConstraint) -> _Reference | None:
    source = draft.tables[table]
    columns = tuple(element.parent.name for element in constraint.elements)
    coordinate = f"{source.name}.{'_'.join(columns)}"
    place = draft.place(table)

    def leave_out(reason: str) -> None:
        draft.left_out.append(LeftOut(coordinate, reason, place, degraded=True))

    try:
        referred = [element.column for element in constraint.elements]
    except (NoReferencedTableError, NoReferencedColumnError):
        target_name = constraint.elements[0].target_fullname.rpartition(".")[0]
        leave_out(f'the foreign key refers to "{target_name}", which is not served')
        return None
    target = draft.tables.get(constraint.referred_table)
    if target is None:
        leave_out(f'the foreign key refers to "{constraint.referred_table.name}", which is not served')
        return None
    for mine, theirs in zip(columns, referred, strict=True):
        one, other = source.columns[mine], target.columns[theirs.name]
        comparable = one.filterable and other.filterable and one.enum is None and other.enum is None
        if not comparable or not agree(one.scalar, other.scalar, frozenset()):
            leave_out(f'the types of "{mine}" and "{target.name}.{theirs.name}" cannot be matched')
            return None
    return _Reference(source.name, target.name, columns, tuple(column.name for column in referred))
