"""A live query becomes a scene: the systems are asked once, what they said is masked and written, and then played.

Only what the scene gives when it is played is expected of it. Where that has another shape than the live answer, it
says so: then the masks, or a system's own whims, came between.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from pydantic import BaseModel, SecretStr

from gateway.file.config import Configuration
from gateway.scenes.masking import REMOVED, Masking, is_distinct
from gateway.scenes.rehearsal import answered, rehearsed
from gateway.scenes.scene import QUERY, SCENE, Scene, UnreadableScene
from gateway.scenes.settings import SceneSettings
from gateway.scenes.writing import as_yaml, learn, masked, masked_query, sources_of
from gateway.snapshot import Snapshot, load
from resolvers import LOGIN, PROOF, Code, ConfigurationError, Recorder
from schema import GraphQLRequest, Principal

PERSONAL_TAGS = frozenset({"pii", "personal", "sensitive", "confidential", "private", "gdpr", "secret"})
_OF_ONE_TOKEN = frozenset({"exp", "iat", "nbf", "jti", "auth_time", "nonce", "at_hash", "sid", "session_state", "azp"})
_SHORTEST_SECRET = 4
_SHORTEST_INSIDE = 8
"""Passwords of databases are often the word that the rows hold, too."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be recorded. ``caller``: who asks, as the file of a scene says it; ``headers``: of the request;
    ``mutation``: the systems may be changed.
    """

    query: str
    variables: Mapping[str, Any]
    operation: str | None
    caller: str | Mapping[str, Any]
    principal: Principal
    headers: Mapping[str, str]
    keep: Sequence[str]
    mutation: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """What was recorded. ``live``: the answer as the systems made it; it is never written down. ``changes``: the calls
    that changed something, in their order.
    """

    live: object
    masking: Masking
    secrets: int
    changes: Sequence[str] = ()


async def record(chosen: Configuration, wanted: Wanted, folder: Path) -> Made:
    """Asks the systems and writes the query and the scene into ``folder``; expectations are not written yet.

    Raises:
        ConfigurationError: a source cannot be read, or the file is not sound. UnreadableScene: as ``answered``; the
            operation writes and may not, or was refused.
    """
    recorder = Recorder()
    current = await load(rehearsed(chosen), stage=recorder)
    try:
        if current.failed:
            raise ConfigurationError(current.failed.values())
        writes = current.graph.writes(GraphQLRequest(wanted.query, wanted.operation, wanted.variables))
        if writes and not wanted.mutation:
            what = "this is a mutation, and record changes nothing unless it is told to"
            mend = "say --mutation, which really changes the systems once, or write the scene by hand"
            raise UnreadableScene(f"{what}\n  mend: {mend}")
        settings = SceneSettings.model_validate(
            {
                "variables": dict(wanted.variables),
                "operation": wanted.operation,
                "headers": dict(wanted.headers),
                "as": wanted.caller,
            }
        )
        asked = Scene(folder, folder.name, wanted.query, settings, None, None)
        live = await answered(chosen, asked, wanted.principal, recorder, current)
        refused = _refused(live)
        if refused:
            told = "".join(f"\n  {each}" for each in refused)
            raise UnreadableScene(f"the operation is refused, so nothing is recorded{told}\n  mend: correct the query")
        masking = _masking(chosen, current, wanted.keep)
    finally:
        await current.close()
    claims = wanted.caller if isinstance(wanted.caller, dict) else {}
    learn(recorder, masking, wanted.variables, claims)
    said = _said(chosen, wanted, recorder, masking)
    query = masked_query(wanted.query, masking)
    # Not in the text of the files: there a secret is folded and escaped.
    (query, said), count = without_secrets((query, said), _secrets(chosen, wanted))
    await asyncio.to_thread(_write, folder, {QUERY: query, SCENE: as_yaml(said)})
    changes = [f"{each.source}.{each.operation}" for each in recorder.calls if each.changes]
    return Made(live, masking, count, changes)


def _refused(live: object) -> list[str]:
    """Why an operation was not carried out at all: its syntax, what it asks for, or its variables."""
    if not isinstance(live, dict) or "data" in live:
        return []
    errors = [each for each in live.get("errors", ()) if each.get("extensions", {}).get("code") == Code.BAD_REQUEST]
    return [str(each.get("message")) for each in errors]


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text if text.endswith("\n") else f"{text}\n", "utf-8")


def same_shape(one: object, other: object, path: str = "data") -> Iterator[str]:
    """Where two answers differ in more than their values: in members, in how many, in what is null."""
    if isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys():
            yield path
            return
        for name, value in one.items():
            yield from same_shape(value, other[name], f"{path}.{name}")
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            yield path
            return
        for number, (value, second) in enumerate(zip(one, other, strict=True)):
            yield from same_shape(value, second, f"{path}[{number}]")
    elif (one is None) is not (other is None) or isinstance(one, dict | list) is not isinstance(other, dict | list):
        yield path


def environment_of(chosen: Configuration) -> dict[str, str]:
    """Variables of the environment that say which kind of database a source is → an address that leads nowhere."""
    found = {}
    for name, (_, settings) in chosen.sources.items():
        secret = getattr(settings, "database", None)
        if not isinstance(secret, SecretStr):
            continue
        written = chosen.hidden.get(secret.get_secret_value(), "")
        if written.startswith("${env:"):
            variable = written.removeprefix("${env:").removesuffix("}").partition(":-")[0]
            scheme = secret.get_secret_value().partition("://")[0]
            found[variable] = (
                f"sqlite:///{name}.sqlite" if scheme.startswith("sqlite") else f"{scheme}://nowhere/{name}"
            )
    return found


def _said(chosen: Configuration, wanted: Wanted, recorder: Recorder, masking: Masking) -> dict[str, object]:
    caller: object = wanted.caller
    if isinstance(caller, dict):
        caller = masked(masking, "", "", {name: each for name, each in caller.items() if name not in _OF_ONE_TOKEN})
    said: dict[str, object] = {"as": caller}
    if wanted.operation is not None:
        said["operation"] = wanted.operation
    if wanted.variables:
        said["variables"] = masked(masking, "", "", wanted.variables)
    served = {
        name: {header for each in settings.operations.values() for header in each.reply_headers}
        for name, (_, settings) in chosen.sources.items()
    }
    sources = sources_of(recorder, masking, served)
    return {**said, **({"sources": sources} if sources else {})}


def _masking(chosen: Configuration, current: Snapshot, keep: Sequence[str]) -> Masking:
    """What is protected by the file, by the names of the sources."""
    assert current.built is not None
    access = chosen.settings.access
    tagged = [each for name in PERSONAL_TAGS & access.tags.keys() for each in access.tags[name]]
    ruled = [
        key for key in access.rules if any(rule.scopes or rule.roles or rule.mask for rule in access.alternatives(key))
    ]
    protected = _taken(chosen, current)
    inside = _inside(chosen, current, [*tagged, *ruled])
    kept: dict[str, set[str]] = {}
    for source, names in current.built.spelled.items():
        for coordinate, spelling in names.items():
            if any(_means(key, coordinate) for key in keep):
                kept.setdefault(source, set()).add(spelling)
            elif any(_means(key, coordinate) for key in (*tagged, *ruled, *inside)) or _is_ruled(current, coordinate):
                protected.setdefault(source, set()).add(spelling)
    return Masking(protected, kept, _fixed(chosen, current), _keys(chosen, current), current.built.written)


def _fixed(chosen: Configuration, current: Snapshot) -> frozenset[str]:
    """Values that are nobody's, since descriptions or the file itself say them."""
    assert current.built is not None
    models = [source.model for source in current.sources.values()]
    found = {str(value.value) for model in models for enum in model.enums.values() for value in enum.values}
    found |= {str(value) for each in chosen.settings.shape.values() for value in each.nulls or ()}
    for codings in current.built.written.values():
        # A short code is one only where it stands.
        coded = {str(each) for some in codings.values() for coding in some for each in (*coding.known, *coding.words)}
        found |= {each for each in coded if is_distinct(each)}
    access = chosen.settings.access
    for key in access.rules:
        found |= {each for rule in access.alternatives(key) for each in _said_in(rule.rows)}
    return frozenset(found)


