"""What a type of an OpenAPI document may be called: by its component or title, else by the place where it stands.

A name is worked out from the JSON pointer alone, never from the way by which a reader came there, so that the order
of a document names nothing. It reads no types; operations are named in ``naming.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from resolvers.naming import Naming, joined, singular, words
from resolvers.rest.documents.tree import Node, Tree, Unserved, items, members, text
from resolvers.rest.schemas.naming import noun

_VAGUE = frozenset({
    "response", "request", "body", "data", "result", "results", "object", "items", "item", "schema", "model", "root",
    "payload", "value", "values", "array", "string", "type", "types", "success", "ok", "content", "json", "default",
})  # fmt: skip
_MADE_UP = re.compile(
    r"(inline[_-]?(response|object)|body|response|request|model|schema|object|string|array)[_-]?\d*(_\d+)?",
    re.IGNORECASE,
)
_GENERIC = re.compile(r"(\w+)(?:[«<\[]|%C2%AB)(.+?)(?:[»>\]]|%C2%BB)+|([A-Za-z0-9]+)_(\w+)_")
_VERSION = re.compile(r"v\d+(?:[._-]?(?:alpha|beta)?\d*)*", re.IGNORECASE)
_LISTS = frozenset({
    "data", "items", "result", "results", "records", "value", "values", "content", "nodes", "entries", "entities",
    "list", "elements", "rows", "objects",
})  # fmt: skip
_PAGES = ("next", "prev", "page", "cursor", "total", "count", "has_more", "hasmore", "limit", "offset", "pagination")
_STATUS = {
    "200": "Ok", "201": "Created", "202": "Accepted", "203": "Partial", "206": "Partial", "207": "Multi",
    "400": "BadRequest", "401": "Unauthorized", "403": "Forbidden", "404": "NotFound", "405": "NotAllowed",
    "406": "NotAcceptable", "409": "Conflict", "410": "Gone", "412": "Precondition", "415": "UnsupportedMedia",
    "422": "Unprocessable", "429": "TooMany", "500": "Internal", "502": "BadGateway", "503": "Unavailable",
}  # fmt: skip
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})
_LISTED = frozenset({"allOf", "oneOf", "anyOf", "prefixItems"})
_STEPS = _NAMED | _LISTED | {"items", "additionalProperties", "schema", "not"}


@dataclass(frozen=True, slots=True)
class _Found:
    """The names of one place, best first. ``lists``: names of the items, where a list stands here."""

    names: tuple[str, ...]
    rank: int
    lists: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    """What the names of its members begin with; empty: its own names."""


class Places:
    """The names of the schemas of one file. ``operations``: pointer of each operation → how it may be called.

    ``address``: the file's, empty for the main document.
    """

    def __init__(self, tree: Tree, operations: Mapping[str, Naming], address: str = "") -> None:
        self._tree = tree
        self._operations = {tuple(pointer.split("/")[1:]): naming for pointer, naming in operations.items()}
        self._title = text(members(tree.root.get("info")), "title")
        self._address = address
        self._known: dict[tuple[str, ...], _Found] = {}
        self._others: dict[str, Places] = {}

    def naming(self, pointer: str, otherwise: str) -> Naming:
        """How the type of the schema at ``pointer`` may be called; ``otherwise``: where its place says nothing."""
        address, _, path = pointer.partition("#")
        if address != self._address:
            if address not in self._others:
                self._others[address] = Places(self._tree, {}, address)
            return self._others[address].naming(pointer, otherwise)
        tokens = tuple(path.split("/")[1:])
        found = self._found(tokens)
        names = [*found.names, self._whole(tokens)]
        return Naming(
            pointer or otherwise, tuple(dict.fromkeys(filter(None, names))) or (joined(otherwise),), found.rank
        )

    def _found(self, tokens: tuple[str, ...]) -> _Found:
        if tokens not in self._known:
            self._known[tokens] = self._shared(tokens) or self._of_operation(tokens) or self._below(tokens)
        return self._known[tokens]

    def _whole(self, tokens: tuple[str, ...]) -> str:
        """Every word on the way to a place: the last resort of what nothing else tells apart."""
        said: list[str] = []
        for length in range(len(tokens), 0, -1):
            above = tokens[:length]
            base = (self._shared(above) or self._of_operation(above)) if above[-1] not in _STEPS - {"schema"} else None
            if base is not None and base.names:
                said.append(base.names[0])
                break
            if length > 1 and above[-2] in _NAMED:
                said.append(joined(above[-1]))
            elif length > 1 and above[-2] in {"oneOf", "anyOf"}:
                said.append(_usable(text(self._node(above), "title")))
        return "".join(reversed(said))

    def _shared(self, tokens: tuple[str, ...]) -> _Found | None:
        """Names of a component's own schema, or of that of a file; nothing for a schema inside another one."""
        if not tokens:
            stem = joined(self._address.rpartition("/")[2].partition(".")[0])
            return _Found((stem,) if stem else (), 0, _items([stem]) if stem else ())
        plain = [item.replace("~1", "/").replace("~0", "~") for item in tokens]
        if tokens[0] == "x-made":
            return _Found((joined(plain[-1]),), 3)
        if (tokens[:2] == ("components", "schemas") and len(tokens) == 3) or (
            tokens[0] == "definitions" and len(tokens) == 2
        ):
            return self._component(plain[-1], tokens)
        if self._address and (len(tokens) == 1 or not {tokens[-1], tokens[-2]} & _STEPS):
            return self._component(plain[-1], tokens)
        if tokens[0] in {"components", "responses", "parameters"} and _ends_at_schema(tokens):
            section, name = plain[:2] if tokens[0] != "components" else plain[1:3]
            own = joined(name)
            more = {"responses": "Result", "requestBodies": "Body", "parameters": "Parameter"}.get(section, "Header")
            return _Found((own, own + more), 2, _items([own]))
        return None

    def _of_operation(self, tokens: tuple[str, ...]) -> _Found | None:
        """Names of a parameter, a body or an answer."""
        for length in (3, 4, 5):
            operation = self._operations.get(tokens[:length])
            rest = tokens[length:]
            if operation is not None and rest:
                if rest[0] == "parameters" and len(rest) == 3:
                    return self._parameter(_title(operation.names), tokens[: length + 2])
                if _ends_at_schema(rest):
                    return self._body(operation, rest, tokens)
        if tokens[0] == "paths" and tokens[2:3] == ("parameters",) and len(tokens) == 5:
            literal = [item for item in tokens[1].split("~1") if item and not item.startswith("{")]
            return self._parameter((joined(singular(literal[-1])) if literal else "",), tokens[:4])
        return None

    def _component(self, name: str, tokens: tuple[str, ...]) -> _Found:
        names = component_names(name, self._title)
        rank = name.count(".") if "." in name else int(names[0] != joined(name))
        title = _usable(text(self._node(tokens), "title"))
        if title and _MADE_UP.fullmatch(name):
            names = [title, *names]
        return _Found(tuple(names), rank, _items(names))

    def _parameter(self, owners: Sequence[str], tokens: tuple[str, ...]) -> _Found:
        own = joined(text(self._node(tokens), "name"))
        names = tuple(dict.fromkeys(name for owner in owners for name in _asked(owner, own)))
        return _Found(names, 3, _items(names))

    def _body(self, operation: Naming, rest: tuple[str, ...], tokens: tuple[str, ...]) -> _Found:
        titled = _title(operation.names)
        node = self._node(tokens)
        title = _usable(text(node, "title"))
        first = (title,) if title else ()
        rank = 2 if title else 3
        if rest[0] != "responses":
            return _Found((*first, *titled, f"{titled[0]}Body"), rank, _items(titled))
        status = _STATUS.get(rest[1], rest[1] if not rest[1][:1].isdigit() else "")
        if rest[1][:1] in {"4", "5"}:
            return _Found((*first, f"{titled[0]}Error", f"{titled[0]}{status}Error"), rank)
        method, _, path = operation.place.partition(" ")
        what, reads = noun(operation.names[0], method)
        one = singular(what)
        results = [f"{name}Result" for name in titled]
        results.insert(1, f"{titled[0]}{status}Result")
        if not reads:
            return _Found((*first, *results), rank, tuple(f"{name}Item" for name in titled), (*first, *titled))
        on_one = re.sub(r"\.\w+$", "", path).endswith("}")
        listed = self._list_of(node)
        results.insert(0, f"{what}Result")
        owners = (*first, what, *titled)
        if listed and not on_one and (one != what or listed in _LISTS or singular(joined(listed)) == one):
            results.insert(0, f"{one}Page" if _pages(node) else f"{one}List")
            owners = tuple(results[:1]) + owners
        elif one == what and one not in map(joined, members(node.get("properties"))):
            results.insert(0, one)
        return _Found((*first, *results), rank, (one, f"{one}Item", f"{titled[0]}Item"), owners)

    def _list_of(self, node: Node) -> str:
        """The one property of an envelope that holds its list; empty where there is none or more than one."""
        found = [
            key
            for key, value in members(node.get("properties")).items()
            if members(value).get("type") == "array" and key.strip("_") not in {"links", "errors", "warnings"}
        ]
        return found[0] if len(found) == 1 else ""

    def _below(self, tokens: tuple[str, ...]) -> _Found:
        """Names of a schema inside another one, by the last step that leads to it."""
        length = _last_step(tokens)
        if length == 0:
            return _Found((), 5)
        above, step = tokens[:-length], tokens[-length:]
        found = self._found(above)
        rank = max(found.rank, 3) + 1
        title = _usable(text(self._node(tokens), "title")) if step[0] != "allOf" else ""
        if step[0] == "allOf":
            return found
        if step[0] in {"items", "additionalProperties", "prefixItems"}:
            names = found.lists or _items(found.names)
            return self._titled(title, _Found(names, found.rank + 1))
        if step[0] in {"oneOf", "anyOf"}:
            return self._titled(title, _Found(tuple(self._variants(tokens, found.names)), rank))
        own = joined(step[-1].replace("~1", "/").replace("~0", "~")) if step[0] in _NAMED else ""
        owners = found.owners or found.names
        names = tuple(dict.fromkeys(name for owner in owners for name in _telling(owner, own))) or (
            (own,) if own else ()
        )
        if found.owners and own in owners:
            names = (own, *names)
        lists = list(_items(names))
        if self._is_result(above) and found.lists and own and self._list_of(self._node(above)) == step[-1]:
            item = found.lists[0]
            if step[-1] in _LISTS or singular(own) == item or item.endswith(singular(own)):
                lists = [*found.lists[:2], *lists]
        return self._titled(title, _Found(names, rank, tuple(lists)))

    def _is_result(self, tokens: tuple[str, ...]) -> bool:
        return "responses" in tokens and tokens[-1] == "schema"

    def _titled(self, title: str, found: _Found) -> _Found:
        if not title or title in found.names[:1]:
            return found
        return _Found((title, *found.names), found.rank, (*_items([title]), *found.lists))

    def _variants(self, tokens: tuple[str, ...], above: Sequence[str]) -> list[str]:
        """Names of one of several types: by the constant that marks it, or else by a member that it alone has."""
        node = self._node(tokens)
        properties = members(node.get("properties"))
        made: list[str] = []
        for value in properties.values():
            fixed = members(value).get("const")
            listed = members(value).get("enum")
            fixed = listed[0] if fixed is None and isinstance(listed, list) and len(listed) == 1 else fixed
            if isinstance(fixed, str) and joined(fixed):
                made += [f"{joined(fixed)}{name}" for name in above]
        others: set[str] = set()
        siblings = members(self._node(tokens[:-2])).get(tokens[-2])
        for index, sibling in items(siblings):
            if str(index) != tokens[-1]:
                others |= members(members(sibling).get("properties")).keys()
        made += [f"{name}With{joined(key)}" for name in above for key in sorted(properties.keys() - others)[:1]]
        if node.get("type") == "array":
            made += [f"{name}List" for name in above[:1]]
        return [*made, *(f"{name}Option" for name in above)]

    def _node(self, tokens: tuple[str, ...]) -> Node:
        pointer = f"{self._address}#/" + "/".join(tokens)
        try:
            return self._tree.follow({"$ref": pointer}, pointer)[0]
        except Unserved:
            return {}


