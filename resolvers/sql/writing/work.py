"""A call of an operation that changes rows becomes the work of one transaction.

All that a caller gives is looked at before there is a connection: what cannot be written takes none. Identifiers come
from the reflected tables alone, values are bound parameters alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, and_

from resolvers.errors import BadRequest, LimitExceeded
from resolvers.source import Call, Selection
from resolvers.sql.catalogue import Catalogue
from resolvers.sql.column import Expression, SqlColumn
from resolvers.sql.reading import condition, fit, visible
from resolvers.sql.writing.altering import Alteration, delete, update
from resolvers.sql.writing.changed import Changed
from resolvers.sql.writing.inserting import insert, upsert
from resolvers.sql.writing.ruled import Ruled, upsert_visible
from resolvers.sql.writing.target import AFFECTED, RETURNING, Target
from resolvers.sql.writing.vacuous import holds_always
from resolvers.sql.writing.values import fitting


@dataclass(frozen=True, slots=True)
class Prepared:
    """``work`` gives the decoded reply; ``wire``: the journal's line, free of values. ``repeatable``: done twice it
    comes to what it does done once, so it may be tried again where the database undid it.
    """

    wire: str
    work: Callable[[Connection], object]
    repeatable: bool


def prepare(catalogue: Catalogue, target: Target, call: Call, most: int) -> Prepared:
    """The work of a call. ``most``: rows that one change may touch.

    Raises:
        BadRequest: a column or a value that cannot be written, a condition that holds for every row.
        Conflict: a null where none may be. LimitExceeded: more than ``most`` rows are given. Forbidden: nobody could
            say whether what is written is what the caller's rules allow.
    """
    selected = _selected(target, call.selection)
    rule = call.rules.get(target.served.name)
    ruled = None if rule is None or target.verb == "delete" else Ruled(catalogue, target.served, rule, selected)
    columns = selected if ruled is None else ruled.columns
    wire = f"{target.verb.upper()} {target.served.name}"
    run: Callable[[Connection], Changed]
    if target.verb == "insert":
        rows = [fitting(catalogue, target, row) for row in _rows(target, call.arguments, most)]
        run = insert(catalogue, target, rows, columns)
    elif target.verb == "upsert":
        run = _upsert(catalogue, target, call, columns, ruled)
    else:
        alteration, filtered = _alteration(catalogue, target, call, columns, most)
        wire += f" WHERE {', '.join(filtered)}"
        if target.verb == "update":
            values = fitting(catalogue, target, call.arguments.get(target.takes))
            if not values:
                raise BadRequest("there is nothing to set")
            run = update(catalogue, target, alteration, values)
        else:
            run = delete(catalogue, target, alteration)
    return Prepared(wire, _reply(target, run if ruled is None else ruled.checked(run), most), target.verb != "insert")


def _reply(target: Target, run: Callable[[Connection], Changed], most: int) -> Callable[[Connection], object]:
    def work(connection: Connection) -> object:
        changed = run(connection)
        if changed.affected > most:
            raise LimitExceeded(f"more than {most} rows would be changed: nothing was")
        if target.many:
            return {AFFECTED: changed.affected, RETURNING: changed.rows}
        return changed.rows[0] if changed.rows else None

    return work


def _selected(target: Target, selection: Selection) -> tuple[SqlColumn, ...]:
    """The columns that are asked of the rows; none where only their number is."""
    served = target.served
    if target.many and not selection.everything:
        if RETURNING not in selection.fields:
            return ()
        selection = selection.fields[RETURNING]
    if selection.everything:
        return tuple(served.columns.values())
    # A row of which nothing is asked (its links, its __typename) is still a row.
    names = list(selection.fields) or list(served.key) or [next(iter(served.columns))]
    return tuple(served.column(name) for name in names)


def _rows(target: Target, arguments: Mapping[str, object], most: int) -> list[object]:
    given = arguments.get(target.takes)
    rows = given if target.many else [given]
    if not isinstance(rows, list):
        raise BadRequest("rows is a list")
    if len(rows) > most:
        raise LimitExceeded(f"at most {most} rows can be inserted at once")
    return rows


def _upsert(
    catalogue: Catalogue, target: Target, call: Call, columns: tuple[SqlColumn, ...], ruled: Ruled | None
) -> Callable[[Connection], Changed]:
    row = fitting(catalogue, target, call.arguments.get(target.takes))
    assert target.keys is not None
    named = call.arguments.get(target.on)
    key = target.keys.get(str(named)) if named is not None else next(iter(target.keys.values()))
    if key is None:
        raise BadRequest(f"{target.served.name} has no such key")
    missing = [name for name in key if row.get(name) is None]
    if missing:
        raise BadRequest(f"an upsert on {', '.join(key)} needs a value of {', '.join(missing)}")
    if ruled is not None:
        return upsert_visible(catalogue, target, row, key, columns, ruled.condition())
    return upsert(catalogue, target, row, key, columns)


def _alteration(
    catalogue: Catalogue, target: Target, call: Call, columns: tuple[SqlColumn, ...], most: int
) -> tuple[Alteration, Mapping[str, None]]:
    filtered: dict[str, None] = dict.fromkeys(target.by)
    by: list[Expression] = []
    for name in target.by:
        column = target.served.column(name)
        by.append(column.compared() == column.bound(fit(column, call.arguments.get(name))))
    fulfils: Expression | None = None
    if call.predicate is not None:
        fulfils = condition(catalogue, target.served, call.predicate, filtered, call.rules)
    if target.many and (call.predicate is None or holds_always(call.predicate)):
        raise BadRequest("where must have a condition that not every row fulfils")
    seen = visible(catalogue, target.served, call.rules, filtered)
    if target.by:
        by += seen  # a row that there is not for the caller is no stale one either
    elif fulfils is not None:
        fulfils = and_(fulfils, *seen)
    return Alteration(tuple(by), fulfils, columns, most if target.many else 1), filtered
