"""What the database said of statements, kept on disk under their texts for starts without it. It holds no row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from resolvers.keep import Keep, code_of
from resolvers.sql.catalogue import PackedType, pack_type, unpack_type
from resolvers.sql.column import SqlType
from resolvers.sql.dialects import Described, TypeName
from resolvers.sql.settings import StatementSettings
from resolvers.sql.statements.looked import Looked

_HERE = Path(__file__).parents[1]


class _Described(msgspec.Struct, frozen=True, array_like=True):
    columns: tuple[tuple[str, PackedType | None], ...] | None
    sure: bool
    parameters: dict[str, tuple[PackedType, str]]


class _Looked(msgspec.Struct, frozen=True, array_like=True):
    free: _Described | None
    final: _Described


class KeptStatements:
    """Those of one source. ``place``: which database it is, without a password. ``types``: as of its dialect."""

    def __init__(
        self, folder: Path, name: str, place: str, schemas: Sequence[str], types: Mapping[str, type[SqlType]]
    ) -> None:
        about = msgspec.json.encode([name, place, list(schemas)])
        path = folder / f"statements-{sha256(name.encode()).hexdigest()[:16]}.msgpack"
        self._keep = Keep(path, (code_of(_HERE), about))
        self._types = types

    def load(self, statements: Mapping[str, StatementSettings]) -> dict[str, Looked]:
        """What was kept of those whose text and arguments are still the same."""
        content = self._keep.load()
        try:
            packed = {} if content is None else msgspec.msgpack.decode(content, type=dict[str, _Looked])
            found = {name: packed[text] for name, each in statements.items() if (text := _text(each)) in packed}
            return {name: Looked(self._described(each.free), self._sure(each.final)) for name, each in found.items()}
        except Exception:  # noqa: BLE001  # whatever is wrong with it, it is as good as absent
            return {}

    def save(self, statements: Mapping[str, StatementSettings], looked: Mapping[str, Looked]) -> None:
        """Keeps it; a type that cannot be packed only means that there is nothing to start from."""
        try:
            packed = {
                _text(statements[name]): _Looked(_packed(each.free), _packed_sure(each.final))
                for name, each in looked.items()
            }
            self._keep.save(msgspec.msgpack.encode(packed, enc_hook=str))
        except (TypeError, ValueError):
            return

    def _described(self, packed: _Described | None) -> Described | None:
        return None if packed is None else self._sure(packed)

    def _sure(self, packed: _Described) -> Described:
        columns = packed.columns
        made = None if columns is None else tuple(
            (name, None if typed is None else unpack_type(typed, self._types)) for name, typed in columns
        )  # fmt: skip
        parameters = {
            name: TypeName(unpack_type(typed, self._types), written)
            for name, (typed, written) in packed.parameters.items()
        }
        return Described(made, packed.sure, parameters)


def _text(settings: StatementSettings) -> str:
    return settings.model_dump_json(include={"sql", "arguments", "effect"})


def _packed(described: Described | None) -> _Described | None:
    return None if described is None else _packed_sure(described)


def _packed_sure(described: Described) -> _Described:
    columns = described.columns
    made = None if columns is None else tuple(
        (name, None if typed is None else pack_type(typed)) for name, typed in columns
    )  # fmt: skip
    parameters = {name: (pack_type(each.type), each.written) for name, each in described.parameters.items()}
    return _Described(made, described.sure, parameters)
