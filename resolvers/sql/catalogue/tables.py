"""A reflected catalogue becomes a ``SourceModel``: tables are types, keys are operations, foreign keys are relations.

It takes what SQLAlchemy has reflected and does no I/O.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from types import MappingProxyType
from typing import Literal

from sqlalchemy import MetaData, Table

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
    Rows,
    SourceModel,
)
from resolvers.naming import Naming
from resolvers.sql.catalogue.draft import Draft
from resolvers.sql.catalogue.model import Access, Catalogue, Served
from resolvers.sql.catalogue.names import Taken, plain, singular
from resolvers.sql.catalogue.reflected import Reflected, unique_keys
from resolvers.sql.catalogue.relations import add_relations
from resolvers.sql.column import SqlColumn
from resolvers.sql.dialects import VIEW, Dialect, Searched


def read_catalogue(
    name: str,
    reflected: Reflected,
    dialect: Dialect,
    pinned: Mapping[str, str] | None = None,
    stated: frozenset[str] = frozenset(),
    searched: Mapping[str, Searched] = MappingProxyType({}),
    *,
    kind: Literal["database", "files"] = "database",
) -> Catalogue:
    """Reads what was reflected.

    What the database listed and could not be reflected is left out with its reason. ``pinned``: a table's name, or that
    and the columns of a key (``orders by id``) → the name that its operation keeps whatever tables come.
    ``stated``: tables and views whose primary key is what the configuration says. ``searched``: how texts of tables are
    searched, by their names.
    ``kind``: that of the source.
    """
    metadata = reflected.metadata
    draft = Draft(document=name)
    taken = Taken()
    # A table of the default schema keeps its name; one of another schema gives way to it.
    for table in sorted(metadata.tables.values(), key=lambda table: (table.schema or "", table.name)):
        free = table.name not in taken or table.schema is None
        served_name = taken.first([str(table.name)] if free else [f"{table.schema}_{table.name}"])
        _add_type(draft, served_name, table, dialect, view=table.key in reflected.views)
        if table in draft.tables and table.fullname in searched:
            draft.tables[table] = replace(draft.tables[table], search=searched[table.fullname])
    keyed = {
        keyed_place(served.name, by): (table, served, by)
        for table, served in draft.tables.items()
        for by in _keys(table, served)
    }
    there = keyed.keys() | {served.name for served in draft.tables.values()}
    kept = {place: given for place, given in (pinned or {}).items() if place in there}
    reserved = Taken(kept.values())
    for table, served in draft.tables.items():
        own = kept.get(served.name) or (served.name if served.name not in reserved else f"{served.name}_rows")
        # What the configuration states of a key is a promise, and promises do not hold for joins.
        unique = [by for by in _keys(table, served) if not (table.fullname in stated and by == served.key)]
        _add_list(draft, table, served, own, tuple(unique))
    names = Taken(served.name for served in draft.tables.values())
    operations = Taken([*draft.operations, *kept.values()])
    for place, (table, served, by) in keyed.items():
        own = kept.get(place) or operations.first(_keyed_names(names, served, by))
        _add_one(draft, table, served, by, own, stated=table.fullname in stated and by == served.key)
    add_relations(draft)
    draft.left_out += [LeftOut(missing, reason, Place(name, missing)) for missing, reason in reflected.unread.items()]
    model = SourceModel(
        name=name,
        kind=kind,
        operations=draft.operations,
        types=_singular_types(draft.types),
        enums=draft.enums,
        relations=tuple(draft.relations),
        left_out=tuple(draft.left_out),
        declared=len(draft.operations) + len(reflected.unread),
        digest=_digest(metadata, draft.operations),
    )
    return Catalogue(model, draft.access, dialect)


def _singular_types(rows: Mapping[str, ObjectType]) -> dict[str, ObjectType]:
    """A row type bears the singular of its table's name, where no other table bears that or would come to bear it."""
    wanted = Counter(singular(name) for name in rows)
    return {
        name: replace(made, name=singular(name)) if wanted[singular(name)] == 1 and singular(name) not in rows else made
        for name, made in rows.items()
    }


