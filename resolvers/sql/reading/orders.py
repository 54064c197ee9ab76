"""Orders become ORDER BY: what the caller said, a last word where only a page is wanted, and where a page goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from sqlalchemy import Column, FromClause, and_, false, or_, true, types

from resolvers.errors import BadRequest
from resolvers.model import Scalar
from resolvers.predicate import RELEVANCE, Join, Order, Predicate
from resolvers.sql.catalogue import Catalogue, Served
from resolvers.sql.column import Expression, SqlColumn
from resolvers.sql.dialects import Nulls
from resolvers.sql.reading.conditions import Rules, visible
from resolvers.sql.reading.joins import joined
from resolvers.sql.reading.search import relevance


@dataclass(frozen=True, slots=True)
class Term:
    """One part of an order. ``asked``: where the caller wants nulls; ``nulls``: where they stand."""

    column: SqlColumn
    descending: bool
    asked: Nulls | None
    nulls: Nulls
    nullable: bool


_OTHER: dict[Nulls, Nulls] = {"first": "last", "last": "first"}


def turned(terms: Sequence[Term]) -> list[Term]:
    """The same order from its end."""
    return [
        replace(
            term,
            descending=not term.descending,
            asked=None if term.asked is None else _OTHER[term.asked],
            nulls=_OTHER[term.nulls],
        )
        for term in terms
    ]


@dataclass(slots=True)
class Ordering:
    """What rows are ordered by. ``source``: the table, joined with the rows that its relations to one row lead to, as
    far as ``rules`` let the caller see them.
    """

    catalogue: Catalogue
    served: Served
    rules: Rules
    source: FromClause = field(init=False)
    predicate: Predicate | None = None
    """The conditions on the rows: what is searched for gives them their relevance."""
    terms: list[Term] = field(default_factory=list)
    _joined: dict[tuple[Join, ...], Served] = field(init=False)

    def __post_init__(self) -> None:
        self.source = self.served.table
        self._joined = {(): self.served}

    def by(self, order: Sequence[Order], *, total: bool) -> list[Expression]:
        """The parts of an ORDER BY. ``total``: no two rows may be equal in it, where the table has a key.

        Raises:
            BadRequest: a column that is not there or has no order, a join that may lead to several rows.
        """
        self.terms = [self._term(part) for part in order]
        if total:
            ordered_by = {part.field for part in order if not part.through}
            key = [name for name in self.served.key if name not in ordered_by]
            self.terms += [self._term(Order(name)) for name in key if self.served.columns[name].orderable]
        return self.parts()

    def parts(self, *, backwards: bool = False) -> list[Expression]:
        """The parts of an ORDER BY once it is known ``by`` what, or of the same order from its end."""
        dialect = self.catalogue.dialect
        return [
            each
            for term in (turned(self.terms) if backwards else self.terms)
            for each in dialect.ordered(term.column.column, descending=term.descending, nulls=term.asked)
        ]

    def position(self) -> list[Expression]:
        """What tells of a row where it stands in the order."""
        return [self.catalogue.dialect.placed(term.column) for term in self.terms]

    def after(self, position: Sequence[object], *, backwards: bool = False, itself: bool = False) -> Expression:
        """The condition that rows stand after the one that ``position`` was selected of, or before it where it is gone
        ``backwards``. ``itself``: or that they are that one.
        """
        terms = turned(self.terms) if backwards else self.terms
        if len(position) != len(terms):
            raise BadRequest("the cursor is none of this question: begin again without it")
        ways: list[Expression] = []
        equal: list[Expression] = []
        for term, value in zip(terms, position, strict=True):
            ways.append(and_(true(), *equal, self._behind(term, value)))
            equal.append(self._equal(term, value))
        if itself:
            ways.append(and_(true(), *equal))
        condition: Expression = or_(false(), *ways)
        first, value = terms[0], position[0]
        if value is not None and not (first.nullable and first.nulls == "last"):
            # Said once more by itself, so that an index of the first column can begin there.
            placed, bound = self._placed(first, value)
            condition = and_(placed <= bound if first.descending else placed >= bound, condition)
        return condition

    def _placed(self, term: Term, value: object) -> tuple[Expression, Expression]:
        dialect = self.catalogue.dialect
        return dialect.placed(term.column), dialect.place(term.column, value)

    def _equal(self, term: Term, value: object) -> Expression:
        if value is None:
            return term.column.column.is_(None)
        placed, bound = self._placed(term, value)
        made: Expression = placed == bound
        return made

    def _behind(self, term: Term, value: object) -> Expression:
        if value is None:
            return term.column.column.is_not(None) if term.nulls == "first" else false()
        placed, bound = self._placed(term, value)
        made: Expression = placed < bound if term.descending else placed > bound
        return or_(made, term.column.column.is_(None)) if term.nullable and term.nulls == "last" else made

    def _term(self, part: Order) -> Term:
        served = self._through(part.through)
        if part.field == RELEVANCE and not part.through:
            return self._relevance(part)
        column = served.column(part.field)
        if not column.orderable:
            raise BadRequest(f"{served.name}.{column.name} cannot be ordered by")
        dialect = self.catalogue.dialect
        nulls = part.nulls or dialect.nulls(descending=part.descending)
        nullable = bool(part.through) or dialect.nullable(column, served.key)
        return Term(column, part.descending, part.nulls, nulls, nullable)

    def _relevance(self, part: Order) -> Term:
        made = relevance(self.catalogue, self.served, self.predicate)
        column = SqlColumn(cast("Column[Any]", made), self.catalogue.dialect, Scalar.FLOAT, types.Float())
        nulls = self.catalogue.dialect.nulls(descending=part.descending)
        return Term(column, part.descending, None, nulls, nullable=False)

    def _through(self, path: tuple[Join, ...]) -> Served:
        found = self._joined.get(path)
        if found is None:
            above = self._through(path[:-1])
            found, belongs = joined(self.catalogue, above, path[-1], f"isthmus_by_{len(self._joined)}")
            if not self.catalogue.unique(found.name, (theirs for _, theirs in path[-1].match)):
                raise BadRequest(f"one of {above.name} may have several of {found.name}, and none of them orders it")
            seen = visible(self.catalogue, found, self.rules, {})
            self.source = self.source.outerjoin(found.table, and_(belongs, *seen))
            self._joined[path] = found
        return found
