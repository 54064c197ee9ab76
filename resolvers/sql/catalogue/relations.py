"""Foreign keys become relations, a field each way."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ForeignKeyConstraint, Table
from sqlalchemy.exc import NoReferencedColumnError, NoReferencedTableError

from resolvers.keys import agree
from resolvers.model import LeftOut, Relation
from resolvers.sql.catalogue.draft import Draft
from resolvers.sql.catalogue.names import Taken, singular, without_key_suffix


@dataclass(frozen=True, slots=True)
class _Reference:
    """A foreign key between two served tables, by name: columns of the one, columns of the other, in its order."""

    source: str
    target: str
    columns: tuple[str, ...]
    referred: tuple[str, ...]


def add_relations(draft: Draft) -> None:
    """Adds a relation each way for every foreign key between served tables; why one cannot be served is told."""
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
        draft.relations.append(Relation(reference.source, name, draft.lists[reference.target], match, many=False))
    pairs = [(reference.source, reference.target) for reference in references]
    for reference, name_forward in zip(references, forward, strict=True):
        source, target = reference.source, reference.target
        by_forward = f"{source}_by_{name_forward}"
        alone = pairs.count((source, target)) == 1
        name = taken[target].first([source, by_forward] if alone else [by_forward])
        match = tuple(zip(reference.referred, reference.columns, strict=True))
        draft.relations.append(Relation(target, name, draft.lists[source], match, many=True))


def _constraint_order(constraint: ForeignKeyConstraint) -> list[int]:
    order = {column.name: position for position, column in enumerate(constraint.table.columns)}
    return [order[name] for name in constraint.column_keys]


def _reference(draft: Draft, table: Table, constraint: ForeignKeyConstraint) -> _Reference | None:
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
