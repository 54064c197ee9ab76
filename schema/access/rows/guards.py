"""``Guards``: what the rules on rows mean for one request: which sources it sees, and which arguments it may give."""

from __future__ import annotations

from collections.abc import Mapping

from resolvers import Context, IsthmusError, Loaders, Source, matches
from schema.access.rows.beyond import Beyond
from schema.access.rows.expression import UNDECIDED, predicate
from schema.access.rows.guarded import GuardedSource
from schema.access.rows.rules import Bound


class Guards:
    """``bound`` is ``None`` for a caller for whom no rule on rows holds, who then sees the sources themselves."""

    def __init__(self, bound: Bound | None, sources: Mapping[str, Source], context: Context) -> None:
        self._bound = bound
        self.sources = sources
        self._beyond: Beyond | None = None
        if bound is not None and bound.sources:
            beyond = self._beyond = Beyond(bound.principal, Loaders(sources, context))
            self.sources = {
                name: GuardedSource(source, bound.sources[name], bound.principal, beyond)
                if name in bound.sources
                else source
                for name, source in sources.items()
            }

    def forget(self) -> None:
        """What rules asked for so far is asked anew: the request itself has changed something since."""
        if self._beyond is not None:
            self._beyond.forget()

    def allow(self, type_name: str, field: str, arguments: Mapping[str, object]) -> bool:
        """Whether a field may be given these arguments, by the source's names."""
        expression = self._bound.arguments.get((type_name, field)) if self._bound is not None else None
        if self._bound is None or expression is None:
            return True
        try:
            return matches(predicate(expression, self._bound.principal, UNDECIDED), arguments) is True
        except IsthmusError:
            return False

    def restricts(self, source: str, row: str) -> bool:
        """Whether a rule holds for the caller on rows of a type, or on fields of them."""
        restricted = self._bound.sources.get(source) if self._bound is not None else None
        return restricted is not None and (row in restricted.rows or row in restricted.fields)

    def asks(self, type_name: str, field: str) -> bool:
        """Whether what a field is given is looked at."""
        return self._bound is not None and (type_name, field) in self._bound.arguments
