"""The servers of a document, a path or an operation become one address (OpenAPI 3.1 sections 4.8.5 and 4.8.6)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from resolvers.documents import DescriptionError
from resolvers.origin import can_be_called
from resolvers.problem import Problem, nearest
from resolvers.rest.documents.tree import Node, items, members, text
from resolvers.rest.settings import ServerChoice


def chosen(root: Node, location: str, choice: ServerChoice) -> str | None:
    """The address of the document's server that ``choice`` names, the first where it names none.

    Raises:
        DescriptionError: there is no such server, it has no such variable, or the variable no such value.
    """
    servers = [members(item) for _, item in items(root.get("servers"))]
    at = 0
    if choice.index is not None:
        if choice.index >= len(servers):
            what = f"the document names {len(servers)} servers, counted from 0"
            raise DescriptionError(Problem(what, ("server", "index"), document=location))
        at = choice.index
    elif choice.description is not None:
        named = [text(item, "description") for item in servers]
        if choice.description not in named:
            mend = nearest(choice.description, named) or f"choose one of {', '.join(filter(None, named)) or 'none'}"
            what = f'the document describes no server as "{choice.description}"'
            raise DescriptionError(Problem(what, ("server", "description"), mend, location))
        at = named.index(choice.description)
    if not servers:
        return None
    declared = members(servers[at].get("variables"))
    for name, value in choice.variables.items():
        _check(name, value, declared, location)
    return _address(servers[at], location, choice.variables)


def own(node: Node, location: str, choice: ServerChoice) -> str | None:
    """The address of the first server that a path or an operation names for itself, if any."""
    for _, item in items(node.get("servers")):
        return _address(members(item), location, choice.variables)
    return None


def _check(name: str, value: str, declared: Node, location: str) -> None:
    where = ("server", "variables", name)
    if name not in declared:
        what = f'the server has no variable "{name}"'
        raise DescriptionError(Problem(what, where, nearest(name, declared), location))
    values = [str(item) for _, item in items(members(declared[name]).get("enum"))]
    if values and value not in values:
        mend = nearest(value, values) or f"choose one of {', '.join(values)}"
        raise DescriptionError(Problem(f'the variable has no value "{value}"', where, mend, location))


def _address(server: Node, location: str, given: Mapping[str, str]) -> str | None:
    url = text(server, "url")
    for name, variable in members(server.get("variables")).items():
        url = url.replace(f"{{{name}}}", given.get(name, str(members(variable).get("default", ""))))
    if location.startswith(("http://", "https://")):
        url = urljoin(location, url)
    if not can_be_called(url) or "{" in url:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
