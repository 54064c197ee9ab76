"""What PostgreSQL refuses in a change, by SQLSTATE and the fields of its message (PostgreSQL, appendix A)."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from resolvers.sql.dialects.violations import Clash, ConstraintKind, Forbidden, Refusal, Unkept, Violation

_KINDS: dict[str, ConstraintKind] = {
    "23505": "unique",
    "23P01": "unique",  # an exclusion constraint: no two rows may be alike in its own sense
    "23503": "foreignKey",
    "23001": "foreignKey",  # ON DELETE RESTRICT
    "23502": "notNull",
    "23514": "check",
    "44000": "check",  # the check option of a view
}
_CLASHES = frozenset({"40001", "40P01"})
_FORBIDDEN = ("42501", "25006", "0A000", "P0", "09", "38", "39")


def sqlstate(error: DBAPIError) -> str:
    """The SQLSTATE of an error, empty where it has none."""
    return str(getattr(error.orig, "sqlstate", None) or "")


def refusal(error: DBAPIError) -> Refusal | None:
    """What was refused; ``None`` for any other failure."""
    state = sqlstate(error)
    kind = _KINDS.get(state)
    if kind is not None:
        said = getattr(error.orig, "__cause__", None)
        column = getattr(said, "column_name", None)
        return Violation(
            kind,
            getattr(said, "table_name", None) or "",
            getattr(said, "constraint_name", None) or "",
            (column,) if column else (),
        )
    if state in _CLASHES:
        return Clash()
    if state.startswith("22"):
        return Unkept()
    return Forbidden() if state.startswith(_FORBIDDEN) else None