def component_names(name: str, title: str = "") -> list[str]:
    """The names of a component, shortest first: without its namespace, without its version, in its own spelling."""
    generic = _GENERIC.fullmatch(name)
    if generic is not None:
        outer, inner = (generic[1], generic[2]) if generic[1] else (generic[3], generic[4])
        return [component_names(inner)[0] + joined(outer.rpartition(".")[2]), joined(name)]
    owner, marked, kind = name.partition("_enum_")
    if marked and joined(owner) and joined(kind):
        # An enumeration that is marked as one: ``challenge_enum_factor_types`` → ``ChallengeFactorType``.
        own = singular(joined(kind))
        return list(dict.fromkeys([*_telling(component_names(owner, title)[0], own), joined(name)]))
    segments = [part for part in re.split(r"[./\\:$]+", name) if joined(part)]
    if len(segments) > 2:
        tails = [
            "".join(joined(part) for part in _distinct_parts(segments[start:]) if not _VERSION.fullmatch(part))
            for start in range(len(segments) - 1, -1, -1)
        ]
        return list(dict.fromkeys([*filter(None, tails), joined(name)]))
    parts = name.split("_")
    if len(parts) > 1 and len(segments) == 1 and all(part[:1].isupper() or _VERSION.fullmatch(part) for part in parts):
        bare = [part for part in parts if not _VERSION.fullmatch(part)]
        known = {word.casefold() for word in re.findall(r"\w+", title)}
        core = bare[1:] if len(bare) > 1 and bare[0].casefold() in known else bare
        made = ["".join(map(joined, item)) for item in (core, bare, parts)]
        return list(dict.fromkeys(filter(None, made))) or [joined(name)]
    return [joined(name) or "Type"]


