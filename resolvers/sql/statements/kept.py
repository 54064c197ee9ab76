"""What the database said of statements, kept on disk under their texts for starts without it. It holds no row."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from resolvers.pinned import digest_of
from resolvers.review import reviewable
from resolvers.sql.catalogue import PackedType, pack_type, unpack_type
from resolvers.sql.column import SqlType
from resolvers.sql.dialects import Described, TypeName
from resolvers.sql.remembered import Remembered, Room
from resolvers.sql.settings import StatementSettings
from resolvers.sql.statements.looked import Looked


class _Described(msgspec.Struct, frozen=True, omit_defaults=True):
    columns: tuple[tuple[str, PackedType | None], ...] | None = None
    sure: bool = False
    parameters: dict[str, tuple[PackedType, str]] = {}


class _Looked(msgspec.Struct, frozen=True, omit_defaults=True):
    final: _Described
    free: _Described | None = None


class _Written(msgspec.Struct, frozen=True, omit_defaults=True):
    """``of``: the hash of the statement as it was when the database looked at it."""

    of: str
    looked: _Looked


class KeptStatements:
    """Those of one source. ``types``: as of its dialect."""

    def __init__(self, room: Room, types: Mapping[str, type[SqlType]]) -> None:
        def pack(looked: Mapping[str, Looked]) -> bytes:
            return msgspec.msgpack.encode({text: _packed_looked(each) for text, each in looked.items()}, enc_hook=str)

        def unpack(content: bytes) -> Mapping[str, Looked]:
            packed = msgspec.msgpack.decode(content, type=dict[str, _Looked])
            return {text: _unpacked(each, types) for text, each in packed.items()}

        self._kept = Remembered(room, "statements", pack, unpack)

    def load(self, statements: Mapping[str, StatementSettings]) -> dict[str, Looked]:
        """What was kept of those whose text and arguments are still the same."""
        kept = self._kept.load() or {}
        return {name: kept[text] for name, each in statements.items() if (text := _text(each)) in kept}

    def save(self, statements: Mapping[str, StatementSettings], looked: Mapping[str, Looked]) -> None:
        self._kept.save({_text(statements[name]): each for name, each in looked.items()})


def written_statements(statements: Mapping[str, StatementSettings], looked: Mapping[str, Looked]) -> bytes:
    """What the database said of statements, by their names, as text that people can review."""
    found = {
        name: _Written(digest_of(_text(statements[name]).encode()), _packed_looked(each))
        for name, each in sorted(looked.items())
    }
    return reviewable(msgspec.json.encode(found, enc_hook=str))


def read_looked(
    content: bytes, statements: Mapping[str, StatementSettings], types: Mapping[str, type[SqlType]]
) -> dict[str, Looked]:
    """What ``written_statements`` wrote of the statements that are still the same.

    Raises:
        ValueError, TypeError, AttributeError: it is no such text.
    """
    found = msgspec.json.decode(content, type=dict[str, _Written])
    return {
        name: _unpacked(found[name].looked, types)
        for name, each in statements.items()
        if name in found and found[name].of == digest_of(_text(each).encode())
    }


def _unpacked(packed: _Looked, types: Mapping[str, type[SqlType]]) -> Looked:
    def described(each: _Described) -> Described:
        made = None if each.columns is None else tuple(
            (name, None if typed is None else unpack_type(typed, types)) for name, typed in each.columns
        )  # fmt: skip
        parameters = {
            name: TypeName(unpack_type(typed, types), written) for name, (typed, written) in each.parameters.items()
        }
        return Described(made, each.sure, parameters)

    return Looked(None if packed.free is None else described(packed.free), described(packed.final))


def _text(settings: StatementSettings) -> str:
    return settings.model_dump_json(include={"sql", "arguments", "effect"})


def _packed_looked(looked: Looked) -> _Looked:
    return _Looked(_packed_sure(looked.final), _packed(looked.free))


def _packed(described: Described | None) -> _Described | None:
    return None if described is None else _packed_sure(described)


def _packed_sure(described: Described) -> _Described:
    columns = described.columns
    made = None if columns is None else tuple(
        (name, None if typed is None else pack_type(typed)) for name, typed in columns
    )  # fmt: skip
    parameters = {name: (pack_type(each.type), each.written) for name, each in described.parameters.items()}
    return _Described(made, described.sure, parameters)
