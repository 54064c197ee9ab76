"""Throws requests at the application itself and looks at every answer: none may be its own failure."""

from __future__ import annotations

import logging
from collections import Counter
from random import Random
from typing import Any

import orjson
from starlette.types import Message

from tests.storm.house import House
from tests.storm.inputs import Thrown, thrown


class Failed(Exception):
    """An answer that is the gateway's own failure, and what it was asked."""


class _Errors(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record.getMessage())


async def throw(house: House, count: int, seed: int) -> Counter[int]:
    """How often which status was answered.

    Raises:
        Failed: 500 or more but 503, an exception that nobody caught, INTERNAL in an answer, an error in the log.
    """
    chance, statuses, noted = Random(seed), Counter[int](), _Errors()
    logging.getLogger().addHandler(noted)
    try:
        for number in range(count):
            asked = thrown(chance, house.tokens)
            statuses[await _looked_at(house, asked, noted, f"input {number} of seed {seed}")] += 1
    finally:
        logging.getLogger().removeHandler(noted)
    return statuses


class Thrower:
    """Throws one request after the other, for who makes them up by what the last one did."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._noted = _Errors()
        logging.getLogger().addHandler(self._noted)

    async def throw(self, asked: Thrown) -> int:
        """The status of its answer.

        Raises:
            Failed: as ``throw``.
        """
        return await _looked_at(self._house, asked, self._noted, "input")


async def _looked_at(house: House, asked: Thrown, noted: _Errors, said: str) -> int:
    try:
        status, body = await _answered(house, asked)
    except Exception as error:
        raise Failed(f"{said}: {error!r} for {asked}") from error
    if noted.seen or (status >= 500 and status != 503) or _is_internal(body):
        raise Failed(f"{said}: {status} {body[:300]!r} {noted.seen} for {asked}")
    return status


async def _answered(house: House, asked: Thrown) -> tuple[int, bytes]:
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": asked.method, "scheme": "http",
        "path": asked.path, "raw_path": asked.path.encode(), "root_path": "", "query_string": asked.query,
        "headers": asked.headers, "client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    told = [{"type": "http.request", "body": asked.body, "more_body": False}]
    answer: list[Message] = []

    async def receive() -> Message:
        return told.pop() if told else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        answer.append(message)

    await house.app(scope, receive, send)
    return answer[0]["status"], b"".join(message.get("body", b"") for message in answer[1:])


def _is_internal(body: bytes) -> bool:
    if b"INTERNAL" not in body:
        return False
    try:
        errors = orjson.loads(body).get("errors") or []
    except ValueError:
        return True
    return any(error.get("extensions", {}).get("code") == "INTERNAL" for error in errors)
