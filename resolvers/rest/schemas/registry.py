"""What reading schemas has found so far: types, inputs, enums, their names, and how they look in JSON.

It collects and names; what a schema means is decided in the rooms that fill it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal, TypeAlias

from resolvers.model import EnumType, InputType, LeftOut, OutputType, TypeRef
from resolvers.naming import Naming
from resolvers.rest.documents.pointers import split
from resolvers.rest.documents.tree import Tree, Unserved, members, text, token
from resolvers.rest.schemas.places import Places
from resolvers.rest.shapes import Choice, InputShapes, ResultShapes

Side = Literal["output", "input"]
TypeOf: TypeAlias = Callable[[object, str, str, Side, frozenset[str]], TypeRef]
"""Schema, pointer, name for what has none of its own, side, pointers of the lists and maps around → type."""
ENTRY = "#entry/"
COMPONENT = "#/components/schemas/"
DEPRECATED = "Deprecated by the source."
_REASONS = ("x-deprecated-reason", "x-deprecation-reason", "x-deprecated-message", "x-deprecated-description")


class Registry:
    """``degraded`` says what is served as less than its schema."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.types: dict[str, OutputType] = {}
        self.inputs: dict[str, InputType] = {}
        self.enums: dict[str, EnumType] = {}
        self.made: set[str] = set()
        """The types and inputs that no schema describes."""
        self.degraded: dict[str, LeftOut] = {}
        self.waiting: list[Callable[[], None]] = []
        """What is still to be read: the fields of objects and the members of unions."""
        self.texts: set[tuple[str, str]] = set()
        self.maps: dict[Side, set[str]] = {"output": set(), "input": set()}
        self.more: dict[Side, dict[str, str]] = {"output": {}, "input": {}}
        self.choices: dict[str, Choice] = {}
        self.tagged: dict[str, tuple[str, Mapping[str, str]]] = {}
        self._names: dict[str, str] = {}
        components = members(members(tree.root.get("components")).get("schemas"))
        self._taken = {name: COMPONENT + token(name) for name in components}

    def name(self, pointer: str, wanted: str) -> str:
        """The name of the type at ``pointer``: always the same, and no other's."""
        if pointer not in self._names:
            candidate, number = wanted, 2
            while self._taken.setdefault(candidate, pointer) != pointer:
                candidate, number = f"{wanted}{number}", number + 1
            self._names[pointer] = candidate
        return self._names[pointer]

    def is_component(self, name: str) -> bool:
        """Whether the type is a component's, so that its name is one that the document gave."""
        return bool(own_name(self._taken.get(name, "/")))

    def add(self, title: str, make: Callable[[str], OutputType]) -> str:
        """Adds a type of results that no schema describes and gives its name; one of the same title is shared."""
        name = self.name(f"#/x-made/{token(title)}", title)
        if name not in self.types:
            self.types[name] = make(name)
            self.made.add(name)
        return name

    def call(self, places: Places) -> None:
        """Gives every type its names. The keys of the mappings stay what they are; only what is shown changes."""
        pointers = {key: pointer for pointer, key in self._names.items()}

        def naming(key: str) -> Naming:
            pointer = pointers.get(key, f"#/x-made/{token(key)}")
            if not pointer.startswith(ENTRY):
                return places.naming(pointer, key)
            # An entry is called after its value, whatever that comes to be called.
            value = pointer.removeprefix(ENTRY).removesuffix("/text")
            base = value if value in pointers or value.removesuffix("List") not in pointers else value[: -len("List")]
            own = naming(base) if base in pointers else Naming(value, (value,), 3)
            ending = f"{value.removeprefix(base)}Entry"
            return Naming(f"{own.place} {ending}", tuple(name + ending for name in own.names), own.rank + 1)

        for key, made in self.types.items():
            self.types[key] = replace(made, naming=naming(key))
        for key, given in self.inputs.items():
            self.inputs[key] = replace(given, naming=naming(key))
        for key, enum in self.enums.items():
            self.enums[key] = replace(enum, naming=naming(key))

    def as_json(self, name: str, unserved: Unserved) -> None:
        """Notes that something is served as ``JSON`` although it says more."""
        self.note(name, f"served as JSON: {unserved.reason}", unserved.pointer)

    def note(self, name: str, reason: str, pointer: str) -> None:
        """Notes that something is served as less than its schema, once for each place."""
        self.degraded.setdefault(pointer, LeftOut(name, reason, self.tree.place(pointer), degraded=True))

    def results(self) -> ResultShapes:
        return ResultShapes(frozenset(self.maps["output"]), self.more["output"], self.choices)

    def given(self) -> InputShapes:
        return InputShapes(frozenset(self.texts), frozenset(self.maps["input"]), self.more["input"], self.tagged)


def own_name(pointer: str) -> str:
    """The name of a component's schema, or an empty string for a schema inside another thing.

    In another file a schema may also stand at the top under its name, or be the file.
    """
    address, inside = split(pointer)
    own = inside.removeprefix(COMPONENT) if inside.startswith(COMPONENT) else "/"
    if address and own == "/":
        stem = address.rpartition("/")[2].partition(".")[0]
        own = inside.removeprefix("#/definitions/").removeprefix("#/") if inside != "#" else stem
    return "" if "/" in own else own.replace("~1", "/").replace("~0", "~")


def deprecation(node: object) -> str | None:
    """Why something is deprecated, in the document's words where an extension gives any; ``None``: it is not."""
    said = members(node)
    reason = next((text(said, key).strip() for key in _REASONS if text(said, key).strip()), "")
    if said.get("deprecated") is True or reason:
        return reason or DEPRECATED
    return None


def with_default(words: str, schema: object) -> str:
    """A description, and the value that the source takes when none is given: it is told, never sent by us."""
    default = members(schema).get("default")
    if not isinstance(default, str | int | float):
        return words
    shown = f'"{default}"' if isinstance(default, str) else str(default).lower()
    told = f"Default of the source: {shown}"
    return f"{words.rstrip()}\n\n{told}" if words.strip() else told
