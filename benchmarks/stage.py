"""The stage: the upstream and every competitor running side by side, and one connection to each."""

from __future__ import annotations

import http.client
import json
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt

from benchmarks.competitors.competitor import Competitor, python
from benchmarks.process import Measured, running
from benchmarks.queries import QUERIES, body
from benchmarks.upstream import write_stock

REPLY_S = 30.0


class WrongAnswer(Exception):
    """A competitor answered something else than the first one did, so its speed means nothing."""


@dataclass(frozen=True, slots=True)
class Player:
    """A running competitor and the one connection that all its requests take."""

    name: str
    process: Measured
    connection: http.client.HTTPConnection
    headers: dict[str, str]

    def ask(self, query: str) -> bytes:
        """The body of the reply to one of ``QUERIES``.

        Raises:
            WrongAnswer: the status is not 200.
        """
        self.connection.request("POST", "/graphql", body(query), self.headers)
        reply = self.connection.getresponse()
        content = reply.read()
        if reply.status != 200:
            raise WrongAnswer(f"{self.name} answered {query} with {reply.status}: {content[:500]!r}")
        return content

    def data(self, query: str) -> Any:
        """The member ``data`` of the reply.

        Raises:
            WrongAnswer: there are errors, or the status is not 200.
        """
        answer = json.loads(self.ask(query))
        if answer.get("errors"):
            raise WrongAnswer(f"{self.name} answered {query} with errors: {str(answer['errors'])[:500]}")
        return answer["data"]


@contextmanager
def stage(competitors: Sequence[Competitor]) -> Iterator[list[Player]]:
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
        headers = {
            "Authorization": f"Bearer {_token(secret)}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        players = []
        for competitor in competitors:
            process = stack.enter_context(running(competitor.command, {**environment, **competitor.environment}))
            connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=REPLY_S)
            players.append(Player(competitor.name, process, stack.enter_context(closing(connection)), headers))
        yield players


def check_answers(players: Sequence[Player]) -> None:
    """Compares the data of all answers with those of the first player.

    Raises:
        WrongAnswer: names the player and the query.
    """
    first, *others = players
    for query in QUERIES:
        expected = first.data(query)
        for player in others:
            if player.data(query) != expected:
                raise WrongAnswer(f"{player.name} and {first.name} differ in their answers to {query}")


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
