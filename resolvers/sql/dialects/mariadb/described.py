"""MariaDB and MySQL prepare a statement, and tell the columns of a query that is made to give no row.

They tell no types of parameters, and of columns the form in which values travel: that is a guess to be confirmed.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, TextClause, types
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import DBAPIError

from resolvers.sql.column import SqlType
from resolvers.sql.dialects.described import Described, NotTaken
from resolvers.sql.dialects.mariadb.refusals import error_number

_TRAVELS: Mapping[int, SqlType] = {
    **dict.fromkeys((1, 2, 3, 9), types.INTEGER()),
    **dict.fromkeys((4, 5), types.FLOAT()),
    **dict.fromkeys((7, 12), types.DATETIME()),
    **dict.fromkeys((0, 246), types.NUMERIC()),
    8: types.BIGINT(),
    10: types.DATE(),
    11: types.TIME(),
    13: types.INTEGER(),
    245: types.JSON(),
}
"""Column types of the protocol (``MYSQL_TYPE_…``); all others travel as text."""

_A_MOMENT = {True: "SET max_statement_time = 1", False: "SET max_execution_time = 1000"}
_OUT_OF_TIME = frozenset({1969, 3024})


def describe(connection: Connection, query: TextClause, values: Mapping[str, object], *, reads: bool) -> Described:
    """What the server says of the statement, which it does not run. ``values``: any that fit, for the parameters.

    Raises:
        NotTaken: it cannot be prepared.
    """
    bound = query.bindparams(**values)
    marked = bound.compile(
        dialect=mysql.dialect(paramstyle="qmark"),
        compile_kwargs={"render_postcompile": True},
    )
    compiled = bound.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    given = tuple(compiled.params[name] for name in getattr(compiled, "positiontup", None) or ())
    try:
        if not reads:  # a change is not even prepared where nothing may be changed
            connection.exec_driver_sql("START TRANSACTION READ WRITE")
        connection.exec_driver_sql("SET @isthmus = %s", (str(marked),))
        connection.exec_driver_sql("PREPARE isthmus FROM @isthmus")
        connection.exec_driver_sql("DEALLOCATE PREPARE isthmus")
        if not reads:
            return Described(None)
        # Some servers make the rows of a query in a query before they look at its limit: they get a moment for it.
        connection.exec_driver_sql(_A_MOMENT[bool(getattr(connection.dialect, "is_mariadb", False))])
        result = connection.exec_driver_sql(f"SELECT * FROM (\n{compiled}\n) AS isthmus LIMIT 0", given)  # noqa: S608  # the statement is the file's
        assert result.cursor is not None
        columns = tuple((str(name), _TRAVELS.get(int(str(kind)))) for name, kind, *_ in result.cursor.description)
        result.close()
    except DBAPIError as error:
        if error_number(error) in _OUT_OF_TIME:
            return Described(None)
        raise NotTaken(str(getattr(error.orig, "args", ("",))[-1])) from error
    return Described(columns)
