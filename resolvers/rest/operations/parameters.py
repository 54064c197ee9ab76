"""OpenAPI parameters read: which can be sent, in which style, what argument each becomes.

It does not encode values (``requests/styles.py``) nor read schemas (``schemas``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from resolvers.model import Argument, Bounds, LeftOut, ListRef, NamedRef, Scalar, ScalarRef, TypeRef
from resolvers.naming import joined
from resolvers.rest.documents.tree import Node, Tree, Unserved, items, members, text, token
from resolvers.rest.requests.request import PLACEHOLDER, split
from resolvers.rest.schemas.reader import Schemas
from resolvers.rest.schemas.registry import deprecation, with_default
from resolvers.rest.schemas.scalars import places
from resolvers.rest.shapes import Encoding, Location, Parameter, Style

TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
IGNORED = frozenset({"accept", "content-type", "authorization"})
"""OpenAPI 3.1 section 4.8.12.1: header parameters of these names are ignored; the gateway sends its own."""
OURS = frozenset({
    "host", "content-length", "transfer-encoding", "connection", "cookie", "te", "trailer", "upgrade", "expect",
    "keep-alive", "proxy-authorization", "proxy-connection", "accept-encoding",
})  # fmt: skip
"""Headers that frame a message or belong to the connection: never a caller's to set."""
STYLES: Mapping[str, tuple[Style, ...]] = {
    "path": ("simple", "label", "matrix"),
    "header": ("simple",),
    "query": ("form", "spaceDelimited", "pipeDelimited", "tabDelimited", "deepObject"),
    "cookie": ("form",),
}
"""OpenAPI 3.1 section 4.8.12.3: the styles of each place, its default first."""


@dataclass(frozen=True, slots=True)
class Read:
    """The parameters of one operation, and what of them is not served."""

    parameters: tuple[Parameter, ...]
    arguments: Mapping[str, Argument]
    left_out: tuple[LeftOut, ...]


def read_parameters(tree: Tree, schemas: Schemas, operation: str, given: list[tuple[object, str]], path: str) -> Read:
    """``given``: the parameters of the path and then of the operation, which override by name and location.

    Raises:
        Unserved: a parameter that the call cannot do without cannot be sent.
    """
    nodes: dict[tuple[str, str], tuple[Node, str]] = {}
    for item, where in given:
        node, pointer = tree.follow(item, where)
        nodes[text(node, "name"), text(node, "in")] = (node, pointer)
    parameters: list[Parameter] = []
    arguments: dict[str, Argument] = {}
    left_out: list[LeftOut] = []
    for (name, location), (node, pointer) in nodes.items():
        if location == "header" and name.lower() in IGNORED:
            continue
        required = node.get("required") is True or location == "path"
        try:
            found = _read(tree, schemas, operation, node, pointer)
        except Unserved as unserved:
            if required:
                raise
            reason = f"the parameter {name} is not served: {unserved.reason}"
            left_out.append(LeftOut(operation, reason, tree.place(unserved.pointer), degraded=True))
            continue
        parameter, argument = found.parameter, found.argument
        if found.guessed:
            reason = f"guessed: the parameter {name}: {found.guessed}"
            left_out.append(LeftOut(operation, reason, argument.place, degraded=True))
        if argument.name in arguments or argument.name == "body":
            spelled = f"{argument.name}_{location}"
            parameter, argument = replace(parameter, argument=spelled), replace(argument, name=spelled)
        parameters.append(parameter)
        arguments[argument.name] = argument
    return _agreeing(Read(tuple(parameters), arguments, tuple(left_out)), tree, operation, path)


def _agreeing(read: Read, tree: Tree, operation: str, path: str) -> Read:
    """The same with a parameter for every placeholder of the path, and without those that have no place in it.

    Raises:
        Unserved: a placeholder stands where nothing is sent.
    """
    target, query = split(path)
    wanted = dict.fromkeys(PLACEHOLDER.findall(target + query))
    if not wanted.keys() >= set(PLACEHOLDER.findall(path)):
        raise Unserved("a placeholder in the fragment of a path, which is never sent", "")
    parameters, arguments, left_out = list(read.parameters), dict(read.arguments), list(read.left_out)
    for item in read.parameters:
        if item.location == "path" and item.name not in wanted:
            parameters.remove(item)
            place = arguments.pop(item.argument).place
            reason = f"the parameter {item.name} has no place in the path and is not sent"
            left_out.append(LeftOut(operation, reason, place, degraded=True))
    known = {item.name for item in parameters if item.location == "path"}
    for name in wanted:
        if name in known:
            continue
        argument = f"{name}_path" if name in arguments or name == "body" else name
        parameters.append(Parameter(name, "path", argument))
        arguments[argument] = Argument(argument, ScalarRef(Scalar.STRING), required=True)
        reason = f"guessed: the path wants {name}, which is not declared; it is taken as a text"
        left_out.append(LeftOut(operation, reason, tree.place(""), degraded=True))
    return Read(tuple(parameters), arguments, tuple(left_out))


@dataclass(frozen=True, slots=True)
class _One:
    """A parameter, its argument, and what was guessed about it."""

    parameter: Parameter
    argument: Argument
    guessed: str = ""


