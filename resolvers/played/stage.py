"""``Played``: the stage on which only what was written down answers. It counts what was asked for and was not there.

Requests over HTTP are answered one by one; databases by rows of their tables, or statement by statement.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import takewhile

from resolvers.errors import SourceRejected, SourceTimeout, SourceUnavailable
from resolvers.http import Http, Reply, Request
from resolvers.played.answers import Answer, Made, asked_of, chosen, closest, enveloped
from resolvers.played.calls import Noted, Watched, called
from resolvers.source import Client
from resolvers.stage import Fixture, Given


class Played:
    """One scene. ``answers``: those of each source over HTTP; ``fixtures``: tables of databases; ``results``: answers
    to statements. ``calls`` and ``missed`` grow while it is played.
    """

    plays = True

    def __init__(
        self,
        answers: Mapping[str, Sequence[Answer]],
        fixtures: Mapping[str, Fixture],
        results: Mapping[str, Sequence[StatementAnswer]],
    ) -> None:
        self.answers = answers
        self.fixtures = fixtures
        self.results = results
        self.calls: list[Noted] = []
        self.missed: list[Made | MissedStatement] = []

    def client(self, source: str, client: Client) -> Client:
        """As ``Stage.client``."""
        return Watched(source, client, self.calls)

    def http(self, source: str, home: str, real: Http | None) -> Http:  # noqa: ARG002  # the signature is the stage's
        """As ``Stage.http``."""
        return PlayedHttp(source, home, self.answers.get(source, ()), self.missed)

    def tables(self, source: str) -> Fixture | None:
        """As ``Stage.tables``."""
        return self.fixtures.get(source)

    def statements(self, source: str) -> PlayedStatements:
        """As ``Stage.statements``."""
        return PlayedStatements(source, self.results.get(source, ()), self.missed)


class PlayedHttp:
    """Answers the requests of one source."""

    def __init__(self, source: str, home: str, answers: Sequence[Answer], missed: list[Made | MissedStatement]) -> None:
        self._source = source
        self._home = home
        self._answers = answers
        self._missed = missed

    async def send(self, request: Request, *, timeout: float, resendable: bool) -> Reply:  # noqa: ASYNC109, ARG002
        """As ``Http.send``; nothing is waited for.

        Raises:
            SourceRejected: there is no answer to it. SourceUnavailable, SourceTimeout: the answer says so.
        """
        made, operation = asked_of(request, self._home), called()
        answer = chosen(self._answers, operation, made)
        if answer is None:
            self._missed.append(Made(self._source, operation, made, closest(self._answers, operation, made)))
            raise SourceRejected("the scene has no answer to this request")
        answer.given += 1
        if answer.fails == "away":
            raise SourceUnavailable("the scene says that it is away")
        if answer.fails == "timeout":
            raise SourceTimeout("the scene says that it does not answer in time")
        headers = {name.lower(): value for name, value in answer.headers.items()}
        content = answer.content
        if answer.xml:
            media = next((value for name, value in request.headers.items() if name.lower() == "content-type"), "")
            soap = next((kind for kind in ("application/soap+xml", "text/xml") if kind in media.lower()), "")
            content = enveloped(content, media) if soap else content
            headers.setdefault("content-type", f"{soap or 'application/xml'}; charset=utf-8")
        return Reply(answer.status, headers, content)

    async def close(self) -> None:
        """There is nothing to close."""


@dataclass(slots=True)
class StatementAnswer:
    """What a database gave. ``values``: those of the statement; ``columns``: names of what each row holds.
    ``affected``: how many rows it changed, where it gave none back.
    """

    number: int
    text: str
    values: Sequence[object]
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    times: int | None = 1
    affected: int | None = None
    given: int = field(default=0)

    @property
    def spent(self) -> bool:
        """Whether it has answered as often as it does."""
        return self.times is not None and self.given >= self.times


@dataclass(frozen=True, slots=True)
class MissedStatement:
    """A statement for which there was no answer. ``near``: as in ``Made``."""

    source: str
    operation: str
    text: str
    values: Sequence[object]
    near: str = ""


def _row(names: Sequence[str]) -> Callable[..., object]:
    """What makes rows whose values have names, as drivers make them."""
    if not names:
        return lambda *values: values
    made: Callable[..., object] = namedtuple("row", names, rename=True)  # type: ignore[misc]  # noqa: PYI024
    return made


class PlayedStatements:
    """Answers the statements of one database by their text and values."""

    def __init__(self, source: str, answers: Sequence[StatementAnswer], missed: list[Made | MissedStatement]) -> None:
        self._source = source
        self._answers = answers
        self._missed = missed

    def answer(self, text: str, values: Sequence[object]) -> Given:
        """As ``Statements.answer``."""
        wanted = " ".join(text.split())
        alike = [each for each in self._answers if " ".join(each.text.split()) == wanted]
        for each in alike:
            if not each.spent and list(each.values) == list(values):
                each.given += 1
                rows = [_row(each.columns)(*row) for row in each.rows]
                return Given([("", name) for name in each.columns], rows, each.affected)
        near = ""
        if any(list(each.values) == list(values) for each in alike):
            near = "the answer to it was given already; times says how often it is"
        elif alike:
            near = f"there is an answer to this statement with the values {list(alike[0].values)}"
        else:
            near = _nearest(wanted, [" ".join(each.text.split()) for each in self._answers])
        self._missed.append(MissedStatement(self._source, called(), text, list(values), near))
        raise SourceRejected("the scene has no answer to this statement")

    def note(self, text: str, values: Sequence[tuple[str, object]], given: Given) -> None:
        """As ``Statements.note``: what is played is not written down."""


def _nearest(wanted: str, known: Sequence[str]) -> str:
    """Where the statement that is most alike goes another way; empty where none is alike."""
    found = get_close_matches(wanted, known, 1, 0.6)
    if not found:
        return ""
    pairs = zip(wanted.split(), found[0].split(), strict=False)
    same = " ".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    mine, theirs = wanted[len(same) :].strip(), found[0][len(same) :].strip()
    return f'behind "… {same[-_AROUND:]}" the nearest answer is to "{_short(theirs)}", and this is "{_short(mine)}"'


_AROUND = 40


def _short(text: str) -> str:
    return text if len(text) <= _AROUND else f"{text[:_AROUND]} …"
