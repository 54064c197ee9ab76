"""OpenAPI Overlays (Overlay Specification 1.0 and 1.1): what a document says wrongly is said rightly before it is read.

An overlay is read whole, with every fault of it at its line, and applied to a copy; nothing is fetched here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin

from jsonpath_rfc9535 import JSONPathError, JSONPathQuery, compile  # noqa: A004  # the library's own word

from resolvers.documents import Document
from resolvers.problem import ConfigurationError, Problem, nearest
from resolvers.yaml12 import Yaml, YamlError

Location = tuple[str | int, ...]
_VERSIONS = ("1.0", "1.1")
_ROOT = ("overlay", "info", "extends", "actions")
_ACTION = ("target", "description", "update", "remove", "copy")


@dataclass(frozen=True, slots=True)
class _Action:
    """``update`` or ``copy`` (where the value stands) or neither, which removes. ``line``: of the overlay."""

    line: int
    written: str
    target: JSONPathQuery
    update: Any = None
    copy: JSONPathQuery | None = None
    removes: bool = False


@dataclass(frozen=True, slots=True)
class Overlay:
    """``name``: as the settings call it. ``primitives``: plain values can be replaced, as from 1.1 on."""

    name: str
    digest: str
    actions: tuple[_Action, ...]
    primitives: bool


def read_overlay(name: str, document: Document, target: str) -> Overlay:
    """The overlay in a file. ``target``: where the document lies that it is applied to.

    Raises:
        ConfigurationError: with everything that is wrong with it, by its lines.
    """
    return _Reader(name, document, target).read()


def applied(value: object, overlays: Sequence[Overlay]) -> tuple[object, list[str]]:
    """The document after all actions, one after the other, and what is to be known of those that met nothing.

    Raises:
        ConfigurationError: an action does not fit what it meets.
    """
    working, cautions, problems = _Working(value), [], []
    for overlay in overlays:
        for action in overlay.actions:
            document = f"{overlay.name}:{action.line}"
            try:
                if not _apply(working, action, primitives=overlay.primitives):
                    cautions.append(f"{document}: the action meets nothing: {action.written}")
            except _Unfit as error:
                problems.append(Problem(str(error), ("overlays",), error.mend, document))
    if problems:
        raise ConfigurationError(problems)
    return working.root, cautions


class _Unfit(Exception):
    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(what)
        self.mend = mend


class _Reader:
    def __init__(self, name: str, document: Document, target: str) -> None:
        self._name = name
        self._document = document
        self._target = target
        self._problems: list[Problem] = []
        self._lines: Mapping[Location, int] = {}

    def read(self) -> Overlay:
        try:
            text = Yaml(self._document.content, text_keys=True)
            self._lines = text.lines()
        except YamlError as error:
            place = f"{self._name}:{error.line}" if error.line else self._name
            raise ConfigurationError([Problem(f"the overlay cannot be read: {error}", document=place)]) from error
        root = text.value
        if not isinstance(root, dict) or "overlay" not in root:
            mend = "begin it with overlay: 1.0.0, info and actions"
            raise ConfigurationError([Problem("this is not an OpenAPI overlay", mend=mend, document=self._name)])
        self._words(root, _ROOT, ())
        version = ".".join(str(root["overlay"]).split(".")[:2])
        if version not in _VERSIONS:
            self._say(("overlay",), f"overlays of version {root['overlay']} are not understood", "write 1.0.0 or 1.1.0")
        info = root.get("info")
        if not isinstance(info, dict) or not {"title", "version"} <= info.keys():
            self._say(("info",), "info needs a title and a version", "add info: { title: …, version: … }")
        self._extends(root.get("extends"))
        found = root.get("actions")
        if not isinstance(found, list) or not found:
            self._say(("actions",), "actions is a list of at least one action", "add actions")
            found = []
        actions = tuple(
            made for index, each in enumerate(found) if (made := self._action(each, ("actions", index), version))
        )
        if self._problems:
            raise ConfigurationError(self._problems)
        return Overlay(self._name, sha256(self._document.content).hexdigest(), actions, version != "1.0")

    def _action(self, given: object, at: Location, version: str) -> _Action | None:
        before = len(self._problems)
        if not isinstance(given, dict):
            self._say(at, "an action is a mapping with a target", "add target, and update or remove")
            return None
        self._words(given, _ACTION, at)
        written = given.get("target")
        target = self._query(written, (*at, "target"))
        removes, copies = given.get("remove", False), given.get("copy")
        if not isinstance(removes, bool):
            self._say((*at, "remove"), "remove is true or false", "write remove: true")
        elif not removes and ("update" in given) == ("copy" in given):
            self._say(at, "an action needs exactly one of update, remove: true and copy", "add or remove one")
        elif copies is not None and version == "1.0":
            self._say((*at, "copy"), "copy is of version 1.1", "write overlay: 1.1.0")
        source = self._query(copies, (*at, "copy")) if copies is not None else None
        if target is None or len(self._problems) > before:
            return None
        line = self._lines.get((*at, "target"), 1)
        return _Action(line, str(written), target, given.get("update"), source, removes=removes)

    def _query(self, written: object, at: Location) -> JSONPathQuery | None:
        if not isinstance(written, str):
            self._say(at, f"{at[-1]} is a JSONPath expression", "write one that begins with $")
            return None
        try:
            return compile(written)
        except JSONPathError as error:
            what = str(error).partition(", line")[0]
            self._say(at, f"{written} is no JSONPath expression (RFC 9535): {what}", "correct it")
        return None

    def _extends(self, given: object) -> None:
        """Whether it is for another document than the one that it is applied to."""
        if given is None:
            return
        if not isinstance(given, str):
            self._say(("extends",), "extends is the address of a document", "write it as text")
        elif not _same(urldefrag(given)[0], self._document.location, self._target):
            what = f"the overlay is for {given}, and not for the document of this source"
            self._say(("extends",), what, "correct extends, or leave it out")

    def _words(self, given: Mapping[str, object], known: Sequence[str], at: Location) -> None:
        for key in given:
            if key not in known and not key.startswith("x-"):
                self._say((*at, key), f'unknown key "{key}"', nearest(key, known))

    def _say(self, at: Location, what: str, mend: str) -> None:
        line = next((self._lines[at[:length]] for length in range(len(at), -1, -1) if at[:length] in self._lines), 1)
        self._problems.append(Problem(what, mend=mend, document=f"{self._name}:{line}"))


def _same(extends: str, overlay: str, target: str) -> bool:
    if target.startswith(("http://", "https://")):
        return urljoin(overlay if overlay.startswith("http") else "", extends) == urldefrag(target)[0]
    if extends.startswith(("http://", "https://")):
        return False
    path = Path(overlay).parent / extends.removeprefix("file://")
    return path.resolve() == Path(target).resolve()


class _Working:
    """A document under change: what is changed is copied first, since aliases of YAML may stand elsewhere, too."""

    def __init__(self, root: object) -> None:
        self.root = root
        self._own: dict[int, object] = {}

    def find(self, query: JSONPathQuery) -> list[Location]:
        """Where the values stand that a query selects, each once.

        Raises:
            _Unfit: the document cannot be searched.
        """
        if not isinstance(self.root, dict | list):
            raise _Unfit("the document is no object")
        try:
            return list(dict.fromkeys(node.location for node in query.find(self.root)))
        except (JSONPathError, RecursionError) as error:
            raise _Unfit(f"the document cannot be searched: {error}") from error

    def at(self, location: Location) -> Any:
        """The value there."""
        node: Any = self.root
        for key in location:
            node = node[key]
        return node

    def put(self, location: Location, value: object) -> None:
        """Puts a value in the place of the one there."""
        if not location:
            self.root = value
            return
        self._holder(location)[location[-1]] = value

    def remove(self, location: Location) -> None:
        """Takes a value out of what holds it."""
        del self._holder(location)[location[-1]]

    def _holder(self, location: Location) -> Any:
        """What holds the value there, which is nobody else's."""
        self.root = self._owned(self.root)
        node: Any = self.root
        for key in location[:-1]:
            node[key] = below = self._owned(node[key])
            node = below
        return node

    def _owned(self, value: Any) -> Any:
        if id(value) in self._own:
            return value
        made = value.copy()
        self._own[id(made)] = made  # kept, so that its id is no other's
        return made


