"""The ``links`` objects of replies (OpenAPI 3.1 section 4.8.20): read as hints of joins, never as joins.

What they say with other expressions than members of the reply's body is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

from resolvers.model import Hint
from resolvers.rest.documents.tree import Node, Tree, Unserved, members, text, token

_BODY = "$response.body#/"


def hints_of(tree: Tree, operation: str, node: Node, pointer: str, names: Mapping[str, str]) -> Iterator[Hint]:
    """The hints in the successful replies of an operation.

    ``names``: ``operationId``, or pointer of an operation → the name under which it is served.
    """
    for code, response in members(node.get("responses")).items():
        if not code.startswith("2"):
            continue
        with suppress(Unserved):
            reply, where = tree.follow(response, f"{pointer}/responses/{token(code)}")
            for name, link in members(reply.get("links")).items():
                found, place = tree.follow(link, f"{where}/links/{token(name)}")
                target = names.get(text(found, "operationId")) or names.get(text(found, "operationRef"))
                given = members(found.get("parameters"))
                match = tuple((_plain(key), _path(value)) for key, value in given.items())
                if target is not None and match and all(path for _, path in match):
                    yield Hint(name, operation, target, match, tree.place(place))


def _plain(parameter: str) -> str:
    """A parameter's name without the place that may stand before it (``path.id``)."""
    place, dot, name = parameter.partition(".")
    return name if dot and place in {"path", "query", "header", "cookie"} else parameter


def _path(expression: object) -> tuple[str, ...]:
    """The path in the body of an expression; empty where it is none."""
    if not isinstance(expression, str) or not expression.startswith(_BODY):
        return ()
    parts = expression.removeprefix(_BODY).split("/")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in parts if not part.isdecimal())
