"""The arguments of a statement: what is stated of them, and as what the database takes them.

Where the database itself finds the type of a parameter, that is taken if the stated type fits it; otherwise the value
is brought to the stated type in the statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Column

from resolvers.errors import BadRequest
from resolvers.model import Argument, EnumType, ListRef, NamedRef, Place, Scalar, TypeRef
from resolvers.problem import Key
from resolvers.sql.catalogue import Catalogue
from resolvers.sql.column import SqlColumn
from resolvers.sql.dialects import TypeName
from resolvers.sql.routines import NoType, Parameter, read_type, takes
from resolvers.sql.settings import ArgumentSettings

_PROBES: Mapping[Scalar, object] = {
    Scalar.STRING: "1",
    Scalar.ID: "1",
    Scalar.INT: 1,
    Scalar.BIG_INT: 1,
    Scalar.FLOAT: 1.0,
    Scalar.DECIMAL: "1",
    Scalar.BOOLEAN: True,
    Scalar.DATE_TIME: "2000-01-01T00:00:00Z",
    Scalar.DATE: "2000-01-01",
    Scalar.TIME: "00:00:00",
    Scalar.UUID: "00000000-0000-0000-0000-000000000000",
    Scalar.BASE64: "",
    Scalar.JSON: 1,
}


class Unfitting(ValueError):
    """``where``: the keys below those of the statement."""

    def __init__(self, what: str, *where: Key, mend: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.mend = what, where, mend


@dataclass(frozen=True, slots=True)
class Stated:
    """``scalar``: its type, or that of its items; ``enum``: the values it may have."""

    name: str
    ref: TypeRef
    scalar: Scalar
    settings: ArgumentSettings
    enum: tuple[str, ...] = ()

    @property
    def many(self) -> bool:
        return isinstance(self.ref, ListRef)

    @property
    def required(self) -> bool:
        return not self.ref.nullable and self.settings.default is None

    def plain(self, catalogue: Catalogue) -> Parameter:
        """As what nothing but its stated type says; a database that casts is told that type."""
        dialect = catalogue.dialect
        kind = dialect.plain_type(self.scalar)
        return self._parameter(dialect.column(Column(self.name, kind.type)), cast=self._list(kind.written))

    def fitted(self, catalogue: Catalogue, found: TypeName | None) -> Parameter:
        """As what the database wants there, where the stated type fits that; otherwise as ``plain``."""
        if found is None:
            return self.plain(catalogue)
        wanted = catalogue.dialect.column(Column(self.name, found.type))
        if wanted.array != self.many or not takes(self.scalar, wanted):
            return self.plain(catalogue)
        by_text = bool(wanted.degraded)
        if by_text:  # it is text until the database itself reads it
            text = catalogue.dialect.plain_type(Scalar.STRING)
            return replace(
                self._parameter(catalogue.dialect.column(Column(self.name, text.type)), cast=found.written),
                by_text=True,
            )
        return self._parameter(replace(wanted, array=False), cast="")

    def _parameter(self, column: SqlColumn, *, cast: str) -> Parameter:
        return Parameter(
            self.name, column, self.many, cast, default=self.settings.default, required=not self.ref.nullable
        )

    def _list(self, written: str) -> str:
        return f"{written}[]" if self.many and written else written

    def probe(self, parameter: Parameter) -> object:
        """A value that stands for any, where a database looks at a statement with values alone."""
        value: object = self.settings.default
        if value is None:
            value = self.enum[0] if self.enum else _PROBES[self.scalar]
            value = [value] if self.many else value
        return parameter.value(value)

    def argument(self, place: Place) -> Argument:
        """As the neutral form has it."""
        return Argument(
            self.name,
            self.ref,
            required=self.required,
            default=self.settings.default,
            description=self.settings.description,
            place=place,
        )


def read_argument(
    name: str, given: str | ArgumentSettings, enums: Mapping[str, EnumType], catalogue: Catalogue
) -> Stated:
    """What is stated of one argument.

    Raises:
        Unfitting: its type is none, or its default does not fit it.
    """
    settings = ArgumentSettings(type=given) if isinstance(given, str) else given
    where: tuple[Key, ...] = ("arguments", name) if isinstance(given, str) else ("arguments", name, "type")
    try:
        ref = read_type(settings.type, enums)
    except NoType as error:
        raise Unfitting(error.what, *where, mend=error.mend) from None
    item = ref.item if isinstance(ref, ListRef) else ref
    values: tuple[str, ...] = ()
    if isinstance(item, NamedRef):
        values = tuple(str(value.value) for value in enums[item.name].values)
    scalar = Scalar.STRING if isinstance(item, (ListRef, NamedRef)) else item.scalar
    stated = Stated(name, ref, scalar, settings, values)
    default = settings.default
    if default is not None:
        try:
            stated.plain(catalogue).value(default)
        except BadRequest as error:
            raise Unfitting(
                f"its default does not fit {settings.type}: {error}", "arguments", name, "default"
            ) from None
        given_values = default if isinstance(default, list) else [default]
        if values and not set(map(str, given_values)) <= set(values):
            raise Unfitting(f"its default is no value of {settings.type}", "arguments", name, "default")
    return stated