def _said_in(condition: object) -> Iterator[str]:
    """The values that a rule on rows names."""
    if isinstance(condition, Mapping):
        for inner in condition.values():
            yield from _said_in(inner)
    elif isinstance(condition, list | tuple):
        for inner in condition:
            yield from _said_in(inner)
    elif isinstance(condition, str | int | float) and not str(condition).startswith("$claims."):
        yield str(condition)


def _taken(chosen: Configuration, current: Snapshot) -> dict[str, set[str]]:
    """Source → names of what is lifted onto fields that are protected."""
    found: dict[str, set[str]] = {}
    for coordinate, link in chosen.settings.links.items():
        target = (link.one or link.many or "").partition(".")[0]
        if link.take is not None and _is_ruled(current, coordinate):
            found.setdefault(target, set()).add(link.take)
    return found


def _inside(chosen: Configuration, current: Snapshot, protected: Sequence[str]) -> set[str]:
    """Types of the objects that fields lead to which are protected themselves, and not as all of their type is."""
    found = set()
    types = current.graph.schema.type_map
    for coordinate in (*chosen.settings.links, *chosen.settings.access.rules):
        type_name, _, name = coordinate.partition(".")
        field = getattr(types.get(type_name), "fields", {}).get(name)
        root = type_name in {"Query", "Mutation"} and chosen.settings.access.default == "deny"
        itself = any("." in key and fnmatchcase(coordinate, key) for key in protected)
        if field is not None and not root and itself:
            given = field.type
            while getattr(given, "of_type", None) is not None:
                given = given.of_type
            if hasattr(given, "fields"):
                found.add(str(given))
    return found


