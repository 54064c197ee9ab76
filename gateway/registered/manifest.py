"""Manifests of registered operations: files in, texts by their ids out.

GraphQL Code Generator and Relay write one object, id → text; Apollo's tools a list of operations with their bodies.
Whether an operation fits the schema is the graph's to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.request.body import strict_json
from resolvers import BadRequest, ConfigurationError, Problem

APOLLO = "apollo-persisted-query-manifest"
MAX_BYTES = 33_554_432
_WHERE = ("server", "documents", "manifest")


@dataclass(frozen=True, slots=True)
class Registered:
    """``name``: as the manifest has it, or the id. ``file``: the manifest's name, ``index`` its place in the list."""

    id: str
    text: str
    name: str
    file: str
    index: int


def read_manifests(paths: Sequence[Path]) -> Mapping[str, Registered]:
    """Id → operation.

    Raises:
        ConfigurationError: a file cannot be read, has another form, or gives an id another text.
    """
    found: dict[str, Registered] = {}
    problems = []
    for index, path in enumerate(paths):
        try:
            for each in _operations(path, index):
                if found.setdefault(each.id, each).text != each.text:
                    what = f'the id "{each.id}" stands for two different operations'
                    problems.append(Problem(what, (*_WHERE, index), document=path.name))
        except OSError as error:
            what = f"{path.name} cannot be read: {(error.strerror or type(error).__name__).lower()}"
            problems.append(Problem(what, (*_WHERE, index), "paths start at the folder of the file that names them"))
        except ValueError as error:
            problems.append(Problem(f"{path.name} is no manifest: {error}", (*_WHERE, index)))
    if problems:
        raise ConfigurationError(problems)
    return found


def _operations(path: Path, index: int) -> Iterator[Registered]:
    with path.open("rb") as opened:
        content = opened.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES} bytes")
    try:
        document = strict_json(content)
    except BadRequest as error:
        raise ValueError(error.detail) from error
    if not isinstance(document, dict):
        raise ValueError("one JSON object is needed")  # noqa: TRY004  # of the file, not of an argument
    listed = document.get("operations")
    if "format" in document or isinstance(listed, list):
        yield from _apollo(document, path.name, index)
        return
    for key, text in document.items():
        if not isinstance(text, str):
            raise ValueError(f'the text of "{key}" is no string')  # noqa: TRY004  # likewise
        yield Registered(_id(key), text, key, path.name, index)


def _apollo(document: Mapping[str, object], file: str, index: int) -> Iterator[Registered]:
    listed = document.get("operations")
    if document.get("format") != APOLLO or document.get("version") != 1 or not isinstance(listed, list):
        raise ValueError(f'of lists of operations, format "{APOLLO}" in version 1 is known')
    for each in listed:
        key, text, name = (each.get(part) if isinstance(each, dict) else None for part in ("id", "body", "name"))
        if not isinstance(key, str) or not isinstance(text, str):
            raise ValueError("each of its operations needs id and body")  # noqa: TRY004  # likewise
        yield Registered(_id(key), text, name if isinstance(name, str) else key, file, index)


def _id(text: str) -> str:
    return text.removeprefix("sha256:")
