"""The custom scalars, exact in both directions: what a source or a caller says is taken as it is or refused.

``BigInt`` and ``Decimal`` travel as strings, since JSON numbers lose digits in most clients; as input they are
accepted as numbers too. A value that is refused is never echoed: it may be somebody's secret.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation

from graphql import (
    FloatValueNode,
    GraphQLBoolean,
    GraphQLError,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLScalarType,
    GraphQLString,
    IntValueNode,
    StringValueNode,
    ValueNode,
)

from resolvers import Scalar

_MAX_DIGITS = 1000
_TOO_FINE = re.compile(r"[.,]\d{6}\d*[1-9]", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)


def _big_int(value: object) -> str:
    return str(_parse_big_int(value))


def _parse_big_int(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise GraphQLError("BigInt takes a whole number")
    text = str(value) if isinstance(value, int) and abs(value) < 10**_MAX_DIGITS else value
    if not isinstance(text, str) or len(text) > _MAX_DIGITS or not re.fullmatch(r"[+-]?\d+", text, re.ASCII):
        raise GraphQLError("BigInt takes a whole number")
    return int(text)


def _decimal(value: object) -> str:
    number = _parse_decimal(str(value) if isinstance(value, float) else value)
    return format(number, "f") if abs(number.adjusted()) < _MAX_DIGITS else str(number)


def _parse_decimal(value: object) -> Decimal:
    if isinstance(value, bool):
        raise GraphQLError("Decimal takes a number")
    try:
        if isinstance(value, str) and not (len(value) <= _MAX_DIGITS and _DECIMAL.fullmatch(value)):
            raise GraphQLError("Decimal takes a number")
        number = Decimal(str(value) if isinstance(value, float) else value)  # type: ignore[arg-type]  # checked below
    except (InvalidOperation, TypeError, ValueError) as error:
        raise GraphQLError("Decimal takes a number") from error
    if not number.is_finite():
        raise GraphQLError("Decimal takes a finite number")
    return number


def _parse_date_time(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and len(value) <= 64 and re.match(r"\d{4}-\d\d-\d\d[Tt ]", value, re.ASCII):
        try:
            return datetime.fromisoformat(value.upper().replace(" ", "T", 1))
        except ValueError:
            pass
    raise GraphQLError("DateTime takes a date and time of RFC 3339, as 2026-01-31T12:00:00Z")


def _date_time(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    _parse_date_time(value)
    return str(value)


def _parse_date(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise GraphQLError("Date takes a date, as 2026-01-31")


def _date(value: object) -> str:
    # An xs:date may carry a zone; it is handed on as it stands once the day itself is a day.
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d(Z|[+-]\d\d:\d\d)", value, re.ASCII):
        _parse_date(value[:10])
        return value
    return _parse_date(value).isoformat()


def _parse_time(value: object) -> time:
    if isinstance(value, time):
        return value
    if isinstance(value, str) and len(value) <= 32 and re.match(r"\d\d:\d\d", value, re.ASCII):
        try:
            return time.fromisoformat(value)
        except ValueError:
            pass
    raise GraphQLError("Time takes a time of day, as 12:30:00")


def _time(value: object) -> str:
    parsed = _parse_time(value)
    return value if isinstance(value, str) else parsed.isoformat()


def _parse_uuid(value: object) -> uuid.UUID:
    if isinstance(value, uuid.UUID):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value):
        return uuid.UUID(value)
    raise GraphQLError("UUID takes 32 hexadecimal digits in five groups")


def _base64(value: object) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    _parse_base64(value)
    return str(value)


def _parse_base64(value: object) -> bytes:
    if isinstance(value, bytes):
        return value  # a file that came beside the request; JSON has no bytes
    if isinstance(value, str):
        try:
            return base64.b64decode("".join(value.split()), validate=True)
        except (binascii.Error, ValueError):
            pass
    raise GraphQLError("Base64 takes bytes in the alphabet of RFC 4648")


def _not_too_fine(parse: Callable[[object], object]) -> Callable[[object], object]:
    """Python's clocks know microseconds, and would leave out the digits behind them without a word."""

    def taken(value: object) -> object:
        if isinstance(value, str) and _TOO_FINE.search(value):
            raise GraphQLError("at most six digits of a second can be taken")
        return parse(value)

    return taken


def _same(value: object) -> object:
    return value


def _scalar(
    name: Scalar,
    description: str,
    url: str,
    serialize: Callable[[object], object],
    parse: Callable[[object], object],
) -> GraphQLScalarType:
    def literal(node: ValueNode, _variables: object = None) -> object:
        if isinstance(node, StringValueNode | IntValueNode) or (
            name is Scalar.DECIMAL and isinstance(node, FloatValueNode)
        ):
            return parse(node.value)
        raise GraphQLError(f"{name} takes a string")

    if name is Scalar.JSON:
        return GraphQLScalarType(
            name, serialize=serialize, parse_value=parse, description=description, specified_by_url=url
        )
    return GraphQLScalarType(
        name,
        serialize=serialize,
        parse_value=parse,
        parse_literal=literal,
        description=description,
        specified_by_url=url,
    )


SCALARS = {
    Scalar.STRING: GraphQLString,
    Scalar.ID: GraphQLID,
    Scalar.INT: GraphQLInt,
    Scalar.FLOAT: GraphQLFloat,
    Scalar.BOOLEAN: GraphQLBoolean,
    Scalar.BIG_INT: _scalar(
        Scalar.BIG_INT,
        "A whole number of any size, written as a string.",
        "https://www.rfc-editor.org/rfc/rfc8259#section-6",
        _big_int,
        _parse_big_int,
    ),
    Scalar.DECIMAL: _scalar(
        Scalar.DECIMAL,
        "A decimal number, exact to its last digit, written as a string.",
        "https://www.w3.org/TR/xmlschema-2/#decimal",
        _decimal,
        _parse_decimal,
    ),
    Scalar.DATE_TIME: _scalar(
        Scalar.DATE_TIME,
        "A date and time; with its zone where the source gives one.",
        "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        _date_time,
        _not_too_fine(_parse_date_time),
    ),
    Scalar.DATE: _scalar(
        Scalar.DATE,
        "A day of the calendar.",
        "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        _date,
        _parse_date,
    ),
    Scalar.TIME: _scalar(
        Scalar.TIME,
        "A time of day.",
        "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        _time,
        _not_too_fine(_parse_time),
    ),
    Scalar.UUID: _scalar(
        Scalar.UUID,
        "A universally unique identifier.",
        "https://www.rfc-editor.org/rfc/rfc9562",
        lambda value: str(_parse_uuid(value)),
        _parse_uuid,
    ),
    Scalar.BASE64: _scalar(
        Scalar.BASE64,
        "Bytes, written in base64.",
        "https://www.rfc-editor.org/rfc/rfc4648#section-4",
        _base64,
        _parse_base64,
    ),
    Scalar.JSON: _scalar(
        Scalar.JSON,
        "Any value that JSON can say.",
        "https://www.rfc-editor.org/rfc/rfc8259",
        _same,
        _same,
    ),
}
