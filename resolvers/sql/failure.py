"""What a driver complains about, as an error of the tree: by its SQLSTATE or SQLite's own name, never by its text."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from resolvers.errors import (
    SourceBadResponse,
    SourceError,
    SourceFault,
    SourceRejected,
    SourceTimeout,
    SourceUnavailable,
)

_BY_STATE: tuple[tuple[str, type[SourceError]], ...] = (
    ("57014", SourceTimeout),  # query_canceled: the statement's time ran out
    ("55P03", SourceTimeout),  # lock_not_available
    ("25P03", SourceTimeout),  # idle_in_transaction_session_timeout
    ("42501", SourceRejected),  # insufficient_privilege
    ("28", SourceUnavailable),  # the server does not let us in
    ("3D", SourceUnavailable),  # no such database any more
    ("57P", SourceUnavailable),  # the server is shutting down or starting
    ("08", SourceUnavailable),  # connection lost
    ("53", SourceUnavailable),  # too many connections, no memory, disk full
    ("22", SourceBadResponse),  # a value in the data that an expression of a view cannot take
    ("42", SourceBadResponse),  # a table or column that was there when the catalogue was read
)
_BY_SQLITE_NAME: tuple[tuple[str, type[SourceError]], ...] = (
    ("SQLITE_INTERRUPT", SourceTimeout),
    ("SQLITE_BUSY", SourceTimeout),
    ("SQLITE_LOCKED", SourceTimeout),
    ("SQLITE_CANTOPEN", SourceUnavailable),
    ("SQLITE_IOERR", SourceUnavailable),
    ("SQLITE_ERROR", SourceBadResponse),  # no such table or column
)


def source_error(error: Exception) -> SourceError:
    """The error to raise. Its detail names the kind of failure and holds neither SQL nor a value."""
    if not isinstance(error, DBAPIError):
        kind = SourceUnavailable if isinstance(error, OSError) else SourceFault
        return kind(type(error).__name__)
    causes: list[object] = [error.orig, getattr(error.orig, "__cause__", None)]
    if any(isinstance(cause, OSError) for cause in causes):
        return SourceUnavailable("the connection was lost")
    state = _first(causes, "sqlstate")
    if state:
        return _kind(state, _BY_STATE)(f"SQLSTATE {state}")
    name = _first(causes, "sqlite_errorname")
    if name:
        return _kind(name, _BY_SQLITE_NAME)(name)
    if error.connection_invalidated or type(error).__name__ == "InterfaceError":
        return SourceUnavailable("the connection was lost")
    return SourceFault(type(error).__name__)


def _kind(code: str, table: tuple[tuple[str, type[SourceError]], ...]) -> type[SourceError]:
    return next((kind for prefix, kind in table if code.startswith(prefix)), SourceFault)


def _first(causes: list[object], attribute: str) -> str:
    return next((value for cause in causes if (value := getattr(cause, attribute, None))), "")