def _distinct_parts(parts: Sequence[str]) -> list[str]:
    """Without a part that the next one begins with: ``fax``, ``fax_media`` → ``fax_media``."""
    return [
        item
        for item, after in zip(parts, [*parts[1:], ""], strict=True)
        if not after.startswith(f"{item}_") and after != item
    ]


def _items(names: Sequence[str]) -> tuple[str, ...]:
    """The names of what a list holds; a list itself has no name, so that one without a plural gives its own."""
    return tuple(dict.fromkeys([*map(singular, names), *(f"{name}Item" for name in names[:1])]))


def _together(owner: str, own: str) -> str:
    """Owner and member in one name, without saying the owner twice."""
    return own if owner and own.startswith(owner) else owner + own


def _asked(owner: str, own: str) -> Iterator[str]:
    """An operation and its argument, which the operation may be named by: ``FindPetsByStatus`` → ``FindPetsStatus``."""
    bare, _, key = owner.rpartition("By")
    if bare and key == own:
        yield bare + own
    yield from _telling(owner, own)


def _telling(owner: str, own: str) -> Iterator[str]:
    """Owner and member, best first: without a word that both have where they meet, and without ``Request``.

    ``BankAccount`` ``AccountType`` → ``BankAccountType``; ``CostEstimateRequest`` ``Kind`` → ``CostEstimateKind``,
    since an input drops that word too.
    """
    bare = owner.removesuffix("Request")
    for whose in dict.fromkeys((bare or owner, owner)):
        whole = _together(whose, own)
        first = words(own)[:1]
        met = first and len(own) > len(first[0]) and whole == whose + own and words(whose)[-1:] == first
        if met:
            yield whose + own[len(first[0]) :]
        yield whole


def _title(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name[:1].upper() + name[1:] for name in names)


def _usable(title: str) -> str:
    """A title as a type's name; empty where it is a sentence or says nothing."""
    if not title or len(title) > 40 or re.search(r"[{}/|=?!,;:]", title):
        return ""
    if len(title.split()) > 4 or title.strip().casefold() in _VAGUE or _MADE_UP.fullmatch(title.strip()):
        return ""
    made = joined(title)
    return "" if made[:1].isdigit() else made


def _pages(node: Node) -> bool:
    folded = [key.casefold() for key in members(node.get("properties"))]
    return any(key.startswith(_PAGES) or key.endswith(("count", "total", "cursor")) for key in folded)


def _ends_at_schema(tokens: Sequence[str]) -> bool:
    return tokens[-1] == "schema" and "schema" not in tokens[3:-1] and "properties" not in tokens[1:-1]


def _last_step(tokens: tuple[str, ...]) -> int:
    """How many tokens the last step into a schema takes: two for ``properties/x``, one for ``items``."""
    if len(tokens) > 2 and tokens[-2] in _NAMED:
        return 2
    if len(tokens) > 2 and tokens[-2] in _LISTED and tokens[-1].isdecimal():
        return 2
    return 1 if len(tokens) > 1 else 0
