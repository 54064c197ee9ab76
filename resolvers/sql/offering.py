"""What a database source offers beside its tables: statements of the configuration and functions of the database.

They are asked about when the source is opened; while the database is away, what was kept of them is offered.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection

from resolvers.model import LeftOut, SourceModel
from resolvers.pinned import Pinned, Pulled
from resolvers.problem import ConfigurationError
from resolvers.sql.catalogue import Catalogue
from resolvers.sql.dialects import Database, DeclaredRoutine, Dialect
from resolvers.sql.functions import chosen, kept_functions, offers, read_functions, written_functions
from resolvers.sql.remembered import Room
from resolvers.sql.routines import Offer, Routines
from resolvers.sql.settings import DatabaseSettings
from resolvers.sql.statements import KeptStatements, Looked, read_looked, read_statements, written_statements

_log = logging.getLogger("isthmus.sources")
STATEMENTS, FUNCTIONS = "statements", "functions"
T = TypeVar("T")
_OUTGROWN = "the database no longer fits its statements ({}); they are served as they were"


class Offering:
    """The routines of one source. ``room``: where what was asked is kept, if anywhere."""

    def __init__(
        self,
        settings: DatabaseSettings,
        dialect: Dialect,
        room: Room | None,
        pulled: Pulled | None = None,
    ) -> None:
        self._pulled = pulled
        self._settings = settings
        self._dialect = dialect
        self._statements = KeptStatements(room, dialect.types) if room is not None else None
        self._functions = kept_functions(room, dialect.types) if room is not None else None

    async def asked(self, database: Database, known: Catalogue, model: SourceModel) -> Routines:
        """All of them, by what the database says now. ``model``: what the source offers without them.

        Raises:
            ConfigurationError: with all that is wrong with statements, in the words of the database where it refuses
            one; but where all of them are known from before, the database has changed and they are served as they were.
        """
        routines = await self._asked_statements(database, known, model)
        if not self._settings.functions:
            return routines
        declared = await database.run(self._declared)
        if self._functions is not None:
            await asyncio.to_thread(self._functions.save, declared)
        if self._pulled is not None:
            self._pulled.put(FUNCTIONS, written_functions(declared))
        wanted, problems = chosen(declared, self._settings.functions)
        if problems:
            raise ConfigurationError(problems)
        return _more(routines, *offers(wanted, known, routines.model, database.spoken))

    def pinned(self, pinned: Pinned, database: Database, known: Catalogue, model: SourceModel) -> Routines:
        """All of them, by what was pulled.

        Raises:
            ConfigurationError: what is wrong with statements, or what was pulled does not tell of them.
        """
        routines, types = Routines(model, {}), self._dialect.types
        stated = self._settings.statements
        if stated:
            looked = unpinned(pinned, STATEMENTS, lambda content: read_looked(content, stated, types))
            new = [name for name in stated if name not in looked]
            statements = read_statements(stated, known, model)
            if new and not statements.problems:
                raise pinned.outgrown(f"statements are new or others since it was pulled: {', '.join(new)}")
            routines = _more(routines, *statements.offers(looked))
        if not self._settings.functions:
            return routines
        declared = unpinned(pinned, FUNCTIONS, lambda content: read_functions(content, types))
        wanted, problems = chosen(declared, self._settings.functions)
        if problems:
            raise ConfigurationError(problems)
        return _more(routines, *offers(wanted, known, routines.model, database.spoken))

    async def kept(self, database: Database, known: Catalogue, model: SourceModel) -> Routines:
        """What was known of them; the others are left out until the database is back.

        Raises:
            ConfigurationError: with all that is wrong with statements, as far as it is known without the database.
        """
        routines = Routines(model, {})
        if self._settings.statements:
            statements = read_statements(self._settings.statements, known, model)
            routines = _more(routines, *statements.offers(await self._known()))
        if not self._settings.functions or self._functions is None:
            return routines
        declared = await asyncio.to_thread(self._functions.load)
        wanted, _ = chosen(declared or (), self._settings.functions)
        return _more(routines, *offers(wanted, known, routines.model, database.spoken))

    async def _asked_statements(self, database: Database, known: Catalogue, model: SourceModel) -> Routines:
        if not self._settings.statements:
            return Routines(model, {})
        statements = read_statements(self._settings.statements, known, model)
        looked, refused = await database.run(statements.look)
        try:
            routines = _more(Routines(model, {}), *statements.offers(looked, refused))
        except ConfigurationError as error:
            before = await self._known()
            if statements.problems or before.keys() != self._settings.statements.keys():
                raise
            return _stale(_more(Routines(model, {}), *statements.offers(before)), error)
        if self._statements is not None:
            await asyncio.to_thread(self._statements.save, self._settings.statements, looked)
        if self._pulled is not None:
            self._pulled.put(STATEMENTS, written_statements(self._settings.statements, looked))
        return routines

    async def _known(self) -> dict[str, Looked]:
        if self._statements is None:
            return {}
        return await asyncio.to_thread(self._statements.load, self._settings.statements)

    def _declared(self, connection: Connection) -> Sequence[DeclaredRoutine]:
        schemas = self._settings.schemas or (str(connection.dialect.default_schema_name),)
        return self._dialect.functions(connection, schemas)


def unpinned(pinned: Pinned, address: str, read: Callable[[bytes], T]) -> T:
    """What ``read`` makes of a catalogue that was pulled.

    Raises:
        ConfigurationError: there is none, or it is nothing that can be read.
    """
    copy = pinned.catalogue(address)
    try:
        return read(copy.content)
    except (ValueError, TypeError, AttributeError) as error:
        raise pinned.outgrown(f"what was pulled as {copy.path.name} cannot be read") from error


def _stale(routines: Routines, error: ConfigurationError) -> Routines:
    stale = _OUTGROWN.format("; ".join(problem.what for problem in error.problems))
    _log.warning("source %s: %s", routines.model.name, stale)
    return replace(routines, model=replace(routines.model, stale=stale))


def _more(routines: Routines, made: Sequence[Offer], left_out: Sequence[LeftOut]) -> Routines:
    """The routines with more of them."""
    model = routines.model
    operations, types, enums = dict(model.operations), dict(model.types), dict(model.enums)
    for offer in made:
        operations[offer.operation.name] = offer.operation
        types |= offer.types
        enums |= offer.enums
    served = replace(
        model,
        operations=operations,
        types=types,
        enums=enums,
        left_out=(*model.left_out, *left_out),
        declared=model.declared + len(made) + len(left_out),
    )
    return Routines(served, {**routines.by_name, **{offer.routine.name: offer.routine for offer in made}})
