"""The functions and procedures that a database declared, kept on disk for starts without it. No body is among it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from resolvers.review import reviewable
from resolvers.sql.catalogue import PackedType, pack_type, unpack_type
from resolvers.sql.column import SqlType
from resolvers.sql.dialects import DeclaredArgument, DeclaredRoutine, TypeName
from resolvers.sql.remembered import Remembered, Room


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


def kept_functions(room: Room, types: Mapping[str, type[SqlType]]) -> Remembered[Sequence[DeclaredRoutine]]:
    """Those of one source. ``types``: as of its dialect."""

    def pack(declared: Sequence[DeclaredRoutine]) -> bytes:
        return msgspec.msgpack.encode([_packed(each) for each in declared], enc_hook=str)

    def unpack(content: bytes) -> Sequence[DeclaredRoutine]:
        return [_unpacked(each, types) for each in msgspec.msgpack.decode(content, type=list[_Routine])]

    return Remembered(room, "functions", pack, unpack)


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
