"""The measuring on PostgreSQL: answers are compared, and then the competitors take turns on one connection."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from http.client import HTTPConnection

from benchmarks.competitors.competitor import Competitor
from benchmarks.databases.questions import QUESTIONS, ROWS, Words, alike
from benchmarks.databases.tables import empty_events, tables
from benchmarks.load import Amount
from benchmarks.measure import WARM_UP_S, Taken
from benchmarks.process import running
from benchmarks.stage import REPLY_S, Player, WrongAnswer, bearer

Figures = Mapping[str, Mapping[str, Taken]]
"""Competitor → question → what it took."""


async def contest(url: str, asked: Sequence[tuple[Competitor, Words]], rounds: int, amount: Amount) -> Figures:
    """What each question took each competitor, on tables made for this run.

    Raises:
        CannotStart, WrongAnswer, BadReply: of a competitor. OSError, asyncpg.PostgresError: of the database.
    """
    async with tables(url) as schema:
        return await asyncio.to_thread(_contest, url, schema, asked, rounds, amount)


def _contest(url: str, schema: str, asked: Sequence[tuple[Competitor, Words]], rounds: int, amount: Amount) -> Figures:
    secret = secrets.token_urlsafe(48)
    environment = {"BENCH_DATABASE_URL": url, "BENCH_SCHEMA": schema, "BENCH_SECRET": secret}
    with ExitStack() as stack:
        players: list[tuple[Player, Words]] = []
        for competitor, words in asked:
            process = stack.enter_context(running(competitor.command, {**environment, **competitor.environment}))
            connection = HTTPConnection("127.0.0.1", process.port, timeout=REPLY_S)
            stack.enter_context(closing(connection))
            players.append((Player(competitor, process, connection, bearer(secret)), words))
        bodies = {player.name: _bodies(player, words) for player, words in players}
        _compare(players, bodies, url, schema)
        figures: dict[str, dict[str, Taken]] = {player.name: {} for player, _ in players}
        for question in QUESTIONS:
            for player, _ in players:
                player.load(bodies[player.name][question], Amount(WARM_UP_S))
            for _ in range(rounds):
                for player, _ in players:
                    taken = figures[player.name].setdefault(question, Taken())
                    _round(player, bodies[player.name][question], amount, taken)
                    if question == "insert":  # all of them insert into the same emptiness
                        asyncio.run(empty_events(url, schema))
    return figures


def _bodies(player: Player, words: Words) -> dict[str, bytes]:
    before = _data(player, json.dumps({"query": words.before, "variables": {}}).encode())
    return {question: words.body(question, words.cursor(before)) for question in QUESTIONS}


def _data(player: Player, body: bytes) -> object:
    answer = json.loads(player.ask(body))
    if answer.get("errors"):
        raise WrongAnswer(f"{player.name} answered with errors: {str(answer['errors'])[:500]}")
    return answer["data"]


def _compare(
    players: Sequence[tuple[Player, Words]], bodies: Mapping[str, Mapping[str, bytes]], url: str, schema: str
) -> None:
    for question in QUESTIONS:
        expected: object = None
        for player, words in players:
            found = alike(words.rows(question, _data(player, bodies[player.name][question])))
            if expected is None:
                expected = found
            elif found != expected:
                raise WrongAnswer(f"{player.name} and {players[0][0].name} differ in their answers to {question}")
            if question == "insert" and asyncio.run(empty_events(url, schema)) != ROWS:
                raise WrongAnswer(f"{player.name} did not insert {ROWS} rows")


def _round(player: Player, body: bytes, amount: Amount, taken: Taken) -> None:
    before = player.process.cpu_s()
    sent = player.load(body, amount)
    count = len(sent.latencies_ms)
    taken.cpu_ms.append(1000 * (player.process.cpu_s() - before) / count)
    taken.per_s.append(count / sent.took_s)
    taken.latencies_ms += sent.latencies_ms
