"""Request ids and the structured log: one JSON object a line on standard error.

JSON escapes every control character, so nothing a caller sends can forge a line. Tokens and variables never come here.
"""

from __future__ import annotations

import json
import logging
import os
import random
import re
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal, TextIO, cast

import orjson
import structlog
from structlog.typing import Processor

from gateway.log_lines import Lines

Level = Literal["info", "warning", "error"]
_LEVELS: Mapping[Level, int] = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
WELL_FORMED = re.compile("[A-Za-z0-9._:-]{1,64}")


_ids = random.Random(secrets.randbits(128))  # noqa: S311  # an id tells requests apart and proves nothing
os.register_at_fork(after_in_child=lambda: _ids.seed(secrets.randbits(128)))  # or workers would give the same ids


class _Current:
    """A logger keeps the configuration under which it was first used, so ``configure`` puts a new one here.

    ``lines``: where ``configure`` sends events; ``least``: the level below which none is written.
    """

    logger: Any = structlog.get_logger()
    lines: TextIO | None = None
    least: Level = "info"


def request_id(given: Sequence[str]) -> str:
    """The id of a request: the caller's own ``X-Request-Id`` where there is one and it is harmless, else one of ours.

    ``given``: the values of all headers of that name.
    """
    if len(given) == 1 and WELL_FORMED.fullmatch(given[0]):
        return given[0]
    return new_request_id()


def new_request_id() -> str:
    """An id of ours: sixteen digits."""
    return f"{_ids.getrandbits(64):016x}"


def _line(event: object, *, default: Callable[[object], object]) -> str:
    """One event as JSON in ASCII, so that no character of it means anything to a terminal."""
    try:
        line = orjson.dumps(event, default=default).decode()
    except TypeError:  # a number of more than 64 bits
        line = ""
    return line if line and line.isascii() and "\x7f" not in line else json.dumps(event, default=default)


def configure(least: Level = "info") -> None:
    """Sends every event to standard error as JSON, one line each, those of libraries too; ``least``: what is below
    that is not written.
    """
    lines = cast("TextIO", Lines(sys.stderr))
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(_line),
    ]
    structlog.configure(
        processors=[*shared, *last],
        logger_factory=structlog.PrintLoggerFactory(lines),
        cache_logger_on_first_use=True,
    )
    _Current.logger, _Current.lines, _Current.least = structlog.get_logger(), lines, least
    handler = logging.StreamHandler(lines)
    extra = structlog.stdlib.ExtraAdder(["request_id"])
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=[*shared, extra], processors=[remove, *last])
    )
    logging.basicConfig(handlers=[handler], level=max(logging.WARNING, _LEVELS[least]), force=True)
    logging.captureWarnings(capture=True)  # or they would stand there as two lines that are not JSON
    logging.getLogger("isthmus").setLevel(_LEVELS[least])  # what sources really said, under the id of the request


def log(event: str, *, level: Level = "info", **facts: object) -> None:
    """One event; ``request_id`` among its facts is the id that the reply carries."""
    if _LEVELS[level] < _LEVELS[_Current.least]:
        return
    if _Current.lines is None or "exc_info" in facts:
        getattr(_Current.logger, level)(event, **facts)
        return
    # Every request comes here: the same line as structlog's, without its chain of processors.
    line = _line({**facts, "event": event, "level": level, "timestamp": _now()}, default=repr)
    _Current.lines.write(f"{line}\n")


def log_at_once(event: str, *, level: Level = "info", **facts: object) -> None:
    """One event, written before this returns: for a process that has no thread to write for it, and must have none."""
    line = _line({**facts, "event": event, "level": level, "timestamp": _now()}, default=repr)
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def write_request(request_id: str, method: str, status: int, seconds: float, more: str = "") -> None:
    """That a request was answered. Every one comes here: what is in the line needs no escaping, so it is but put in.

    ``more``: further members, each with a comma before it, as JSON in ASCII.
    """
    if _LEVELS[_Current.least] > _LEVELS["info"]:
        return
    if _Current.lines is None or not method.isalpha():
        facts = json.loads(f"{{{more[1:]}}}")
        log("request", request_id=request_id, method=method, status=status, seconds=round(seconds, 4), **facts)
        return
    _Current.lines.write(
        f'{{"request_id":"{request_id}","method":"{method}","status":{status},"seconds":{seconds:.4f}{more},'
        f'"event":"request","level":"info","timestamp":"{_now()}"}}\n'
    )


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
