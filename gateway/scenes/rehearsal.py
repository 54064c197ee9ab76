"""One scene played: the gateway of a configuration answers its query, with the stage in the place of the systems.

What is played is the gateway itself, from the body of a request to the bytes of its answer. Left out is the edge of the
machine: sockets, tokens (the scene says who asks), rate limits, registered operations, logs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import SecretStr
from starlette.types import Message

from gateway.edge.graphql import Endpoint
from gateway.file.config import Configuration
from gateway.holder import Holder
from gateway.identity import Authenticator
from gateway.kept.settings import KeptSettings
from gateway.request.asked import Asked
from gateway.scenes.differences import Difference, of_calls, of_replies
from gateway.scenes.scene import CALLS, QUERY, REPLY, SCENE, Scene, UnreadableScene
from gateway.snapshot import Snapshot, load
from resolvers import ConfigurationError, Key, MissedStatement, Noted, Played, SourceSettings, Stage, told_as
from schema import ANONYMOUS, Principal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a scene. ``reply`` and ``calls``: what was given and asked, as they are written down. ``mend``:
    how what is there becomes what is expected, if it does.
    """

    name: str
    differences: Sequence[Difference]
    seconds: float
    reply: object = None
    calls: Sequence[Mapping[str, object]] = ()
    mend: str = ""

    def lines(self) -> Iterator[str]:
        """All that is not as expected, as it is read."""
        for each in self.differences:
            yield from each.lines()
        if self.mend:
            yield self.mend

    @property
    def passed(self) -> bool:
        """Whether all was as expected."""
        return not self.differences


def placeholder(where: tuple[Key, ...]) -> str | None:
    """What stands for a value of the environment that is not set, by the path of keys; ``None``: nothing can."""
    last = next((str(key) for key in reversed(where) if isinstance(key, str)), "")
    if last in {"database", "replicas"}:
        return None
    if last == "url" or last.endswith("_url") or last in {"issuer", "proxy"}:
        return f"https://{'-'.join(str(key) for key in where[1:2]).replace('_', '-') or 'source'}.invalid"
    return "not-set-since-nothing-is-asked-and-nobody-proves-anything"


def rehearsed(chosen: Configuration) -> Configuration:
    """The configuration without what would reach for other systems, or would make one scene hang on another."""
    server = chosen.settings.server.model_copy(
        update={"cache": KeptSettings.model_validate({}), "redis": None, "audit": None, "rate_limits": None}
    )
    sources = {
        name: (kind, each.model_copy(update={"rate_limit": None, **_sealed(each)}))
        for name, (kind, each) in chosen.sources.items()
    }
    return replace(chosen, settings=chosen.settings.model_copy(update={"server": server}), sources=sources)


def _sealed(settings: SourceSettings) -> dict[str, object]:
    """What makes cursors of a database the same each time, where it has any."""
    return {"cursor_key": SecretStr("0" * 32)} if "cursor_key" in type(settings).model_fields else {}


async def play(chosen: Configuration, scene: Scene, caller: Callable[[Scene], Principal]) -> Outcome:
    """Plays a scene and compares. ``caller``: tells who asks in it."""
    began = time.perf_counter()
    stage: Played | None = None
    try:
        stage = scene.played()
        reply = await answered(chosen, scene, caller(scene), stage)
    except UnreadableScene as error:
        return _broken(scene, error.text, began)
    except ConfigurationError as error:
        mine = [each for each in error.problems if _is_of_scene(each.where)]
        text = scene.described(mine) if mine else chosen.describe(error.problems)
        return _broken(scene, text, began)
    calls = calls_of(stage.calls)
    found = [*_missed(scene, stage), *_unasked(scene, stage)]
    if scene.reply is None:
        what = "nobody said what is expected"
        found.append(Difference(str(scene.folder / REPLY), what, added=_lines(reply)))
    else:
        found += of_replies(scene.reply, reply, str(scene.folder / REPLY))
    if scene.calls is not None:
        changing = {f"{each.source}.{each.operation}" for each in stage.calls if each.changes}
        found += of_calls(scene.calls, calls, str(scene.folder / CALLS), changing)
    return Outcome(scene.name, found, time.perf_counter() - began, reply, calls)


async def answered(
    chosen: Configuration, scene: Scene, principal: Principal, stage: Stage, opened: Snapshot | None = None
) -> object:
    """The body that the gateway gives, without what is another one each time. ``opened``: what is served, where it is
    open already; it stays so.

    Raises:
        ConfigurationError: the configuration, or what stands for a database, is not sound.
    """
    if opened is not None:
        return await _asked(chosen, opened, scene, principal)
    current = await load(rehearsed(chosen), stage=stage)
    try:
        if current.failed:
            raise ConfigurationError(current.failed.values())
        for name in scene.settings.sources.keys() - chosen.sources.keys():
            raise UnreadableScene(f'{scene.folder / SCENE}\n  sources.{name}: the configuration has no source "{name}"')
        return await _asked(chosen, current, scene, principal)
    finally:
        await current.close()


