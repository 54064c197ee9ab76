"""How the operations of a REST source look on the wire: templates, parameters, bodies, replies. Data, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from resolvers.model import SourceModel, TypeRef

Location = Literal["path", "query", "header", "cookie"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """An OpenAPI parameter. ``name`` is its name on the wire, ``argument`` that of the operation's argument.

    ``separator``: what joins the items of a list; empty where the parameter is repeated (``explode``).
    """

    name: str
    location: Location
    argument: str
    separator: str = ","


@dataclass(frozen=True, slots=True)
class Body:
    """A JSON request body. ``text``: decimals and big integers in it travel as strings (when it is one itself)."""

    type: TypeRef
    media: str
    required: bool
    text: bool = False


@dataclass(frozen=True, slots=True)
class RequestShape:
    """One operation on the wire. ``path`` is the template, ``server`` its own address where it states one.

    ``reply``: how a successful answer is read.
    """

    method: str
    path: str
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    accept: str = "application/json"
    reply: Literal["json", "text", "none"] = "json"
    server: str | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """An OpenAPI document, read.

    ``server``: the address it names, absent where it names none. ``texts``: the fields of inputs (type, field) whose
    decimals and big integers travel as JSON strings.
    """

    model: SourceModel
    requests: Mapping[str, RequestShape]
    server: str | None
    texts: frozenset[tuple[str, str]] = frozenset()
