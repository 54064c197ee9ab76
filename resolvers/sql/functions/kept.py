"""The functions and procedures that a database declared, kept on disk for starts without it. No body is among it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from resolvers.keep import Keep, code_of
from resolvers.review import reviewable
from resolvers.sql.catalogue import PackedType, pack_type, unpack_type
from resolvers.sql.column import SqlType
from resolvers.sql.dialects import DeclaredArgument, DeclaredRoutine, TypeName

_HERE = Path(__file__).parents[1]


class _Type(msgspec.Struct, frozen=True, omit_defaults=True):
    type: PackedType
    written: str


class _Argument(msgspec.Struct, frozen=True, omit_defaults=True):
    name: str
    type: _Type
    optional: bool = False
    out: bool = False


class _Routine(msgspec.Struct, frozen=True, omit_defaults=True):
    schema: str
    name: str
    procedure: bool = False
    reads: bool = False
    strict: bool = False
    many: bool = False
    arguments: tuple[_Argument, ...] = ()
    columns: tuple[tuple[str, _Type], ...] = ()
    value: _Type | None = None
    table: tuple[str, str] | None = None
    comment: str = ""
    refused: str = ""


class KeptFunctions:
    """Those of one source. ``place``: which database it is, without a password. ``types``: as of its dialect."""

    def __init__(
        self, folder: Path, name: str, place: str, schemas: Sequence[str], types: Mapping[str, type[SqlType]]
    ) -> None:
        about = msgspec.json.encode([name, place, list(schemas)])
        path = folder / f"functions-{sha256(name.encode()).hexdigest()[:16]}.msgpack"
        self._keep = Keep(path, (code_of(_HERE), about))
        self._types = types

    def load(self) -> list[DeclaredRoutine]:
        """What was kept; nothing where there is none."""
        content = self._keep.load()
        try:
            packed = [] if content is None else msgspec.msgpack.decode(content, type=list[_Routine])
            return [_unpacked(each, self._types) for each in packed]
        except Exception:  # noqa: BLE001  # whatever is wrong with it, it is as good as absent
            return []

    def save(self, declared: Sequence[DeclaredRoutine]) -> None:
        """Keeps them; a type that cannot be packed only means that there is nothing to start from."""
        try:
            self._keep.save(msgspec.msgpack.encode([_packed(each) for each in declared], enc_hook=str))
        except (TypeError, ValueError):
            return


def written_functions(declared: Sequence[DeclaredRoutine]) -> bytes:
    """Functions and procedures as text that people can review, sorted by their names."""
    routines = sorted(map(_packed, declared), key=lambda each: (each.schema, each.name, len(each.arguments)))
    return reviewable(msgspec.json.encode(routines, enc_hook=str))


def read_functions(content: bytes, types: Mapping[str, type[SqlType]]) -> list[DeclaredRoutine]:
    """What ``written_functions`` wrote.

    Raises:
        ValueError, TypeError, AttributeError: it is no such text.
    """
    return [_unpacked(each, types) for each in msgspec.json.decode(content, type=list[_Routine])]


def _unpacked(packed: _Routine, types: Mapping[str, type[SqlType]]) -> DeclaredRoutine:
    def typed(each: _Type) -> TypeName:
        return TypeName(unpack_type(each.type, types), each.written)

    return DeclaredRoutine(
        packed.schema,
        packed.name,
        packed.procedure,
        packed.reads,
        tuple(DeclaredArgument(each.name, typed(each.type), each.optional, each.out) for each in packed.arguments),
        packed.strict,
        packed.many,
        tuple((column, typed(each)) for column, each in packed.columns),
        None if packed.value is None else typed(packed.value),
        packed.table,
        packed.comment,
        packed.refused,
    )


def _packed(routine: DeclaredRoutine) -> _Routine:
    return _Routine(
        routine.schema,
        routine.name,
        routine.procedure,
        routine.reads,
        routine.strict,
        routine.many,
        tuple(_Argument(each.name, _type(each.type), each.optional, each.out) for each in routine.arguments),
        tuple((name, _type(each)) for name, each in routine.columns),
        None if routine.value is None else _type(routine.value),
        routine.table,
        routine.comment,
        routine.refused,
    )


def _type(name: TypeName) -> _Type:
    return _Type(pack_type(name.type), name.written)
