"""A call as a person reads and writes it: the operation, its arguments, and which rows were asked for.

It is the same for every kind of source. Neither the selection nor anything of a wire is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from resolvers.model import Effect, SourceModel
from resolvers.predicate import And, Compare, In, IsNull, Join, Not, Or, Order, Predicate, Related, Search
from resolvers.source import Call, Client, Context

_operation: ContextVar[str] = ContextVar("operation", default="")


@contextmanager
def calling(operation: str) -> Iterator[None]:
    """What is sent inside belongs to this operation."""
    token = _operation.set(operation)
    try:
        yield
    finally:
        _operation.reset(token)


def called() -> str:
    """The operation that is called now."""
    return _operation.get()


@dataclass(frozen=True, slots=True)
class Noted:
    """A call that a source was asked to make. ``told``: as ``call_of``. ``changes``: it is no read."""

    source: str
    operation: str
    told: Mapping[str, object]
    changes: bool = False


class Watched:
    """A client whose calls are noted in ``calls``."""

    def __init__(self, source: str, client: Client, calls: list[Noted]) -> None:
        self._source = source
        self._client = client
        self._calls = calls

    @property
    def model(self) -> SourceModel:
        """That of the client, which may be replaced."""
        return self._client.model

    @model.setter
    def model(self, model: SourceModel) -> None:
        self._client.model = model

    async def execute(self, call: Call, context: Context) -> object:
        """As ``Client.execute``."""
        operation = self._client.model.operations.get(call.operation)
        changes = operation is not None and operation.effect is not Effect.READ
        self._calls.append(Noted(self._source, call.operation, call_of(call), changes))
        with calling(call.operation):
            return await self._client.execute(call, context)

    async def close(self) -> None:
        """As ``Client.close``."""
        await self._client.close()


def call_of(call: Call) -> dict[str, object]:
    """What of a call tells it from others, as plain data."""
    told: dict[str, object] = {name: _plain(value) for name, value in call.arguments.items()}
    if call.predicate is not None:
        told["where"] = _where(call.predicate)
    hidden = {name: _where(rule) for name, rule in call.rules.items()}
    if hidden:
        told["rules"] = hidden
    if call.order:
        told["order"] = [_order(each) for each in call.order]
    if call.page.limit is not None:
        told["limit"] = call.page.limit
    if call.page.offset:
        told["offset"] = call.page.offset
    if call.per:
        told["per"] = list(call.per)
    if call.distinct:
        told["distinct"] = list(call.distinct)
    if call.grouping.by:
        told["by"] = list(call.grouping.by)
    if call.query:
        told["query"] = dict(call.query)
    return told


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    return value.hex() if isinstance(value, bytes) else str(value)


def _where(part: Predicate) -> dict[str, object]:  # noqa: PLR0911  # one for each kind of predicate
    match part:
        case Compare(field, operator, value):
            return {field: {operator: _plain(value)}}
        case IsNull(field):
            return {field: {"isNull": True}}
        case In(fields, values):
            if len(fields) == 1:
                return {fields[0]: {"in": [_plain(value[0]) for value in values]}}
            return {", ".join(fields): {"in": [_plain(value) for value in values]}}
        case And(parts):
            return {"and": [_where(each) for each in parts]}
        case Or(parts):
            return {"or": [_where(each) for each in parts]}
        case Not(inner):
            return {"not": _where(inner)}
        case Search(text):
            return {"search": text}
        case Related(join, quantifier, inner):
            return {_through(join): {quantifier: _where(inner)}}


def _through(join: Join) -> str:
    return f"{join.operation}({', '.join(f'{ours}: {theirs}' for ours, theirs in join.match)})"


def _order(order: Order) -> str:
    words = ".".join([*map(_through, order.through), order.field])
    return f"{words} desc" if order.descending else words
