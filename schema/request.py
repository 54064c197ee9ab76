"""What the edge hands to the graph and what it gets back. Nothing here parses or runs anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import orjson


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The parameters of GraphQL over HTTP section 5.1, already of the right JSON types."""

    query: str
    operation_name: str | None = None
    variables: Mapping[str, object] = field(default_factory=dict)
    extensions: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response map (GraphQL specification section 7.1).

    ``kind``: ``"data"``: the operation was executed and the map has ``data``, null or not; ``"request_error"``: it was
    refused before execution, so there is no ``data``.
    """

    kind: Literal["data", "request_error"]
    body: Mapping[str, object]

    def encode(self) -> bytes:
        """The response map as JSON, integers and decimals exact."""
        return orjson.dumps(self.body, option=orjson.OPT_PASSTHROUGH_SUBCLASS)
