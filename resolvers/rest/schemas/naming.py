"""What an operation of an OpenAPI document may be called: by its ``operationId``, else by its path and method.

Identifiers that generators made of the path, of a controller or of a counter are turned into plain English. It names
operations only; types are named in ``places.py``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from resolvers.naming import Naming, joined, shortened, singular, words

VERBS = {"post": "create", "put": "replace", "patch": "update", "delete": "delete", "head": "head"}
SILENT = re.compile(r"api|v\d+(\.\d+)*|\d+\.\d+|\d{4}-\d{2}-\d{2}|-", re.IGNORECASE)
_GENERAL = frozenset({
    "get", "list", "find", "fetch", "read", "retrieve", "show", "view", "load", "lookup", "create", "add",
    "insert", "update", "patch", "modify", "put", "edit", "replace", "set", "save", "store", "upsert", "delete",
    "remove", "destroy", "query", "count",
})  # fmt: skip
_CHANGING = frozenset({"update", "replace", "patch", "put", "modify", "edit", "change", "set", "save", "store"})
_DEEDS = _GENERAL | frozenset({
    "search", "send", "post", "cancel", "validate", "generate", "notify", "schedule", "enable", "disable",
    "change", "reset", "request", "merge", "convert", "submit", "approve", "reject", "start", "stop", "invite",
    "join", "leave", "archive", "unarchive", "open", "close", "mark", "unmark", "assign", "unassign", "move",
    "copy", "clone", "export", "import", "upload", "download", "check", "verify", "confirm", "activate",
    "deactivate", "sync", "run", "execute", "calculate", "preview", "restore", "revoke", "refresh", "register",
    "login", "logout", "end", "pin", "unpin", "accept", "decline", "lock", "unlock", "link", "unlink", "attach",
    "detach", "publish", "unpublish", "suspend", "resume", "reopen", "void", "apply", "test", "init", "redeem",
    "capture", "refund", "pay", "perform", "ping", "analyze", "discover", "backup", "recover", "swap", "deploy",
    "migrate", "is",
})  # fmt: skip
READING = frozenset({"get", "list", "find", "fetch", "read", "retrieve", "show", "view", "load", "query", "search"})
_ASKED = (["search"], ["find"], ["query"])
"""Words before a parameter that is asked for rather than the key of a thing: ``/journals/search/{query}``."""
_LAST = {"partial_update": "update", "retrieve": "get", "destroy": "delete"}
_WHICH = frozenset({"All", "One", "Many", "By"})
_SMALL = frozenset({"a", "an", "the"})
_MADE = 4
"""Added to the rank of a name that we made: inside a source the document's own names come first."""
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_COUNTED = re.compile(r"(?:Using(?:GET|POST|PUT|PATCH|DELETE|HEAD))?(?:_\d+)?$")
_HASHED = re.compile(r"[.\-_][0-9a-f]{4}$")
_BRACED = re.compile(r"\{[^}]*\}")
_ASIDE = re.compile(r"\{[^}]*\}|\([^)]*\)")
_FILE = re.compile(r"\.(json|xml)\b")
_SIGNS = re.compile(r"[^0-9a-z]+")
_ROLE = re.compile(r"(?<=[a-z])[_-]?(?:Rest)?(?:Controller|Resource|Endpoint|Api)$")


def signature(method: str, path: str) -> str:
    """What an operation is called wherever it stands in the document: ``GET /orders/{id}``."""
    return f"{method.upper()} {path}"


def naming(method: str, path: str, identifier: str, tags: Sequence[str] = (), title: str = "") -> Naming:
    """How the operation may be called in GraphQL. ``title``: the document's, whose words need no saying again."""
    by_path = path_names(method, path)
    said = _cleaned(identifier, method, path, tags, title) if identifier else ""
    verb, rest = _verb_first(said)
    names = [] if not said else [said]
    told_apart = [_lower(verb + each + rest) for each in _owners(tags, path) if each.casefold() not in said.casefold()]
    if said:
        names += told_apart[: int(bool(tags))]
    names += by_path
    if said:
        names += told_apart
    names += [_lower(method + name[:1].upper() + name[1:]) for name in by_path]
    return Naming(signature(method, path), tuple(dict.fromkeys(names)), _rank(said, by_path[0]))


def _rank(said: str, by_path: str) -> int:
    """Of two that want one name that one keeps it whose path says so too."""
    if not said:
        return 2
    return 0 if said == by_path else 1


def own_names(identifier: str, found: Naming) -> Naming:
    """How the operation may be called inside its source: as the document calls it where that can be written."""
    if not _IDENTIFIER.fullmatch(identifier):
        return Naming(found.place, tuple(dict.fromkeys(map(_short, found.names))), found.rank + _MADE)
    return Naming(found.place, tuple(dict.fromkeys((identifier, *found.names))), found.rank)


