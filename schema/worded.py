"""Answers in words: what a caller reads of errors, and what goes to the log instead.

It decides nothing: what failed, and what is refused, is told to it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError, Node
from msgspec.structs import replace

from resolvers import CallerError, Code, Context, Forbidden, IsthmusError, SourceBadResponse, untraced
from schema.plan.columns import Executed
from schema.plan.levels import Failure
from schema.plan.operation import OperationPlan, RefusedField
from schema.request import Answer

COST = "cost"
"""The member of ``extensions`` that tells the cost, and in a request asks for it."""
_log = logging.getLogger("isthmus.graph")


def refused(errors: list[dict[str, object]]) -> Answer:
    """The answer to a request of which nothing was done."""
    return Answer("request_error", {"errors": errors})


def _extensions(error: IsthmusError, context: Context) -> dict[str, object]:
    return {"code": error.code, **error.extensions, "requestId": context.request_id}


def worded(error: IsthmusError, context: Context) -> dict[str, object]:
    """An error as the caller reads it: its message is constant, unless it speaks of the request alone."""
    message = error.detail if isinstance(error, CallerError) and error.detail else error.message
    return {"message": message, "extensions": _extensions(error, context)}


def formatted_error(error: GraphQLError, context: Context) -> dict[str, object]:
    """A syntax, validation or coercion error: its message speaks of the caller's own document."""
    formatted: dict[str, object] = {"message": _short(error.message)}
    if error.locations:
        formatted["locations"] = [{"line": item.line, "column": item.column} for item in error.locations]
    formatted["extensions"] = {"code": Code.BAD_REQUEST, "requestId": context.request_id}
    return formatted


def _short(message: str) -> str:
    return message if len(message) <= 300 else f"{message[:300]}…"


def answer_of(reply: Executed, plan: OperationPlan, context: Context, most: int) -> Answer:
    """What came of an operation; ``most``: of so many failures is told, of the rest how many they are."""
    if not plan.refused and not reply.failures:
        return Answer("data", {"data": reply.data}, laid=reply.laid)
    errors: list[dict[str, object]] = [forbidden(each, context) for each in plan.refused]
    errors += [_failure(failure, context) for failure in reply.failures[:most]]
    untold = len(reply.failures) - most
    body: dict[str, object] = {"errors": errors, "data": reply.data}
    if untold > 0:
        _log.info("%d more errors", untold, extra={"request_id": context.request_id})
        body["extensions"] = {"moreErrors": untold}
    for failure in reply.failures:
        untraced(failure.cause)
    return Answer("data", body, laid=reply.laid)


def with_cost(answer: Answer, cost: int, most: int | None) -> Answer:
    """The answer, which tells what it may have cost."""
    return extended(answer, COST, {"estimated": cost} if most is None else {"estimated": cost, "max": most})


def extended(answer: Answer, name: str, told: object) -> Answer:
    """The answer with one more member of ``extensions``."""
    more = answer.held.get("extensions")
    extensions = {**(more if isinstance(more, dict) else {}), name: told}
    return replace(answer, held={**answer.held, "extensions": extensions})


def forbidden(field: RefusedField, context: Context) -> dict[str, object]:
    """The error of a field that the caller may not use."""
    formatted = worded(Forbidden(), context)
    return {
        "message": formatted["message"],
        "locations": _locations(field.nodes),
        "path": list(field.path),
        "extensions": formatted["extensions"],
    }


def _locations(nodes: Sequence[Node]) -> list[dict[str, int]]:
    places = [node.loc.start_token for node in nodes if node.loc is not None]
    return [{"line": place.line, "column": place.column} for place in places]


def _failure(failure: Failure, context: Context) -> dict[str, object]:
    """An error of execution: its message is constant, what was really said goes to the log."""
    cause = failure.cause
    if isinstance(cause, IsthmusError):
        known = cause
    elif not failure.by_hand:
        # A value does not fit its type: the source's doing. What follows the colon quotes it, which no log may keep.
        known = SourceBadResponse(str(cause).partition(": ")[0])
    elif isinstance(cause, PermissionError):
        known = Forbidden(str(cause))
    else:
        known = IsthmusError(repr(cause))
        _log.error("a hand-written resolver failed", exc_info=cause, extra={"request_id": context.request_id})
    _log.info(
        "%s at %s, %s: %s",
        known.code,
        failure.path,
        failure.field,
        known.detail,
        extra={"request_id": context.request_id},
    )
    formatted = worded(known, context)
    shown: dict[str, Any] = {"message": formatted["message"]}
    locations = _locations(failure.nodes)
    if locations:
        shown["locations"] = locations
    if failure.path:
        shown["path"] = list(failure.path)
    shown["extensions"] = formatted["extensions"]
    return shown
