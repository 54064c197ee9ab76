"""What a rule on the rows of a list comes to as arguments of it, where the file says which fields they are equal to.

Nothing is asked and no row is looked at: what comes is judged all the same. An argument only ever narrows what the
caller asked for, so where the two have nothing in common there is nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resolvers import ListRef, Operation
from schema.access.principal import Principal
from schema.access.rows.expression import All, Expression, equals

_MOST_AT_ONCE = 50
"""Values in one argument, where nothing says how many it takes: so many texts are no address that is too long."""


@dataclass(frozen=True, slots=True)
class Asking:
    """``arguments``: those of the call with what the rule says. ``nothing``: no row can be both asked for and seen.

    ``exact``: the arguments say all of the rule, so whatever the source counts it counts for this caller.
    """

    arguments: Mapping[str, object]
    nothing: bool = False
    exact: bool = False


def asked_for(
    operation: Operation, expression: Expression, principal: Principal, given: Mapping[str, object]
) -> Asking:
    """The arguments of a call of ``operation`` for a caller whose rows fulfil ``expression``. ``given``: its own."""
    arguments = dict(given)
    exact = not (operation.compare or operation.compare_by)
    for part in _parts(expression):
        wanted = equals(part, principal)
        if wanted is None:
            exact = False
            continue
        field, values = wanted
        argument = operation.filters.get(field)
        sent = values if argument is None else _narrowed(operation, argument, values, arguments.get(argument))
        if sent == []:
            return Asking(given, nothing=True)
        if argument is None or sent is None:
            exact = False
        else:
            takes_list = isinstance(operation.arguments[argument].type, ListRef)
            arguments[argument] = sent if takes_list else sent[0]
    return Asking(arguments, exact=exact)


def _narrowed(operation: Operation, argument: str, wanted: list[object], mine: object) -> list[object] | None:
    """The values that are both wanted by the rule and asked for by the caller; ``None``: they cannot be sent at once.

    A null of the caller's says as little as no argument.
    """
    taken = operation.arguments[argument]
    if mine is not None:
        own: Sequence[object] = mine if isinstance(mine, list) else [mine]
        return [value for value in own if any(type(value) is type(each) and value == each for each in wanted)]
    most = (taken.bounds.max_items or _MOST_AT_ONCE) if isinstance(taken.type, ListRef) else 1
    return wanted if len(wanted) <= most else None


def _parts(expression: Expression) -> list[Expression]:
    if isinstance(expression, All):
        return [part for each in expression.parts for part in _parts(each)]
    return [expression]