def _short(name: str) -> str:
    return next(shortened(name))


def are_one_word(patch: Naming, put: Naming) -> bool:
    """Whether the two ways to change one thing would be called alike, once both are as short as names are."""
    return _short(patch.names[0]) == _short(put.names[0])


def by_method(found: Naming, method: str) -> Naming:
    """The same names with the verb of the method: ``PATCH`` updates, ``PUT`` replaces; ``bulkUpdateSites`` alike."""
    return replace(found, names=tuple(dict.fromkeys(_lower(_changing(name, VERBS[method])) for name in found.names)))


def _changing(name: str, verb: str) -> str:
    said = words(name)
    if said and said[0] == "bulk" and len(said) > 1:
        return "bulk" + joined(_changing(_lower(name[len("bulk") :]), verb))
    first, rest = _verb_first(name)
    if first.lower() not in _CHANGING:
        return verb + name[:1].upper() + name[1:]
    return verb + rest


def operation_name(method: str, path: str) -> str:
    """``GET /customers/{id}/orders`` → ``customerOrders``; ``DELETE /orders/{id}`` → ``deleteOrder``."""
    return path_names(method, path)[0]


def path_names(method: str, path: str) -> list[str]:
    """Names made of method and path, the later ones saying by which parameters a thing is found."""
    segments = [item for item in _FILE.sub("", path).split("/") if item and not SILENT.fullmatch(item)]
    literals: list[str] = []
    parameters: list[str] = []
    on_one = False
    for index, segment in enumerate(segments):
        braced = segment.startswith("{") and _BRACED.fullmatch(segment) is not None
        parameters += [segment[1:-1]] if braced else [found[1:-1] for found in _BRACED.findall(segment)]
        literal = "" if braced else joined(_deed(_ASIDE.sub(" ", segment)))
        of_one = index + 1 < len(segments) and segments[index + 1].startswith("{")
        on_one = segment.startswith("{") and index == len(segments) - 1
        if literal:
            literals.append(singular(literal) if of_one else literal)
    if not literals:
        literals = [_by(parameters, "")] if parameters else ["Root"]
    verb = VERBS.get(method, "")
    last = words(literals[-1])
    asked = on_one and method == "get" and len(literals) > 1 and [word.lower() for word in last] in _ASKED
    done = last and last[0].lower() in _DEEDS and not on_one and (method != "get" or len(literals) > 1 or len(last) > 1)
    if asked or done:
        # The path itself says what is done: ``POST /payments/{id}/cancel``, ``GET /users/search[/{query}]``.
        what = "".join(literals[:-1])
        bare = singular(what) if method != "get" and last[0].lower() not in READING else what
        name = literals[-1] if len(last) > 1 else last[0] + bare
        plain = [_lower(name), _lower(last[0] + bare + "".join(last[1:]))]
        return [*dict.fromkeys(plain), _lower(_by(parameters, name))]
    if method == "post":
        verb = "update" if on_one else "create"
        literals[-1] = singular(literals[-1])
    name = verb + "".join(_without_echo(literals))
    made = [name, _by(parameters[-1:], name), _by(parameters, name)]
    return list(dict.fromkeys(_lower(item) for item in made))


def _without_echo(literals: Sequence[str]) -> list[str]:
    """``Order`` ``OrderLines`` → ``OrderLines``: what the next word begins with is not said before it."""
    following = [*literals[1:], ""]
    return [item for item, after in zip(literals, following, strict=True) if not (after and after.startswith(item))]


def _deed(segment: str) -> str:
    """A path's segment without the namespace before a function: ``microsoft.graph.delta`` → ``delta``."""
    found = [part for part in segment.strip().split(".") if part]
    return found[-1] if len(found) > 2 or (len(found) == 2 and found[0][:1].isupper()) else " ".join(found)


def _by(parameters: Sequence[str], name: str) -> str:
    return name + ("By" + "And".join(map(joined, parameters)) if parameters else "")


def _lower(name: str) -> str:
    found = words(name)
    return (
        found[0].lower() + name[len(found[0]) :] if found and name.startswith(found[0]) else name[:1].lower() + name[1:]
    ) or "root"


def _squashed(text: str) -> str:
    return _SIGNS.sub("", text.casefold())


def _is_made_of_path(identifier: str, method: str, path: str) -> bool:
    """Whether the identifier is only method and path again, in any spelling: ``get_/orders/{id}``, ``GetOrdersId``."""
    said = _squashed(identifier)
    if not said.startswith(method) and not said.endswith(method):
        return False
    plain = "/".join(item for item in path.split("/") if not SILENT.fullmatch(item))
    ways = {way for each in (path, plain) for way in (each, _BRACED.sub("", each), _BRACED.sub("id", each))}
    squashed = {_squashed(way) for way in ways} - {""}
    return any(said in {way + method, method + way} for way in squashed)


