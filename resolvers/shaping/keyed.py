"""The keys of a batch in the values of its source, so that whoever keeps answers keeps those of each key.

A key is told from others there by what the source is asked for, and not by what it means: what is kept stays right
whatever the file says tomorrow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from resolvers.batch import descend
from resolvers.model import Operation
from resolvers.predicate import And, In
from resolvers.shaping.replies import Replies
from resolvers.source import LEAF, Call, Keyed, Selection

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Translated:
    """``keyed``: as the source is told. ``served``: a key of the source → the key that it is here."""

    keyed: Keyed
    served: Mapping[Key, Key]

    def tell(self, keyed: Keyed) -> None:
        """Tells the keys as they are here what was told of those of the source."""
        keyed.failed.update({self.served[key]: error for key, error in self.keyed.failed.items()})
        keyed.foreign += self.keyed.foreign


def translated(
    operation: Operation, keyed: Keyed, asked: Call, ask: Callable[[Call], Call], replies: Replies
) -> Translated | None:
    """The keys of a call as its source knows them; ``None`` where they cannot be told apart there.

    ``asked``: the call as the source is asked. ``ask``: makes another call so.
    """
    values = _keys(operation, asked)
    if values is None:
        return None
    if len(values) == len(keyed.keys):
        pairs = [*zip(keyed.keys, values, strict=True)]
    else:  # some cannot be said, and which of them these are is only told one by one
        found = [(key, _keys(operation, ask(keyed.bind({key: given})))) for key, given in keyed.keys.items()]
        pairs = [(key, own[0]) for key, own in found if own]
    served = {own: key for key, own in pairs}
    if len(served) != len(pairs) or len(served) != len(values):
        return None

    def bind(wanted: Mapping[Key, Key]) -> Call:
        return replace(ask(keyed.bind({served[key]: keyed.keys[served[key]] for key in wanted})), keyed=None)

    change = replies.way(operation, Selection(dict.fromkeys(keyed.fields, LEAF)).under(operation.at)).change

    def group(reply: object, wanted: Mapping[Key, object]) -> tuple[dict[Key, list[object]], int]:
        """Rows are told apart by what is served of them; those that are given are the source's own."""
        shown = reply if change is None or reply is None else change(reply)
        rows = zip(_rows(shown, operation.at), _rows(reply, operation.at), strict=True)
        own = {id(one): row for one, row in rows}
        back = {served[key]: key for key in wanted}
        found, foreign = keyed.group(shown, {key: keyed.keys[key] for key in back})
        return {back[key]: [own[id(one)] for one in some] for key, some in found.items()}, foreign

    base = replace(ask(keyed.base), keyed=None)
    return Translated(Keyed(base, {own: own for own in served}, bind, group), served)


def _rows(reply: object, at: tuple[str, ...]) -> list[object]:
    inside = descend(reply, at)
    return inside if isinstance(inside, list) else [inside]


def _keys(operation: Operation, asked: Call) -> list[Key] | None:
    """The keys that the source is asked for, in turn; ``None`` where they do not stand side by side."""
    many = operation.keys
    assert many is not None, "nobody else is asked for many keys"
    if not many.argument:
        part = asked.predicate.parts[0] if isinstance(asked.predicate, And) else asked.predicate
        return [*part.values] if isinstance(part, In) else None
    value: object = asked.arguments
    for name in many.argument:
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, str) and many.separator:
        value = value.split(many.separator)
    if not isinstance(value, list | tuple):
        return None
    return [tuple(each.values()) if isinstance(each, Mapping) else (each,) for each in value]
