"""Operations in GraphQL made of XML: arguments that say what a request's element says, fields for what a reply holds.

It knows the served schema and the two elements; how the gateway writes and reads them is for others to judge.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)
from lxml import etree

from tests.soap_interop.compare import attributes, flat, is_shortened
from tests.soap_interop.instances import NIL, TYPE
from tests.soap_interop.schemas import Node

_NUMBERS = {"Int": int, "Float": float}


class Unasked(Exception):
    """What the element says has no place in the arguments; the reason is its text."""


@dataclass
class Question:
    """A document of GraphQL with its variables. ``root``: the field whose value is the reply."""

    query: str
    variables: dict[str, object]
    root: str


@dataclass
class Asking:
    """Questions to one schema.

    ``lists``: tags of elements and attributes whose text is a list (xs:list). ``heads``: by the tag of an element those
    that it may stand for (substitution groups).
    """

    schema: GraphQLSchema
    lists: Collection[str] = field(default_factory=set)
    heads: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def field(self, operation: str) -> tuple[str, str, GraphQLField] | None:
        """The root field of an operation: its kind and its name."""
        for kind, root in (("query", self.schema.query_type), ("mutation", self.schema.mutation_type)):
            for name, found in root.fields.items() if root is not None else ():
                if flat(name) == flat(operation):
                    return kind, name, found
        return None

    def question(
        self, operation: str, request: Node | None, reply: Node | None, headers: Sequence[Node] = ()
    ) -> Question:
        """Asks with what ``request`` and the header blocks say for what ``reply`` holds.

        Raises:
            Unasked: the operation is not served, or cannot be asked so.
        """
        found = self.field(operation)
        if found is None:
            raise Unasked("it is not served")
        kind, name, served = found
        variables = {} if request is None else self._arguments(served, request)
        self._headers(served, list(headers), variables)
        _whole({argument: item.type for argument, item in served.args.items()}, variables)
        declared = ", ".join(f"${argument}: {served.args[argument].type}" for argument in variables)
        passed = ", ".join(f"{argument}: ${argument}" for argument in variables)
        selection = self._selection(served.type, [] if reply is None else [reply])
        head = f"{kind} ({declared})" if declared else kind
        return Question(f"{head} {{ {name}{f'({passed})' if passed else ''}{selection} }}", variables, name)

    # --- arguments ---------------------------------------------------------------------------------------------

    def _arguments(self, served: GraphQLField, request: Node) -> dict[str, object]:
        """The children of the element where it is a wrapper, else the element itself."""
        types = {name: argument.type for name, argument in served.args.items()}
        own = flat(etree.QName(request).localname)
        bare = next((name for name in types if flat(name) == own), None)
        if bare is not None and all(flat(etree.QName(child).localname) != own for child in request):
            return {bare: self._value(types[bare], [request])}
        return self._fields(types, request)

    def _headers(self, served: GraphQLField, blocks: list[Node], given: dict[str, object]) -> None:
        types = {name: argument.type for name, argument in served.args.items()}
        for block in blocks:
            local = etree.QName(block).localname
            place = _place(types, (local, local + "Header"), given)
            if place is None:
                raise Unasked(f"the header {local} has no argument")
            given[place] = self._value(types[place], [block])

    def _fields(self, types: Mapping[str, object], node: Node) -> dict[str, object]:
        """Every attribute and child of an element, and its text, each in the field of its name."""
        given: dict[str, object] = {}
        for name, text in attributes(node).items():
            local = etree.QName(name).localname
            place = _place(types, (local + "Attribute", local), given)
            if place is None:
                raise Unasked(f"the attribute {local} has no field")
            given[place] = self._text(types[place], text, local)
        children: dict[str, list[Node]] = {}
        for child in node:
            children.setdefault(child.tag, []).append(child)
        left: list[Node] = []
        for tag, same in children.items():
            place = _place(types, (etree.QName(tag).localname,), given)
            if place is None:
                left += same
                continue
            given[place] = self._value(types[place], same)
        if left:
            self._choices(types, left, given)
        required = isinstance(types.get("value"), GraphQLNonNull) and "value" not in given
        if not len(node) and ((node.text or "").strip() or required):
            place = _place(types, ("value",), given)
            if place is None:
                raise Unasked("its text has no field")
            given[place] = self._text(types[place], node.text or "", etree.QName(node).localname)
        return given

    def _choices(self, types: Mapping[str, object], left: list[Node], given: dict[str, object]) -> None:
        """Elements that are no fields of their own: branches of choices, or those that stand for another."""
        for name, kind in types.items():
            named = get_named_type(kind)  # type: ignore[call-overload]  # of an argument or a field
            if name in given or not isinstance(named, GraphQLInputObjectType) or not left:
                continue
            if _is_list(kind):
                items = [self._branch(named, [node]) for node in left if self._fits(named, [node])]
                if items:
                    given[name] = items
                    left[:] = [node for node in left if not self._fits(named, [node])]
            else:
                mine = [node for node in left if self._covers(named, node)]
                if mine:
                    given[name] = self._branch(named, mine)
                    left[:] = [node for node in left if node not in mine]
        if left:
            raise Unasked(f"the element {etree.QName(left[0]).localname} has no field")

    def _fits(self, named: GraphQLInputObjectType, nodes: list[Node]) -> bool:
        try:
            self._branch(named, nodes)
        except Unasked:
            return False
        return True

    def _covers(self, named: GraphQLInputObjectType, node: Node) -> bool:
        local = flat(etree.QName(node).localname)
        for name, branch in named.fields.items():
            inner = get_named_type(branch.type)
            if flat(name) == local:
                return True
            if isinstance(inner, GraphQLInputObjectType) and any(flat(below) == local for below in inner.fields):
                return True
        return False

    def _branch(self, named: GraphQLInputObjectType, nodes: list[Node]) -> dict[str, object]:
        """The elements as one way of a choice, or as an object with each."""
        types = {name: item.type for name, item in named.fields.items()}
        locals_ = {flat(etree.QName(node).localname) for node in nodes}
        if len(locals_) == 1:
            place = _place(types, (etree.QName(nodes[0]).localname,), {})
            if place is not None:
                given = {place: self._value(types[place], nodes)}
                return given if named.is_one_of else _whole(types, given)
        if not named.is_one_of:
            return self._of_nodes(types, nodes)
        for name, kind in types.items():
            inner = get_named_type(kind)
            if isinstance(inner, GraphQLInputObjectType):
                try:
                    if inner.is_one_of:
                        return {name: self._branch(inner, nodes)}
                    return {name: self._of_nodes({key: item.type for key, item in inner.fields.items()}, nodes)}
                except Unasked:
                    continue
        raise Unasked("no way of the choice fits")

    def _of_nodes(self, types: Mapping[str, object], nodes: list[Node]) -> dict[str, object]:
        """Fields for elements that have no parent of their own."""
        given: dict[str, object] = {}
        children: dict[str, list[Node]] = {}
        for node in nodes:
            children.setdefault(node.tag, []).append(node)
        left: list[Node] = []
        for tag, same in children.items():
            place = _place(types, (etree.QName(tag).localname,), given)
            if place is None:
                left += same
            else:
                given[place] = self._value(types[place], same)
        if left:
            self._choices(types, left, given)
        return _whole(types, given)

    def _value(self, kind: object, nodes: list[Node]) -> object:  # noqa: C901, PLR0911 - a table of kinds of types
        if isinstance(kind, GraphQLNonNull):
            return self._value(kind.of_type, nodes)
        if isinstance(kind, GraphQLList):
            if len(nodes) == 1 and nodes[0].get(NIL):
                inner = kind.of_type
                return None if isinstance(inner, GraphQLNonNull) else [None]
            if len(nodes) == 1 and not len(nodes[0]) and nodes[0].tag in self.lists:
                return self._text(kind, nodes[0].text or "", nodes[0].tag)
            try:
                return [self._value(kind.of_type, [node]) for node in nodes]
            except Unasked:
                if len(nodes) == 1 and len(nodes[0]):
                    return [self._value(kind.of_type, [node]) for node in nodes[0]]
                raise
        (node, *others) = nodes
        if others:
            raise Unasked(f"several {etree.QName(node).localname} for one")
        if node.get(NIL):
            return None
        named = get_named_type(kind)  # type: ignore[call-overload]  # of an argument or a field
        if not isinstance(named, GraphQLInputObjectType):
            if len(node) or (attributes(node) and named.name != "JSON"):
                raise Unasked(f"{etree.QName(node).localname} holds more than a {named.name}")
            return self._text(kind, node.text or "", etree.QName(node).localname)
        return self._object(named, node)

    def _object(self, named: GraphQLInputObjectType, node: Node) -> dict[str, object]:
        types = {name: item.type for name, item in named.fields.items()}
        if not named.is_one_of:
            return _whole(types, self._fields(types, node))
        said = node.get(TYPE, "").rpartition(":")[2]
        own = flat(etree.QName(node).localname)
        ways = sorted(types, key=lambda name: (flat(name) != own, bool(said) and flat(said) not in flat(name)))
        elements = list(node)
        if elements and not said and self._fits(named, elements):
            return self._branch(named, elements)
        for name in ways:
            inner = get_named_type(types[name])
            if isinstance(inner, GraphQLInputObjectType):
                try:
                    return {name: self._object(inner, node)}
                except Unasked:
                    continue
        raise Unasked(f"no type fits {etree.QName(node).localname}")

    def _text(self, kind: object, text: str, name: str) -> object:  # noqa: PLR0911 - likewise
        if isinstance(kind, GraphQLNonNull):
            return self._text(kind.of_type, text, name)
        if isinstance(kind, GraphQLList):
            return [self._text(kind.of_type, word, name) for word in text.split()]
        named = get_named_type(kind)  # type: ignore[call-overload]  # of an argument or a field
        if isinstance(named, GraphQLEnumType):
            for spelled, value in named.values.items():
                if value.value == text.strip() or flat(spelled) == flat(text) != "":
                    return spelled
            raise Unasked(f"{text!r} is no value of {named.name}")
        if named.name == "Boolean":
            return text.strip() in {"true", "1"}
        if named.name in _NUMBERS:
            return _NUMBERS[named.name](text)
        if named.name == "JSON" and not text:
            return {}  # an element without content
        return text.strip() if named.name in {"BigInt", "Decimal"} else text

    # --- fields ------------------------------------------------------------------------------------------------

    def _selection(self, kind: object, nodes: list[Node]) -> str:
        named = get_named_type(kind)  # type: ignore[call-overload]  # of a field
        if isinstance(named, GraphQLObjectType):
            return self._selected(named, nodes, {})
        if not isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            return ""
        names = [item.name for item in self.schema.get_possible_types(named)]
        taken: dict[str, str] = {}
        parts = ["__typename"]
        for one in self.schema.get_possible_types(named):
            mine = [node for node in nodes if _is_of(node, one.name, names)]
            if mine:
                parts.append(f"... on {one.name}{self._selected(one, mine, taken)}")
        return f" {{ {' '.join(parts)} }}"

    def _selected(self, named: GraphQLObjectType, nodes: list[Node], taken: dict[str, str]) -> str:
        """The leaves of a type and what the elements hold; ``taken``: the types that the fragments beside it ask for.

        A field that is of another type there gets a number behind its name.
        """
        parts = ["__typename"]
        children = [child for node in nodes for child in node]
        for name, item in named.fields.items():
            inner = get_named_type(item.type)
            below: list[Node] = []
            if isinstance(inner, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
                below = [child for child in children if name in self._fields_of(child, named)]
                if not below:
                    continue
            free, number = name, 2
            while taken.setdefault(free, str(item.type)) != str(item.type):
                free, number = f"{name}{number}", number + 1
            parts.append(f"{name if free == name else f'{free}: {name}'}{self._selection(item.type, below)}")
        return f" {{ {' '.join(parts)} }}"

    def _fields_of(self, child: Node, named: GraphQLObjectType) -> list[str]:
        """The fields that may hold an element: of its own name, or of one that it may stand for."""
        for tag in (child.tag, *self.heads.get(child.tag, ())):
            local = flat(etree.QName(tag).localname)
            found = [name for name in named.fields if flat(name) == local]
            found = found or [name for name in named.fields if flat(name).rstrip("0123456789") == local]
            found = found or [name for name in named.fields if is_shortened(name, etree.QName(tag).localname)]
            if found:
                return found
        return []


def _whole(types: Mapping[str, object], given: dict[str, object]) -> dict[str, object]:
    missing = next((name for name, kind in types.items() if isinstance(kind, GraphQLNonNull) and name not in given), "")
    if missing:
        raise Unasked(f"the field {missing} is required")
    return given


def _is_of(node: Node, name: str, names: list[str]) -> bool:
    """Whether an element is of the object type that is called so: by its xsi:type, by its tag, or as it is declared."""
    said = flat(node.get(TYPE, "").rpartition(":")[2])
    if not said:
        tag = flat(etree.QName(node).localname)
        plain = [one for one in names if flat(one).startswith("plain")]
        own = [one for one in names if flat(one) in {tag, f"{tag}type"}]
        return name in ([*own, *plain] or names)
    return name == max(names, key=lambda one: _likeness(flat(one), said))


def _likeness(name: str, said: str) -> float:
    return SequenceMatcher(None, name.removeprefix("plain"), said).ratio()


def _place(types: Mapping[str, object], names: tuple[str, ...], given: Mapping[str, object]) -> str | None:
    for name in names:
        for exact in (False, True):
            for place in types:
                if place not in given and (place == name if not exact else flat(place) == flat(name)):
                    return place
    return next((place for name in names for place in types if place not in given and is_shortened(place, name)), None)


def _is_list(kind: object) -> bool:
    inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    return isinstance(inner, GraphQLList)
