"""Answers and rows brought to one form, in which they can be compared whatever database gave them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

from graphql import DocumentNode, FieldNode, OperationDefinitionNode, SelectionSetNode, parse

_STRING = re.compile(r"('(?:[^']|'')*')")
_WHEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_NAME = re.compile(r"\b[a-z]+(?:_[a-z]+)*\b")
_TABLES = {
    "album", "artist", "customer", "employee", "genre", "invoice", "invoice_line", "media_type", "playlist",
    "playlist_track", "track",
}  # fmt: skip
Row = tuple[object, ...]


def spelled(sql: str, *, pascal: bool) -> str:
    """The SQL with names as the database spells them; SQL's own words and texts stay."""
    if not pascal:
        return sql
    parts = _STRING.split(sql)
    return "".join(part if index % 2 else _NAME.sub(_pascal, part) for index, part in enumerate(parts))


def _pascal(found: re.Match[str]) -> str:
    name = found.group()
    return name.title().replace("_", "") if "_" in name or name in _TABLES else name


def rows_of_answer(query: str, data: Mapping[str, Any]) -> list[Row]:
    """The leaves of an answer as the rows of an outer join."""
    document: DocumentNode = parse(query)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return list(_object(operation.selection_set, data))


def _object(selections: SelectionSetNode, value: Mapping[str, Any] | None) -> Iterator[Row]:
    parts = [list(_field(field, None if value is None else value[_key(field)])) for field in _fields(selections)]
    for combination in product(*parts):
        yield tuple(leaf for part in combination for leaf in part)


def _field(field: FieldNode, value: Any) -> Iterator[Row]:
    if field.selection_set is None:
        yield (_plain(value),)
    elif isinstance(value, list) and value:
        for item in value:
            yield from _object(field.selection_set, item)
    else:
        yield from _object(field.selection_set, value or None)


def _fields(selections: SelectionSetNode) -> Iterator[FieldNode]:
    for selection in selections.selections:
        assert isinstance(selection, FieldNode), "the queries have no fragments"
        yield selection


def _key(field: FieldNode) -> str:
    return (field.alias or field.name).value


def rows_of_sql(rows: Iterable[Sequence[object]]) -> list[Row]:
    """The rows of another driver. SQL gives no row where the answer has one of nulls."""
    return [tuple(_plain(value) for value in row) for row in rows]


def _plain(value: object) -> object:
    """Numbers as numbers, days and times as ISO 8601 has them, bytes in base64."""
    match value:
        case memoryview() | bytes():
            return base64.b64encode(value).decode()
        case date():  # and a datetime, which is one
            return value.isoformat()
        case int() | float() | Decimal() if not isinstance(value, bool):
            return Decimal(str(value))
        case str() if _WHEN.fullmatch(value):
            return value.replace(" ", "T")
        case str() if _NUMBER.fullmatch(value):
            return Decimal(value)
    return value
