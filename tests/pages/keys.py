"""The reference of the configuration file, made of the models that read it: each key, what it takes, and its default.

``python -m tests.pages`` writes it to ``docs/keys/``. Which page tells more is all that is said here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from gateway.file.config import FileSettings
from gateway.file.json_schema import json_schema
from gateway.server_settings import ServerSettings
from resolvers import KINDS, settings_of
from tests.pages.pages import ROOT

FOLDER = ROOT / "docs" / "keys"
ANY = "NAME"
MORE = {
    "sources": {
        "caching.md": "cache invalidates",
        "databases.md": "tables schemas",
        "databases.md#replicas": "replicas max_lag_s",
        "descriptions.md": "overlays",
        "files.md": "files",
        "identity.md": "exchange",
        "links.md": "filters",
        "network.md": "auth proxy ca cert min_tls server forward",
        "querying-databases.md": "search",
        "replicas.md": "url breaker connect_timeout_s",
        "retries.md": "retries rate_limit idempotency_key max_waiting max_wait_s concurrency",
        "shaping.md": "encoding",
        "soap-security.md": "ws_security addressing ntlm",
        "statements.md": "statements functions",
        "teams.md": "prefix",
        "writing-databases.md": "writes",
    },
    "server": {
        "audit.md": "audit",
        "caching.md": "cache",
        "federation.md": "subgraph",
        "identity.md": "jwt api_keys tls client_cert revocation",
        "limits.md": "redis rate_limits documents limits trusted_proxies",
        "observing.md": "metrics log tracing",
        "reloading.md": "reload",
        "running.md": "overload workers drain_s notice_s",
    },
    "graph": {
        "access.md": "access",
        "access-rows.md": "rows",
        "caching.md": "cache",
        "entities.md": "entities",
        "limits.md": "limits",
        "links.md": "links",
        "naming.md": "rename hide describe deprecate",
        "shaping.md": "shape",
        "teams.md": "include",
    },
}
"""Page of the reference → page that tells more → keys."""


@dataclass
class Group:
    """The keys of one mapping: ``path`` is where it stands first, ``also`` where else."""

    path: str
    rows: list[tuple[str, dict[str, Any], bool]]
    heading: str
    also: list[str] = field(default_factory=list)


@cache
def schema() -> dict[str, Any]:
    return json_schema()


def _model(node: Mapping[str, Any]) -> str:
    return str(node["$ref"]).rpartition("/")[2]


class Reference:
    """One page. Mappings that are met again are told of once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.groups: list[Group] = []
        self._met: dict[str, Group] = {}
        self._within = ""

    def add(self, heading: str, path: str, held: Iterable[tuple[str, str]]) -> None:
        """Some keys of a mapping that stands at a path, each with the model that says it; the file has no name."""
        rows = []
        for key, model in held:
            definition = schema()["$defs"][model] if model else schema()
            rows.append((key, definition["properties"][key], key in definition.get("required", ())))
        self.groups.append(Group(path, rows, heading))

    def deeper(self) -> None:
        """The mappings that the keys hold which were added."""
        for group in tuple(self.groups):
            self._within = group.heading
            for key, node, _ in group.rows:
                self.below(f"{group.path}.{key}" if group.path else key, node)

    def below(self, path: str, node: Any) -> None:
        """The mappings that a value may be, wherever it holds them."""
        if "$ref" in node:
            self._named(path, _model(node))
        for each in (*node.get("anyOf", ()), *node.get("oneOf", ())):
            self.below(path, each)
        if isinstance(node.get("items"), dict):
            self.below(path, node["items"])
        for each in _values(node):
            self.below(f"{path}.{ANY}", each)

    def _named(self, path: str, model: str) -> None:
        definition = schema()["$defs"][model]
        if "properties" not in definition:
            return
        if model in self._met:
            group = self._met[model]
            if path != group.path and path not in group.also:
                group.also.append(path)
            return
        rows = [(key, node, key in definition.get("required", ())) for key, node in definition["properties"].items()]
        taken = {each.heading for each in self.groups}
        heading = path if path not in taken else f"{path} of {self._within}"
        self._met[model] = Group(path, rows, heading)
        self.groups.append(self._met[model])
        for key, node in definition["properties"].items():
            self.below(f"{path}.{key}", node)

    def text(self, title: str) -> str:
        lines = [f"# {title}", "", f"{_MADE} [All sections](README.md).", ""]
        for group in self.groups:
            lines += [f"## {group.heading}", ""]
            if group.also:
                lines += [f"Also at {', '.join(f'`{each}`' for each in group.also)}.", ""]
            lines += ["| key | takes | default | means |", "|---|---|---|---|"]
            lines += [self._row(group, *row) for row in group.rows]
            lines.append("")
        return "\n".join(lines)

    def _row(self, group: Group, key: str, node: dict[str, Any], needed: bool) -> str:  # noqa: FBT001  # as it is kept
        takes = " or ".join(dict.fromkeys(_takes(node)))
        for inner in dict.fromkeys(self._met[each].heading for each in _models(node) if each in self._met):
            takes += f" ([its keys](#{anchor(inner)}))"
        page = next((each for each, keys in MORE[self.name].items() if key in keys.split()), "")
        page = "files.md" if group.heading == "files" else page
        more = f" [More](../{page})" if page else ""
        default = "*needed*" if needed else _default(node)
        return f"| `{key}` | {takes} | {default} | {_cell(node.get('description', ''))}{more} |"


