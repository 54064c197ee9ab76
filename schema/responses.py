"""Whole answers to registered operations, kept where every part of them is kept and shared by all who may ask.

What an answer was made of is noted while it runs, so whatever asked a source for something, be it a link, a filter or a
rule, is among it. An answer lives as long as the first of its parts to go, and is forgotten with any of them. Access is
decided before: the plan, which knows what the caller may see, is part of the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import cast

import msgspec
from graphql import OperationType

from resolvers import CacheTally, Call, Context, Parts, Source, SourceModel, Store, Unwritable, canonical
from schema.plan.fields import CallOperation, Link, ReadKey
from schema.plan.operation import OperationPlan
from schema.request import Answer, Fresh, GraphQLRequest

_REMEMBERED = 1000
_SHORTEST_S = 0.1
"""What lives shorter than that is not worth keeping."""


class Responses:
    """The answers of one graph. ``version``: of all that decides what an operation means; ``view``: its name.

    ``tally``: where they are counted; that of all views, and of the graphs before and after, is one.
    """

    def __init__(self, store: Store, version: str, view: str = "", *, tally: CacheTally | None = None) -> None:
        self.tally = CacheTally() if tally is None else tally
        self._store = store
        self._version = version
        self._view = view
        self._plans: dict[int, tuple[OperationPlan, str]] = {}

    def key(self, request: GraphQLRequest, plan: OperationPlan) -> bytes | None:
        """Where the answer to a request is found; ``None`` where none is kept."""
        if request.document_id is None or plan.operation.operation is not OperationType.QUERY:
            return None
        text = self._text(plan)
        if not text or "cost" in request.extensions:
            return None
        try:
            asked = canonical(request.variables)
        except Unwritable:
            return None
        whole = f"{self._version}\n{self._view}\n{request.operation_name!r}\n{request.query!r}\n{asked}\n{text}"
        return blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=20).digest()

    def _text(self, plan: OperationPlan) -> str:
        """What the caller may see of the operation, in words; empty where an answer would be one caller's alone."""
        known = self._plans.get(id(plan))
        if known is not None:  # it is held here, so that no other comes to lie where it lies
            return known[1]
        text = _written(plan)
        if len(self._plans) >= _REMEMBERED:
            self._plans.clear()
        self._plans[id(plan)] = (plan, text)
        return text

    async def find(self, key: bytes) -> Answer | None:
        """The answer that is kept, if one is and nothing of it was forgotten."""
        found = await self._store.read((key,), (), self.tally)
        kept = found.entries[0]
        if kept is None:
            self.tally.misses += 1
            return None
        try:
            entry = _decode(kept.data)
        except msgspec.MsgspecError:
            self.tally.failures += 1
            return None
        now = await self._store.read((), tuple(entry.tags), self.tally)
        if now.stamp is None or list(now.stamp) != entry.versions:
            self.tally.misses += 1
            return None
        self.tally.hits += 1
        return Answer("data", {}, entry.body, fresh=Fresh(int(kept.age_s), int(entry.lives_s)))

    async def keep(self, key: bytes, answer: Answer, parts: Parts) -> Answer:
        """The answer, kept where it may be."""
        lives_s = parts.left_s
        if not parts.sound or "errors" in answer.held or "extensions" in answer.held or not parts.tags:
            return answer
        if lives_s < _SHORTEST_S:
            return answer
        body = answer.encode()
        entry = _Entry(list(parts.tags), cast("list[int | bytes]", list(parts.tags.values())), lives_s, body)
        await self._store.write(((key, 1, _encode(entry)),), (), (), lives_s, self.tally)
        return Answer("data", answer.held, body, laid=answer.laid, fresh=Fresh(0, int(lives_s)))


class _Entry(msgspec.Struct, array_like=True, frozen=True):
    tags: list[str]
    versions: list[int | bytes]
    lives_s: float
    body: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Entry).decode


class Noting:
    """A source of which nothing is kept, so that no answer with a part of it is."""

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def model(self) -> SourceModel:
        return self._source.model

    @property
    def concurrency(self) -> int:
        return self._source.concurrency

    async def execute(self, call: Call, context: Context) -> object:
        """As ``Source.execute``."""
        if context.parts is not None:
            context.parts.sound = False
        return await self._source.execute(call, context)

    async def close(self) -> None:
        """It is the source's owner who closes it."""


def noting(sources: Mapping[str, Source]) -> Mapping[str, Source]:
    """The sources, of which those that keep nothing tell that they were asked."""
    return {name: source if getattr(source, "keeps", False) else Noting(source) for name, source in sources.items()}


def _written(plan: OperationPlan) -> str:
    if plan.refused or plan.introspected or plan.told:
        return ""
    lines = []
    for (owner, path), planned in plan.fields.items():
        if planned.mask is not None or not isinstance(planned.plan, ReadKey | CallOperation | Link):
            return ""
        lines.append(f"{owner}.{planned.name} {'/'.join(path)} {planned.told}")
    return "\n".join(sorted(lines))
