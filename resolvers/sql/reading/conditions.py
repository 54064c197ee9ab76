"""Predicates become conditions in SQL, with bound values."""

from __future__ import annotations

import operator as operators
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import and_, exists, false, func, literal_column, not_, null, or_, true

from resolvers.errors import BadRequest
from resolvers.model import Scalar
from resolvers.predicate import (
    And,
    Compare,
    In,
    IsNull,
    Join,
    Not,
    Operator,
    Or,
    Predicate,
    Quantifier,
    Related,
    Search,
)
from resolvers.sql.catalogue import Catalogue, Served
from resolvers.sql.column import Expression, SqlColumn
from resolvers.sql.dialects import ESCAPE, Dialect
from resolvers.sql.reading.joins import joined
from resolvers.sql.reading.search import searched
from resolvers.sql.values import Unfit

_TEXT_OPERATORS = frozenset({"like", "ilike", "contains", "startsWith", "endsWith"})
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operators.eq,
    "ne": operators.ne,
    "gt": operators.gt,
    "gte": operators.ge,
    "lt": operators.lt,
    "lte": operators.le,
}


Rules: TypeAlias = Mapping[str, Predicate]
"""The name of a table → what those of its rows fulfil that there are for the caller."""


def condition(
    catalogue: Catalogue, served: Served, predicate: Predicate, filtered: dict[str, None], rules: Rules
) -> Expression:
    """The condition; the names of the columns in it are added to ``filtered``. ``rules`` hold for related rows.

    Raises:
        BadRequest: a column that is not there or cannot be filtered, a value that it cannot hold.
    """
    return _Conditions(catalogue, filtered, rules).of(served, predicate)


def visible(catalogue: Catalogue, served: Served, rules: Rules, filtered: dict[str, None]) -> list[Expression]:
    """What rows of a table must fulfil by ``rules``, which look at all rows themselves; empty where there is none."""
    rule = rules.get(served.name)
    return [] if rule is None else [of_rule(catalogue, served, rule, filtered)]


def of_rule(catalogue: Catalogue, served: Served, rule: Predicate, filtered: dict[str, None]) -> Expression:
    """The condition of a rule. A value that a column cannot hold is nobody's mistake there: the comparison is unknown,
    and what is unknown shows no row, wherever it stands.
    """
    return _Conditions(catalogue, filtered, None).of(served, rule)


class _Conditions:
    """The conditions of one statement; ``_path`` are the relations that lead to the table they are on.

    ``_rules`` are ``None`` while a rule is written: it looks at all rows there are. ``_asserted``: what is written
    stands under an even number of negations.
    """

    def __init__(self, catalogue: Catalogue, filtered: dict[str, None], rules: Rules | None) -> None:
        self._catalogue = catalogue
        self._filtered = filtered
        self._rules = rules
        self._path: tuple[str, ...] = ()
        self._asserted = True

    def of(self, served: Served, predicate: Predicate) -> Expression:
        try:
            return self._of(served, predicate)
        except BadRequest:
            if self._rules is not None or not isinstance(predicate, Compare | In):
                raise
            # A null would not do: under EXISTS it is as good as false, which NOT EXISTS turns around.
            return false() if self._asserted else true()

    def _of(self, served: Served, predicate: Predicate) -> Expression:
        made: Expression
        match predicate:
            case And(parts):
                made = and_(true(), *(self.of(served, part) for part in parts))
            case Or(parts):
                made = or_(false(), *(self.of(served, part) for part in parts))
            case Not(part):
                made = not_(self._turned(served, part))
            case IsNull(name):
                made = self._filterable(served, name).column.is_(None)
            case Compare(name, operator, value):
                made = self._compared(self._filterable(served, name), operator, value)
            case In(names, values):
                columns = [self._filterable(served, name) for name in names]
                made = among(self._catalogue.dialect, columns, values)
                for index, column in enumerate(columns):
                    made = self._surely(made, column, [value[index] for value in values])
            case Search():
                made = searched(self._catalogue, served, predicate)
                assert served.search is not None
                self._filtered.update(dict.fromkeys(".".join((*self._path, name)) for name in served.search.columns))
            case Related(join, quantifier, part):
                made = self._related(served, join, quantifier, part)
        return made

    def _compared(self, column: SqlColumn, operator: Operator, value: object) -> Expression:
        dialect = self._catalogue.dialect
        if operator == "ne" and self._rules is None:
            return not_(self._surely(compare(dialect, column, "eq", value), column, [value]))
        made = compare(dialect, column, operator, value)
        return self._surely(made, column, [value]) if operator == "eq" else made

    def _surely(self, equal: Expression, column: SqlColumn, values: Sequence[object]) -> Expression:
        """In a rule, what is equal to the database alone, which may heed neither case nor spaces, is unknown."""
        if self._rules is not None or column.scalar is not Scalar.STRING or column.enum is not None:
            return equal
        texts = [value for value in values if isinstance(value, str)]
        is_letters = self._catalogue.dialect.is_letters(column, texts) if texts else None
        return equal if is_letters is None else and_(equal, or_(is_letters, null()))

    def _filterable(self, served: Served, name: str) -> SqlColumn:
        column = served.column(name)
        if not column.filterable:
            raise BadRequest(f"{served.name}.{column.name} cannot be filtered")
        self._filtered[".".join((*self._path, name))] = None
        return column

    def _related(self, served: Served, join: Join, quantifier: Quantifier, part: Predicate) -> Expression:
        there, belongs = joined(self._catalogue, served, join, f"isthmus_{len(self._path) + 1}")
        self._path = (*self._path, there.name)
        try:
            belongs = and_(belongs, *self._visible(there))
            fulfils = self._turned(there, part) if quantifier == "none" else self.of(there, part)
        finally:
            self._path = self._path[:-1]
        if quantifier == "every":
            # A row for which it is unknown does not fulfil it either.
            fulfils = not_(func.coalesce(fulfils, false()))
        found = exists(literal_column("1")).select_from(there.table).where(belongs, fulfils).correlate(served.table)
        return found if quantifier == "some" else not_(found)

    def _turned(self, served: Served, predicate: Predicate) -> Expression:
        """What a negation is written around."""
        self._asserted = not self._asserted
        try:
            return self.of(served, predicate)
        finally:
            self._asserted = not self._asserted

    def _visible(self, there: Served) -> list[Expression]:
        rules, asserted = self._rules, self._asserted
        rule = None if rules is None else rules.get(there.name)
        if rule is None:
            return []
        self._rules, self._asserted = None, True
        try:
            return [self.of(there, rule)]
        finally:
            self._rules, self._asserted = rules, asserted


