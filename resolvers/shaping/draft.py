"""``Draft``: what is said of the places of one source, and what is said with it of those that mean the same."""

from __future__ import annotations

from dataclasses import dataclass, field

from resolvers.model import EnumType, EnumValue, ObjectType, ScalarRef, SourceModel, TypeRef
from resolvers.naming import Naming
from resolvers.problem import Problem
from resolvers.shaping.alike import alike, given_to
from resolvers.shaping.coding import Base, Coding, NoCoding
from resolvers.shaping.lifting import flattened, members, on_the_way, taken_out
from resolvers.shaping.shapes import Kind, Lifted, Slot, Stated, at, inner, named

_LATE = 50
"""The enum of a code table takes no name that the description gives to something else."""


@dataclass(slots=True)
class Draft:
    """``raw``: the model as the source has it. ``problems``: what does not fit it."""

    raw: SourceModel
    codings: dict[Slot, Coding] = field(default_factory=dict)
    said: dict[Slot, Stated] = field(default_factory=dict)
    """By which statement a place is coded."""
    nullable: dict[Slot, bool] = field(default_factory=dict)
    enums: dict[Slot, str] = field(default_factory=dict)
    lifts: dict[tuple[Kind, str], dict[str, Lifted]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    made: dict[str, EnumType] = field(default_factory=dict)
    """The enums of code tables, by the keys that they have in the model."""

    def code(self, stated: Stated, place: Slot | None = None) -> bool:
        """Codes a place as it is stated of it, or of another that means the same; whether it was not coded before."""
        where = place or stated.place
        if where in self.codings:
            return False
        found = at(self.raw, where)
        assert found is not None
        base = self._base(found.type)
        if base is None:
            self._refuse(stated, NoCoding("its values are objects", "say it of their fields"), where)
            return False
        if where[0] == "argument" and place is None and stated.settings.nothing:
            fault = NoCoding("an argument that means nothing is left out", "say it of the field", told="nulls")
            self._refuse(stated, fault, where)
            return False
        try:
            self.codings[where] = stated.settings.coding(base, tables=self.raw.has_tables)
        except NoCoding as fault:
            self._refuse(stated, fault, where)
            return False
        self.said[where] = stated
        if stated.settings.nullable is not None and place is None:
            self.nullable[where] = stated.settings.nullable
        if self.codings[where].words:
            self.enums[where] = self._enum(stated, self.codings[where])
        return True

    def _refuse(self, stated: Stated, fault: NoCoding, place: Slot) -> None:
        what, mend = fault.what, fault.mend
        if place != stated.place:
            what = f"{place[2]} of {place[1]} means the same, and {what}"
            mend = "shape it by its own coordinate"
        self.problems.append(Problem(what, (stated.coordinate, *stated.settings.told(fault)), mend))

    def _base(self, ref: TypeRef) -> Base | None:
        leaf = inner(ref)
        return leaf.scalar if isinstance(leaf, ScalarRef) else self.raw.enums.get(named(leaf))

    def _enum(self, stated: Stated, coding: Coding) -> str:
        """The enum of a code table; one for all places with the same words and the same name of their own."""
        name = stated.place[2]
        for key, enum in self.made.items():
            if key.endswith(f".{name}") and tuple(each.value for each in enum.values) == coding.words:
                return key
        key = f"{stated.place[1]}.{name}"
        while key in self.raw.enums or key in self.raw.types or key in self.raw.inputs:
            key = f"shape {key}"
        naming = Naming(f"shape {stated.coordinate}", (stated.word,), _LATE)
        values = tuple(EnumValue(word) for word in coding.words)
        self.made[key] = EnumType(stated.word, values, naming=naming)
        return key

    def lift(self, stated: Stated) -> None:
        """Takes fields out of an object, in results and in the inputs of the very same description."""
        word = "take" if stated.settings.take is not None else "flatten"
        places = [stated.place]
        if stated.place[0] == "field":
            places += [each for each in given_to(self.raw, *stated.place[1:]) if members(self.raw, each) is not None]
        for kind, owner, name in places:
            slot: Slot = (kind, owner, name)
            if self._is_promised(slot) or on_the_way(self.raw, slot):
                what = f"an interface, or an operation's result or pages, are found by {name}"
                self.problems.append(Problem(what, (stated.coordinate, word), "state at: of the operation"))
                continue
            try:
                there = members(self.raw, slot) or {}
                inside = tuple(each for each in stated.inside if word == "take" or each in there)
                found = (
                    {name: taken_out(self.raw, slot, inside)}
                    if word == "take"
                    else flattened(self.raw, slot, inside, self.lifts.get((kind, owner), {}))
                )
            except (NoCoding, KeyError) as fault:
                if slot == stated.place and isinstance(fault, NoCoding):
                    self.problems.append(Problem(fault.what, (stated.coordinate, word), fault.mend))
                continue
            self.lifts.setdefault((kind, owner), {}).update(found)

    def _is_promised(self, slot: Slot) -> bool:
        definition = self.raw.types.get(slot[1]) if slot[0] == "field" else None
        interfaces = definition.interfaces if isinstance(definition, ObjectType) else ()
        return any(at(self.raw, ("field", each, slot[2])) is not None for each in interfaces)

    def spread(self) -> None:
        """Codes what means the same as what is coded, and what means the same as that."""
        waiting = [place for place in self.codings if place[0] == "field"]
        while waiting:
            place = waiting.pop()
            fresh = [other for other in alike(self.raw, place) if self.code(self.said[place], other)]
            waiting += [other for other in fresh if other[0] == "field"]
