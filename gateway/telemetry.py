"""Request ids and the structured log: one JSON object a line on standard error.

JSON escapes every control character, so nothing a caller sends can forge a line. Tokens and variables never come here.
"""

from __future__ import annotations

import secrets
import sys

import structlog


def new_request_id() -> str:
    """An id of ours, 16 hexadecimal digits; a caller's own id is not trusted to be one."""
    return secrets.token_hex(8)


def configure() -> None:
    """Sends every event to standard error as JSON."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def log(event: str, *, request_id: str, level: str = "info", **facts: object) -> None:
    """One event under the id that its reply carries."""
    getattr(structlog.get_logger(), level)(event, request_id=request_id, **facts)
