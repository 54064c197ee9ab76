"""The functions and procedures of PostgreSQL, by three questions to its catalogue whatever their number.

Those of extensions, and those that this user may not call, are left alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.util.concurrency import await_

from resolvers.sql.dialects.declared import DeclaredArgument, DeclaredRoutine
from resolvers.sql.dialects.described import TypeName
from resolvers.sql.dialects.postgresql.described import driver, types_of

_FUNCTIONS = """
SELECT n.nspname AS schema, p.proname AS name, p.prokind::text AS kind, p.provolatile::text AS volatility,
       p.proretset AS many, p.prorettype::bigint AS result, p.proisstrict AS strict, p.proargnames AS names,
       p.proargmodes::text[] AS modes, COALESCE(p.proallargtypes, p.proargtypes::oid[])::bigint[] AS types,
       p.pronargdefaults AS optional, p.provariadic <> 0 AS variadic,
       obj_description(p.oid, 'pg_proc') AS comment, r.relname AS relation, rn.nspname AS relation_schema,
       r.oid::bigint AS relation_id, r.relkind::text AS relation_kind
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_type t ON t.oid = p.prorettype
LEFT JOIN pg_class r ON r.oid = t.typrelid
LEFT JOIN pg_namespace rn ON rn.oid = r.relnamespace
WHERE n.nspname = ANY($1::text[]) AND p.prokind IN ('f', 'p') AND has_function_privilege(p.oid, 'EXECUTE')
  AND NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
  )
ORDER BY n.nspname, p.proname, p.proargtypes::text
"""
_COLUMNS = """
SELECT attrelid::bigint AS relation, attname AS name, atttypid::bigint AS type FROM pg_attribute
WHERE attrelid = ANY($1::oid[]) AND attnum > 0 AND NOT attisdropped ORDER BY attrelid, attnum
"""
_MACHINERY = {
    "trigger": "it is called by a trigger alone",
    "event_trigger": "it is called by a trigger alone",
    "internal": "it is called by the server alone",
    "cstring": "it is called by the server alone",
    "language_handler": "it is called by the server alone",
    "fdw_handler": "it is called by the server alone",
    "index_am_handler": "it is called by the server alone",
    "table_am_handler": "it is called by the server alone",
    "tsm_handler": "it is called by the server alone",
}


def functions(connection: Connection, schemas: Sequence[str]) -> list[DeclaredRoutine]:
    """All of the ``schemas``, also those that cannot be served, with the reason."""
    rows = await_(driver(connection).fetch(_FUNCTIONS, list(schemas)))
    relations = sorted({row["relation_id"] for row in rows if row["relation_id"]})
    columns: dict[int, list[Any]] = defaultdict(list)
    for column in await_(driver(connection).fetch(_COLUMNS, relations)):
        columns[column["relation"]].append(column)
    numbers = {number for row in rows for number in (row["result"], *row["types"])}
    known = types_of(connection, numbers | {column["type"] for each in columns.values() for column in each})
    default = str(connection.dialect.default_schema_name)
    return [_declared(row, columns.get(row["relation_id"], ()), known, default) for row in rows]


def _declared(row: Any, columns: Sequence[Any], known: Mapping[int, TypeName], default: str) -> DeclaredRoutine:
    names = list(row["names"] or [])
    modes = list(row["modes"] or [])
    types = [known[number] for number in row["types"]]
    parts = [
        (names[index] if index < len(names) else "", modes[index] if index < len(modes) else "i", each)
        for index, each in enumerate(types)
    ]
    taken = [index for index, (_, mode, _) in enumerate(parts) if mode in "ib"]
    optional = set(taken[len(taken) - row["optional"] :]) if row["optional"] else set()
    procedure = row["kind"] == "p"
    arguments = tuple(
        DeclaredArgument(name, each, index in optional, out=mode == "o")
        for index, (name, mode, each) in enumerate(parts)
        if mode in "ib" or (procedure and mode == "o")
    )
    given = [(name, each) for name, mode, each in parts if mode in "bot"]
    result = known[row["result"]]
    rows: list[tuple[str, TypeName]] = []
    value: TypeName | None = None
    if columns:
        rows = [(column["name"], known[column["type"]]) for column in columns]
    elif procedure or len(given) > 1 or (given and "t" in modes):
        rows = [(name or f"column{index}", each) for index, (name, each) in enumerate(given, 1)]
    elif result.written != "void":
        value = result
    table = columns and row["relation_kind"] in set("rpvmf")
    return DeclaredRoutine(
        "" if row["schema"] == default else row["schema"],
        row["name"],
        procedure,
        reads=row["volatility"] in {"i", "s"} and not procedure,
        arguments=arguments,
        strict=row["strict"],
        many=row["many"],
        columns=tuple(rows),
        value=value,
        table=("" if row["relation_schema"] == default else row["relation_schema"], row["relation"]) if table else None,
        comment=row["comment"] or "",
        refused=_refused(row, [*types, result], value),
    )


def _refused(row: Any, types: Sequence[TypeName], value: TypeName | None) -> str:
    if row["variadic"]:
        return "it takes any number of arguments (VARIADIC)"
    for each in types:
        if each.written in _MACHINERY:
            return _MACHINERY[each.written]
        if each.written.startswith("any"):
            return "its types hang on what it is given (polymorphic)"
    if value is not None and value.written in {"record", "record[]"}:
        return "the columns of its rows are not declared"
    return ""
