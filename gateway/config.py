"""The configuration file: read with its lines, expanded, and its shape checked against the models each module owns.

Shape problems are found all at once and offline; whether what the file names exists is checked when the graph is built.
A path of keys becomes ``file:line`` here and nowhere else.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, create_model

from gateway.app import ServerSettings
from gateway.expand import Expansion
from gateway.findings import problems_of
from gateway.lock import FILE as LOCK
from gateway.lock import Lock, read_lock
from gateway.problems import render
from resolvers import (
    KINDS,
    CacheSettings,
    ConfigurationError,
    Key,
    Problem,
    Settings,
    ShapeSettings,
    SourceSettings,
    Yaml,
    YamlError,
    load,
    nearest,
    settings_of,
)
from schema import AccessSettings, EntitySettings, Extension, LinkSettings, OperationLimits

MAX_FILE_BYTES = 4_194_304
"""Far above any file that a person writes; a log or a dump named by mistake is refused before it is parsed."""


class FileSettings(Settings):
    """The sections of the file."""

    sources: dict[str, dict[str, Any]] = Field(
        description="The systems behind the gateway, by name.", min_length=1, repr=False
    )
    links: dict[str, LinkSettings] = Field(default_factory=dict, description="How sources join: Type.field → target.")
    entities: dict[str, EntitySettings] = Field(
        default_factory=dict, description="Types that several sources know a part of: name → key and parts."
    )
    access: AccessSettings = Field(description="Who may see what.")
    server: ServerSettings = Field(default_factory=ServerSettings, description="The edge.")
    limits: OperationLimits = Field(default_factory=OperationLimits, description="How large one operation may be.")
    rename: dict[str, str] = Field(default_factory=dict, description="Coordinate → new name.")
    hide: tuple[str, ...] = Field((), description="Coordinates that are not shown.")
    shape: dict[str, ShapeSettings] = Field(
        default_factory=dict,
        description="Type.field, Input.field or Query.field(argument:) → what its values are, where the description "
        "says less or says it wrongly.",
    )
    describe: dict[str, str] = Field(
        default_factory=dict,
        description="Coordinate (Type, Type.field, Type.field(argument:), Input.field, Enum.VALUE) → what it means, in "
        "place of what its source says.",
    )
    deprecate: dict[str, str] = Field(
        default_factory=dict, description="Coordinate of a field, argument, input field or enum value → what to use."
    )
    cache: dict[str, CacheSettings] = Field(
        default_factory=dict,
        description="Type.field that asks a source, or a type for all such fields that give it → for how long answers "
        "are kept. It comes before what is said at the source.",
    )
    extensions: tuple[str, ...] = Field((), description="Python files that add hand-written fields.")


@dataclass(frozen=True, slots=True)
class Configuration:
    """A file that was read: its settings, and what turns a problem's path into a place in the file."""

    settings: FileSettings
    sources: Mapping[str, tuple[str, SourceSettings]]
    base: Path
    file: str = ""
    lines: Mapping[tuple[Key, ...], int] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict, repr=False)
    lock: Lock | None = None
    """The names that are kept, where ``isthmus.lock`` lies beside the file."""
    files: frozenset[Path] = frozenset()
    """What was read of it: the file, the lock beside it, and what ``${file:}`` names."""

    def prefixes(self) -> dict[str, str]:
        """Source → the prefix of its names, of those that have one."""
        return {name: each.prefix for name, (_, each) in self.sources.items() if each.prefix}

    def describe(self, problems: Iterable[Problem]) -> str:
        """The problems as text, in the order of the file."""
        return describe(problems, self.file, self.lines, self.hidden)

    def place(self, *where: Key) -> str:
        """``file:line`` of a path of keys, as near as it is known."""
        line = _line(where, self.lines)
        return f"{self.file}:{line}" if line else self.file

    def extensions(self) -> list[Extension]:
        """The extension objects of the modules that the file names.

        Raises:
            ConfigurationError: a module cannot be imported, or holds none.
        """
        found: list[Extension] = []
        problems = []
        for index, name in enumerate(self.settings.extensions):
            try:
                found += _extensions_in(self.base / name)
            except Exception as error:  # noqa: BLE001  # whatever the user's module raises is said with its place
                what = f"{name} cannot be imported: {type(error).__name__}: {error}"
                problems.append(Problem(what, ("extensions", index)))
        if problems:
            raise ConfigurationError(problems)
        return found