def _cleaned(identifier: str, method: str, path: str, tags: Sequence[str], title: str) -> str:
    """The identifier in plain English and camel case; empty where it says no more than method and path."""
    if _is_made_of_path(identifier, method, path) or _HASHED.search(identifier):
        return ""
    tail = re.sub(r"\W", "_", path) + f"_{method}"
    identifier = identifier.removesuffix(tail) or identifier
    identifier = _COUNTED.sub("", identifier) or identifier
    tokens = [token for token in re.split(r"[^0-9A-Za-z]+", re.sub(r"['\u2019]", "", _ascii(identifier))) if token]
    if len(tokens) > 1 and (" " in identifier.strip()):
        tokens = [token for token in tokens if token.casefold() not in _SMALL]
    if len(tokens) > 1 and tokens[0].casefold() == method and (tokens[0].isupper() or "/" in identifier):
        tokens = tokens[1:]
        if words(tokens[0])[0].lower() not in _DEEDS and method in VERBS:
            tokens = [VERBS[method], *tokens]
    if not tokens:
        return ""
    return _lower(_in_order(tokens, identifier, tags, path, title))


def _ascii(identifier: str) -> str:
    return identifier if identifier.isascii() else " ".join(words(identifier))


def _in_order(tokens: list[str], identifier: str, tags: Sequence[str], path: str, title: str) -> str:
    first = words(tokens[0])[0].lower() if words(tokens[0]) else ""
    for ending, verb in _LAST.items():
        if len(tokens) > 1 and identifier.endswith(f"_{ending}"):
            tokens = [*tokens[: -len(ending.split("_"))], verb]
    last = words(tokens[-1]) or [tokens[-1]]
    bulk = len(tokens) > 2 and tokens[-2].lower() == "bulk"
    if len(tokens) > 1 and first not in _DEEDS and last[0].lower() in _DEEDS and " " not in identifier.strip():
        # Who comes first, what is done last: ``users.user.ListMessages``, ``OrdersController_findAll``, ``sites_list``.
        verb, rest = last[0], last[1:]
        whose = [_ROLE.sub("", token) for token in tokens[: -2 if bulk else -1]]
        whose = [item for item, after in zip(whose, [*whose[1:], ""], strict=True) if singular(item) != after]
        owner = "".join(map(joined, whose))
        if rest and rest[0] not in _WHICH and _squashed(owner) in _squashed(title):
            owner = ""
        elif rest and rest[0] not in _WHICH:
            owner = "".join(singular(joined(item)) for item in whose)
            object_ = "".join(rest)
            owner = "" if object_.casefold().startswith(owner.casefold()) else owner
        elif not bulk and (verb.lower() not in READING or rest[:1] == ["One"] or verb.lower() in {"get", "read"}):
            owner = singular(owner)
        by = rest.index("By") if "By" in rest else len(rest)
        if rest and rest[0] in _WHICH:
            return verb + "".join(rest[:by]) + owner + "".join(rest[by:])
        return ("bulk" + verb.capitalize() if bulk else verb) + owner + "".join(rest)
    name = "".join(map(joined, tokens))
    verb, rest_of = _verb_first(_lower(name))
    if verb in _GENERAL and re.fullmatch(r"(All|One|Many)?(By[A-Z].*)?", rest_of):
        for owner in _owners(tags, path):
            plural = rest_of.startswith("All") or verb in {"list", "find", "query"}
            whole = re.match(r"(All|One|Many)?", rest_of)
            end = whole.end() if whole else 0
            return verb + rest_of[:end] + (owner if plural else singular(owner)) + rest_of[end:]
    return name


def _verb_first(name: str) -> tuple[str, str]:
    """The verb that a name begins with and the rest; no verb where it begins with another word."""
    found = words(name)
    if found and found[0].lower() in _DEEDS:
        return found[0], name[len(found[0]) :]
    return "", name[:1].upper() + name[1:]


def noun(name: str, method: str) -> tuple[str, bool]:
    """What an operation of this name gives, in Pascal case, and whether it is asked only to give it."""
    verb, rest = _verb_first(name)
    if verb.lower() in READING and rest:
        return re.sub(r"^(All|One|Many|A|An|The)(?=[A-Z])", "", rest), True
    return name[:1].upper() + name[1:], method.lower() in {"get", "head"}


def _owners(tags: Sequence[str], path: str) -> list[str]:
    """Words that tell operations of one name apart: of the first tag, then of the path's own segments."""
    found = [
        re.sub(r"(?:Rest)?(?:Controller|Resource|Endpoint|Api)$", "", joined(tag)) for tag in tags[:1] if len(tag) < 30
    ]
    found += [
        joined(segment)
        for segment in _FILE.sub("", path).split("/")
        if segment and "{" not in segment and not SILENT.fullmatch(segment)
    ]
    return [item for item in dict.fromkeys(found) if item]
