"""What a database source offers beside its tables: statements of the configuration and functions of the database.

They are asked about when the source is opened; while the database is away, what was kept of them is offered.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from resolvers.model import LeftOut, SourceModel
from resolvers.problem import ConfigurationError, Problem
from resolvers.sql.catalogue import Catalogue
from resolvers.sql.dialects import Address, Database, Dialect
from resolvers.sql.routines import Offer, Routines
from resolvers.sql.settings import DatabaseSettings
from resolvers.sql.statements import KeptStatements, Looked, Statements, read_statements

_log = logging.getLogger("isthmus.sources")
_OUTGROWN = "the database no longer fits its statements ({}); they are served as they were"


class Offering:
    """The routines of one source. ``keep``: the folder where what was asked is kept, if anywhere."""

    def __init__(
        self, name: str, settings: DatabaseSettings, dialect: Dialect, where: Address, keep: Path | None
    ) -> None:
        self._settings = settings
        place = where.url.set(password=None).render_as_string()
        self._kept = KeptStatements(keep, name, place, settings.schemas, dialect.types) if keep is not None else None

    async def asked(self, database: Database, known: Catalogue, model: SourceModel) -> Routines:
        """All of them, by what the database says now. ``model``: what the source offers without them.

        Raises:
            ConfigurationError: with all that is wrong with statements, in the words of the database where it refuses
            one; but where all of them are known from before, the database has changed and they are served as they were.
        """
        if not self._settings.statements:
            return Routines(model, {})
        statements = read_statements(self._settings.statements, known, model)
        looked, refused = await database.run(statements.look)
        try:
            routines = _offered(statements, looked, refused)
        except ConfigurationError as error:
            known_before = await self._known()
            if statements.problems or known_before.keys() != self._settings.statements.keys():
                raise
            return _stale(_offered(statements, known_before), error)
        if self._kept is not None:
            await asyncio.to_thread(self._kept.save, self._settings.statements, looked)
        return routines

    async def kept(self, known: Catalogue, model: SourceModel) -> Routines:
        """What was known of them; the others are left out until the database is back.

        Raises:
            ConfigurationError: with all that is wrong with statements, as far as it is known without the database.
        """
        if not self._settings.statements:
            return Routines(model, {})
        statements = read_statements(self._settings.statements, known, model)
        return _offered(statements, await self._known())

    async def _known(self) -> dict[str, Looked]:
        if self._kept is None:
            return {}
        return await asyncio.to_thread(self._kept.load, self._settings.statements)


def _stale(routines: Routines, error: ConfigurationError) -> Routines:
    stale = _OUTGROWN.format("; ".join(problem.what for problem in error.problems))
    _log.warning("source %s: %s", routines.model.name, stale)
    return replace(routines, model=replace(routines.model, stale=stale))


def _offered(statements: Statements, looked: Mapping[str, Looked], refused: Sequence[Problem] = ()) -> Routines:
    offers, left_out = statements.offers(looked, refused)
    return _routines(statements.model, offers, left_out)


def _routines(model: SourceModel, offers: Iterable[Offer], left_out: Iterable[LeftOut]) -> Routines:
    operations, types, enums = dict(model.operations), dict(model.types), dict(model.enums)
    offers, left_out = list(offers), list(left_out)
    for offer in offers:
        operations[offer.operation.name] = offer.operation
        types |= offer.types
        enums |= offer.enums
    served = replace(
        model,
        operations=operations,
        types=types,
        enums=enums,
        left_out=(*model.left_out, *left_out),
        declared=model.declared + len(offers) + len(left_out),
    )
    return Routines(served, {offer.routine.name: offer.routine for offer in offers})
