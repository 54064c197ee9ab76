"""The statements of the configuration become operations: all that is wrong with them is told at once, at its line.

What the database says of them is asked in ``looked.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from resolvers.model import Effect, LeftOut, Operation, Place, SourceModel
from resolvers.naming import Naming
from resolvers.problem import Problem, nearest
from resolvers.settings import OperationSettings
from resolvers.sql.catalogue import Catalogue
from resolvers.sql.dialects import Described, Dialect, Grammar
from resolvers.sql.routines import Mark, Offer, Routine, Shapes, Shown, Unknown, bound_names, written
from resolvers.sql.settings import ReturnsSettings, StatementSettings
from resolvers.sql.statements.arguments import Stated, Unfitting, read_argument
from resolvers.sql.statements.lexer import Unread, Written, read_statement
from resolvers.sql.statements.looked import Draft, Looked
from resolvers.stated import keyed

_READS = frozenset({"select", "with", "values", "table", "call", "show"})
_WRITES = frozenset({"insert", "update", "delete", "merge", "replace"})


def read_draft(
    name: str, settings: StatementSettings, catalogue: Catalogue, model: SourceModel
) -> tuple[Draft | None, list[Problem]]:
    """A statement as it is written, and what is wrong with it; the database is not asked."""
    problems: list[Problem] = []
    if name in model.operations:
        what = f'there is an operation "{name}" of the database already'
        problems.append(Problem(what, (), "call the statement otherwise"))
    text = _text(settings, catalogue.dialect.grammar, problems)
    arguments: dict[str, Stated] = {}
    for argument, given in settings.arguments.items():
        try:
            arguments[argument] = read_argument(argument, given, model.enums, catalogue)
        except Unfitting as error:
            problems.append(Problem(error.what, error.where, error.mend))
    if text is None:
        return None, problems
    problems += _misused(text, settings, arguments, catalogue.dialect)
    if problems:
        return None, problems
    return Draft(name, text, arguments, settings.effect == "read"), []


def _misused(
    text: Written, settings: StatementSettings, arguments: Mapping[str, Stated], dialect: Dialect
) -> Iterator[Problem]:
    """Arguments that are not there, that are not used, and lists where none can stand."""
    marks = [piece for piece in text.pieces if isinstance(piece, Mark)]
    used = {mark.name for mark in marks}
    for unknown in sorted(used - settings.arguments.keys()):
        mend = nearest(unknown, settings.arguments) or f"add arguments: {{ {unknown}: String! }}"
        yield Problem(f"the statement names :{unknown}, which is no argument", ("sql",), mend)
    for unused in settings.arguments:
        if unused not in used:
            what = f'the statement does not use "{unused}"'
            yield Problem(what, ("arguments", unused), f"write :{unused} in it, or remove the argument")
    for mark in marks:
        stated = arguments.get(mark.name)
        if stated is not None and stated.many and not mark.within and not dialect.arrays:
            what = f":{mark.name} is a list, which this database takes in IN (:{mark.name}) alone"
            yield Problem(what, ("sql",), f"write IN (:{mark.name})")


def _text(settings: StatementSettings, grammar: Grammar, problems: list[Problem]) -> Written | None:
    try:
        text = read_statement(settings.sql, grammar)
    except Unread as error:
        line = settings.sql.count("\n", 0, error.at) + 1
        where = f" (line {line} of it)" if "\n" in settings.sql.strip() else ""
        problems.append(Problem(f"{error.what}{where}", ("sql",), error.mend))
        return None
    if settings.effect == "read" and text.first in _WRITES:
        what = f"it begins with {text.first}, which a read does not do"
        problems.append(Problem(what, ("sql",), "say effect: write, and writes at the source"))
    elif text.first not in _READS | _WRITES:
        known = ", ".join(sorted(_READS | _WRITES))
        problems.append(
            Problem(f'"{text.first}" is no statement that can be served', ("sql",), f"begin with one of {known}")
        )
    return text


def offer(
    draft: Draft, looked: Looked, settings: StatementSettings, catalogue: Catalogue, model: SourceModel
) -> tuple[Offer | None, list[Problem]]:
    """The operation of a statement. ``looked``: what the database said of it."""
    name = draft.name
    place = Place(catalogue.model.name, f"statements.{name}")
    shapes = Shapes(catalogue, model, name, name, place)
    try:
        shown = _shown(settings, looked.final, shapes, reads=draft.reads)
    except Unknown as error:
        return None, [Problem(error.what, error.where, error.mend)]
    parameters = draft.parameters(catalogue, looked.free)
    query = written(draft.text.pieces, parameters, arrays=catalogue.dialect.arrays)
    operation = Operation(
        name=name,
        effect=Effect.READ if draft.reads else Effect.WRITE,
        arguments={argument: stated.argument(place) for argument, stated in draft.arguments.items()},
        result=shown.ref,
        description=settings.description,
        place=place,
        naming=Naming(f"statement {name}", (name,), 1),
    )
    operation, problems = _keyed(operation, settings, model, shown)
    routine = Routine(
        name,
        parameters,
        bound_names(parameters),
        lambda _: query,
        shown.gives,
        shown.results,
        f"STATEMENT {name}",
        table=shown.table,
    )
    return Offer(operation, routine, shown.types, shown.enums), problems


def _shown(settings: StatementSettings, found: Described, shapes: Shapes, *, reads: bool) -> Shown:
    returns, columns = settings.returns, found.columns
    if returns == "affected":
        if reads:
            raise Unknown("a read changes no rows", "returns", mend="write many, one or value")
        return shapes.affected()
    if isinstance(returns, ReturnsSettings):
        if found.sure and columns is None:
            raise Unknown("it gives no rows", "returns", mend="write returns: affected, or end it with RETURNING …")
        known = columns if found.sure or columns is None else tuple((name, None) for name, _ in columns)
        if returns.value is not None:
            return shapes.value(known, returns.value)
        gives, rows = ("one", returns.one) if returns.one is not None else ("many", returns.many)
        assert rows is not None
        if isinstance(rows, str):
            return shapes.table_rows(gives, known, rows)  # type: ignore[arg-type]  # one of the two words
        return shapes.stated_rows(gives, known, rows)  # type: ignore[arg-type]  # likewise
    if columns is None and returns is None and not reads:
        return shapes.affected()
    wanted = returns or "many"
    if found.sure and columns is not None:
        return shapes.value(columns, None) if wanted == "value" else shapes.rows(wanted, columns)
    if columns is None:
        what = "it gives no rows" if found.sure else "the database does not say what it gives"
        mend = "write returns: affected" if found.sure else f"write returns: {{ {wanted}: {{ column: type }} }}"
        raise Unknown(what, "returns", mend=mend)
    names = ", ".join(name for name, _ in columns)
    raise Unknown(
        f"the database does not say the types of the columns ({names})",
        "returns",
        mend=f"write {_line(shapes, wanted, found)}",
    )


def _line(shapes: Shapes, wanted: str, found: Described) -> str:
    assert found.columns is not None
    line = shapes.paste(wanted, found.columns)
    if wanted != "value":
        return line
    scalar = line.rpartition(": ")[2].split(" ")[0]
    return f"returns: {{ value: {scalar} }}"


def _keyed(
    operation: Operation, settings: StatementSettings, model: SourceModel, shown: Shown
) -> tuple[Operation, list[Problem]]:
    stated = OperationSettings(keys=settings.keys, by=settings.by, max_keys=settings.max_keys, compare=settings.compare)
    types = {**model.types, **shown.types}
    operation, problem = keyed(replace(model, types=types), operation, stated)
    return operation, [problem] if problem is not None else []


def unlooked(draft: Draft) -> LeftOut:
    """Why a statement is not served while the database, which must look at it, is away."""
    return LeftOut(draft.name, "the database is away, and nothing is known of what the statement gives")
