"""Opens the statements of a source: read, looked at by the database or known from what was kept, made operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from resolvers.model import LeftOut, SourceModel
from resolvers.problem import ConfigurationError, Problem
from resolvers.sql.catalogue import Catalogue
from resolvers.sql.dialects import NotTaken
from resolvers.sql.routines import Offer
from resolvers.sql.settings import StatementSettings
from resolvers.sql.statements.looked import Draft, Looked, look
from resolvers.sql.statements.offers import offer, read_draft, unlooked


@dataclass(frozen=True, slots=True)
class Statements:
    """Statements that were read, of a source whose model is ``model`` beside them."""

    stated: Mapping[str, StatementSettings]
    catalogue: Catalogue
    model: SourceModel
    drafts: Mapping[str, Draft]
    problems: tuple[Problem, ...]

    def look(self, connection: Connection) -> tuple[dict[str, Looked], list[Problem]]:
        """What the database says of each, or why it does not take it; work for a thread."""
        looked: dict[str, Looked] = {}
        problems: list[Problem] = []
        for name, draft in self.drafts.items():
            try:
                looked[name] = look(connection, self.catalogue, draft)
            except NotTaken as error:
                problems.append(Problem(_said(error), ("statements", name, "sql")))
        return looked, problems

    def offers(
        self, looked: Mapping[str, Looked], refused: Sequence[Problem] = ()
    ) -> tuple[list[Offer], list[LeftOut]]:
        """The operations of all that were looked at. ``refused``: what the database did not take.

        Raises:
            ConfigurationError: with everything that is wrong with any of them.
        """
        problems = [*self.problems, *refused]
        made: list[Offer] = []
        left_out: list[LeftOut] = []
        for name, draft in self.drafts.items():
            if name not in looked:
                left_out.append(unlooked(draft))
                continue
            each, wrong = offer(draft, looked[name], self.stated[name], self.catalogue, self.model)
            problems += [problem.under("statements", name) for problem in wrong]
            made += [each] if each is not None else []
        if problems:
            raise ConfigurationError(problems)
        return made, left_out


def read_statements(stated: Mapping[str, StatementSettings], catalogue: Catalogue, model: SourceModel) -> Statements:
    """Reads what the configuration states; nothing is asked."""
    drafts: dict[str, Draft] = {}
    problems: list[Problem] = []
    for name, settings in stated.items():
        draft, wrong = read_draft(name, settings, catalogue, model)
        problems += [problem.under("statements", name) for problem in wrong]
        if draft is not None:
            drafts[name] = draft
    return Statements(stated, catalogue, model, drafts, tuple(problems))


def _said(error: NotTaken) -> str:
    line = f" (line {error.line} of it)" if error.line is not None and error.line > 1 else ""
    return f"the database does not take it: {' '.join(error.said.split())}{line}"
