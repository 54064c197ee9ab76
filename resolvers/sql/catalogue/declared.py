"""What the configuration says of tables and views, laid over what was reflected: keys, and foreign keys.

Nothing here asks the database whether it is true: a key that does not tell rows apart is found when a row is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ForeignKeyConstraint, MetaData, PrimaryKeyConstraint, Table

from resolvers.problem import Key, Problem, nearest
from resolvers.sql.dialects import Dialect, Searched
from resolvers.sql.settings import ReferenceSettings, TableSettings


def declare(reflected: MetaData, stated: Mapping[str, TableSettings]) -> tuple[MetaData, list[Problem]]:
    """The tables with what is stated of them, and what does not fit, which is passed over."""
    if not stated:
        return reflected, []
    metadata = MetaData()
    for each in reflected.tables.values():  # what was reflected is kept as it is
        each.to_metadata(metadata)
    problems: list[Problem] = []
    for name, settings in stated.items():
        table = metadata.tables.get(name)
        if table is None:
            problems.append(_no_table(name, metadata, ("tables", name)))
        elif settings.key is not None:
            problems += _key(table, tuple(settings.key))
    # Keys come first: a foreign key may lead to one that is stated further down.
    for name, settings in stated.items():
        table = metadata.tables.get(name)
        for number, reference in enumerate(settings.references if table is not None else ()):
            assert table is not None
            where = ("tables", name, "references", number)
            problems += [problem.under(*where) for problem in _reference(metadata, table, reference)]
    return metadata, problems


def searches(
    metadata: MetaData, stated: Mapping[str, TableSettings], dialect: Dialect
) -> tuple[dict[str, Searched], list[Problem]]:
    """How tables are searched, by their names, and what does not fit."""
    found: dict[str, Searched] = {}
    problems: list[Problem] = []
    for name, settings in stated.items():
        table, search = metadata.tables.get(name), settings.search
        if table is None or search is None:
            continue
        where = ("tables", name, "search")
        columns = tuple(search.columns)
        wrong = _no_columns(table, columns, (*where, "columns"))
        if search.vector is not None:
            wrong += _no_columns(table, (search.vector,), (*where, "vector"))
        wrong += [
            Problem(f"{key} is for other databases than {dialect.name}", (*where, key), "leave it out")
            for key in ("language", "vector", "index")
            if getattr(search, key) is not None and key not in dialect.search_settings
        ]
        problems += wrong
        if not wrong:
            found[name] = Searched(columns, search.language or "", search.vector or "", search.index or "")
    return found, problems


def _key(table: Table, columns: tuple[str, ...]) -> list[Problem]:
    where = ("tables", table.fullname, "key")
    if len(table.primary_key.columns):
        what = f'"{table.fullname}" has a primary key of its own'
        return [Problem(what, where, "leave key out")]
    problems = _no_columns(table, columns, where)
    if not problems:
        table.append_constraint(PrimaryKeyConstraint(*columns))
    return problems


def _reference(metadata: MetaData, table: Table, reference: ReferenceSettings) -> list[Problem]:
    columns = tuple(reference.columns)
    target = metadata.tables.get(reference.table)
    problems = _no_columns(table, columns, ("columns",))
    if target is None:
        return [*problems, _no_table(reference.table, metadata, ("table",))]
    if reference.to is not None:
        to = tuple(reference.to)
        problems += _no_columns(target, to, ("to",))
    else:
        to = tuple(column.name for column in target.primary_key.columns)
        if not to:
            what = f'"{target.fullname}" has no primary key that the columns could refer to'
            return [*problems, Problem(what, (), "name the columns with to, or state a key of it")]
    if len(to) != len(columns):
        problems.append(Problem(f"{len(columns)} columns refer to {len(to)}", (), "name as many columns with to"))
    if not problems:
        targets = [f"{target.fullname}.{column}" for column in to]
        table.append_constraint(ForeignKeyConstraint(columns, targets))
    return problems


def _no_table(name: str, metadata: MetaData, where: tuple[Key, ...]) -> Problem:
    return Problem(f'there is no table or view "{name}"', where, nearest(name, metadata.tables))


def _no_columns(table: Table, names: Sequence[str], where: tuple[Key, ...]) -> list[Problem]:
    known = set(table.columns.keys())
    return [
        Problem(f'"{table.fullname}" has no column "{name}"', where, nearest(name, known))
        for name in names
        if name not in known
    ]
