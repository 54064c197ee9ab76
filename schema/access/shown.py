"""The schemas that callers are shown, one for each class of access, made when first asked for and kept within a bound.

How one is made is ``visible.py``'s business; which of them a request sees is decided here and nowhere else.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from graphql import GraphQLSchema

from schema.access.need import Clause
from schema.access.principal import Principal
from schema.access.rules import Policy
from schema.access.visible import visible

Class = frozenset[Clause]
"""What callers lack, of all that is asked anywhere. Nothing: the whole schema is theirs."""

_MOST_TYPES = 40_000
"""Types that copies of the schema may have all together. One of 4,000 types takes about 25 MB."""
_MOST_CALLERS = 1024
"""Callers whose class is remembered."""


class Shown:
    """The parts of one schema by class of access, the least recently used forgotten first."""

    def __init__(self, schema: GraphQLSchema, policy: Policy) -> None:
        self._schema = schema
        self._policy = policy
        self._known: OrderedDict[Class, GraphQLSchema] = OrderedDict()
        self._types = 0
        self._one_at_a_time = asyncio.Lock()
        self._hidden = frozenset(clause for clause in policy.every if clause.refused == "hidden")
        self._bare = policy.opens and policy.default != "anonymous"
        """Whether callers without a token may ask for something, and for the rest are told nothing."""
        self._latest: OrderedDict[int, tuple[Principal, Class]] = OrderedDict()

    def addressed(self, principal: Principal) -> Class:
        """What does not exist for a principal that asks for it by name."""
        is_bare = principal.is_anonymous and self._bare
        if not (is_bare or self._hidden):
            return frozenset()
        known = self._latest.get(id(principal))
        if known is not None:  # who is known by a kept token comes as the same object
            return known[1]
        hidden = frozenset(clause for clause in self._hidden if not clause.met_by(principal))
        found = self._policy.lacking(principal) if is_bare else hidden
        self._latest[id(principal)] = (principal, found)  # held, so that its place in memory stays its own
        if len(self._latest) > _MOST_CALLERS:
            self._latest.popitem(last=False)
        return found

    def introspected(self, principal: Principal) -> Class:
        """What introspection leaves out."""
        visible_only = self._policy.introspection == "visible"
        return self._policy.lacking(principal) if visible_only else self.addressed(principal)

    def known(self, lacking: Class) -> GraphQLSchema | None:
        """The schema without what needs any of ``lacking``, where it need not be made first."""
        if not lacking:
            return self._schema
        found = self._known.get(lacking)
        if found is not None:
            self._known.move_to_end(lacking)
        return found

    async def get(self, lacking: Class) -> GraphQLSchema:
        """As ``known``, made off the event loop where it has to be."""
        found = self.known(lacking)
        if found is None:
            async with self._one_at_a_time:
                found = self.known(lacking) or self._keep(lacking, await asyncio.to_thread(self._make, lacking))
        return found

    def at_once(self, lacking: Class) -> GraphQLSchema:
        """As ``get``, for commands."""
        return self.known(lacking) or self._keep(lacking, self._make(lacking))

    def _make(self, lacking: Class) -> GraphQLSchema:
        return visible(self._schema, self._policy, lacking)

    def _keep(self, lacking: Class, made: GraphQLSchema) -> GraphQLSchema:
        self._known[lacking] = made
        self._types += self._size(made)
        while self._types > _MOST_TYPES and len(self._known) > 1:
            self._types -= self._size(self._known.popitem(last=False)[1])
        return made

    def _size(self, schema: GraphQLSchema) -> int:
        return 0 if schema is self._schema else len(schema.type_map)
