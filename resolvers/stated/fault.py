"""What is wrong with one statement, and how it names members and arguments."""

from __future__ import annotations

from resolvers.members import fields_of, inside, row_fields
from resolvers.model import Operation, SourceModel, unwrapped
from resolvers.problem import Problem, offered


class Fault(Exception):
    """A statement that does not fit the operation; ``where`` starts at the settings of the operation."""

    def __init__(self, what: str, *where: str, mend: str = "") -> None:
        super().__init__(what)
        self.problem = Problem(what, where, mend)


def no_field(model: SourceModel, operation: Operation, field: str, *where: str) -> Fault:
    """That rows have no such field, and where rows lie that have it."""
    opened = unwrapped(operation)
    deeper = next((path for path, ref in inside(model, opened.result) if field in fields_of(model, ref)), "")
    mend = f"state at: {'.'.join((*opened.at, deeper))}, since it is a field of what lies there" if deeper else ""
    return Fault(
        f'the result has no field "{field}"', *where, mend=mend or offered(field, row_fields(model, operation))
    )


def path_of(text: str, key: str) -> tuple[str, ...]:
    """The members that a dotted path names; ``key``: where it is stated."""
    path = tuple(text.split("."))
    if not all(path):
        raise Fault(f'"{text}" is not a path', key, mend="join members by single dots")
    return path
