"""The configuration file: read with its parts, expanded, and its shape checked against the models each module owns.

Shape problems are found all at once and offline; whether what the file names exists is checked when the graph is built.
Where keys stand is told by ``places.py``, how files become one mapping is decided in ``parts.py`` and ``overlay.py``.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from gateway.file.expand import Expansion
from gateway.file.findings import problems_of
from gateway.file.leaves import leaves
from gateway.file.overlay import in_environment
from gateway.file.parts import INCLUDE, UnreadableFile, Whole, read_whole, text_of
from gateway.file.places import Found, Places, Where, told
from gateway.file.sound import Sound
from gateway.lock import FILE as LOCK
from gateway.lock import Lock, read_lock
from gateway.server_settings import ServerSettings
from resolvers import (
    KINDS,
    CacheSettings,
    ConfigurationError,
    Key,
    Located,
    Problem,
    Settings,
    ShapeSettings,
    SourceSettings,
    YamlError,
    load,
    nearest,
    settings_of,
)
from schema import AccessSettings, EntitySettings, Extension, LinkSettings, OperationLimits, Rename

__all__ = [
    "Configuration",
    "FileSettings",
    "UnreadableFile",
    "from_sources",
    "is_configuration",
    "read",
    "read_file",
]


class FileSettings(Settings):
    """The sections of the file."""

    include: tuple[str, ...] = Field(
        (),
        description="Further files that hold a part of the sections: files, folders (their .yaml and .yml files) and "
        "patterns (teams/*/isthmus.yaml), in this order. Paths in a part start at its own folder.",
    )
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
    rename: dict[str, Rename] = Field(
        default_factory=dict,
        description="Coordinate → new name, or { to: NAME, keep: REASON }: the old one is kept too.",
    )
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
    extensions: tuple[Annotated[str, Located()], ...] = Field(
        (), description="Python files that add hand-written fields."
    )


@dataclass(frozen=True, slots=True)
class Configuration:
    """A file that was read: its settings, and what turns a problem's path into a place in the file."""

    settings: FileSettings
    sources: Mapping[str, tuple[str, SourceSettings]]
    base: Path
    file: str = ""
    places: Places = Places()
    hidden: Mapping[str, str] = field(default_factory=dict, repr=False)
    lock: Lock | None = None
    """The names that are kept, where ``isthmus.lock`` lies beside the file."""
    files: frozenset[Path] = frozenset()
    """What was read of it: the file and its parts, the lock beside it, and what ``${file:}`` names; the folders that
    parts are found in."""
    env: str = ""
    """The environment that it is for; empty: none."""
    cautions: tuple[str, ...] = ()
    """What is not wrong with the files, and should be known."""
    wrong: tuple[Found, ...] = ()
    """What is wrong with the files, where this is only what is sound of them: it is looked at, and never served."""
    taken: tuple[Where, ...] = ()
    """The statements that are left out of it for that reason."""

    def prefixes(self) -> dict[str, str]:
        """Source → the prefix of its names, of those that have one."""
        return {name: each.prefix for name, (_, each) in self.sources.items() if each.prefix}

    def describe(self, problems: Iterable[Problem], unseen: str = "") -> str:
        """The problems and those of the file itself as text, in its order; last ``unseen``: what was not looked at."""
        text = told([*self.wrong, *self.places.found(problems)], self.hidden)
        return f"{text}\n\n{unseen}" if unseen else text

    def place(self, *where: Key) -> str:
        """``file:line`` of a path of keys, as near as it is known."""
        return str(self.places.of(where))

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


class WrongFile(UnreadableFile):
    """Some of a file is wrong. ``rest``: what is sound of it; ``None`` where nothing can be looked at further."""

    def __init__(self, text: str, files: Iterable[Path], rest: Configuration | None) -> None:
        super().__init__(text, files)
        self.rest = rest


def read_file(path: Path, env: str = "") -> Whole:
    """A file with its parts, as it is in an environment; nothing is put in, and nothing is checked yet.

    Raises:
        UnreadableFile: it is not there, or no configuration file, or nothing is said of the environment.
    """
    whole = read_whole(path)
    return in_environment(whole, env) if env else whole