def _apply(working: _Working, action: _Action, *, primitives: bool) -> bool:
    """Whether there was anything to apply it to."""
    found = working.find(action.target)
    if action.removes:
        if () in found:
            raise _Unfit("the whole document cannot be removed", "name a part of it")
        # From the end, and what lies deeper first: so that the others stay where they were found.
        for location in sorted(found, key=_depth_and_index, reverse=True):
            working.remove(location)
        return bool(found)
    value = action.update
    if action.copy is not None and found:
        sources = working.find(action.copy)
        if len(sources) != 1:
            raise _Unfit(f"copy selects {len(sources)} values, and must select one", "name exactly one")
        value = working.at(sources[0])
    for location in found:
        working.put(location, _updated(working.at(location), value, primitives=primitives))
    return bool(found)


def _depth_and_index(location: Location) -> tuple[int, int]:
    return len(location), location[-1] if isinstance(location[-1], int) else 0


def _updated(target: object, value: object, *, primitives: bool) -> object:
    """What an update, or a copy, makes of a selected value (Overlay 1.1, Action Object)."""
    if isinstance(target, dict):
        if not isinstance(value, dict):
            raise _Unfit("an object is updated by an object", "write a mapping under update")
        return _merged(target, value)
    if isinstance(target, list):
        return [*target, *deepcopy(value if isinstance(value, list) and primitives else [value])]
    if not primitives:
        raise _Unfit("the target is a plain value, which only 1.1 replaces", "write overlay: 1.1.0")
    if isinstance(value, dict | list):
        raise _Unfit("a plain value is replaced by a plain value", "select what holds it, and update that")
    return value


def _merged(target: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    """Members merged recursively: lists are concatenated, plain values replaced."""
    made = dict(target)
    for name, new in value.items():
        old = made.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            made[name] = _merged(old, new)
        elif isinstance(old, list) and isinstance(new, list):
            made[name] = [*old, *deepcopy(new)]
        else:
            made[name] = deepcopy(new)
    return made
