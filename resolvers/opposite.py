"""The opposite of a predicate in two-valued logic, for who must say "not fulfilled" where a source knows ``NOT`` alone.

``Not(p)`` is unknown where ``p`` is; here, a row for which ``p`` is unknown does not fulfil it. It holds for sources
whose values fit their fields, so that null alone is unknown.
"""

from __future__ import annotations

from resolvers.predicate import And, Compare, In, IsNull, Not, Or, Predicate, Related, Search


def unfulfilled(predicate: Predicate) -> Predicate:
    """True of the rows of which ``predicate`` is false or unknown, and false of all others."""
    match predicate:
        case And(parts):
            return Or(tuple(unfulfilled(part) for part in parts))
        case Or(parts):
            return And(tuple(unfulfilled(part) for part in parts))
        case Not(part):
            return _possible(part)
        case IsNull() | Related() | Search():
            return Not(predicate)  # never unknown
        case Compare() | In():
            return Or((Not(predicate), *_nulls(predicate)))


def _possible(predicate: Predicate) -> Predicate:
    """True of the rows of which ``predicate`` is true or unknown, and false of all others."""
    match predicate:
        case And(parts):
            return And(tuple(_possible(part) for part in parts))
        case Or(parts):
            return Or(tuple(_possible(part) for part in parts))
        case Not(part):
            return unfulfilled(part)
        case IsNull() | Related() | Search():
            return predicate
        case Compare(field):
            return Or((predicate, IsNull(field)))
        case In(fields, values):
            # A null part leaves it open only where the parts that are there do not say otherwise.
            return Or(tuple(_like(fields, key) for key in values))


def _like(fields: tuple[str, ...], key: tuple[object, ...]) -> Predicate:
    each = zip(fields, key, strict=True)
    return And(tuple(Or((Compare(field, "eq", part), IsNull(field))) for field, part in each))


def _nulls(predicate: Compare | In) -> tuple[Predicate, ...]:
    fields = (predicate.field,) if isinstance(predicate, Compare) else predicate.fields
    return tuple(IsNull(field) for field in fields)
