"""What the settings of one source say of keeping its answers, held against its model. Pure: problems are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from pydantic import BaseModel, SecretStr

from resolvers.cache.told import Told
from resolvers.lifetime import Lifetime
from resolvers.model import Effect, Operation, SourceModel
from resolvers.problem import Problem
from resolvers.settings import CacheSettings, OperationSettings, SourceSettings


@dataclass(slots=True)
class Stated:
    """``lifetimes`` by operation, ``invalidates`` by write."""

    lifetimes: dict[str, Lifetime] = field(default_factory=dict)
    invalidates: dict[str, Sequence[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def stated(model: SourceModel, settings: SourceSettings, told: Told) -> Stated:
    """What is kept of each operation; paths of problems start at the source's own settings."""
    found = Stated()
    if settings.cache is not None:
        _check_scope(settings.cache, told, ("cache", "scope"), found)
    for name, operation in model.operations.items():
        said = settings.operations.get(name, _SILENT)
        if operation.effect is not Effect.READ:
            if said.cache not in (None, False):
                what = "answers of writes are never kept"
                found.problems.append(Problem(what, ("operations", name, "cache"), "remove it"))
            if said.invalidates is not None:
                found.invalidates[name] = said.invalidates
            continue
        if said.invalidates is not None:
            what = f'"{name}" only reads, so it changes nothing'
            found.problems.append(Problem(what, ("operations", name, "invalidates"), "remove it, or state effect"))
        _check_http(model, settings, name, said, found)
        if isinstance(said.cache, CacheSettings):
            _check_scope(said.cache, told, ("operations", name, "cache", "scope"), found)
        life = _lifetime(operation, settings)
        if life is not None:
            found.lifetimes[name] = life
    return found


_SILENT = OperationSettings.model_validate({})


def _lifetime(operation: Operation, settings: SourceSettings) -> Lifetime | None:
    """By the operation itself, the one that it shows in another way, or the source."""
    for name in (operation.name, operation.connection_of, operation.aggregate_of):
        said = settings.operations.get(name, _SILENT).cache
        if said is not None:
            return said.lifetime() if isinstance(said, CacheSettings) else None
    return settings.cache.lifetime() if settings.cache is not None else None


def _check_scope(cache: CacheSettings, told: Told, where: tuple[str, ...], found: Stated) -> None:
    if cache.scope == "shared" and told.who:
        what = "the source is told who asks, so that its answers may be one caller's alone and are never shared"
        found.problems.append(Problem(what, where, "remove it, or auth.forward and auth.exchange"))


def _check_http(
    model: SourceModel, settings: SourceSettings, name: str, said: OperationSettings, found: Stated
) -> None:
    if said.cache != "http":
        return
    where = ("operations", name, "cache")
    if model.kind != "openapi":
        found.problems.append(Problem("only replies of REST have headers that say so", where, "state ttl_s"))
    elif not getattr(settings.cache, "by_headers", False):
        what = "the source keeps no replies by their headers"
        found.problems.append(Problem(what, where, "write cache: http at the source, or http: true beside its ttl_s"))


def version(kind: str, settings: SourceSettings, model: SourceModel) -> str:
    """Tells apart what was kept under other settings, another description or another form of ours."""
    text = f"{_FORM}\n{kind}\n{model.name}\n{model.digest}\n{revealed(settings)}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


_FORM = 1
"""Raised whenever keys or values are written otherwise."""


def revealed(value: object) -> str:
    """Settings as text, secrets too: whoever shows another credential may be shown something else."""
    if isinstance(value, BaseModel):
        return f"({','.join(f'{name}={revealed(getattr(value, name))}' for name in type(value).model_fields)})"
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{name!r}:{revealed(item)}' for name, item in sorted(value.items()))}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(revealed, value))}]"
    return repr(value.get_secret_value()) if isinstance(value, SecretStr) else repr(value)