def _add_type(draft: Draft, name: str, table: Table, dialect: Dialect, *, view: bool) -> None:
    columns = {column.name: dialect.column(column) for column in table.columns}
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
            column.type_ref(_enum(draft, column, place), nullable=dialect.nullable(column, key)),
            description=column.column.comment or "",
            place=place,
        )
        for column in columns.values()
    }
    if view:
        table.info[VIEW] = True
    draft.types[name] = ObjectType(name, fields, key=key, description=table.comment or "", place=place)
    draft.tables[table] = Served(name, table, columns, key, view)


def _enum(draft: Draft, column: SqlColumn, place: Place) -> str:
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


def _add_list(draft: Draft, table: Table, served: Served, name: str, keys: tuple[tuple[str, ...], ...]) -> None:
    columns = served.columns.values()
    filterable = frozenset(column.name for column in columns if column.filterable)
    draft.lists[served.name] = name
    draft.operations[name] = Operation(
        name=name,
        effect=Effect.READ,
        arguments={},
        result=ListRef(NamedRef(served.name)),
        keys=ManyKeys(argument=(), by={}) if filterable else None,
        compare_by={column.name: column.compare for column in columns if column.compare},
        rows=Rows(
            filterable,
            frozenset(column.name for column in columns if column.orderable),
            keys=keys,
            searched=served.search.columns if served.search is not None else (),
        ),
        description=table.comment or "",
        place=draft.place(table),
        naming=Naming(served.name, (served.name,)),
    )
    draft.access[name] = Access(served)


def keyed_place(table: str, by: Sequence[str]) -> str:
    """What the operation is that gives the row of a key, whatever it is called: ``orders by id``."""
    return f"{table} by {', '.join(by)}"


def _keys(table: Table, served: Served) -> list[tuple[str, ...]]:
    """The columns of the primary key, then those of every other unique key."""
    return [*([served.key] if served.key else []), *(columns for columns in _unique(table) if columns != served.key)]


def _keyed_names(names: Taken, served: Served, by: tuple[str, ...]) -> list[str]:
    """What the operation by a key may be called, best first; ``names``: those of all tables."""
    one, joined = singular(served.name), "_".join(by)
    if by != served.key:
        return [f"{one}_by_{joined}", f"{served.name}_by_{joined}"]
    # A name that another table bears, or will bear as its own singular, is not taken from it.
    clear = plain(one) != plain(served.name) and one not in names
    plural_first = f"{one}_by_{joined}" if plain(one) == plain(served.name) else f"{served.name}_by_{joined}"
    return [one, plural_first] if clear else [plural_first]


def _unique(table: Table) -> list[tuple[str, ...]]:
    order = {column.name: position for position, column in enumerate(table.columns)}
    return sorted(unique_keys(table), key=lambda columns: [order[name] for name in columns])


def _add_one(draft: Draft, table: Table, served: Served, by: tuple[str, ...], name: str, *, stated: bool) -> None:
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
        naming=Naming(keyed_place(served.name, by), (name,)),
    )
    draft.access[name] = Access(served, by, stated=stated)


def _digest(metadata: MetaData, operations: Mapping[str, Operation]) -> str:
    """The hash of the tables, columns and keys as they were read, whatever the order they were listed in."""
    lines = [
        f"{table.key}\t{column.name}\t{column.type!r}\t{column.nullable}\t{column.primary_key}\t"
        + ",".join(sorted(key.target_fullname for key in column.foreign_keys))
        for table in metadata.tables.values()
        for column in table.columns
    ]
    # What operations are called is the lock's business: the catalogue is the same whatever that is.
    lines += [
        f"{operation.naming.place if operation.naming is not None else name}\t{sorted(operation.by.items())}"
        for name, operation in operations.items()
    ]
    return f"sha256:{sha256(chr(10).join(sorted(lines)).encode()).hexdigest()}"