def _values(node: Mapping[str, Any]) -> list[Any]:
    """What the values of a mapping may be whose keys the user chooses."""
    every = node.get("additionalProperties")
    return [*node.get("patternProperties", {}).values(), *([every] if isinstance(every, dict) else [])]


def _models(node: object) -> list[str]:
    return re.findall(r"'\$ref': '#/\$defs/(\w+)'", str(node))


def anchor(path: str) -> str:
    return re.sub(r"[^\w\- ]", "", path.lower()).replace(" ", "-")


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\|", re.sub(r"``", "`", " ".join(text.split())))


def _default(node: Mapping[str, Any]) -> str:
    value = node.get("default")
    if value in (None, "", []) or isinstance(value, dict):  # of mappings, their keys tell
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{value}`"


_BOUNDS = {"exclusiveMinimum": "above", "minimum": "at least", "exclusiveMaximum": "below", "maximum": "at most"}


def _takes(node: Any) -> Iterator[str]:
    """In words; what ``${env:NAME}`` may stand for is not said again at each key."""
    if "$ref" in node:
        definition = schema()["$defs"][_model(node)]
        yield from ("a mapping",) if "properties" in definition else _takes(definition)
    elif "anyOf" in node or "oneOf" in node:
        for each in (*node.get("anyOf", ()), *node.get("oneOf", ())):
            yield from _takes(each)
    elif "enum" in node:
        yield " or ".join(f"`{each}`" for each in node["enum"])
    elif "const" in node:
        yield f"`{str(node['const']).lower() if isinstance(node['const'], bool) else node['const']}`"
    elif node.get("type") == "null" or str(node.get("pattern", "")).startswith(r"\$\{(env"):
        return
    elif node.get("type") == "array":
        yield f"a list of {' or '.join(dict.fromkeys(_takes(node.get('items', {}))))}"
    elif node.get("type") == "object":
        inner = dict.fromkeys(word for each in _values(node) for word in _takes(each))
        yield f"a mapping to {' or '.join(inner)}" if inner else "a mapping"
    else:
        kind = {"integer": "whole number", "string": "text", "boolean": "`true` or `false`"}
        said = kind.get(str(node.get("type")), str(node.get("type", "anything")))
        said = {"password": "secret text", "path": "path"}.get(str(node.get("format")), said)
        bounds = [f"{word} {node[name]:g}" for name, word in _BOUNDS.items() if name in node]
        yield f"{said}, {', '.join(bounds)}" if bounds else said


_MADE = "Made of the program by `python -m tests.pages`: it has every key, and no other."


def _saying(kind: str) -> dict[str, str]:
    """Key of a kind of source → the name of the model that says it, the kind's own where it says it again."""
    model = settings_of(kind)
    return {
        key: next(each.__name__ for each in model.__mro__ if key in each.__annotations__) for key in model.model_fields
    }


def _sources() -> str:
    page = Reference("sources")
    for heading, kinds, of in (
        ("Every source", tuple(KINDS), ("SourceSettings",)),
        ("openapi and wsdl", ("openapi", "wsdl"), ("HttpSettings", "NetworkSettings")),
        ("database and files", ("database", "files"), ("RowsSettings",)),
        *((kind, (kind,), (settings_of(kind).__name__,)) for kind in KINDS),
    ):
        held: dict[str, str] = {}
        for kind in kinds:
            held = {key: settings_of(kind).__name__ for key, said in _saying(kind).items() if said in of} | held
        page.add(heading, f"sources.{ANY}", held.items())
    page.deeper()
    return page.text("Keys of sources")


def _server() -> str:
    page = Reference("server")
    page.add("server", "server", [(key, "ServerSettings") for key in ServerSettings.model_fields])
    page.deeper()
    return page.text("Keys of server")


def _graph() -> str:
    page = Reference("graph")
    page.add("The file", "", [(key, "") for key in FileSettings.model_fields if key not in {"sources", "server"}])
    page.deeper()
    return page.text("Keys of the graph")


def pages() -> dict[str, str]:
    """File name → content."""
    return {"sources.md": _sources(), "graph.md": _graph(), "server.md": _server()}
