"""What a driver complains about, as an error of the tree: by its code, never by its text."""

from __future__ import annotations

from typing import TypeAlias

from sqlalchemy.exc import DBAPIError

from resolvers.errors import SourceError, SourceFault, SourceUnavailable

Codes: TypeAlias = tuple[tuple[str, type[SourceError]], ...]


def source_error(error: Exception, codes: Codes) -> SourceError:
    """The error to raise. Its detail names the kind of failure and holds neither SQL nor a value."""
    if not isinstance(error, DBAPIError):
        kind = SourceUnavailable if isinstance(error, OSError) else SourceFault
        return kind(type(error).__name__)
    causes: list[object] = [error.orig, getattr(error.orig, "__cause__", None)]
    if any(isinstance(cause, OSError) for cause in causes):
        return SourceUnavailable("the connection was lost")
    state = _first(causes, "sqlstate")
    if state:
        return kind_of(state, codes)(f"SQLSTATE {state}")
    name = _first(causes, "sqlite_errorname")
    if name:
        return kind_of(name, codes)(name)
    if error.connection_invalidated or type(error).__name__ == "InterfaceError":
        return SourceUnavailable("the connection was lost")
    return SourceFault(type(error).__name__)


def kind_of(code: str, codes: Codes) -> type[SourceError]:
    """What a code means: that of the first beginning that it has."""
    return next((kind for prefix, kind in codes if code.startswith(prefix)), SourceFault)


def _first(causes: list[object], attribute: str) -> str:
    return next((value for cause in causes if (value := getattr(cause, attribute, None))), "")