def read(
    path: Path,
    environment: Mapping[str, str] | None = None,
    env: str = "",
    *,
    absent: Callable[[tuple[Key, ...]], str | None] | None = None,
) -> Configuration:
    """Reads a file and all that it includes. ``env``: the environment that it is for, as ``prod``. ``absent``: as in
    ``Expansion``.

    Raises:
        UnreadableFile: it cannot be read. WrongFile: with every problem of its shape.
    """
    whole = read_file(path, env)
    places, first = whole.places, whole.places.first
    expansion = Expansion(environment if environment is not None else os.environ, places.folder, absent)
    expanded = expansion.expand(whole.raw)
    assert isinstance(expanded, dict)
    placed = _placed(expanded, places)
    settings, sources, found = _validate(placed)
    # What could not be put in cannot have the right shape either: that is one problem, and its cause is told.
    lost = {problem.where for problem in expansion.problems}
    problems = [*expansion.problems, *(problem for problem in found if problem.where not in lost)]
    files = frozenset({*whole.files, path.parent / LOCK, *expansion.files})
    if env:
        problems = [_meant(problem, places, list(sources)) for problem in problems]
    if whole.found:  # what is missing may stand in a part that could not be read
        problems = [problem for problem in problems if problem.where]
    wrong = (*whole.found, *places.found(problems))
    lock, legible = None, True
    try:
        lock = read_lock(path.parent)
    except ConfigurationError as error:
        wrong, legible = (*wrong, *Places(first).found(error.problems)), False
    cautions = tuple(told([each], expansion.hidden) for each in whole.cautions)
    sound = Sound({} if not wrong else deepcopy(placed), dict.fromkeys([("include",)] if whole.found else ()))
    if wrong:
        settings, sources, more = _sound_of(sound, expansion.problems, found)
        places = sound.places(places)
        wrong = (*wrong, *places.found(more))
    text = told(wrong, expansion.hidden)
    if settings is None or not legible:  # names and descriptions hang on the lock
        raise WrongFile(text, files, None)
    settings = settings.model_copy(update={"server": settings.server.placed(path.parent)})
    made = Configuration(
        settings, sources, path.parent, first.name, places, expansion.hidden, lock, files, env, cautions,
        wrong, tuple(sound.taken),
    )  # fmt: skip
    if wrong:
        raise WrongFile(text, files, made)
    return made


def _sound_of(
    sound: Sound, unset: Iterable[Problem], found: Iterable[Problem]
) -> tuple[FileSettings | None, dict[str, tuple[str, SourceSettings]], list[Problem]]:
    """What of a file is sound, once what is wrong was mended or taken away; and what that brings to light."""
    known = set(found)
    more: list[Problem] = []
    sound.stand_in(unset)
    sound.mend(found)
    for _ in range(_ROUNDS):
        settings, sources, problems = _validate(sound.raw)
        if not problems:
            return settings, sources, more
        new = [problem for problem in problems if problem not in known and not sound.hangs(problem)]
        more += new
        known |= set(problems)
        mended = sound.mend(new)
        if not sound.take([each for each in problems if not each.meant or each not in new]) and not mended:
            break
    return None, {}, more


_ROUNDS = 8
"""Each takes something away that is wrong; what is left may be wrong in another way."""


def _meant(problem: Problem, places: Places, sources: Iterable[str]) -> Problem:
    """The problem; where an environment says something of a source that is not there, the one that may be meant."""
    near = nearest(str(problem.where[-1]), sources) if problem.mend == _NO_KIND else ""
    of_environment = places.of(problem.where).part is not places.of(("sources",)).part
    return replace(problem, mend=near) if near and of_environment else problem


def _placed(expanded: dict[str, Any], places: Places) -> dict[str, Any]:
    """The same; paths that parts in other folders state start at the folder of the first file, as all others do."""
    base = places.first.path.parent
    for where, leaf in leaves(FileSettings, expanded).items():
        folder = places.folder(where)
        if leaf.located is None or folder == base:
            continue
        above: Any = expanded
        for key in where[:-1]:
            above = above[key]
        above[where[-1]] = leaf.located.moved(above[where[-1]], folder, base)
    return expanded


def is_configuration(path: Path) -> bool:
    """Whether a file looks like a configuration file, sound or not."""
    try:
        raw = load(text_of(path))
    except (UnreadableFile, YamlError):
        return False
    return isinstance(raw, dict) and not {"sources", INCLUDE}.isdisjoint(raw)


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
        raise UnreadableFile(told(Places().found(problems), {}))
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
            mend = _near_kind(source)
            if kinds:
                what = f"{what}, and {' and '.join(kinds)} stand here"
                mend = f"keep one of them, and give the {'other' if len(kinds) == 2 else 'others'} a source of its own"
            problems.append(Problem(what, ("sources", name), mend))
            continue
        model = settings_of(kinds[0])
        try:
            sources[name] = (kinds[0], model.model_validate(source))
        except ValidationError as error:
            problems += problems_of(error, model, source, ("sources", name))
    return settings, sources, problems


_NO_KIND = "add openapi: and a file"


def _near_kind(source: Mapping[str, object]) -> str:
    return next((mend for mend in (nearest(str(key), KINDS) for key in source) if mend), _NO_KIND)