def _read(tree: Tree, schemas: Schemas, operation: str, node: Node, pointer: str) -> _One:
    name, location = text(node, "name"), text(node, "in")
    if not name or location not in STYLES:
        raise Unserved("a parameter needs a name and a place", pointer)
    if location in {"header", "cookie"} and (not TOKEN.fullmatch(name) or name.lower() in OURS):
        raise Unserved(f"the {location} {name} is not a caller's to set", pointer)
    guessed, media = "", ""
    schema, where = node.get("schema"), f"{pointer}/schema"
    content = members(node.get("content"))
    if schema is None and content:
        media, where = _content(content, pointer)
        schema = members(content[media]).get("schema", True)
        media = media.partition(";")[0].strip().lower()
    elif schema is None:
        schema, where, guessed = {**node, "description": None}, pointer, "it has no schema, and is read as one itself"
        if "type" not in node:
            schema, guessed = {"type": "string"}, "it has no schema, and is taken as a text"
    ref = schemas.type_of(schema, where, operation + joined(name), "input")
    encoding, odd = _encoding(node, location)
    if odd and not isinstance(ref, ScalarRef):
        raise Unserved(odd, pointer)
    guessed = guessed or odd
    if not media and encoding.style != "deepObject" and _nests(tree, schema, where):
        guessed = guessed or "a value inside a value is sent as JSON, since its style cannot say it"
    required = node.get("required") is True or location == "path"
    argument = Argument(
        name,
        replace(ref, nullable=False) if required else ref,
        required=required,
        description=with_default(text(node, "description"), schema),
        deprecated=deprecation(node) if not required else None,
        place=tree.place(pointer),
        bounds=_bounds(tree, schema, where),
    )
    composite = not _is_plain(ref, schemas)
    parameter = Parameter(
        name,
        cast("Location", location),
        name,
        encoding,
        ref if composite else None,
        media,
        text=composite and schemas.travels_as_text(schema, where),
        empty=location == "query" and node.get("allowEmptyValue") is True and not _says_empty(ref),
    )
    return _One(parameter, argument, guessed)


def _bounds(tree: Tree, schema: object, pointer: str) -> Bounds:
    """The numbers that a schema says of its values; what it only refers to through combinations is not looked for."""
    try:
        node, _ = tree.follow(schema, pointer)
    except Unserved:
        return Bounds()
    found = [node.get(word) for word in ("minimum", "maximum", "default", "maxItems")]
    whole = (value if isinstance(value, int) and not isinstance(value, bool) else None for value in found)
    least, most, default, max_items = whole
    return Bounds(least, most, default, max_items, places(tree, schema, pointer))


def _content(content: Node, pointer: str) -> tuple[str, str]:
    """The media type of a parameter that is described by ``content``, and where its schema stands."""
    for media in content:
        essence = media.partition(";")[0].strip().lower()
        if essence.endswith(("/json", "+json")) or essence.startswith("text/"):
            return media, f"{pointer}/content/{token(media)}/schema"
    raise Unserved(f"a parameter in {', '.join(content)}", f"{pointer}/content")


def _encoding(node: Node, location: str) -> tuple[Encoding, str]:
    """The style of a parameter; where the document names one that its place does not have, the usual one."""
    stated = text(node, "style")
    usual = STYLES[location][0]
    style = next((item for item in STYLES[location] if item == stated), usual)
    explode = node.get("explode", style == "form") is True
    odd = f"the style {stated} does not exist in a {location}" if stated not in {"", style} else ""
    return Encoding(style, explode, reserved=location == "query" and node.get("allowReserved") is True), odd


def _says_empty(ref: TypeRef) -> bool:
    """Whether a value of the type can itself be an empty text."""
    return isinstance(ref, ScalarRef) and ref.scalar in {Scalar.STRING, Scalar.ID}


def _is_plain(ref: TypeRef, schemas: Schemas) -> bool:
    """A scalar or a list of scalars: nothing has to be done to a value before it is encoded."""
    item = ref.item if isinstance(ref, ListRef) else ref
    return isinstance(item, ScalarRef) or (isinstance(item, NamedRef) and item.name in schemas.enums)


def _nests(tree: Tree, schema: object, pointer: str) -> bool:
    """Whether the items of a list or the members of an object are themselves lists or objects."""
    try:
        node, pointer = tree.follow(schema, pointer)
        inner = [node["items"]] if "items" in node else list(members(node.get("properties")).values())
        return any(_kind(tree.follow(item, pointer)[0]) for item in inner)
    except Unserved:
        return False


def _kind(node: Node) -> bool:
    return node.get("type") in ("array", "object") or "properties" in node or "items" in node


def in_order(path_item: Node, path_pointer: str, operation: Node, pointer: str) -> list[tuple[object, str]]:
    """The parameters of a path and of its operation with their pointers.

    Raises:
        Unserved: they are no list, so nobody knows what the call needs.
    """
    for node, where in ((path_item, path_pointer), (operation, pointer)):
        if not isinstance(node.get("parameters") or [], list):
            raise Unserved("parameters are a list", f"{where}/parameters")
    return [
        (item, f"{where}/parameters/{index}")
        for node, where in ((path_item, path_pointer), (operation, pointer))
        for index, item in items(node.get("parameters"))
    ]
