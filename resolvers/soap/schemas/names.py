"""Names of the types that schemas declare: unique inside a source, and what each may be called instead."""

from __future__ import annotations

from functools import lru_cache

from resolvers.naming import Naming, shortened
from resolvers.xml import local, namespace_of


class TypeNames:
    """Hands out names, each once. ``Naming.place`` does not depend on the order in which types are met."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, hint: str, namespace: str = "") -> str:
        """A name that no other has: a later one gets the last word of its namespace, then a number."""
        hint = next(shortened(hint))
        name = hint
        if name in self._taken and namespace:
            name = f"{hint}{_word(namespace)}"
        free, number = name, 2
        while free in self._taken:
            free, number = f"{name}{number}", number + 1
        self._taken.add(free)
        return free


def naming_of(tag: str) -> Naming:
    """How a type with a name of its own may be called."""
    name = local(tag)
    return Naming(tag, tuple(dict.fromkeys((name, f"{name}{_word(namespace_of(tag))}"))))


def inner_naming(owner: Naming | None, above: str, name: str) -> Naming:
    """How a type may be called that stands inside the declaration of ``name``, a part of the type ``above``."""
    place = f"{owner.place if owner is not None else above}/{name}"
    upper = name[:1].upper() + name[1:]
    above = owner.names[0] if owner is not None else above
    return Naming(place, tuple(dict.fromkeys((above + upper, upper))))


@lru_cache(maxsize=1000)
def _word(namespace: str) -> str:
    """The last word of a namespace that begins with a letter."""
    words = "".join(char if char.isalnum() else " " for char in namespace).split()
    last = next((word for word in reversed(words) if word[0].isalpha()), "Other")
    return last[:1].upper() + last[1:]
