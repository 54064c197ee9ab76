"""Conditions behind links: they are decided for a column of keys, in one batch, before they are asked of rows.

Rules are decided with the gateway's own rights: what is fetched here is shown to nobody. What cannot be fetched is
undecided, and a rule that is undecided is not fulfilled.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from resolvers import LEAF, IsthmusError, Loaders, Outcome, Row, Selection, matcher
from schema.access.principal import Principal
from schema.access.rows.expression import UNDECIDED, Led, Verdicts, fields, predicate
from schema.access.rows.expression import led as conditions_behind

_log = logging.getLogger("isthmus.access")

Keys = Mapping[Led, Sequence[tuple[object, ...]]]


class Beyond:
    """Decides for one caller and one request. ``loaders``: of sources that nothing guards."""

    def __init__(self, principal: Principal, loaders: Loaders) -> None:
        self._principal = principal
        self._loaders = loaders

    def forget(self) -> None:
        """What was fetched so far is fetched anew."""
        self._loaders.forget()

    async def verdicts(self, keys: Keys) -> Verdicts:
        """What each condition comes to for each of its keys."""
        true: dict[Led, Sequence[tuple[object, ...]]] = {}
        false: dict[Led, Sequence[tuple[object, ...]]] = {}
        for led, asked in keys.items():
            true[led], false[led] = await self._decided(led, asked)
        return Verdicts(true, false)

    async def _decided(
        self, led: Led, asked: Sequence[tuple[object, ...]]
    ) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
        if not asked:
            return [], []
        selection = Selection(dict.fromkeys(sorted(fields(led.part)), LEAF))
        found: Sequence[Outcome]
        found = _told(led, asked) if led.told else await self._loaders.load(led.column, asked, selection)
        further = UNDECIDED
        if behind := conditions_behind(led.part):
            rows = [row.as_mapping() if isinstance(row, Row) else row for row in found]
            there = [row for row in rows if isinstance(row, Mapping)]
            further = await self.verdicts({each: keys_of(each, there) for each in behind})
        holds = matcher(predicate(led.part, self._principal, further))
        fails = matcher(predicate(led.part, self._principal, further, asserted=False))
        true, false = [], []
        unknown: Counter[tuple[str, str]] = Counter()
        for key, row in zip(asked, found, strict=True):
            if not isinstance(row, Mapping | Row):
                if isinstance(row, IsthmusError):
                    unknown["a rule could not ask", row.code] += 1
                continue
            try:
                if holds(row) is True:
                    true.append(key)
                elif fails(row) is False:
                    false.append(key)
            except IsthmusError as error:
                unknown["a rule could not read", error.code] += 1
        for (what, code), count in unknown.items():  # whoever asks for many rows must not fill the log
            _log.warning("%s %s.%s: %s, %d times", what, led.column.source, led.column.operation.name, code, count)
        return true, false


def _told(led: Led, asked: Sequence[tuple[object, ...]]) -> list[dict[str, object]]:
    """What the keys say of the rows that they lead to."""
    return [
        {
            field: None if part.canonical(value) is None else part.outgoing(value)
            for (field, part), value in zip(led.told, key, strict=True)
        }
        for key in asked
    ]


def keys_of(led: Led, rows: Iterable[Mapping[str, object]]) -> list[tuple[object, ...]]:
    """The different keys of rows, those with a null or an error left out."""
    found: dict[tuple[object, ...], None] = {}
    for row in rows:
        key = tuple(row.get(name) for name in led.keys)
        if all(isinstance(part, str | int) or (part is not None and _is_plain(part)) for part in key):
            found[key] = None
    return list(found)


def _is_plain(value: object) -> bool:
    return not isinstance(value, IsthmusError | list | dict)
