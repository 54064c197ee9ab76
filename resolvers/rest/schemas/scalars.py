"""The scalar of a JSON schema: its type and format as one of ours. Objects, lists and enumerations: ``reader.py``."""

from __future__ import annotations

from resolvers.model import Scalar
from resolvers.rest.documents.tree import Node, Tree, Unserved, text

MAX_INT = 2**31 - 1

STRINGS = {
    "date-time": Scalar.DATE_TIME,
    "date": Scalar.DATE,
    "time": Scalar.TIME,
    "uuid": Scalar.UUID,
    "decimal": Scalar.DECIMAL,
    "byte": Scalar.BASE64,
    "binary": Scalar.BASE64,
    "int64": Scalar.BIG_INT,
}
PLACES = {
    "int32": (-(2**31), MAX_INT),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
"""Format → the least and the greatest whole number that it has a place for."""
NUMBERS = {"decimal": Scalar.DECIMAL, "int64": Scalar.BIG_INT, "int32": Scalar.INT}


def scalar_of(node: Node, kind: object, pointer: str) -> Scalar:
    """The scalar of a schema of type ``kind``; ``None`` and ``null`` stand for anything.

    Raises:
        Unserved: the type is not one of JSON Schema.
    """
    form = text(node, "format")
    match kind:
        case "string":
            if text(node, "contentEncoding") == "base64" or ("contentMediaType" in node and not form):
                return Scalar.BASE64
            return STRINGS.get(form, Scalar.STRING)
        case "integer":
            return integer(node)
        case "number":
            return NUMBERS.get(form, Scalar.FLOAT)
        case "boolean":
            return Scalar.BOOLEAN
        case None | "null":
            return Scalar.JSON
    raise Unserved(f"the type {kind} is not known", pointer)


def integer(node: Node) -> Scalar:
    """``Int`` has 32 bits in GraphQL; what says that it may be larger is a ``BigInt``."""
    most, least = node.get("maximum"), node.get("minimum")
    beyond = (isinstance(most, int | float) and most > MAX_INT) or (
        isinstance(least, int | float) and least < -MAX_INT - 1
    )
    wide = text(node, "format") in {"int64", "uint64", "uint32"}
    return Scalar.BIG_INT if beyond or wide else Scalar.INT


def places(tree: Tree, schema: object, pointer: str) -> tuple[int, int] | None:
    """The least and the greatest whole number that values of a schema, or the items of its list, have a place for.

    Whole numbers without a format have 64 bits, as most who read JSON take them. ``None``: there are none, or it is
    only said through combinations.
    """
    try:
        node, pointer = tree.follow(schema, pointer)
        while "items" in node:
            node, pointer = tree.follow(node["items"], f"{pointer}/items")
    except Unserved:
        return None
    kind = node.get("type")
    whole = kind == "integer" or (isinstance(kind, list) and "integer" in kind)
    return PLACES.get(text(node, "format"), PLACES["int64"] if whole else None)
