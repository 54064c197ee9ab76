"""``Stage``: what may stand below the sources in the place of the systems, or between them and the systems.

Openers ask it where they would reach for a system; who plays and who records is decided by whoever opens the sources.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from resolvers.http import Http
from resolvers.source import Client

Fixture = Mapping[str, Sequence[Mapping[str, object]]]
"""Table → its rows, each by the names of its columns."""


Column = tuple[str, str]
"""Table and column; both empty for what was computed."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a database gave for one statement. ``columns``: where each value of a row comes from. ``affected``: how many
    rows it changed, of a statement that gave none back.
    """

    columns: Sequence[Column]
    rows: Sequence[Any]
    affected: int | None = None


class Statements(Protocol):
    """Answers statements of one database, or writes down how they were answered."""

    def answer(self, text: str, values: Sequence[object]) -> Given:
        """What a statement gave.

        Raises:
            SourceError: there is nothing for it.
        """

    def note(self, text: str, values: Sequence[tuple[str, object]], given: Given) -> None:
        """How the database answered; ``values``: what each belongs to, as far as it is known, and the value."""


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
