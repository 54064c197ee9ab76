"""``Recorder``: the stage behind which the systems are really asked, and what they say is written down.

What passes here has no credentials yet: they are put on below it. Nothing is masked here, and nothing kept in files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from resolvers.errors import SourceTimeout, SourceUnavailable
from resolvers.http import Http, Reply, Request
from resolvers.played.answers import Asked, Failure, asked_of
from resolvers.played.calls import Noted, Watched, called
from resolvers.source import Client
from resolvers.stage import Column, Fixture, Given


@dataclass(frozen=True, slots=True)
class HttpExchange:
    """One request and what became of it. ``home``: the address of the source. ``reply``: absent where it failed."""

    source: str
    operation: str
    home: str
    asked: Asked
    reply: Reply | None = None
    fails: Failure | None = None


@dataclass(frozen=True, slots=True)
class StatementExchange:
    """One statement and what it gave. ``names``: of its values, as far as they have any; ``columns``, ``affected``: as
    in ``Given``.
    """

    source: str
    operation: str
    text: str
    values: Sequence[object]
    names: Sequence[str]
    columns: Sequence[Column]
    rows: Sequence[Sequence[object]]
    affected: int | None = None


@dataclass(slots=True)
class Recorder:
    """One request's exchanges, in the order in which they ended."""

    calls: list[Noted] = field(default_factory=list)
    http_exchanges: list[HttpExchange] = field(default_factory=list)
    statement_exchanges: list[StatementExchange] = field(default_factory=list)
    missed: Sequence[object] = ()

    @property
    def plays(self) -> bool:
        """As ``Stage.plays``."""
        return False

    def client(self, source: str, client: Client) -> Client:
        """As ``Stage.client``."""
        return Watched(source, client, self.calls)

    def http(self, source: str, home: str, real: Http | None) -> Http:
        """As ``Stage.http``."""
        assert real is not None, "whoever does not play has the real one"
        return _RecordingHttp(source, home, real, self.http_exchanges)

    def tables(self, source: str) -> Fixture | None:  # noqa: ARG002  # the signature is the stage's
        """As ``Stage.tables``."""
        return None

    def statements(self, source: str) -> _RecordingStatements:
        """As ``Stage.statements``."""
        return _RecordingStatements(source, self.statement_exchanges)


class _RecordingHttp:
    def __init__(self, source: str, home: str, real: Http, exchanges: list[HttpExchange]) -> None:
        self._source = source
        self._home = home
        self._real = real
        self._exchanges = exchanges

    async def send(self, request: Request, *, timeout: float, resendable: bool) -> Reply:  # noqa: ASYNC109  # as Http
        """As ``Http.send``."""
        made = self._source, called(), self._home, asked_of(request, self._home)
        try:
            reply = await self._real.send(request, timeout=timeout, resendable=resendable)
        except SourceUnavailable:
            self._exchanges.append(HttpExchange(*made, fails="away"))
            raise
        except SourceTimeout:
            self._exchanges.append(HttpExchange(*made, fails="timeout"))
            raise
        self._exchanges.append(HttpExchange(*made, reply))
        return reply

    async def close(self) -> None:
        """As ``Http.close``."""
        await self._real.close()


class _RecordingStatements:
    def __init__(self, source: str, exchanges: list[StatementExchange]) -> None:
        self._source = source
        self._exchanges = exchanges

    def answer(self, text: str, values: Sequence[object]) -> Given:  # noqa: ARG002  # the signature
        """As ``Statements.answer``: nobody asks, for the database answers."""
        raise SourceUnavailable("what is recorded does not answer")

    def note(self, text: str, values: Sequence[tuple[str, object]], given: Given) -> None:
        """As ``Statements.note``."""
        rows = [tuple(row) for row in given.rows]
        made = [value for _, value in values], [name for name, _ in values], given.columns, rows, given.affected
        self._exchanges.append(StatementExchange(self._source, called(), text, *made))


def headers_of(reply: Reply, more: Sequence[str] = ()) -> Mapping[str, str]:
    """The headers of a reply that are written down: those that say how it is read, and those that are served."""
    wanted = {*_HEADERS, *(name.lower() for name in more)} - _NEVER
    return {name.lower(): value for name, value in reply.headers.items() if name.lower() in wanted}


_HEADERS = frozenset({"content-type", "link", "retry-after", "cache-control", "location"})
_NEVER = frozenset({"set-cookie", "set-cookie2", "www-authenticate", "authorization", "proxy-authenticate"})
