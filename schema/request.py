"""What the edge hands to the graph and what it gets back. Nothing here parses or runs anything."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec
import orjson

from resolvers import plain


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The parameters of GraphQL over HTTP section 5.1, already of the right JSON types."""

    query: str
    operation_name: str | None = None
    variables: Mapping[str, object] = field(default_factory=dict)
    extensions: Mapping[str, object] = field(default_factory=dict)
    document_id: str | None = None
    """The id of a registered document, which ``query`` is the text of once it was found."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What can be said of an operation before it is planned.

    ``name``: the id of its document where that is registered, or else the operation's own name. ``fields``: the
    coordinates of its root fields (``Mutation.login``), each as often as it stands there, left out by ``@skip`` or not.
    """

    name: str | None
    fields: tuple[str, ...]
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class Fresh:
    """How old an answer is that is kept, and how old it may become, in whole seconds."""

    age_s: int
    lives_s: int


class Answer(msgspec.Struct, frozen=True):
    """A response map (GraphQL specification section 7.1).

    ``kind``: ``"data"``: the operation was executed and the map has ``data``, null or not; ``"request_error"``: it was
    refused before execution, so there is no ``data``; ``"forbidden"``: likewise, since the caller may not use
    something in it. ``encoded``: the map as bytes where they were kept; ``held`` is empty then, or the same. ``laid``:
    objects of ``held`` may be rows of a source, which only ``encode`` and ``body`` understand. ``fresh``: set where
    others may be given the same answer.
    """

    kind: Literal["data", "request_error", "forbidden"]
    held: Mapping[str, object]
    encoded: bytes | None = None
    laid: bool = False
    fresh: Fresh | None = None

    @property
    def body(self) -> Mapping[str, object]:
        """The map in plain objects."""
        return {name: plain(value) for name, value in self.held.items()} if self.laid else self.held

    def encode(self) -> bytes:
        """The response map as JSON, integers and decimals exact."""
        if self.encoded is not None:
            return self.encoded
        if self.laid:
            try:
                return _encode(self.held)
            except (TypeError, ValueError, NotImplementedError):
                pass  # a value of the JSON scalar, or of a hand-written field, that only what follows can say
        try:
            return orjson.dumps(self.body)
        except TypeError:
            # orjson refuses integers over 64 bits and decimals; both occur inside values of the JSON scalar.
            return json.dumps(self.body, ensure_ascii=False, default=_exact).encode("utf-8", "replace")


_encode = msgspec.json.Encoder().encode


def _exact(value: object) -> object:
    if isinstance(value, Decimal | date | time | UUID):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return repr(value)
