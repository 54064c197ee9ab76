"""What SQLite refuses in a change, by its extended result codes (https://www.sqlite.org/rescode.html).

Which columns a constraint is on stands only in its message, which is taken apart here and goes no further.
"""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from resolvers.sql.dialects.violations import ConstraintKind, Forbidden, Refusal, Unkept, Violation

_KINDS: dict[str, ConstraintKind] = {
    "SQLITE_CONSTRAINT_UNIQUE": "unique",
    "SQLITE_CONSTRAINT_PRIMARYKEY": "unique",
    "SQLITE_CONSTRAINT_ROWID": "unique",
    "SQLITE_CONSTRAINT_FOREIGNKEY": "foreignKey",
    "SQLITE_CONSTRAINT_NOTNULL": "notNull",
    "SQLITE_CONSTRAINT_CHECK": "check",
}


def refusal(error: DBAPIError) -> Refusal | None:
    """What was refused; ``None`` for any other failure."""
    name = str(getattr(error.orig, "sqlite_errorname", None) or "")
    kind = _KINDS.get(name)
    if kind is None:
        if name in {"SQLITE_MISMATCH", "SQLITE_TOOBIG", "SQLITE_CONSTRAINT_DATATYPE"}:
            return Unkept()
        return Forbidden() if name in {"SQLITE_CONSTRAINT_TRIGGER", "SQLITE_READONLY", "SQLITE_AUTH"} else None
    where = str(error.orig).partition(" constraint failed: ")[2]
    if kind == "check":
        return Violation(kind, constraint=where)
    # "orders.id, orders.line": the table stands before each column, and names may hold dots and commas themselves.
    table = where.partition(".")[0]
    columns = where.removeprefix(f"{table}.").split(f", {table}.") if table != where else []
    return Violation(kind, table, columns=tuple(columns))
