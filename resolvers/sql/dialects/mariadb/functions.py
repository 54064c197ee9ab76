"""The stored functions and procedures of MariaDB and MySQL, by two questions to ``information_schema``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, text

from resolvers.sql.dialects.declared import DeclaredArgument, DeclaredRoutine
from resolvers.sql.dialects.described import TypeName
from resolvers.sql.dialects.mariadb.types import declared_type

_ROUTINES = text("""
SELECT routine_schema AS s, specific_name AS name, routine_type AS kind, is_deterministic AS is_same,
       sql_data_access AS access, routine_comment AS comment
FROM information_schema.routines
WHERE routine_schema IN :schemas AND routine_type IN ('FUNCTION', 'PROCEDURE') ORDER BY routine_schema, specific_name
""").bindparams(bindparam("schemas", expanding=True))
_PARAMETERS = text("""
SELECT specific_schema AS s, specific_name AS name, routine_type AS kind, ordinal_position AS position,
       parameter_mode AS mode, parameter_name AS parameter, dtd_identifier AS declared, collation_name AS collation
FROM information_schema.parameters WHERE specific_schema IN :schemas ORDER BY ordinal_position
""").bindparams(bindparam("schemas", expanding=True))
_GIVES_BACK = (
    "it gives values back in its arguments: call it in a statement of the configuration that selects them instead"
)


def functions(connection: Connection, schemas: Sequence[str]) -> list[DeclaredRoutine]:
    """All of the ``schemas``, also those that cannot be served, with the reason."""
    asked = {"schemas": list(schemas)}
    parameters: dict[tuple[str, str, str], list[Any]] = defaultdict(list)
    for row in connection.execute(_PARAMETERS, asked).mappings():
        parameters[row["s"], row["kind"], row["name"]].append(row)
    default = str(connection.dialect.default_schema_name)
    rows = connection.execute(_ROUTINES, asked).mappings().all()
    return [_declared(row, parameters[row["s"], row["kind"], row["name"]], default) for row in rows]


def _declared(row: Any, parameters: Sequence[Any], default: str) -> DeclaredRoutine:
    procedure = row["kind"] == "PROCEDURE"
    given = [each for each in parameters if each["position"] > 0]
    result = next((each for each in parameters if each["position"] == 0), None)
    access, deterministic = row["access"], row["is_same"] == "YES"
    reads = access in {"READS SQL DATA", "NO SQL"} or (deterministic and access != "MODIFIES SQL DATA")
    return DeclaredRoutine(
        "" if row["s"] == default else row["s"],
        row["name"],
        procedure,
        reads=reads and not procedure,
        arguments=tuple(DeclaredArgument(each["parameter"] or "", _type(each)) for each in given),
        value=_type(result) if result is not None else None,
        comment=row["comment"] or "",
        refused=_GIVES_BACK if any(each["mode"] in {"OUT", "INOUT"} for each in given) else "",
    )


def _type(row: Any) -> TypeName:
    return TypeName(declared_type(row["declared"], row["collation"], is_json=False), row["declared"])
