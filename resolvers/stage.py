"""``Stage``: what may stand below the sources in the place of the systems, or between them and the systems.

Openers ask it where they would reach for a system; who plays and who records is decided by whoever opens the sources.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from resolvers.http import Http
from resolvers.source import Client

Fixture = Mapping[str, Sequence[Mapping[str, object]]]
"""Table → its rows, each by the names of its columns."""


class Statements(Protocol):
    """Answers statements of one database, or writes down how they were answered."""

    def answer(self, text: str, values: Sequence[object]) -> Sequence[Any]:
        """The rows of a statement.

        Raises:
            SourceError: there are none for it.
        """

    def note(self, text: str, values: Sequence[object], columns: Sequence[Column], rows: Sequence[Any]) -> None:
        """How the database answered; ``columns``: the table and the column that each value of a row comes from."""


Column = tuple[str, str]
"""Table and column; both empty for what was computed."""


class Stage(Protocol):
    """``plays``: no system is reached, whatever the settings say; otherwise what the systems say is written down."""

    @property
    def plays(self) -> bool: ...

    def client(self, source: str, client: Client) -> Client:
        """The client of a source, whose calls are noted."""

    def http(self, source: str, home: str, real: Http | None) -> Http:
        """What the calls of a source over HTTP are sent by; ``home``: its address; ``real``: absent where it plays."""

    def tables(self, source: str) -> Fixture | None:
        """The rows that stand for those of a database; ``None``: its statements are answered one by one."""

    def statements(self, source: str) -> Statements:
        """What answers the statements of a database one by one."""
