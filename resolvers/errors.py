"""The errors of a request, named by whose fault they are, each with a stable code.

A caller sees an error's constant message and its code; ``detail`` is for the log alone and may hold what a source
said. Problems of the configuration are not errors of a request: they live in ``problem.py``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, TypeVar

LONGEST_WAIT_S = 86_400.0
"""Nobody is told to come back later than in a day, whatever a source says."""


class Code(StrEnum):
    """Every value that ``errors[].extensions.code`` can have."""

    BAD_REQUEST = "BAD_REQUEST"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    OVERLOADED = "OVERLOADED"
    TIMEOUT = "TIMEOUT"
    SOURCE_UNAVAILABLE = "SOURCE_UNAVAILABLE"
    SOURCE_TIMEOUT = "SOURCE_TIMEOUT"
    SOURCE_REJECTED = "SOURCE_REJECTED"
    SOURCE_FAULT = "SOURCE_FAULT"
    SOURCE_BAD_RESPONSE = "SOURCE_BAD_RESPONSE"
    RATE_LIMITED = "RATE_LIMITED"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    LINK_AMBIGUOUS = "LINK_AMBIGUOUS"
    CONFLICT = "CONFLICT"
    INTERNAL = "INTERNAL"


class IsthmusError(Exception):
    """The root of the tree.

    ``message`` is what a caller reads, constant for each class. ``detail`` goes to the log. ``extensions`` are shown
    to the caller beside the code: names and numbers that the description declares, never text of a source.
    """

    code: ClassVar[Code] = Code.INTERNAL
    message: ClassVar[str] = "Something went wrong inside the gateway."

    def __init__(self, detail: str = "", *, extensions: Mapping[str, object] | None = None) -> None:
        super().__init__(detail or self.message)
        self.detail = detail
        self.extensions: Mapping[str, object] = extensions or {}


_Error = TypeVar("_Error", bound=BaseException)


def untraced(error: _Error) -> _Error:
    """The error, without what it knows of the frames it went through.

    Where an error is kept as a value, those frames know it too: a circle, which stays until the search for garbage
    finds it. What of a traceback belongs into the log must be there before.
    """
    each: BaseException | None = error
    seen: set[int] = set()  # an error that several raised again may stand in its own context
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        each.__traceback__ = None
        each = each.__cause__ or each.__context__
    return error


class CallerError(IsthmusError):
    """The caller must change the request. ``detail`` is a sentence of ours and is shown to the caller."""


class BadRequest(CallerError):
    code = Code.BAD_REQUEST
    message = "The request is not well-formed."


class Unsayable(BadRequest):
    """A source has no way to say a value. As the key of a join it is equal to nothing there, and no mistake of the
    caller's. ``argument``: what it was given to. ``why``: what the caller may mend.
    """

    def __init__(self, argument: str, why: str = "") -> None:
        super().__init__(f"{argument}: {why or 'its source cannot say this value'}")
        self.argument = argument


class Unauthenticated(CallerError):
    code = Code.UNAUTHENTICATED
    message = "A valid access token is required."


class Forbidden(CallerError):
    code = Code.FORBIDDEN
    message = "You are not allowed to use this field."


class LimitExceeded(CallerError):
    code = Code.LIMIT_EXCEEDED
    message = "The operation is larger than this server allows."


class DeadlineExceeded(IsthmusError):
    code = Code.TIMEOUT
    message = "The request took longer than it may."


class LinkAmbiguous(IsthmusError):
    code = Code.LINK_AMBIGUOUS
    message = "The link expects one object, and the source has several."


class SourceError(IsthmusError):
    """A source did not do what its description promises.

    ``sends``: how often the call left us, in part at least; 0: nothing of it did. ``passing``: the same call may go
    well in a moment. ``status``: that of its answer over HTTP. ``retry_after``: seconds after which the source wants to
    be asked again; the caller sees them as ``retryAfter``. ``stale``: the call went over a connection that had been
    kept, and that was closed before a byte came back. ``tried``: the replicas of the source that failed to answer it.
    ``answered``: the source itself said so, and therefore is there.
    """

    passes: ClassVar[bool] = False

    def __init__(
        self,
        detail: str = "",
        *,
        extensions: Mapping[str, object] | None = None,
        sends: int = 1,
        passing: bool | None = None,
        status: int | None = None,
        retry_after: float | None = None,
        stale: bool = False,
        answered: bool = False,
    ) -> None:
        super().__init__(detail, extensions=extensions)
        self.sends = sends
        self.passing = self.passes if passing is None else passing
        self.status = status
        self.retry_after: float | None = None
        self.stale = stale
        self.tried: tuple[str, ...] = ()
        self.answered = answered
        if retry_after is not None:
            self.wait(retry_after)

    def wait(self, seconds: float) -> None:
        """The source, or its limit, wants to be asked again after so many seconds."""
        self.retry_after = min(max(0.0, seconds), LONGEST_WAIT_S)
        self.extensions = {**self.extensions, "retryAfter": math.ceil(self.retry_after)}


class SourceUnavailable(SourceError):
    """No connection, or the source is known to be down. Nothing was executed there."""

    code = Code.SOURCE_UNAVAILABLE
    message = "The source cannot be reached."
    passes = True


class SourceBusy(SourceUnavailable):
    """As many calls as the source may have are under way, and too many wait already, or waited for too long."""

    message = "The source is busy, and no place became free in time."
    passes = False


class BreakerOpen(SourceUnavailable):
    """It failed too often just now, and nothing was sent."""

    passes = False

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, sends=0)


class SourceTimeout(SourceError):
    code = Code.SOURCE_TIMEOUT
    message = "The source did not answer in time."


class SourceRejected(SourceError):
    """The source answered 4xx; ``extensions`` hold ``status``."""

    code = Code.SOURCE_REJECTED
    message = "The source rejected the call."


class SourceFault(SourceError):
    """A SOAP fault, or a 5xx answer of a REST source."""

    code = Code.SOURCE_FAULT
    message = "The source reported a fault."


class SourceBadResponse(SourceError):
    """The reply is not what the description says: wrong type, truncated, too large, not the media type."""

    code = Code.SOURCE_BAD_RESPONSE
    message = "The source sent a reply that does not fit its description."


class ReplyTooLarge(SourceBadResponse):
    """The reply is larger than may be read, which says nothing of whether the source works."""


class RateLimited(SourceError):
    code = Code.RATE_LIMITED
    message = "The source asks for fewer calls."


class OutcomeUnknown(SourceError):
    """A write was sent and its answer was lost: it may or may not have happened, and is never sent again."""

    code = Code.OUTCOME_UNKNOWN
    message = "The source may or may not have carried this out."

    @classmethod
    def after(cls, error: SourceError) -> OutcomeUnknown:
        """What an error means that hides the outcome of something that was sent."""
        made = cls(error.detail, sends=error.sends, passing=error.passing, status=error.status, stale=error.stale)
        made.retry_after = error.retry_after
        return made


class Conflict(SourceError):
    code = Code.CONFLICT
    message = "The change conflicts with what the source holds."
