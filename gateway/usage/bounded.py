"""``Bounded``: counts by key that take a bounded memory, whatever an audit log holds; what found no room is counted."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """A mapping of at most ``most`` keys. ``untold``: how often a further one was asked for."""

    def __init__(self, most: int, make: Callable[[], V]) -> None:
        self._most = most
        self._make = make
        self.held: dict[K, V] = {}
        self.untold = 0

    def get(self, key: K) -> V | None:
        """The value of a key, made where it is new; ``None`` where there is no room."""
        found = self.held.get(key)
        if found is None:
            if len(self.held) >= self._most:
                self.untold += 1
                return None
            found = self.held[key] = self._make()
        return found
