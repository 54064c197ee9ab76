"""Which operations are served: what ``include``, ``exclude`` and ``writes`` say, and which of it fits nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from resolvers.model import Effect, Operation, SourceModel
from resolvers.problem import Problem, nearest
from resolvers.settings import SourceSettings

WRITES_ARE_OFF = "writes are off"
VIEWS = ("Connection", "Aggregate")
"""What the names of views end in."""
NOT_AMONG_WRITES = "not among writes"


def unmatched(model: SourceModel, settings: SourceSettings) -> list[Problem]:
    lists = [("include", settings.include), ("exclude", settings.exclude)]
    if not isinstance(settings.writes, bool):
        lists.append(("writes", settings.writes))
    named = {name: None for operation in model.operations.values() for name in _names(operation)}
    written = {
        name: None
        for operation in model.operations.values()
        if operation.change is not None or operation.effect is not Effect.READ or not model.has_tables
        for name in _written_names(operation)
    }
    problems = []
    for key, patterns in lists:
        for index, pattern in enumerate(patterns):
            known = written if key == "writes" else named
            viewed = key == "exclude" and _matches(view_names(model), pattern)
            if not viewed and pattern not in known and (key == "writes" or not _matches(known, pattern)):
                thing = "operation" if not model.has_tables else "table or operation"
                what = f'source "{model.name}" has no {thing} "{pattern}"'
                if key == "writes" and pattern in model.operations and model.has_tables:
                    what = f'"{pattern}" of source "{model.name}" cannot be written'
                mend = nearest(pattern, known) or "see the operations with: isthmus inspect"
                problems.append(Problem(what, (key, index), mend))
    return problems


def view_names(model: SourceModel) -> Iterator[str]:
    """The names of the views that lists of rows may gain (``resolvers.views``): ``exclude`` may name them too."""
    for name, operation in model.operations.items():
        if operation.rows is not None:
            yield from (f"{name}{ending}" for ending in VIEWS)


def _names(operation: Operation) -> tuple[str, ...]:
    """What ``include``, ``exclude`` and ``writes`` may call an operation: a change of rows also by its table."""
    return (operation.name,) if operation.change is None else (operation.name, operation.change.rows)


def _written_names(operation: Operation) -> tuple[str, ...]:
    """What ``writes`` may call an operation: ``orders.insert`` means one row and many."""
    if operation.change is None:
        return (operation.name,)
    return (*_names(operation), f"{operation.change.rows}.{operation.change.verb}")


def _matches(names: Iterable[str], pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in names)


def not_served(operation: Operation, settings: SourceSettings) -> str:
    names = _names(operation)
    if settings.include and not any(_matches(names, pattern) for pattern in settings.include):
        return "not among include"
    if any(_matches(names, pattern) for pattern in settings.exclude):
        return "named by exclude"
    if operation.effect is Effect.READ or settings.writes is True:
        return ""
    if settings.writes is False:
        return WRITES_ARE_OFF
    return "" if any(name in settings.writes for name in _written_names(operation)) else NOT_AMONG_WRITES
