"""What MariaDB and MySQL refuse in a change, by their error numbers.

Which constraint it is stands only in their messages, which are taken apart here and go no further.
"""

from __future__ import annotations

import re

from sqlalchemy.exc import DBAPIError

from resolvers.sql.dialects.violations import Clash, ConstraintKind, Forbidden, Refusal, Unkept, Violation

_KINDS: dict[int, ConstraintKind] = {
    **dict.fromkeys((1062, 1169, 1586), "unique"),
    **dict.fromkeys((1216, 1217, 1451, 1452), "foreignKey"),
    **dict.fromkeys((1048, 1364), "notNull"),
    **dict.fromkeys((3819, 4025), "check"),
}
_CLASHES = frozenset({1020, 1213})
_UNKEPT = frozenset({1264, 1265, 1292, 1366, 1406, 1411, 1690, 3140, 4038})
_FORBIDDEN = frozenset({1142, 1143, 1227, 1290, 1369, 1370, 1644, 1792, 1836})
_REFERENCE = re.compile(r"\(`(?:[^`]|``)*`\.`((?:[^`]|``)+)`, CONSTRAINT `((?:[^`]|``)+)`")
_QUOTED = re.compile(r"['`]([^'`]+)['`]")


def refusal(error: DBAPIError) -> Refusal | None:
    """What was refused; ``None`` for any other failure."""
    number = error_number(error)
    kind = _KINDS.get(number)
    if kind is not None:
        said: tuple[object, ...] = getattr(error.orig, "args", ())
        return _violation(kind, str(said[-1]))
    if number in _CLASHES:
        return Clash()
    if number in _UNKEPT:
        return Unkept()
    return Forbidden() if number in _FORBIDDEN else None


def error_number(error: DBAPIError) -> int:
    """The number of an error, 0 where it has none."""
    args: tuple[object, ...] = getattr(error.orig, "args", ())
    return args[0] if args and isinstance(args[0], int) else 0


def _violation(kind: ConstraintKind, message: str) -> Violation:
    if kind == "unique":
        # A value of the row stands before the key's name, so the last word counts.
        name = message.rpartition(" for key ")[2].strip("')\"")
        return Violation(kind, constraint=name.rpartition(".")[2])
    if kind == "foreignKey":
        found = _REFERENCE.search(message)
        return Violation(kind, found[1], found[2]) if found else Violation(kind)
    named = _QUOTED.findall(message)
    if not named:
        return Violation(kind)
    if kind == "notNull":
        return Violation(kind, columns=(named[0],))
    # That of a column alone is called `table.column`, and in the catalogue as the column.
    return Violation(kind, constraint=named[0].removeprefix(f"{named[-1]}."))
