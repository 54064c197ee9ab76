"""A type as MariaDB and MySQL write it in their catalogue (``decimal(10,2) unsigned``), read into SQLAlchemy's."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import types
from sqlalchemy.dialects import mysql

from resolvers.sql.column import SqlType

_FORM = re.compile(r"(?P<name>[a-zA-Z0-9]+)(?:\((?P<inside>.*)\))?(?P<rest>[a-zA-Z0-9 _/*!=]*)", re.DOTALL)
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_NUMBERS = re.compile(r"[0-9]+(,[0-9]+)?")


class Geometry(types.UserDefinedType[object]):
    """A geometry of any kind, which has no counterpart."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "GEOMETRY"


@dataclass(frozen=True, slots=True)
class _Declared:
    """What stands with a type's name: the numbers or the quoted values in its brackets, what follows, its collation."""

    numbers: tuple[int, ...]
    values: tuple[str, ...]
    unsigned: bool
    collation: str | None

    @property
    def first(self) -> int | None:
        return self.numbers[0] if self.numbers else None


_Maker = Callable[[_Declared], SqlType]


def _text(made: _Declared) -> SqlType:
    return mysql.VARCHAR(made.first, collation=made.collation)


def _bytes(_made: _Declared) -> SqlType:
    return types.LargeBinary()


def _geometry(_made: _Declared) -> SqlType:
    return Geometry()


def _decimal(made: _Declared) -> SqlType:
    precision, scale = (*made.numbers, None, None)[:2]
    return mysql.DECIMAL(precision, scale, unsigned=made.unsigned)


_MAKERS: Mapping[str, _Maker] = {
    "tinyint": lambda made: mysql.TINYINT(display_width=made.first, unsigned=made.unsigned),
    "smallint": lambda made: mysql.SMALLINT(unsigned=made.unsigned),
    "mediumint": lambda made: mysql.MEDIUMINT(unsigned=made.unsigned),
    "int": lambda made: mysql.INTEGER(unsigned=made.unsigned),
    "bigint": lambda made: mysql.BIGINT(unsigned=made.unsigned),
    "decimal": _decimal,
    "float": lambda made: mysql.FLOAT(unsigned=made.unsigned),
    "double": lambda made: mysql.DOUBLE(unsigned=made.unsigned),
    "bit": lambda made: mysql.BIT(made.first or 1),
    "year": lambda _made: mysql.YEAR(),
    "date": lambda _made: types.DATE(),
    "datetime": lambda made: mysql.DATETIME(fsp=made.first),
    "timestamp": lambda made: mysql.TIMESTAMP(timezone=True, fsp=made.first),
    "time": lambda made: mysql.TIME(fsp=made.first),
    "char": lambda made: mysql.CHAR(made.first, collation=made.collation),
    "enum": lambda made: mysql.ENUM(*made.values),
    "set": lambda made: mysql.SET(*made.values, retrieve_as_bitwise="" in made.values),
    "json": lambda _made: mysql.JSON(),
    "uuid": lambda _made: types.UUID(),
    **dict.fromkeys(("varchar", "tinytext", "text", "mediumtext", "longtext", "inet4", "inet6"), _text),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), _bytes),
    **dict.fromkeys(("geometry", "point", "linestring", "polygon", "geometrycollection", "geomcollection"), _geometry),
    **dict.fromkeys(("multipoint", "multilinestring", "multipolygon"), _geometry),
}


def declared_type(declared: str, collation: str | None, *, is_json: bool) -> SqlType:
    """The type of a column; ``NullType`` where it is not known. ``is_json``: text that a constraint holds to JSON."""
    found = _FORM.fullmatch(declared.strip())
    maker = _MAKERS.get(found["name"].lower()) if found is not None else None
    if found is None or maker is None:
        return types.NullType()
    if is_json:
        return mysql.JSON()
    inside = found["inside"] or ""
    numbers = tuple(int(part) for part in inside.split(",")) if _NUMBERS.fullmatch(inside) else ()
    values = tuple(value.replace("''", "'") for value in _QUOTED.findall(inside))
    return maker(_Declared(numbers, values, "unsigned" in found["rest"].lower(), collation))
