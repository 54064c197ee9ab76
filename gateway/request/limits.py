"""What one request may take: bytes, seconds, headers, and a place among the requests and connections there are.

Limits on the shape of an operation are the schema's; nothing here reads GraphQL.
"""

from __future__ import annotations

from pydantic import Field

from gateway.request.addresses import Networks
from gateway.request.asked import Asked
from resolvers import Code, IsthmusError, Settings


class LimitSettings(Settings):
    max_body_bytes: int = Field(262_144, gt=0, description="Largest request body, in bytes.")
    max_response_bytes: int = Field(
        33_554_432, gt=0, description="Largest answer, in bytes; one that grew larger is told as an error."
    )
    deadline_s: float = Field(
        10.0,
        gt=0,
        le=300,
        description="Longest time for one request, in seconds; a caller may ask for less by X-Request-Timeout: 1.5, "
        "1.5s or 1500ms.",
    )
    max_header_bytes: int = Field(16_384, gt=0, description="Most bytes of request line and headers together.")
    max_url_bytes: int = Field(8192, gt=0, description="Longest URL, in bytes; a longer one gets 414.")
    max_headers: int = Field(100, gt=0, description="Most header lines of one request.")
    header_timeout_s: float = Field(5.0, gt=0, description="Longest time to receive the headers, in seconds.")
    body_timeout_s: float = Field(10.0, gt=0, description="Longest time to receive the body, in seconds.")
    send_timeout_s: float = Field(20.0, gt=0, description="Longest time in which a caller takes nothing of its answer.")
    max_requests: int = Field(
        2000,  # those that wait for a slow source take 30 kB each and no time; what takes time is server.overload's
        gt=0,
        description="Most requests under way at once, waiting ones too: a bound of memory. Further ones get 503.",
    )
    max_connections: int = Field(
        10_000,
        gt=0,
        description="Most connections at once; further ones get 503. What the process may open of files comes first: "
        "up to 512 of them are kept for sources.",
    )
    max_connections_per_address: int = Field(
        1000, gt=0, description="Most connections of one address at once; server.trusted_proxies may have any number."
    )
    calls_per_operation: int = Field(500, gt=0, description="Most calls to sources that one operation may cause.")


class BodyTooLarge(Exception):
    """The body is larger than ``max_body_bytes``, by its declared or by its real length."""


class AnswerTooLarge(IsthmusError):
    """The answer is larger than ``max_response_bytes``."""

    code = Code.LIMIT_EXCEEDED
    message = "The answer is larger than this server sends. Ask for less at once; what a mutation did is done."


class Busy(Exception):
    """Every place is taken."""


class Places:
    """Counts the requests under way. There is no queue: who finds no place is told at once."""

    __slots__ = ("_all", "_free")

    def __init__(self, places: int) -> None:
        self._all = self._free = places

    @property
    def taken(self) -> int:
        """How many are taken now."""
        return self._all - self._free

    def __enter__(self) -> None:
        """Takes one place for the length of the block.

        Raises:
            Busy: none is free.
        """
        if self._free <= 0:
            raise Busy
        self._free -= 1

    def __exit__(self, *_: object) -> None:
        self._free += 1


class Connections:
    """Counts the connections that are open, in all and from each address."""

    def __init__(self, most: int, most_of_one: int, any_number: Networks) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._any_number = any_number
        self._open = 0
        self._of: dict[str, int] = {}

    def take(self, address: str) -> bool:
        """Whether one more may be opened from an address; if so, it is counted until ``give``."""
        of_one = self._of.get(address, 0)
        if self._open >= self._most or (of_one >= self._most_of_one and address not in self._any_number):
            return False
        self._open += 1
        self._of[address] = of_one + 1
        return True

    def give(self, address: str) -> None:
        """One of that address was closed."""
        self._open -= 1
        left = self._of[address] - 1
        if left:
            self._of[address] = left
        else:
            del self._of[address]


def whole_body(asked: Asked, most: int) -> bytes | None:
    """The whole body where it is there already, and can be taken once; otherwise ``None``.

    Raises:
        BodyTooLarge: there are more than ``most`` bytes.
    """
    there = asked.body()
    if there is not None and len(there) > most:
        raise BodyTooLarge
    return there


def sent(answer: bytes, most: int) -> bytes:
    """An answer that may be sent.

    Raises:
        AnswerTooLarge: it has more than ``most`` bytes.
    """
    if len(answer) > most:
        raise AnswerTooLarge(f"{len(answer)} bytes")
    return answer


async def read_body(asked: Asked, most: int) -> bytes:
    """The whole body, chunked or not; reading stops at the first byte too many.

    Raises:
        BodyTooLarge: there are more than ``most`` bytes, or ``declared`` (Content-Length) says so.
    """
    declared = asked.headers.get("content-length")
    if declared is not None and declared.isdecimal() and int(declared[:20]) > most:
        raise BodyTooLarge
    there = whole_body(asked, most)
    if there is not None:
        return there
    body = bytearray()
    async for chunk in asked.stream():
        body += chunk
        if len(body) > most:
            raise BodyTooLarge
    return bytes(body)
