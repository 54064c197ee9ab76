"""``Scene``: a folder that was read: the query, who asks it, what the systems answer, and what is expected.

It reads and writes these files and plays nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gateway.file.findings import problems_of
from gateway.file.places import in_file, told
from gateway.scenes.rows import from_plain
from gateway.scenes.settings import AnswerSettings, SceneSettings, StatementAnswerSettings
from resolvers import Answer, Key, Played, Problem, StatementAnswer, Yaml, YamlError, asked

QUERY, SCENE, REPLY, CALLS = "query.graphql", "scene.yaml", "reply.json", "calls.yaml"


class UnreadableScene(Exception):
    """A scene that cannot be played; ``text`` says all that is wrong with its files."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True)
class Scene:
    """``reply`` and ``calls`` are what is expected; ``None``: nobody said yet."""

    folder: Path
    name: str
    query: str
    settings: SceneSettings
    reply: object | None
    calls: Sequence[Mapping[str, object]] | None
    lines: Mapping[tuple[Key, ...], int] = field(default_factory=dict)

    def described(self, problems: Sequence[Problem]) -> str:
        """Problems with their places in the scene's file."""
        return told(in_file(str(self.folder / SCENE), self.lines).found(problems), {})

    def played(self) -> Played:
        """The stage that it is played on.

        Raises:
            UnreadableScene: a file of an answer cannot be read.
        """
        answers, fixtures, results = {}, {}, {}
        for name, source in self.settings.sources.items():
            answers[name] = [_answer(self.folder, number, each) for number, each in enumerate(source.answers)]
            results[name] = [_result(number, each) for number, each in enumerate(source.statements)]
            if source.tables is not None:
                fixtures[name] = source.tables
        return Played(answers, fixtures, results)

    def expect(self, reply: object, calls: Sequence[Mapping[str, object]]) -> None:
        """Writes down what is expected."""
        (self.folder / REPLY).write_text(json.dumps(reply, indent=2, ensure_ascii=False) + "\n", "utf-8")
        (self.folder / CALLS).write_text(written_calls(calls), "utf-8")


def written_calls(calls: Sequence[Mapping[str, object]]) -> str:
    """The text of the file of calls: YAML, each call on a line of its own."""
    lines = [f"- {name}: {json.dumps(told, ensure_ascii=False)}" for call in calls for name, told in call.items()]
    return "\n".join(lines or ["[]"]) + "\n"


def find(folder: Path, wanted: str = "") -> Iterator[Path]:
    """The folders of scenes below a folder, by their names. ``wanted``: what a name holds, in whatever case."""
    found = {path.parent for name in (SCENE, QUERY) for path in folder.rglob(name)}
    for path in sorted(found):
        if wanted.casefold() in name_of(path, folder).casefold():
            yield path


def name_of(path: Path, folder: Path) -> str:
    """How a scene is called: its way below the folder."""
    return path.name if path == folder else path.relative_to(folder).as_posix()


def read(path: Path, folder: Path) -> Scene:
    """Reads the scene in ``path``.

    Raises:
        UnreadableScene: with all that is wrong with its files.
    """
    settings, lines = _settings(path / SCENE)
    query = _text(path / QUERY)
    if query is None:
        raise UnreadableScene(f"{path / QUERY}\n  there is no query\n  mend: write it into this file")
    variables = path / "variables.json"
    given = _text(variables)
    if given is not None:
        found = _json(given, variables)
        if not isinstance(found, dict):
            raise UnreadableScene(f"{variables}\n  an object is needed")
        settings = settings.model_copy(update={"variables": {**found, **settings.variables}})
    reply = _text(path / REPLY)
    return Scene(
        path,
        name_of(path, folder),
        query,
        settings,
        None if reply is None else _json(reply, path / REPLY),
        _calls(path / CALLS),
        lines,
    )


def _settings(path: Path) -> tuple[SceneSettings, Mapping[tuple[Key, ...], int]]:
    text = _text(path)
    if text is None or not text.strip():
        return SceneSettings.model_validate({}), {}
    try:
        document = Yaml(text)
        raw, lines = document.value, document.lines()
    except YamlError as error:
        raise UnreadableScene(f"{path}{f':{error.line}' if error.line else ''}\n  {error}") from error
    try:
        return SceneSettings.model_validate(raw), lines
    except ValidationError as error:
        problems = problems_of(error, SceneSettings, raw, ())
        raise UnreadableScene(told(in_file(str(path), lines).found(problems), {})) from error


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UnreadableScene(f"{path}\n  cannot be read: {reason}") from error


def _json(text: str, path: Path) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UnreadableScene(f"{path}\n  is not JSON: {error}") from error


def _calls(path: Path) -> Sequence[Mapping[str, object]] | None:
    text = _text(path)
    if text is None:
        return None
    try:
        found = Yaml(text).value
    except YamlError as error:
        raise UnreadableScene(f"{path}{f':{error.line}' if error.line else ''}\n  {error}") from error
    calls: list[Mapping[str, object]] = []
    for number, each in enumerate(found if isinstance(found, list) else [found], 1):
        made = {each: {}} if isinstance(each, str) else each
        if not isinstance(made, dict) or len(made) != 1:
            what = f"call {number} is none"
            raise UnreadableScene(f"{path}\n  {what}\n  mend: write source.operation: {{ argument: value }}")
        calls.append({str(name): told if told is not None else {} for name, told in made.items()})
    return calls


def _answer(folder: Path, number: int, said: AnswerSettings) -> Answer:
    content, media = _content(folder, said)
    headers = {name.lower(): value for name, value in said.headers.items()}
    if media and not (said.xml is not None):
        headers.setdefault("content-type", media)
    return Answer(
        number,
        said.operation or "",
        None if said.request is None else asked(said.request, said.body),
        said.status,
        headers,
        content,
        None if said.times == "any" else said.times,
        said.fails,
        xml=said.xml is not None,
    )


def _content(folder: Path, said: AnswerSettings) -> tuple[bytes, str]:
    if said.has_json:
        return json.dumps(said.json_value, ensure_ascii=False).encode(), "application/json"
    if said.xml is not None:
        return said.xml.strip().encode(), ""
    if said.text is not None:
        return said.text.encode(), "text/plain"
    if said.base64 is not None:
        return base64.b64decode(said.base64), ""
    if said.file is not None:
        try:
            kinds = {".json": "application/json", ".xml": "text/xml"}
            return (folder / said.file).read_bytes(), kinds.get(Path(said.file).suffix, "")
        except OSError as error:
            raise UnreadableScene(f"{folder / said.file}\n  cannot be read: {error.strerror}") from error
    return b"", ""


def _result(number: int, said: StatementAnswerSettings) -> StatementAnswer:
    rows = [[from_plain(value) for value in row] for row in said.rows]
    return StatementAnswer(
        number,
        said.sql,
        [from_plain(value) for value in said.values],
        said.columns,
        rows,
        None if said.times == "any" else said.times,
        said.affected,
    )
