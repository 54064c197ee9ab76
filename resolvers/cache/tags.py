"""By what answers of one source are forgotten: the source, the tables that a call looks at, and the tags of settings.

A write through the gateway forgets what it may have changed. Of a database that is its table and all whose rows hang on
it by foreign keys; of what a database function, a statement or a view looks at nothing is known, so any write forgets
it. Of other systems nobody knows what a write changes: it forgets all of the source's, unless the settings say which
tags instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from resolvers.model import Effect, ListRef, NamedRef, ObjectType, Operation, SourceModel, TypeRef
from resolvers.predicate import And, Join, Not, Or, Predicate, Related
from resolvers.source import Call

_UNKNOWN = "?"
_NOT_TABLES = ("function ", "statement ")
"""How the places of operations begin that are no tables'."""


class Tags:
    """The tags of one source. ``stated``: operation → the tags that a call of it forgets, as the settings say."""

    def __init__(self, model: SourceModel, stated: Mapping[str, Sequence[str]]) -> None:
        self._model = model
        self._whole = model.name
        self._stated = stated
        self._tables = {
            name: self._table(item) if model.has_tables else None for name, item in model.operations.items()
        }
        self._reads: dict[str, tuple[str, ...]] = {}
        self._hanging = self._children()

    def of_read(self, call: Call, own: Sequence[str]) -> tuple[str, ...]:
        """The tags of an answer. ``own``: those that the settings give it."""
        base = self._reads.get(call.operation)
        if base is None:
            base = self._reads[call.operation] = tuple(self._looked_at([call.operation]))
        if call.predicate is not None or call.order or call.rules:
            joined = list(_joined(call))
            if joined:
                base = tuple(self._looked_at([call.operation, *joined]))
        return (*base, *(f"#{tag}" for tag in own)) if own else base

    def of_write(self, operation: Operation) -> tuple[str, ...]:
        """What a write may have changed."""
        stated = self._stated.get(operation.name)
        tags = tuple(f"#{tag}" for tag in stated or ())
        changed = operation.change.rows if operation.change is not None else None
        if changed is not None:
            tables = sorted(self._with_hanging(changed))
            return (*(f"{self._whole}/{name}" for name in (*tables, _UNKNOWN)), *tags)
        return (self._whole,) if stated is None else tags

    def _looked_at(self, operations: Sequence[str]) -> Iterator[str]:
        yield self._whole
        if self._model.has_tables:
            for name in sorted({self._tables.get(each) or _UNKNOWN for each in operations}):
                yield f"{self._whole}/{name}"

    def _table(self, operation: Operation) -> str | None:
        """The type of the rows that an operation reads, where they are those of one table."""
        place = operation.naming.place if operation.naming is not None else _NOT_TABLES[0]
        if operation.effect is not Effect.READ or place.startswith(_NOT_TABLES):
            return None
        name = operation.rows.of if operation.rows is not None and operation.rows.of else _named(operation.result)
        found = self._model.types.get(name or "")
        # What has no key may be a view of other tables.
        return name if isinstance(found, ObjectType) and found.key else None

    def _children(self) -> Mapping[str, set[str]]:
        """Table → the tables whose rows refer to its rows."""
        found: dict[str, set[str]] = {}
        for relation in self._model.relations:
            table = self._tables.get(relation.operation)
            if not relation.many and table is not None:
                found.setdefault(table, set()).add(relation.type)
        return found

    def _with_hanging(self, table: str) -> set[str]:
        reached, waiting = {table}, [table]
        while waiting:
            for below in self._hanging.get(waiting.pop(), ()):
                if below not in reached:
                    reached.add(below)
                    waiting.append(below)
        return reached


def _joined(call: Call) -> Iterator[str]:
    """The operations whose rows decide which rows a call gives, and in which order."""
    if call.predicate is not None:
        yield from _inside(call.predicate)
    for order in call.order:
        yield from (join.operation for join in order.through)
    for rule in call.rules.values():
        yield from _inside(rule)


def _inside(predicate: Predicate) -> Iterator[str]:
    match predicate:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _inside(part)
        case Not(part):
            yield from _inside(part)
        case Related(Join(operation), _, part):
            yield operation
            yield from _inside(part)


def _named(ref: TypeRef | None) -> str | None:
    while isinstance(ref, ListRef):
        ref = ref.item
    return ref.name if isinstance(ref, NamedRef) else None
