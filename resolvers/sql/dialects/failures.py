"""What a driver complains about, as an error of the tree: by its code, never by its text."""

from __future__ import annotations

import socket
from typing import TypeAlias

from sqlalchemy.exc import DBAPIError

from resolvers.errors import SourceError, SourceFault, SourceUnavailable

Codes: TypeAlias = tuple[tuple[str, type[SourceError]], ...]
_NOT_REACHED = (ConnectionRefusedError, socket.gaierror)
_NO_CONNECTION = frozenset({"08001", "08004", "53300", "57P03", "1040", "1203"})
"""What is only said to who wants to connect: too many are, or the database is just starting."""


def source_error(error: Exception, codes: Codes) -> SourceError:
    """The error to raise. Its detail names the kind of failure and holds neither SQL nor a value."""
    if not isinstance(error, DBAPIError):
        kind = SourceUnavailable if isinstance(error, OSError) else SourceFault
        return kind(type(error).__name__, sends=int(not isinstance(error, _NOT_REACHED)))
    causes: list[object] = [error.orig, getattr(error.orig, "__cause__", None)]
    if any(isinstance(cause, OSError) for cause in causes):
        reached = not any(isinstance(cause, _NOT_REACHED) for cause in causes)
        return SourceUnavailable("the connection was lost", sends=int(reached))
    code, words = _code(causes)
    if code:
        connected = code not in _NO_CONNECTION
        return kind_of(code, codes)(words, sends=int(connected), answered=connected)
    if error.connection_invalidated or type(error).__name__ == "InterfaceError":
        return SourceUnavailable("the connection was lost")
    return SourceFault(type(error).__name__)


def reason(error: Exception, password: str) -> str:
    """Why no connection could be had, for whoever runs the gateway; what the database said, without ``password``."""
    causes = [error, getattr(error, "orig", None), getattr(getattr(error, "orig", None), "__cause__", None)]
    for cause in causes:
        if isinstance(cause, TimeoutError):
            return "it did not answer in time"
        if isinstance(cause, socket.gaierror):
            return "the name of its host is not known"
        if isinstance(cause, ConnectionRefusedError):
            return "the connection was refused"
    said = next((cause for cause in reversed(causes[:2]) if cause is not None), error)
    words = str(said.args[1] if len(said.args) > 1 and isinstance(said.args[1], str) else said)
    shown = " ".join(words.split())[:200]
    return shown.replace(password, "…") if password else shown


_OURS = ("28", "3D", "1044", "1045", "1049", "SQLITE")
"""Codes of a database that is there: it does not let us in, has no database of that name, or is a file of ours."""


def is_away(error: Exception, codes: Codes) -> bool:
    """Whether no connection came about although nothing here need be mended: it is down, starting, full or far."""
    if isinstance(error, OSError | TimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    causes: list[object] = [error.orig, getattr(error.orig, "__cause__", None)]
    code, _ = _code(causes)
    return isinstance(source_error(error, codes), SourceUnavailable) and not code.startswith(_OURS)


def kind_of(code: str, codes: Codes) -> type[SourceError]:
    """What a code means: that of the first beginning that it has."""
    return next((kind for prefix, kind in codes if code.startswith(prefix)), SourceFault)


def _code(causes: list[object]) -> tuple[str, str]:
    """What the database calls the failure, and that in words: its own number where it has one, which says more than
    its SQLSTATE does.
    """
    for cause in causes:
        args: tuple[object, ...] = getattr(cause, "args", ())
        if args and isinstance(args[0], int):
            return str(args[0]), f"error {args[0]}"
    state = _first(causes, "sqlstate")
    if state:
        return state, f"SQLSTATE {state}"
    name = _first(causes, "sqlite_errorname")
    return name, name


def _first(causes: list[object], attribute: str) -> str:
    return next((value for cause in causes if (value := getattr(cause, attribute, None))), "")
