"""The graph as a subgraph of a federation: what a router asks of it, and the schema that it is composed from."""

from schema.federation.representations import FEDERATED, Federation
from schema.federation.subgraph import subgraph_sdl

__all__ = ["FEDERATED", "Federation", "subgraph_sdl"]
