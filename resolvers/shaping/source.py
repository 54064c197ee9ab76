"""``Shaped``: a source whose values are what the file says of them; whoever asks it knows no others.

It stands above what keeps and repeats calls: these hold the source's own values, whatever the file says of them today.
A call that is about nothing coded goes down as it came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from msgspec.structs import replace

from resolvers.model import Operation, SourceModel
from resolvers.shaping.calls import Calls
from resolvers.shaping.coding import Coding
from resolvers.shaping.keyed import translated
from resolvers.shaping.replies import Replies
from resolvers.shaping.shapes import Shaping
from resolvers.source import Call, Context, Source


def _nothing(operation: Operation, asked: Call) -> bool:
    """Whether no key is left to ask for; who is asked without any may answer with all that it has."""
    if operation.keys is None or not operation.keys.argument:
        return False
    value: object = asked.arguments
    for name in operation.keys.argument:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value == []


class Shaped:
    """``model``: that of the values as they are served; ``lifts``: its fields that lie deeper in the source's rows."""

    def __init__(self, source: Source, model: SourceModel, shaping: Shaping) -> None:
        self._source = source
        self._raw = source.model
        self.model = model
        self.lifts = shaping.lifts
        self._codings = shaping.codings
        self._calls = Calls(shaping)
        self._replies = Replies(shaping)

    @property
    def written(self) -> Mapping[str, Sequence[Coding]]:
        """Name, as the source spells it → how values are written that stand under it."""
        found: dict[str, list[Coding]] = {}
        for (_, _, name), coding in self._codings.items():
            found.setdefault(name, []).append(coding)
        return found

    @property
    def concurrency(self) -> int:
        return self._source.concurrency

    @property
    def keeps(self) -> bool:
        """Whether it tells of everything that it is asked for whether it is kept."""
        return getattr(self._source, "keeps", False)

    async def execute(self, call: Call, context: Context) -> object:
        """As ``Source.execute``, in the values that are served.

        Raises:
            BadRequest: the source cannot say a value that was given.
        """
        operation = self._raw.operations.get(call.operation)
        if operation is None:
            return await self._source.execute(call, context)
        keys_alone = bool(call.grouping.by) and not operation.aggregate_of
        way = (self._replies.groups if keys_alone else self._replies.way)(operation, call.selection)
        asked = self._asked(call, joined=call.keyed is not None)
        if call.keyed is not None and _nothing(operation, asked):
            return None  # no key is one that the source could have
        if way.change is not None:
            asked = replace(asked, selection=way.selection)
        keys = None
        if asked is not call and call.keyed is not None:
            if self.keeps:  # nobody else looks at them
                keys = translated(operation, call.keyed, asked, partial(self._asked, joined=True), self._replies)
            asked = replace(asked, keyed=None if keys is None else keys.keyed)
        value = await self._source.execute(asked, context)
        if keys is not None and call.keyed is not None:
            keys.tell(call.keyed)
        return value if way.change is None or value is None else way.change(value)

    def _asked(self, call: Call, *, joined: bool) -> Call:
        """The call as the source takes it; the very same where nothing coded is in it. ``joined``: it is for many keys,
        which no caller wrote.

        What was made is told from what came by what it is and not by equality: ``True`` equals 1, and 0.00 equals 0.
        """
        operation = self._raw.operations[call.operation]
        changes: dict[str, object] = {}
        keys = operation.keys.argument[0] if joined and operation.keys and operation.keys.argument else ""
        arguments = self._calls.arguments(operation, call.arguments, keys=keys) if call.arguments else call.arguments
        if arguments is not call.arguments:
            changes["arguments"] = arguments
        if self._calls.touches():
            owner = self._calls.rows(operation)
            if call.predicate is not None:
                changes["predicate"] = self._calls.predicate(owner, call.predicate)
            if call.grouping.having:
                changes["grouping"] = self._calls.grouping(owner, call.grouping)
            if call.rules:
                rules = {key: self._calls.predicate(key, rule) for key, rule in call.rules.items()}
                if any(rules[key] is not rule for key, rule in call.rules.items()):
                    changes["rules"] = rules
        changes = {name: made for name, made in changes.items() if made is not getattr(call, name)}
        return replace(call, **changes) if changes else call

    async def close(self) -> None:
        await self._source.close()