def _is_ruled(current: Snapshot, coordinate: str) -> bool:
    type_name, _, name = coordinate.partition(".")
    if name not in getattr(current.graph.schema.type_map.get(type_name), "fields", ()):
        return False  # what only wraps a result is no type of the graph
    return bool(current.graph.policy.field(type_name, name).ruled)


def _means(key: str, coordinate: str) -> bool:
    return fnmatchcase(coordinate, key) or fnmatchcase(coordinate.partition(".")[0], key)


def _keys(chosen: Configuration, current: Snapshot) -> set[str]:
    """Names by which things are joined, as GraphQL and as sources spell them."""
    found = {name for link in chosen.settings.links.values() for pair in link.match.items() for name in pair}
    for source in current.sources.values():
        for operation in source.model.operations.values():
            found |= {name for part in operation.by.items() for name in part} if operation.by else set()
        found |= {name for each in source.model.types.values() for name in getattr(each, "key", ())}
        found |= {name for relation in source.model.relations for pair in relation.match for name in pair}
    assert current.built is not None
    spelled = [pair for names in current.built.spelled.values() for pair in names.items()]
    shown = {coordinate.partition(".")[2]: each for coordinate, each in spelled}
    return found | {shown[name] for name in found if name in shown}


def _secrets(chosen: Configuration, wanted: Wanted) -> set[str]:
    """Every secret of the file, and the token that was asked with."""
    found = set(_secret_in(chosen.settings.server))
    for _, settings in chosen.sources.values():
        found |= set(_secret_in(settings))
    for name, value in wanted.headers.items():
        if name.lower() == "authorization":
            found.add(value.rpartition(" ")[2])
    return {each for each in found if len(each) >= _SHORTEST_SECRET}


def _secret_in(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        secret = value.get_secret_value()
        yield secret
        inside = (found[2] for found in (*LOGIN.finditer(secret), *PROOF.finditer(secret)))  # of an address
        yield from (each for each in inside if len(each) >= _SHORTEST_INSIDE)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secret_in(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _secret_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _secret_in(item)


def without_secrets(value: Any, secrets: Collection[str]) -> tuple[Any, int]:
    """Data with each secret replaced that some system sent back, in whatever way it is written, and how many these
    were.
    """
    forms = {form for secret in secrets for form in _forms(secret)}
    if not forms:
        return value, 0
    pattern = re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)))
    count = 0

    def made(node: Any) -> Any:
        nonlocal count
        if isinstance(node, str):
            text, found = pattern.subn(REMOVED, node)
            count += found
            return text if found else node
        if isinstance(node, Mapping):
            return {key: made(item) for key, item in node.items()}
        if isinstance(node, list):
            return type(node)(made(item) for item in node)
        return tuple(made(item) for item in node) if isinstance(node, tuple) else node

    return made(value), count


def _forms(secret: str) -> Iterator[str]:
    """How a secret is written in texts of JSON, XML and addresses."""
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield from (escape(secret, quote=False), escape(secret), quote(secret), quote(secret, safe=""), quote_plus(secret))
