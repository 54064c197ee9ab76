"""SQLite compiles a statement to explain it, and knows the names of the columns of a query; it has no types to tell."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, TextClause
from sqlalchemy.exc import DBAPIError

from resolvers.sql.dialects.described import Described, NotTaken


def describe(connection: Connection, query: TextClause, values: Mapping[str, object], *, reads: bool) -> Described:
    """What SQLite says of the statement, which it does not run. ``values``: any that fit, for the parameters.

    Raises:
        NotTaken: it cannot be compiled.
    """
    bound = query.bindparams(**values)
    compiled = bound.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    given = tuple(compiled.params[name] for name in getattr(compiled, "positiontup", None) or ())
    try:
        connection.exec_driver_sql(f"EXPLAIN {compiled}", given).close()
        if not reads:
            return Described(None)
        result = connection.exec_driver_sql(f"SELECT * FROM (\n{compiled}\n) LIMIT 0", given)  # noqa: S608  # the statement is the file's
        names = tuple(result.keys())
        result.close()
    except DBAPIError as error:
        raise NotTaken(str(error.orig)) from error
    return Described(tuple((name, None) for name in names))
