"""The stage: the upstream and every competitor running side by side, and one connection to each."""

from __future__ import annotations

import http.client
import json
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt

from benchmarks.competitors.competitor import Competitor, python
from benchmarks.load import Amount, Sent, load, request
from benchmarks.process import Measured, running
from benchmarks.queries import DELAYS_MS, QUERIES, body
from benchmarks.upstream import write_stock

REPLY_S = 30.0


class WrongAnswer(Exception):
    """A competitor answered something else than the first one did, so its speed means nothing."""


@dataclass(frozen=True, slots=True)
class Player:
    """A running competitor, and where it is asked single questions."""

    competitor: Competitor
    process: Measured
    connection: http.client.HTTPConnection
    headers: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.competitor.name

    @property
    def queries(self) -> list[str]:
        """The names of those of ``QUERIES`` that it can answer."""
        return [query for query in QUERIES if query not in self.competitor.without]

    def ask(self, content: bytes) -> bytes:
        """The body of the reply to this body of a request.

        Raises:
            WrongAnswer: the status is not 200.
        """
        self.connection.request("POST", "/graphql", content, dict(self.headers))
        reply = self.connection.getresponse()
        answer = reply.read()
        self.connection.close()  # a server may close one that rests for some seconds; the next opens it anew
        if reply.status != 200:
            raise WrongAnswer(f"{self.name} answered {content[:300]!r} with {reply.status}: {answer[:500]!r}")
        return answer

    def data(self, query: str) -> Any:
        """The member ``data`` of the reply to one of ``QUERIES``.

        Raises:
            WrongAnswer: there are errors, or the status is not 200.
        """
        answer = json.loads(self.ask(body(query)))
        if answer.get("errors"):
            raise WrongAnswer(f"{self.name} answered {query} with errors: {str(answer['errors'])[:500]}")
        return answer["data"]

    def load(self, content: bytes, amount: Amount, connections: int = 1) -> Sent:
        """Sends this body of a request again and again.

        Raises:
            BadReply: one was not answered with 200.
        """
        return load(self.process.port, request("/graphql", self.headers, content), amount, connections)


@dataclass(frozen=True, slots=True)
class Stage:
    """All that runs. The upstream is told here what to delay, and asked what it was asked."""

    players: Sequence[Player]
    upstream: http.client.HTTPConnection

    def delay(self, query: str) -> None:
        """From now on the upstream is as late as this query wants it."""
        self._ask("/delays?" + "&".join(f"{path}={ms}" for path, ms in DELAYS_MS.get(query, {}).items()))

    def calls(self) -> dict[str, int]:
        """Calls to the upstream since this was asked last, by the first segment of the path."""
        found: dict[str, int] = self._ask("/counts")
        return found

    def _ask(self, path: str) -> Any:
        self.upstream.request("GET", path)
        return json.loads(self.upstream.getresponse().read())


@contextmanager
def stage(competitors: Sequence[Competitor]) -> Iterator[Stage]:
    """All of them over one upstream, with a token that may see everything.

    Raises:
        CannotStart: one did not start.
    """
    with ExitStack() as stack:
        stock = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "stock.db"
        write_stock(stock)
        upstream = stack.enter_context(running(python("upstream", "benchmarks.upstream").command, {}))
        secret = secrets.token_urlsafe(48)
        environment = {
            "BENCH_SHOP_URL": upstream.url,
            "BENCH_PRODUCTS_URL": f"{upstream.url}/products",
            "BENCH_STOCK_FILE": str(stock),
            "BENCH_STOCK_URL": f"sqlite+aiosqlite:///{stock}",
            "BENCH_SECRET": secret,
        }
        headers = bearer(secret)

        def connected(process: Measured) -> http.client.HTTPConnection:
            return stack.enter_context(closing(http.client.HTTPConnection("127.0.0.1", process.port, timeout=REPLY_S)))

        players = []
        for competitor in competitors:
            process = stack.enter_context(running(competitor.command, {**environment, **competitor.environment}))
            players.append(Player(competitor, process, connected(process), headers))
        yield Stage(players, connected(upstream))


def check_answers(players: Sequence[Player]) -> None:
    """Compares the data of all answers with those of the first player, which answers every query.

    Raises:
        WrongAnswer: names the player and the query.
    """
    first, *others = players
    for query in QUERIES:
        expected = first.data(query)
        for player in others:
            if query in player.queries and player.data(query) != expected:
                raise WrongAnswer(f"{player.name} and {first.name} differ in their answers to {query}")


def count_calls(stage: Stage) -> dict[str, dict[str, dict[str, int]]]:
    """The calls that one request makes: player → query → first segment of the path → calls.

    Raises:
        WrongAnswer: see ``Player.data``.
    """
    found: dict[str, dict[str, dict[str, int]]] = {}
    for player in stage.players:
        for query in player.queries:
            player.data(query)  # a first request may make calls of its own
            stage.calls()
            player.data(query)
            found.setdefault(player.name, {})[query] = stage.calls()
    return found


def bearer(secret: str) -> dict[str, str]:
    """The headers of a request with a token that may see everything."""
    return {
        "Authorization": f"Bearer {_token(secret)}",
        "Content-Type": "application/json",
        "Accept": "application/json",
    }


def _token(secret: str) -> str:
    now = int(time.time())
    claims = {
        "iss": "https://id.shop.example/",
        "aud": "isthmus",
        "sub": "bench",
        "iat": now,
        "exp": now + 36_000,
        "scope": "users:pii",
        "roles": ["buyer"],
    }
    return jwt.encode(claims, secret, "HS256")
