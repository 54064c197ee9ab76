"""Random valid operations over any schema: aliases, fragments, merged fields, conditions and variables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from zlib import crc32

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)

FLAGS = ("yes", "no")
DEEPEST = 4


@dataclass
class Writer:
    """Writes one operation; ``fragments`` fills up on the way. ``avoided``: fields that it leaves out."""

    schema: GraphQLSchema
    rng: Random
    avoided: Callable[[str], bool] = lambda _name: False
    fragments: list[str] = field(default_factory=list)

    def operation(self) -> str:
        root = self.schema.query_type
        keyword = "query"
        if self.schema.mutation_type is not None and self.rng.random() < 0.2:
            root, keyword = self.schema.mutation_type, "mutation"
        assert root is not None
        body = self.selection(root, 0)
        head = f"{keyword} Fuzz($yes: Boolean!, $no: Boolean!, $n: Int!)"
        used = "x: __typename @skip(if: $yes) y: __typename @skip(if: $no)"  # every variable must be used
        number = f"z: {self._numbered(root)}"
        return "\n".join([f"{head} {{ {used} {number} {body} }}", *self.fragments])

    def _numbered(self, root: GraphQLObjectType) -> str:
        found = [name for name, item in root.fields.items() if "n" in item.args]
        name = self.rng.choice(found)
        return f"{name}(n: $n){self._below(root.fields[name].type, DEEPEST - 1)}"

    def selection(self, owner: GraphQLOutputType, depth: int) -> str:
        """Members of a selection set, at least one of which is always there."""
        parts = ["__typename" if self.rng.random() < 0.3 else f"t{self.rng.randrange(3)}: __typename"]
        if isinstance(owner, GraphQLUnionType):
            parts += [self._fragment(member, depth) for member in owner.types if self.rng.random() < 0.7]
            return " ".join(parts)
        assert isinstance(owner, GraphQLObjectType | GraphQLInterfaceType)
        names = [name for name in owner.fields if not self.avoided(name)]
        for name in self.rng.sample(names, min(len(names), self.rng.randint(1, 4))):
            parts.append(self._field(name, owner.fields[name], depth))
            if self.rng.random() < 0.15:
                parts.append(self._field(name, owner.fields[name], depth, plain=True))
                parts.append(self._field(name, owner.fields[name], depth, plain=True))
        if self.rng.random() < 0.3:
            parts.append(self._fragment(owner, depth))
        if isinstance(owner, GraphQLInterfaceType):
            parts += [self._fragment(item, depth) for item in self.schema.get_possible_types(owner)]
        self.rng.shuffle(parts)
        return " ".join(part for part in parts if part)

    def _field(self, name: str, definition: GraphQLField, depth: int, *, plain: bool = False) -> str:
        below = self._below(definition.type, depth)
        if below is None:
            return ""
        given = []
        for argument, item in definition.args.items():
            if isinstance(item.type, GraphQLNonNull) or (not plain and self.rng.random() < 0.5):
                value = f"[{self.rng.randrange(8)}, 1]" if argument == "ids" else str(self.rng.randrange(8))
                given.append(f"{argument}: {value}")
        # The alias tells type, place and arguments, so that equal response keys always merge.
        known = crc32(repr((str(definition.type), given, name)).encode()) % 10_000
        alias = f"k{known}_{name}: "
        arguments = f"({', '.join(given)})" if given else ""
        return f"{alias}{name}{arguments}{self._condition()}{below}"

    def _below(self, typed: GraphQLOutputType, depth: int) -> str | None:
        named = get_named_type(typed)
        if is_leaf_type(named):
            return ""
        assert isinstance(named, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)
        return None if depth >= DEEPEST else f" {{ {self.selection(named, depth + 1)} }}"

    def _condition(self) -> str:
        if self.rng.random() > 0.15:
            return ""
        return f" @{self.rng.choice(['skip', 'include'])}(if: ${self.rng.choice(FLAGS)})"

    def _fragment(self, owner: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        if depth >= DEEPEST:
            return ""
        body = self.selection(owner, depth + 1)
        if self.rng.random() < 0.5:
            return f"... on {owner.name}{self._condition()} {{ {body} }}"
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {owner.name} {{ {body} }}")
        return f"...{name}{self._condition()}"