def _extensions_in(path: Path) -> list[Extension]:
    spec = importlib.util.spec_from_file_location(f"isthmus_extension_{abs(hash(path.resolve()))}_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError("it is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # Strawberry resolves annotations through it
    spec.loader.exec_module(module)
    found = [value for value in vars(module).values() if isinstance(value, Extension)]
    if not found:
        raise ImportError("it holds no Extension")
    return found


def describe(
    problems: Iterable[Problem], file: str, lines: Mapping[tuple[Key, ...], int], hidden: Mapping[str, str]
) -> str:
    """One paragraph per problem, in the order of the file."""
    placed = sorted(((_line(problem.where, lines), problem) for problem in problems), key=lambda item: item[0])
    return "\n\n".join(render(problem, f"{file}:{line}" if line else file, hidden) for line, problem in placed)


def _line(where: tuple[Key, ...], lines: Mapping[tuple[Key, ...], int]) -> int:
    for length in range(len(where), 0, -1):
        if where[:length] in lines:
            return lines[where[:length]]
    return 0


class UnreadableFile(Exception):
    """The file has problems; ``text`` says all of them. ``files``: those that it names, as far as that is known."""

    def __init__(self, text: str, files: Iterable[Path] = ()) -> None:
        super().__init__(text)
        self.text = text
        self.files = frozenset(files)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise UnreadableFile(f"{path}\n  cannot be read: it is larger than {MAX_FILE_BYTES} bytes")
        return content.decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UnreadableFile(f"{path}\n  cannot be read: {reason}") from error


def read(
    path: Path,
    environment: Mapping[str, str] | None = None,
    absent: Callable[[tuple[Key, ...]], str | None] | None = None,
) -> Configuration:
    """Reads a file. ``absent``: as in ``Expansion``.

    Raises:
        UnreadableFile: with every problem of its shape.
    """
    text = _text(path)
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        raise _description(path, "a WSDL" if "definitions" in text else "an XML")
    try:
        document = Yaml(text)
        raw, lines = document.value, document.lines()
    except YamlError as error:
        place = f"{path.name}:{error.line}" if error.line else path.name
        raise UnreadableFile(f"{place}\n  {error}") from error
    if not isinstance(raw, dict):
        raise UnreadableFile(f"{path.name}\n  the file must be a mapping with sources and access")
    if "sources" not in raw and not {"openapi", "swagger"}.isdisjoint(raw):
        raise _description(path, "an OpenAPI")
    expansion = Expansion(environment if environment is not None else os.environ, path.parent, absent)
    expanded = expansion.expand(raw)
    assert isinstance(expanded, dict)
    settings, sources, found = _validate(expanded)
    # What could not be put in cannot have the right shape either: that is one problem, and its cause is told.
    lost = {problem.where for problem in expansion.problems}
    problems = [*expansion.problems, *(problem for problem in found if problem.where not in lost)]
    if problems or settings is None:
        raise UnreadableFile(describe(problems, path.name, lines, expansion.hidden), expansion.files)
    try:
        lock = read_lock(path.parent)
    except ConfigurationError as error:
        raise UnreadableFile(describe(error.problems, path.name, {}, {})) from error
    placed = _placed(settings, path.parent)
    files = frozenset({path, path.parent / LOCK, *expansion.files})
    return Configuration(placed, sources, path.parent, path.name, lines, expansion.hidden, lock, files)


def _description(path: Path, kind: str) -> UnreadableFile:
    mend = f"write name={path}, with a name of your choice for the source"
    return UnreadableFile(f"{path.name}\n  this is {kind} document, not a configuration file\n  mend: {mend}")


def is_configuration(path: Path) -> bool:
    """Whether a file looks like a configuration file, sound or not."""
    try:
        raw = load(_text(path))
    except (UnreadableFile, YamlError):
        return False
    return isinstance(raw, dict) and "sources" in raw


def _placed(settings: FileSettings, base: Path) -> FileSettings:
    """The settings with the paths of the edge seen from ``base``: the edge that reads them knows of no file."""
    return settings.model_copy(update={"server": settings.server.placed(base)})


def from_sources(sources: Mapping[str, tuple[str, str]], base: Path) -> Configuration:
    """A configuration without a file: name → (kind, location), open to everyone who can reach it.

    Raises:
        UnreadableFile: a name or a location that no source can have.
    """
    raw = {
        "sources": {name: {kind: location} for name, (kind, location) in sources.items()},
        "access": {"default": "anonymous"},
    }
    settings, made, problems = _validate(raw)
    if problems or settings is None:
        raise UnreadableFile(describe(problems, "", {}, {}))
    return Configuration(settings, made, base)


def _validate(
    raw: dict[str, Any],
) -> tuple[FileSettings | None, dict[str, tuple[str, SourceSettings]], list[Problem]]:
    problems: list[Problem] = []
    settings = None
    try:
        settings = FileSettings.model_validate(raw)
    except ValidationError as error:
        problems += problems_of(error, FileSettings, raw, ())
    sources: dict[str, tuple[str, SourceSettings]] = {}
    given = raw.get("sources")
    for name, source in given.items() if isinstance(given, dict) else ():
        if not str(name).isidentifier():
            problems.append(Problem(f'"{name}" is no name for a source', ("sources", name), "use letters and digits"))
        if not isinstance(source, dict):
            continue
        kinds = [kind for kind in KINDS if kind in source]
        if len(kinds) != 1:
            what = "a source needs exactly one of " + ", ".join(KINDS)
            mend = "" if kinds else _near_kind(source)
            problems.append(Problem(what, ("sources", name), mend))
            continue
        model = settings_of(kinds[0])
        try:
            sources[name] = (kinds[0], model.model_validate(source))
        except ValidationError as error:
            problems += problems_of(error, model, source, ("sources", name))
    return settings, sources, problems


def _near_kind(source: Mapping[str, object]) -> str:
    return next((mend for mend in (nearest(str(key), KINDS) for key in source) if mend), "add openapi: and a file")


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the whole file, for editors."""
    union: Any = None
    for kind in KINDS:
        model = settings_of(kind)
        union = model if union is None else union | model
    whole = create_model("Isthmus", __base__=FileSettings, sources=(dict[str, union], Field(min_length=1)))
    schema = whole.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_open_to_references(schema)}


_REFERENCE = {"type": "string", "pattern": r"\$\{(env|file):[^{}]+\}"}
_ABOUT = ("title", "description", "default", "deprecated")


def _open_to_references(node: Any) -> Any:
    """A schema of the file as it is written: where a plain value stands, ``${env:NAME}`` may stand in its place.

    The models see values after these were put in, so that their own schemas know nothing of references.
    """
    if isinstance(node, list):
        return [_open_to_references(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") in {"integer", "number", "boolean"} or (
        node.get("type") == "string" and not {"pattern", "enum", "const", "minLength", "maxLength"}.isdisjoint(node)
    ):
        about = {key: value for key, value in node.items() if key in _ABOUT}
        return {"anyOf": [{key: value for key, value in node.items() if key not in about}, _REFERENCE], **about}
    opened = {}
    for key, value in node.items():
        if key in {"properties", "$defs"}:  # names that are ours, not words of JSON Schema
            opened[key] = {name: _open_to_references(item) for name, item in value.items()}
        elif key in {"items", "additionalProperties", "anyOf", "oneOf", "allOf", "prefixItems"}:
            opened[key] = _open_to_references(value)
        else:
            opened[key] = value
    return opened
