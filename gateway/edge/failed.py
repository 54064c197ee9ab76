"""``Failed``: what a request is answered with that came to no answer of its own, by the error that it ended in.

Whatever the error says stays in the log; who answers, counts and records stands in ``graphql.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.identity import CannotVerify
from gateway.request.limits import BodyTooLarge, Busy
from gateway.request.replies import BUSY, Refusal, errors_of
from gateway.telemetry import log
from resolvers import CallerError, Code, IsthmusError, Unauthenticated
from schema import Unrecorded

_REFUSED = {403: "not_registered", 404: "view", 405: "method", 406: "media", 415: "media", 421: "host", 429: "rate"}
"""Status of a refusal → what it was refused by, as metrics say it; all others: the request itself."""
_UNABLE: Mapping[type[Exception], str] = {Busy: "busy", CannotVerify: "keys", Unrecorded: "audit"}


@dataclass(frozen=True, slots=True)
class Failed:
    """``refused``: by what, in a word of ours; empty where an operation had begun."""

    status: int
    code: Code
    body: dict[str, object]
    refused: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def failed(error: Exception, request_id: str) -> Failed:  # noqa: PLR0911  # one for each that there is
    """What is answered; what the caller is not told is logged."""
    match error:
        case Refusal():
            body = errors_of(error.code, error.message)
            reason = _REFUSED.get(error.status, "request")
            return Failed(error.status, error.code, body, reason, dict(error.headers))
        case Unauthenticated():
            log("unauthenticated", request_id=request_id, level="warning", detail=error.detail)
            headers = {"www-authenticate": "Bearer"}
            return Failed(401, error.code, errors_of(error.code, error.message), "unauthenticated", headers)
        case BodyTooLarge():
            body = errors_of(Code.LIMIT_EXCEEDED, "The body is larger than this server allows.")
            return Failed(413, Code.LIMIT_EXCEEDED, body, "body", {"connection": "close"})
        case Busy():
            headers = {"retry-after": "1"}
            return Failed(503, Code.OVERLOADED, errors_of(Code.OVERLOADED, BUSY), _UNABLE[type(error)], headers)
        case CannotVerify() | Unrecorded():
            body = errors_of(Code.LIMIT_EXCEEDED, "The server cannot take the request now.")
            return Failed(503, Code.LIMIT_EXCEEDED, body, _UNABLE[type(error)], {"retry-after": "1"})
        case CallerError():
            return Failed(400, error.code, errors_of(error.code, error.detail or error.message), "request")
        case IsthmusError():
            log("failed", request_id=request_id, level="error", code=error.code, detail=error.detail)
            told = errors_of(error.code, error.message, **error.extensions)
            return Failed(200, error.code, {"data": None, **told})
    log("internal", request_id=request_id, level="error", exc_info=error)
    return Failed(200, Code.INTERNAL, {"data": None, **errors_of(Code.INTERNAL, IsthmusError.message)})
