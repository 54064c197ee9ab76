"""OpenAPI parameters read: which can be sent, how their lists are joined, what argument each becomes.

It does not encode values (``request.py``) nor read schemas (``schemas.py``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast, get_args

from resolvers.model import Argument, LeftOut, ListRef, NamedRef, Scalar, ScalarRef, TypeRef
from resolvers.rest.document import Node, Tree, Unserved, items, text
from resolvers.rest.naming import joined
from resolvers.rest.schemas import DEPRECATED, Schemas
from resolvers.rest.shapes import Location, Parameter

TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
IGNORED = frozenset({"accept", "content-type", "authorization"})
"""OpenAPI 3.1 section 4.8.12.1: header parameters of these names are ignored; the gateway sends its own."""
OURS = frozenset({
    "host", "content-length", "transfer-encoding", "connection", "cookie", "te", "trailer", "upgrade", "expect",
    "keep-alive", "proxy-authorization", "proxy-connection", "accept-encoding",
})  # fmt: skip
"""Headers that frame a message or belong to the connection: never a caller's to set."""
SEPARATORS = {
    ("path", "simple"): ",",
    ("header", "simple"): ",",
    ("query", "form"): ",",
    ("query", "spaceDelimited"): "%20",
    ("query", "pipeDelimited"): "%7C",
    ("cookie", "form"): ",",
}


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
            parameter, argument = _read(tree, schemas, operation, node, pointer)
        except Unserved as unserved:
            if required:
                raise
            reason = f"the parameter {name} is not served: {unserved.reason}"
            left_out.append(LeftOut(operation, reason, tree.place(unserved.pointer), degraded=True))
            continue
        if argument.name in arguments or argument.name == "body":
            spelled = f"{argument.name}_{location}"
            parameter, argument = replace(parameter, argument=spelled), replace(argument, name=spelled)
        parameters.append(parameter)
        arguments[argument.name] = argument
    wanted = set(re.findall(r"\{([^{}]*)\}", path))
    declared = {parameter.name for parameter in parameters if parameter.location == "path"}
    if wanted != declared:
        odd = ", ".join(sorted(wanted ^ declared))
        raise Unserved(f"the path and its parameters do not agree about {odd}", "")
    return Read(tuple(parameters), arguments, tuple(left_out))


def _read(tree: Tree, schemas: Schemas, operation: str, node: Node, pointer: str) -> tuple[Parameter, Argument]:
    name, location = text(node, "name"), text(node, "in")
    if not name or location not in get_args(Location):
        raise Unserved("a parameter needs a name and a place", pointer)
    if location in {"header", "cookie"} and (not TOKEN.fullmatch(name) or name.lower() in OURS):
        raise Unserved(f"the {location} {name} is not a caller's to set", pointer)
    if "schema" not in node:
        raise Unserved("a parameter without a schema", pointer)
    style = text(node, "style") or ("form" if location in {"query", "cookie"} else "simple")
    if (location, style) not in SEPARATORS:
        raise Unserved(f"the style {style} is not served in a {location}", pointer)
    where = f"{pointer}/schema"
    ref = schemas.type_of(node["schema"], where, operation + joined(name), "input")
    _check(ref, schemas, location, where)
    explode = node.get("explode", style == "form")
    separator = "" if explode is True and location == "query" else SEPARATORS[location, style]
    required = node.get("required") is True or location == "path"
    argument = Argument(
        name,
        replace(ref, nullable=False) if required else ref,
        required=required,
        description=text(node, "description"),
        deprecated=DEPRECATED if node.get("deprecated") is True and not required else None,
        place=tree.place(pointer),
    )
    return Parameter(name, cast("Location", location), name, separator), argument


def _check(ref: TypeRef, schemas: Schemas, location: str, pointer: str) -> None:
    item = ref
    if isinstance(ref, ListRef):
        if location == "cookie":
            raise Unserved("a list in a cookie", pointer)
        item = ref.item
    plain = (isinstance(item, ScalarRef) and item.scalar is not Scalar.JSON) or (
        isinstance(item, NamedRef) and item.name in schemas.enums
    )
    if not plain:
        raise Unserved("only scalars and lists of scalars are sent as parameters", pointer)


def in_order(path_item: Node, path_pointer: str, operation: Node, pointer: str) -> list[tuple[object, str]]:
    """The parameters of a path and of its operation with their pointers."""
    return [
        (item, f"{where}/parameters/{index}")
        for node, where in ((path_item, path_pointer), (operation, pointer))
        for index, item in items(node.get("parameters"))
    ]