def fit(column: SqlColumn, value: object) -> object:
    """The value as the driver takes it.

    Raises:
        BadRequest: the column cannot hold it.
    """
    try:
        return column.fit(value)
    except Unfit as error:
        raise BadRequest(f"{column.name} {error}") from None


def compare(dialect: Dialect, column: SqlColumn, operator: str, value: object) -> Expression:
    """One column against one value.

    Raises:
        BadRequest: the column cannot hold it, or has no such operator.
    """
    fitting = fit(column, value)
    if operator in _TEXT_OPERATORS:
        if column.scalar is not Scalar.STRING or column.enum is not None or not isinstance(value, str):
            raise BadRequest(f"{column.name} is no text")
        pattern = _pattern(column, operator, value)
        return dialect.like(column, pattern, ignore_case=operator == "ilike")
    if operator not in {"eq", "ne"} and not column.orderable:
        raise BadRequest(f"{column.name} has no order")
    made: Expression = COMPARISONS[operator](column.compared(), column.bound(fitting))
    return made


def _pattern(column: SqlColumn, operator: str, value: str) -> str:
    if operator in {"like", "ilike"}:
        if (len(value) - len(value.rstrip(ESCAPE))) % 2:
            raise BadRequest(f"a pattern for {column.name} ends with a lone escape character")
        return value
    plain = value
    for special in (ESCAPE, "%", "_"):
        plain = plain.replace(special, ESCAPE + special)
    before, after = operator != "startsWith", operator != "endsWith"
    return "%" * before + plain + "%" * after


def among(dialect: Dialect, columns: Sequence[SqlColumn], values: Iterable[tuple[object, ...]]) -> Expression:
    """``(a, b) IN (…)``. A value that a column cannot hold is equal to none of its values, so it is left out.

    Keys of a link come from other systems: one number too large among a thousand keys must not cost the others their
    rows. Text that no database takes is refused all the same.
    """
    given = tuple(values)
    rows = fitting(columns, given)
    if not rows:
        # Unequal to every value there is, and unknown for a null, as SQL has it; nothing at all is simply false.
        return and_(*(column.compared() != column.compared() for column in columns)) if given else false()
    if dialect.max_parameters is not None and len(rows) * len(columns) > dialect.max_parameters:
        raise BadRequest(f"a condition may have at most {dialect.max_parameters} values")
    return dialect.among(columns, rows)


def fitting(columns: Sequence[SqlColumn], values: Iterable[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Those of the keys that the columns can hold, each once, as the driver takes them.

    Raises:
        BadRequest: a key that no database takes.
    """
    rows: dict[tuple[object, ...], None] = {}
    for key in values:
        fitted = _fit_key(columns, key)
        if fitted is not None:
            rows[fitted] = None
    return list(rows)


def _fit_key(columns: Sequence[SqlColumn], key: tuple[object, ...]) -> tuple[object, ...] | None:
    if len(key) != len(columns):
        raise BadRequest("a key has as many parts as its fields")
    try:
        if len(columns) == 1:
            return (columns[0].fit(key[0]),)
        return tuple(column.fit(value) for column, value in zip(columns, key, strict=True))
    except Unfit as error:
        if error.malformed:
            raise BadRequest(f"a key {error}") from None
        return None
