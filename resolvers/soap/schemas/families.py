"""Families: the types that may stand in the place of others, found for whatever the operations reach."""

from __future__ import annotations

from collections.abc import Iterator

from resolvers.model import LeftOut
from resolvers.soap.schemas.members import Filling
from resolvers.soap.schemas.references import reference
from resolvers.soap.schemas.types import Types
from resolvers.soap.shapes import Complex


class Families:
    """Fills shapes and tells each that is referred to which others may stand in its place."""

    def __init__(self, types: Types) -> None:
        self._types = types
        self._filling = Filling(types)
        self._met: dict[Complex, int] = {}
        """How many types without a name stood beside each when it was met."""

    def settle(self) -> None:
        """Fills every complex shape that the types were asked for, and those that these ask for in turn."""
        types = self._types
        while types.unsettled or types.referred:
            while types.unsettled:
                self._filling.fill(types.unsettled.pop(0))
            referred, types.referred = types.referred, {}
            for shape in referred:
                beside = len(types.beside.get(shape, ()))
                if self._met.get(shape) != beside:
                    self._met[shape] = beside
                    self._meet(shape)

    def _meet(self, shape: Complex) -> None:
        found = list(self._derived(shape)) if shape.tag else []
        found += [each for each in self._types.beside.get(shape, ()) if each not in found]
        kept = []
        for each in found:
            self._filling.fill(each)
            if _stands_for(each, shape):
                kept.append(each)
            else:
                reason = f"it changes what {shape.name} holds: not served in its place"
                self._types.degraded.append(LeftOut(each.name, reason, each.place, degraded=True))
        shape.derived = tuple(kept)
        if kept and not shape.abstract and not shape.plain_name:
            shape.plain_name = self._types.names.take(f"Plain{shape.name[:1].upper()}{shape.name[1:]}")
        elif not kept and shape.abstract:
            node, schema = self._types.nodes[shape]
            reason = "an abstract type from which none is derived: only its own members are served"
            self._types.note(shape.name, reason, node, schema)

    def _derived(self, shape: Complex) -> Iterator[Complex]:
        for tag in self._types.declarations.derived(shape.tag):
            found = self._types.declarations.find("type", tag)
            derived = self._types.based_on(*found, tag) if found is not None else None
            if derived is not None:
                yield derived


def _stands_for(each: Complex, shape: Complex) -> bool:
    """Whether every member of the one is a member of the other too, of the same type."""
    own = {member.name: member for member in each.members}
    for member in shape.members:
        found = own.get(member.name)
        if found is None or (found is not member and reference(found) != reference(member)):
            return False
    return True
