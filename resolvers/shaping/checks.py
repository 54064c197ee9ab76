"""What shapes of keys, of inputs and of what interfaces promise cannot be, told before anything is served."""

from __future__ import annotations

from resolvers.model import ObjectType, UnionType
from resolvers.problem import Problem
from resolvers.shaping.draft import Draft
from resolvers.shaping.shapes import Slot, Stated, at, named


def check(draft: Draft) -> None:
    """What is written in several ways is neither asked for nor given."""
    keys = {
        (owner, name)
        for owner, definition in draft.raw.types.items()
        if isinstance(definition, ObjectType)
        for name in definition.key
    }
    for relation in draft.raw.relations:
        operation = draft.raw.operations.get(relation.operation)
        keys |= {(relation.type, mine) for mine, _ in relation.match}
        keys |= {(named(operation.result), theirs) for _, theirs in relation.match} if operation else set()
    told = set()
    for place, coding in draft.codings.items():
        stated = draft.said[place]
        if place[0] != "field" and coding.one_way and stated.coordinate not in told:
            told.add(stated.coordinate)
            what = f'"{coding.one_way}" stands for several codes, and {place[2]} of {place[1]} needs the way back'
            mend = "give each code a word of its own"
            draft.problems.append(Problem(what, (stated.coordinate, "values"), mend))
        elif place[1:] in keys and not coding.exact and draft.raw.has_tables and stated.coordinate not in told:
            told.add(stated.coordinate)
            what = f"{place[2]} of {place[1]} is a key, and equal values of it may be written in several ways"
            draft.problems.append(Problem(what, (stated.coordinate,), "say how they are written, in one way"))
        elif place[0] == "field" and place[1:] in keys and stated.settings.nothing and stated.coordinate not in told:
            told.add(stated.coordinate)
            what = f"{place[2]} of {place[1]} is a key, or leads to one, where each value means something"
            draft.problems.append(Problem(what, (stated.coordinate,), "remove nulls"))
        _promised(draft, place, stated)


def _promised(draft: Draft, place: Slot, stated: Stated) -> None:
    kind, owner, name = place
    if kind != "field" or place != stated.place:
        return
    definition = draft.raw.types[owner]
    assert not isinstance(definition, UnionType)
    for interface in definition.interfaces:
        promise: Slot = ("field", interface, name)
        if at(draft.raw, promise) is not None and promise not in draft.codings:
            what = f"the interface {interface} promises {name} as its description says it"
            draft.problems.append(Problem(what, (stated.coordinate,), f"shape {name} of {interface} instead"))
