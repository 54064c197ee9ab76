"""Statements as asyncpg takes them: a text with numbered places, and the values for these.

SQLAlchemy writes the text and keeps it by the shape of the statement; running it through SQLAlchemy as well takes four
round trips in place of one (docs/decisions/0040). A statement that cannot be told so plainly has no text here and goes
that way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Executable, Select, Table
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.engine.interfaces import Dialect as SqlDialect
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.sqltypes import NumericCommon
from sqlalchemy.util import LRUCache

from resolvers.sql.dialects.dialect import VIEW, KeyedText, Plain

_KEPT = 500
_HARMLESS = frozenset({
    "array_agg", "avg", "coalesce", "count", "lower", "max", "min", "row_number", "sum", "to_jsonb", "unnest", "upper",
})  # fmt: skip

Change = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is known of all statements of one text. ``names``: of its parameters, in the order of their places.

    ``bound``: what makes the driver's values of some of them; ``read``: the same of values that it gives, by place.
    """

    text: str
    names: Sequence[str]
    bound: Mapping[str, Change]
    read: tuple[tuple[int, Change], ...]


class Texts:
    """The texts of one database."""

    def __init__(self, dialect: SqlDialect) -> None:
        self._dialect = dialect
        self._compiled: LRUCache[Any, Any] = LRUCache(_KEPT)
        self._shapes: LRUCache[int, tuple[SQLCompiler, _Shape | None]] = LRUCache(_KEPT)

    def of(self, query: Executable) -> tuple[Plain, tuple[tuple[int, Change], ...]] | None:
        """The statement, and what is still to be done to values of its rows by their places; ``None`` where it has no
        text.
        """
        if not isinstance(query, Select):
            return None
        shape, given = self._written(query)
        if shape is None:
            return None
        bound = shape.bound
        if bound:
            values = tuple(bound[name](given[name]) if name in bound else given[name] for name in shape.names)
        else:
            values = tuple(given[name] for name in shape.names)
        return Plain(shape.text, values), shape.read

    def keyed(self, query: Select[Any], *, keys: bool) -> KeyedText | None:
        """As ``Database.text``: the keys are one array."""
        shape, given = self._written(query)
        if shape is None or shape.bound or shape.read:
            return None
        text, values = shape.text, tuple(given[name] for name in shape.names)
        lists = [index for index, value in enumerate(values) if isinstance(value, list)]
        if len(lists) != keys:
            return None
        if not keys:
            return KeyedText(text, values, ())
        return KeyedText(text, values[: lists[0]], values[lists[0] + 1 :], together=True)

    def _written(self, query: Select[Any]) -> tuple[_Shape | None, Mapping[str, Any]]:
        """The shape of a statement, and its values by name."""
        # What Connection.execute does first: the text is written once for all statements of a shape.
        compiled, extracted, _, _ = query._compile_w_cache(  # noqa: SLF001  # pinned; there is no public way
            self._dialect, compiled_cache=self._compiled, column_keys=[]
        )
        assert isinstance(compiled, SQLCompiler)
        return self._shape(compiled, query), compiled.construct_params(extracted_parameters=extracted)

    def _shape(self, compiled: SQLCompiler, query: Select[Any]) -> _Shape | None:
        known = self._shapes.get(id(compiled))
        if known is not None and known[0] is compiled:
            return known[1]
        shape = self._made(compiled) if _is_plain(compiled, query) else None
        self._shapes[id(compiled)] = (compiled, shape)
        return shape

    def _made(self, compiled: SQLCompiler) -> _Shape:
        read = []
        for index, entry in enumerate(compiled._result_columns):  # noqa: SLF001  # as above
            if isinstance(_item(entry.type), NumericCommon):
                continue  # the driver gives decimals and floats as they are, lists of them too
            change = entry.type._cached_result_processor(self._dialect, None)  # noqa: SLF001  # as above
            if change is not None:
                read.append((index, change))
        bound = {
            name: change
            for name, change in compiled._bind_processors.items()  # noqa: SLF001  # as above
            if callable(change) and not self._is_list(compiled.binds[str(name)].type)
        }
        return _Shape(str(compiled), compiled.positiontup or (), bound, tuple(read))

    def _is_list(self, of: Any) -> bool:
        """A list of values that the driver takes as they are."""
        return isinstance(of, ARRAY) and of.item_type._cached_bind_processor(self._dialect) is None  # noqa: SLF001  # as above


def _item(of: Any) -> Any:
    """The type of a value, or of the items of a list, under domains."""
    while isinstance(of, ARRAY | DOMAIN):
        of = of.item_type if isinstance(of, ARRAY) else of.data_type
    return of


def _is_plain(compiled: SQLCompiler, query: Select[Any]) -> bool:
    """Whether the statement is written whole, and reads tables alone: a view, or a function of the user's, may leave
    settings of the session behind, and is asked in a transaction that is rolled back.
    """
    if compiled.post_compile_params or compiled.literal_execute_params:
        return False
    for element in visitors.iterate(query):
        if isinstance(element, Table) and element.info.get(VIEW):
            return False
        if isinstance(element, FunctionElement) and getattr(element, "name", "") not in _HARMLESS:
            return False
    return True
