"""What the trading company adds by hand to the generated graph."""  # a file beside isthmus.yaml

from __future__ import annotations

from collections.abc import Mapping, Sequence

import strawberry

from schema import Extension

extension = Extension()

HAZARDS = {"Kerosene": "UN 1223, flammable liquid", "Varnish": "UN 1263, flammable liquid"}
"""By the first word of a product's name, as the safety officer keeps them."""


@strawberry.type(description="Who runs this graph.")
class House:
    name: str
    systems: list[str]


@extension.query
def house() -> House:
    """Who runs this graph, and over which systems."""
    return House(name="Isthmus Trading", systems=["crm", "billing", "stock"])


@extension.field("Customer", needs=("firstName", "lastName"))
def display_name(parent: Mapping[str, object]) -> str:
    """First and last name, or the last name alone where no first name is known."""
    return " ".join(str(parent[part]) for part in ("firstName", "lastName") if parent[part] is not None)


@extension.batch("Product", needs=("name",))
async def hazard(parents: Sequence[Mapping[str, object]]) -> list[str | None]:
    """How the product must be labelled for transport; null when it is harmless. Answered for all products at once."""
    return [HAZARDS.get(str(parent["name"]).partition(",")[0]) for parent in parents]
