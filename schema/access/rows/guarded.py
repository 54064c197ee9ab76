"""``GuardedSource``: a source as it is for a caller who does not see all of its rows, for one request.

It stands before everything that is kept and shared, so what comes from there is looked at again. Databases are told
which rows there are; of all other sources the rows are looked at when they have come.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from msgspec.structs import replace

from resolvers import (
    Call,
    Compare,
    Context,
    Effect,
    GroupCondition,
    ListRef,
    NamedRef,
    Operation,
    Source,
    SourceModel,
    SourceRejected,
    TypeRef,
    matcher,
    rows_of,
    unwrapped,
)
from schema.access.principal import Principal
from schema.access.rows import pages
from schema.access.rows.asking import Asking, asked_for
from schema.access.rows.beyond import Beyond, keys_of
from schema.access.rows.databases import DatabaseRules
from schema.access.rows.expression import UNDECIDED, Expression, Verdicts, fields, led, predicate
from schema.access.rows.rules import Restricted, named_in
from schema.access.rows.walk import HIDDEN, Holds, Judge, Walk, without
from schema.source_types import concrete

_ABSENT = frozenset({404, 410})


class GuardedSource:
    """Gives what the caller may see. ``beyond`` decides what lies behind links."""

    def __init__(self, source: Source, restricted: Restricted, principal: Principal, beyond: Beyond) -> None:
        self._source = source
        self._principal = principal
        self._beyond = beyond
        in_database = source.model.has_tables
        self._database = DatabaseRules(source, restricted.rows, principal, beyond) if in_database else None
        self._rows: Mapping[str, Expression] = {} if in_database else restricted.rows
        self._fields = restricted.fields
        self._least = restricted.least
        walk = restricted.once.get("walk")
        if walk is None or walk.model is not source.model:
            walk = restricted.once["walk"] = self._walking(restricted)
        self._walk: Walk = walk

    def _walking(self, restricted: Restricted) -> Walk:
        needs = {
            key: frozenset().union(*(fields(each) for each in self._on(key))) for key in {*self._rows, *self._fields}
        }
        laid = {key for key, each in self._rows.items() if key not in self._fields and not led(each)}
        return Walk(self.model, restricted.reach, needs, frozenset(laid))

    @property
    def model(self) -> SourceModel:
        return self._source.model

    @property
    def concurrency(self) -> int:
        return self._source.concurrency

    async def execute(self, call: Call, context: Context) -> object:
        """As ``Source.execute``, for the rows that there are for the caller.

        Raises:
            Forbidden: a change to rows that the caller would not see. LimitExceeded: too much would have to be decided.
        """
        operation = self.model.operations[call.operation]
        if self._database is not None:
            call = replace(call, rules=await self._database.predicates(operation, call, context))
            if operation.aggregate_of:
                call = self._grouped(operation, call)
        try:
            if not self._walk.needs or not self._walk.enters(operation.result):
                return await self._source.execute(call, context)
            if self._database is not None:
                return (await self._part(operation, call, context))[0]
            return await self._asked(operation, call, context)
        finally:
            if self._database is not None and operation.effect is not Effect.READ:
                self._database.forget()

    async def close(self) -> None:
        """It is the source's owner who closes it."""

    def _grouped(self, operation: Operation, call: Call) -> Call:
        """An aggregate that leaves out the groups that are too small to be told of."""
        least = self._least.get(named_in(self.model.operations[operation.aggregate_of].result) or "")
        if least is None:
            return call
        enough = GroupCondition("count", "", Compare("", "gte", least))
        having = (*call.grouping.having, enough)
        return replace(call, grouping=dataclasses.replace(call.grouping, having=having))

    async def _asked(self, operation: Operation, call: Call, context: Context) -> object:
        """Asks a source that keeps no rules itself, for as little as the rules and the file allow."""
        asking = self._asking(operation, call)
        if asking.nothing and operation.connection_of:
            return pages.nothing()
        if asking.nothing and isinstance(operation.result, ListRef):
            found: object = []
            for name in reversed(operation.at):
                found = {name: found}
            return found
        if asking.arguments != call.arguments:
            # What comes is less than its keys have, and must not be kept as if it were all of it.
            call = replace(call, arguments=asking.arguments, keyed=None)
        if operation.connection_of and self._counts(operation):
            return await pages.connection(self._part, operation, call, context, exact=asking.exact)
        return (await self._part(operation, call, context, exact=asking.exact))[0]

    def _asking(self, operation: Operation, call: Call) -> Asking:
        listing = self.model.operations.get(operation.connection_of) if operation.connection_of else operation
        if listing is not None and listing.filters:
            key = named_in(unwrapped(listing).result)
            if key is not None and key in self._rows:
                return asked_for(listing, self._rows[key], self._principal, call.arguments)
        return Asking(call.arguments)

    async def _part(
        self, operation: Operation, call: Call, context: Context, *, exact: bool = False
    ) -> tuple[object, bool]:
        """What the caller sees of a value, and whether that is all there is. ``exact``: the source was asked for just
        that, so what it counts is shown, unless a row came that it should not have given.
        """
        ref = operation.result
        assert ref is not None
        extended = self._walk.extended(ref, call.selection, operation.at)
        try:
            value = await self._source.execute(replace(call, selection=extended), context)
        except SourceRejected as error:
            one = operation.effect is Effect.READ and isinstance(ref, NamedRef)
            if one and error.extensions.get("status") in _ABSENT and self._can_be_hidden(ref):
                return None, False  # a row that is hidden is null, so one that is not there is, too
            raise
        judges = await self._judges(ref, value, operation.at)
        kept = self._walk.kept(ref, call.selection, value, judges, operation.at)
        at = operation.paging.items_at if operation.paging else ()
        if operation.connection_of:
            at = pages.rows_at(call.selection)
        whole = exact and rows_of(kept, at) == rows_of(value, at)
        if operation.paging is not None and not whole and self._counts(operation):
            for path in (operation.paging.total_at, operation.paging.pages_at):
                kept = without(kept, path)
        return (None if kept is HIDDEN else kept), whole

    def _can_be_hidden(self, ref: TypeRef | None) -> bool:
        return any(key in self._rows for key in concrete(self.model, named_in(ref) or ""))

    def _counts(self, operation: Operation) -> bool:
        """Whether how many rows there are, as the source says, tells of rows that are hidden."""
        paged = self.model.operations.get(operation.connection_of) if operation.connection_of else operation
        return paged is not None and paged.paging is not None and self._can_be_hidden(paged.paging.item)

    def _on(self, key: str) -> list[Expression]:
        on_rows = [self._rows[key]] if key in self._rows else []
        return [*on_rows, *self._fields.get(key, {}).values()]

    async def _judges(self, ref: TypeRef, value: object, at: tuple[str, ...]) -> dict[str, Judge]:
        behind = {each: key for key in self._walk.needs for on in self._on(key) for each in led(on)}
        verdicts = UNDECIDED
        if behind:
            rows: dict[str, list[Mapping[str, object]]] = {}
            for key, row in self._walk.rows(ref, value, at):
                rows.setdefault(key, []).append(row)
            verdicts = await self._beyond.verdicts(
                {each: keys_of(each, rows.get(key, ())) for each, key in behind.items()}
            )
        return {
            key: Judge(
                self._holds(self._rows[key], verdicts) if key in self._rows else None,
                {name: self._holds(each, verdicts) for name, each in self._fields.get(key, {}).items()},
            )
            for key in self._walk.needs
        }

    def _holds(self, expression: Expression, verdicts: Verdicts) -> Holds:
        return matcher(predicate(expression, self._principal, verdicts))