async def _asked(chosen: Configuration, current: Snapshot, scene: Scene, principal: Principal) -> object:
    server = chosen.settings.server
    endpoint = Endpoint(Holder(current), server.limits, _Told(principal), get=server.get)
    said = scene.settings
    question = {"query": scene.query, "variables": said.variables}
    if said.operation is not None:
        question["operationName"] = said.operation
    headers = {"host": "scene", "content-type": "application/json", "accept": "application/json", **said.headers}
    if principal is not ANONYMOUS:
        headers.setdefault("authorization", "Bearer scene")
    body = json.dumps(question).encode()
    raw = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    scope = {
        "type": "http",
        "method": "POST",
        "query_string": b"",
        "headers": [*raw, (b"content-length", str(len(body)).encode())],
        "state": {"request_id": "scene"},
        "client": ("127.0.0.1", 0),
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    response = await endpoint(Asked(scope, receive, view=said.view))
    await endpoint.finish(server.drain_s)
    return steady(json.loads(bytes(response.body)))


def steady(reply: object) -> object:
    """A reply without what is another one each time, or follows from the text of the query."""
    if not isinstance(reply, dict):
        return reply
    kept = dict(reply)
    errors = []
    for error in reply.get("errors", ()):
        extensions = {key: value for key, value in error.get("extensions", {}).items() if key != "requestId"}
        told = {key: value for key, value in error.items() if key not in {"locations", "extensions"}}
        errors.append({**told, **({"extensions": extensions} if extensions else {})})
    if errors:
        kept["errors"] = sorted(errors, key=lambda each: json.dumps(each, sort_keys=True))
    extensions = {key: value for key, value in reply.get("extensions", {}).items() if key != "freshness"}
    kept.pop("extensions", None)
    return {**kept, **({"extensions": extensions} if extensions else {})}


def calls_of(calls: Sequence[Noted]) -> list[Mapping[str, object]]:
    """The calls as they are written down: changes in their order, then reads in an order that no race changes."""
    changes = [_written(each) for each in calls if each.changes]
    reads = [_written(each) for each in calls if not each.changes]
    return [*changes, *sorted(reads, key=lambda each: json.dumps(each, sort_keys=True))]


def _written(call: Noted) -> Mapping[str, object]:
    return {f"{call.source}.{call.operation}": call.told}


def _missed(scene: Scene, stage: Played) -> list[Difference]:
    found = []
    for each in stage.missed:
        name = f"{each.source}.{each.operation}" if each.operation else each.source
        what = f"{name} asks for what the scene has no answer to" + (f": {each.near}" if each.near else "")
        if isinstance(each, MissedStatement):
            shown = [f"sql: {each.text}", f"values: {json.dumps(each.values, default=str, ensure_ascii=False)}"]
        else:
            shown = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in told_as(each.asked).items()]
        part = "statements" if isinstance(each, MissedStatement) else "answers"
        where = _line(scene, "sources", each.source, part)
        mend = f"write what it gives under sources.{each.source}.{part}, or record the scene again"
        found.append(Difference(where, what, added=shown, mend=mend))
    return found


def _unasked(scene: Scene, stage: Played) -> list[Difference]:
    found = []
    for source, answers in stage.answers.items():
        for each in answers:
            if each.times is not None and each.given < each.times:
                where = _line(scene, "sources", source, "answers", each.number)
                what = f"a call to {source} was not made"
                found.append(Difference(where, what, removed=[each.title], mend=_NO_LONGER))
    for source, results in stage.results.items():
        for result in results:
            if result.times is not None and result.given < result.times:
                where = _line(scene, "sources", source, "statements", result.number)
                what = f"a statement was not asked of {source}"
                found.append(Difference(where, what, removed=[result.text], mend=_NO_LONGER))
    return found


_NO_LONGER = "remove the answer, where nobody should ask for it any more"


def _line(scene: Scene, *where: Key) -> str:
    line = scene.lines.get(where)
    return f"{scene.folder / SCENE}{f':{line}' if line else ''}"


def _is_of_scene(where: tuple[Key, ...]) -> bool:
    return (
        where[:1] == ("sources",) and where[2:3] == ("tables",) and (len(where) == 4 or isinstance(where[4], int))
    )  # sources.NAME.tables.TABLE


def _broken(scene: Scene, text: str, began: float) -> Outcome:
    place = f"{scene.folder / QUERY}"
    return Outcome(scene.name, [Difference(place, text, whole=True)], time.perf_counter() - began)


def _lines(reply: object) -> list[str]:
    return json.dumps(reply, indent=2, ensure_ascii=False).splitlines()


class _Told(Authenticator):
    """Who asks is what the scene says, whatever the request carries."""

    def __init__(self, principal: Principal) -> None:
        super().__init__()
        self._told = principal

    def known(self, asked: Asked) -> Principal:  # noqa: ARG002  # the signature is the authenticator's
        return self._told

    async def principal(self, asked: Asked) -> Principal:  # noqa: ARG002  # the signature is the authenticator's
        return self._told
