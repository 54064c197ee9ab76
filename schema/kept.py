"""Old names that are kept: whatever the file renames and keeps is served under both names, the old one deprecated.

Both are one thing: one plan, one value for a source, the same rules (``beside.Kin``). It adds names to a finished
schema and takes none away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeVar, cast

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLSchema,
    Undefined,
)

from resolvers import Key, Problem
from schema.beside import BESIDE, Beside, is_demanded
from schema.mirrored import Member, Mirror, Owner, members, mirrors

Given = TypeVar("Given", GraphQLArgument, GraphQLInputField)
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Kept:
    """An old name. ``at``: type, member and (empty for none) argument as they are called when every name is settled;
    ``None`` where that is not served. ``where``: in the file.
    """

    at: Callable[[], tuple[str, str, str] | None]
    old: str
    reason: str
    where: tuple[Key, ...]


def keep(schema: GraphQLSchema, kept: Sequence[Kept]) -> list[Problem]:
    """Adds the old names; gives a problem for each that something else bears."""
    if not kept:
        return []
    keeper = _Keeper(schema)
    # Arguments first: a field that is kept too has them under both of their names then.
    places = [(each, at) for each in kept if (at := each.at()) is not None]
    for each, (owner, name, argument) in sorted(places, key=lambda place: not place[1][2]):
        keeper.add(each, owner, name, argument)
    schema.extensions = {**schema.extensions, BESIDE: keeper.kin}
    return keeper.problems


class _Keeper:
    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._alike: Mapping[str, Sequence[Mirror]] = mirrors(schema)
        self.problems: list[Problem] = []
        self.kin: dict[str, tuple[str, ...]] = {}

    def add(self, kept: Kept, owner: str, name: str, argument: str) -> None:
        named = self._schema.type_map.get(owner)
        if not isinstance(named, Owner) or name not in members(named):
            return
        if argument:
            definition = cast("GraphQLField", members(named)[name])
            if self._is_free(kept, definition.args, f"{owner}.{name}"):
                _beside_given(definition.args, argument, kept)
                self._are_one(f"{owner}.{name}({argument}:)", f"{owner}.{name}({kept.old}:)")
            return
        for place in (Mirror(named, name, members(named)[name]), *self._alike.get(f"{owner}.{name}", ())):
            if not self._is_free(kept, members(place.owner), place.owner.name):
                return
        for place in (Mirror(named, name, members(named)[name]), *self._alike.get(f"{owner}.{name}", ())):
            self._beside(place.owner, name, kept)

    def _is_free(self, kept: Kept, names: Iterable[str], where: str) -> bool:
        if kept.old not in names:
            return True
        what = f'{where} has a "{kept.old}" that is something else, so the old name cannot be kept beside the new'
        self.problems.append(Problem(what, kept.where, "rename without keep"))
        return False

    def _beside(self, owner: Owner, name: str, kept: Kept) -> None:
        given = members(owner)
        if isinstance(owner, GraphQLInputObjectType):
            fields = cast("dict[str, GraphQLInputField]", given)
            if owner.is_one_of:
                _put(fields, name, kept.old, _old(fields[name], name, kept.reason))
            else:
                _beside_given(fields, name, kept)
        else:
            member: Member = copy(given[name])
            member.deprecation_reason = kept.reason
            if isinstance(member, GraphQLField):
                member.args = dict(member.args)
                member.extensions = dict(member.extensions)
                for argument in member.args:
                    names = self.kin.get(f"{owner.name}.{name}({argument}:)", (f"{owner.name}.{name}({argument}:)",))
                    spelled = [each.partition("(")[2].removesuffix(":)") for each in names]
                    both = tuple(f"{owner.name}.{f}({a}:)" for f, a in product((name, kept.old), spelled))
                    self.kin |= dict.fromkeys(both, both)
            _put(given, name, kept.old, member)
        if isinstance(owner, GraphQLEnumType):
            owner.__dict__.pop("_value_lookup", None)  # the first name of a value is the one that is given
        self._are_one(f"{owner.name}.{name}", f"{owner.name}.{kept.old}")

    def _are_one(self, new: str, old: str) -> None:
        self.kin[new] = self.kin[old] = (new, old)


def _beside_given(names: dict[str, Given], name: str, kept: Kept) -> None:
    """Puts the old name of an argument or input field beside the new. Where one must be given, that is asked when an
    operation is planned: a schema can only demand both.
    """
    new = names[name]
    both = Beside((name, kept.old), is_demanded(new))
    new.extensions = {**new.extensions, BESIDE: both}
    new.out_name = new.out_name or name
    if both.demanded:
        new.type = cast("GraphQLNonNull[Any]", new.type).of_type
    if both.demanded:
        said = f"Give {name} or {kept.old}, the same under its old name."
        new.description = f"{new.description}\n\n{said}" if new.description else said
    _put(names, name, kept.old, _old(new, name, kept.reason))


def _old(new: Given, name: str, reason: str) -> Given:
    old = copy(new)
    old.out_name = new.out_name or name
    old.default, old.default_value = None, Undefined  # the new name has it
    old.deprecation_reason = reason
    old.extensions = dict(new.extensions)
    return old


def _put(names: dict[str, Item], after: str, name: str, item: Item) -> None:
    """Puts an item behind another."""
    found = dict(names)
    names.clear()
    for key, each in found.items():
        names[key] = each
        if key == after:
            names[name] = item
