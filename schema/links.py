"""Links: how sources join, as the configuration or a foreign key says it, checked against both ends and made fields.

A link becomes one ``Link`` plan: which keys of the parent are matched with which fields of the result. It holds no
way to fetch anything.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import cast

from graphql import GraphQLField, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLOutputType

from resolvers import (
    Column,
    Comparison,
    Join,
    KeyPart,
    Match,
    NamedRef,
    ObjectType,
    Operation,
    Problem,
    Relation,
    Scalar,
    nearest,
    unwrapped,
)
from schema.crossing import Ends, known_single, lookup_of
from schema.filters import Through
from schema.joining import (
    Matched,
    column_of,
    compared,
    is_hidden,
    item_of,
    joining,
    matched_of,
    row_key,
    row_name_of,
    row_type,
    scalar_of,
    target_of,
)
from schema.link_arguments import listing_of
from schema.link_settings import Fault, Filtered, Joined, LinkSettings
from schema.naming import camel
from schema.plan.entity import HOME
from schema.plan.fields import ORIGIN, Link
from schema.row_inputs import FarRows, RelatedRows
from schema.source_types import SourceTypes, owners, row_of
from schema.types import RowArguments, TypeBuilder, nullable, origin_in


class LinkBuilder:
    """Turns links into fields of the parent's type; problems are collected, a faulty link adds nothing. ``unfinished``:
    entities of which a part is missing. ``waiting``: the coordinates that links will have once all sources are there.
    """

    def __init__(self, types: TypeBuilder, filter_keys: int = 1000, unfinished: Container[str] = ()) -> None:
        self._types = types
        self._filter_keys = filter_keys
        self._unfinished = unfinished
        self._owner = owners(types.sources)
        self.problems: list[Problem] = []
        self.waiting: set[str] = set()
        self.joined: list[Joined] = []
        self.filtered: list[Filtered] = []
        self._names: set[str] = set()

    def add(self, coordinate: str, settings: LinkSettings, waiting: Mapping[str, str]) -> None:
        """Adds a link of the configuration. ``waiting``: sources that could not be read; links to them wait."""
        try:
            self._add(coordinate, settings, waiting)
        except Fault as fault:
            self.problems.append(fault.problem.under("links", coordinate))

    def relate(self, made: SourceTypes, relation: Relation, taken: set[str]) -> None:
        """Adds a join that the description itself declares; ``taken``: coordinates that the configuration joined."""
        operation = made.model.operations.get(relation.operation)
        if operation is None or relation.type not in made.outputs or is_hidden(made, operation):
            return
        row = row_type(made, operation)
        parts = tuple(
            KeyPart(scalar_of(row.fields[field].type) or Scalar.STRING, compared(operation, field))
            for _, field in relation.match
        )
        fields = tuple(field for _, field in relation.match)
        match = Match(fields, parts, (True,) * len(fields))
        keys = tuple(key for key, _ in relation.match)
        plan = Link(column_of(made, operation, match, many=relation.many, constants={}), keys)
        owner = made.outputs[relation.type].name
        name = camel(relation.name)
        if self._has(owner, name):
            name = f"{name}{'List' if relation.many else 'Row'}"
        if f"{owner}.{name}" in taken or any(key not in made.field_names[relation.type] for key in keys):
            return
        name = self._shown((made, relation.type, owner, name))
        if not name:
            return
        compares = [f"{owner}.{made.field_names[relation.type][key]}" for key in keys]
        target = made.outputs[row_of(operation)].name
        spelled = made.field_names[row_of(operation)]
        compares += [f"{target}.{spelled[field]}" for field in fields if field in spelled]
        self._place((made, relation.type, owner, name), made, operation, plan, None, frozenset(), relation.description)
        self.joined.append(Joined(f"{owner}.{name}", tuple(compares)))
        self._filter_through(made, relation.type, name, operation, relation.match, many=relation.many)

    def _add(self, coordinate: str, settings: LinkSettings, waiting: Mapping[str, str]) -> None:
        owner, _, name = coordinate.partition(".")
        if not name.isidentifier():
            raise Fault(f'"{coordinate}" is not a field', mend="write it as Type.field")
        source = settings.target.partition(".")[0]
        kind = "one" if settings.one else "many"
        if owner not in self._owner and waiting:
            return
        if owner not in self._owner:
            raise Fault(f'there is no type "{owner}"', mend=nearest(owner, self._owner), lacks=owner)
        parent_made, parent_key = self._parent(owner, settings)
        if source in waiting or (owner in self._unfinished and not self._has_all(parent_made, parent_key, settings)):
            later = self._types.joins.get((parent_made.model.name, parent_key, name))
            self.waiting.add(f"{owner}.{name if later is None else later.new}")
            return
        target, operation = target_of(self._types, settings, kind)
        if parent_key not in parent_made.field_names:
            raise Fault(f'"{owner}" is a union, which has no fields', mend="link from its members")
        if self._has(owner, name) or coordinate in self._names:
            raise Fault(f'"{owner}" has a field "{name}" already', mend="choose another name for the link")
        shown = self._shown((parent_made, parent_key, owner, name))
        if shown:
            parent = parent_made, parent_key, owner, shown
            self._make(coordinate, settings, parent, (target, unwrapped(operation)))

    def _parent(self, owner: str, settings: LinkSettings) -> tuple[SourceTypes, str]:
        """The source whose rows a link starts from: of the parts of an entity the first that has all its keys."""
        homes = self._owner[owner]
        return next(((made, key) for made, key in homes if self._has_all(made, key, settings)), homes[0])

    @staticmethod
    def _has_all(made: SourceTypes, key: str, settings: LinkSettings) -> bool:
        """Whether a type has every field that a link matches."""
        return settings.match.keys() <= set(made.field_names.get(key, {}).values())

    def _has(self, owner: str, name: str) -> bool:
        """Whether a type has a field of that name, of an entity whichever part brings it."""
        return any(name in made.field_names.get(key, {}).values() for made, key in self._owner[owner])

    def step(
        self,
        settings: LinkSettings,
        parent: tuple[SourceTypes, str],
        written: Mapping[str, frozenset[Comparison]],
        called: Callable[[str], tuple[str, str]],
    ) -> Column:
        """The column that brings another part of the entity that a type of a source is part of.

        ``written``: field of the key → how the source of that type compares it, which counts as well. ``called``: field
        of the key → how that type and the other part call it.

        Raises:
            Fault: the operation does not give that part for its key.
        """
        target = target_of(self._types, settings, "by")
        made, key = parent
        parent_type = made, key, made.outputs[key].name
        matched = matched_of(settings, parent_type, (target[0], unwrapped(target[1])), written, called)
        return joining(self._types, settings, matched, (target[0], unwrapped(target[1])), many=False)[0]

    def _shown(self, parent: tuple[SourceTypes, str, str, str]) -> str:
        """The name that the field of a join has in the end; empty where it is hidden, or where its name is taken."""
        made, key, owner, name = parent
        later = self._types.joins.pop((made.model.name, key, name), None)
        if later is not None:
            name = later.new
            if self._has(owner, name) or f"{owner}.{name}" in self._names:
                what = f'"{owner}" has a field "{name}" already'
                self.problems.append(Problem(what, later.otherwise.where, "choose another name"))
                return ""
        elif f"{owner}.{name}" in self._names and len(self._owner[owner]) > 1:
            what = f'two parts of {owner} have a relation "{name}"'
            self.problems.append(Problem(what, ("entities", owner), f"hide or rename it at {made.model.name}.{key}"))
            return ""
        if name:
            self._names.add(f"{owner}.{name}")
        return name

    def _make(
        self,
        written: str,
        settings: LinkSettings,
        parent: tuple[SourceTypes, str, str, str],
        target: tuple[SourceTypes, Operation],
    ) -> None:
        made, key, owner, name = parent
        coordinate = f"{owner}.{name}"
        target_made, operation = target
        matched = matched_of(settings, (made, key, owner), target)
        fields, compares, key_list = matched.fields, [*matched.compares], matched.key_list
        many = settings.many is not None
        if key_list and (not many or len(fields) > 1):
            raise Fault("a parent field that is a list can only be matched alone and by many", "match")
        column, filled, constants = joining(self._types, settings, matched, target, many=many)
        takes_many = column.operation.keys is not None
        take = self._take(target_made, operation, settings.take)
        if take is not None:
            compares.append(f"{row_name_of(target_made, operation)}.{settings.take}")
        plan = Link(column, tuple(matched.keys), key_list, take)
        description = settings.description
        self._place(parent, target_made, operation, plan, take, frozenset(filled), description)
        note = "" if many or known_single(target_made, operation, fields) else _ambiguous(settings.target, fields)
        if not takes_many:
            note = note or self.batched(target_made, operation)
        note = note or _as_numbers(operation, matched)
        joined = operation.rows is not None and operation.rows.joined
        same = target_made is made and joined and not (key_list or constants or operation.compare)
        if same and take is None and self._alike(made, key, operation, matched.keys, fields):
            pairs = tuple(zip(matched.keys, fields, strict=True))
            self._filter_through(made, key, name, operation, pairs, many=many)
            self.filtered.append(Filtered(coordinate, note=note))
        else:
            ends = Ends(
                coordinate, made, key, tuple(matched.scalars), target_made, column, tuple(matched.keys), key_list, take,
                constants, frozenset(filled), listing_of(target_made, operation, settings), settings.filter_keys,
            )  # fmt: skip
            self._filter_across(name, operation, ends, note)
        self.joined.append(Joined(coordinate, tuple(compares), written, declassify=settings.declassify))

    def batched(self, made: SourceTypes, operation: Operation) -> str:
        """That tables could be asked once for all keys where the target is asked for each."""
        row = row_name_of(made, operation)
        for each in made.model.operations.values():
            if made.model.has_tables and each.keys is not None and row_name_of(made, each) == row:
                source = made.model.name
                return (
                    f"{source}.{operation.name} is asked once for each key, {source}.{each.name} once for all of them"
                )
        return ""

    def _filter_through(
        self,
        made: SourceTypes,
        key: str,
        name: str,
        operation: Operation,
        match: tuple[tuple[str, str], ...],
        *,
        many: bool,
    ) -> None:
        """Conditions and orders of a row may go through the field, where its source itself can join the two."""
        rows = self._types.rows.related.setdefault((made.model.name, key), [])
        rows.append(RelatedRows(name, operation, Through(Join(operation.name, match), many=many)))

    def _filter_across(self, name: str, operation: Operation, ends: Ends, note: str) -> None:
        """Conditions on a row may go through the field although its own source knows nothing of the other."""
        lookup = lookup_of(ends, self._filter_keys)
        if isinstance(lookup, str):
            self.filtered.append(Filtered(ends.coordinate, lookup, note))
            return
        row = cast("NamedRef", item_of(operation)).name
        rows = self._types.rows.far.setdefault((ends.near.model.name, ends.row), [])
        rows.append(FarRows(name, ends.far, row, lookup.column.operation, lookup))
        self.filtered.append(Filtered(ends.coordinate, note=note))

    def _alike(self, made: SourceTypes, key: str, operation: Operation, keys: list[str], fields: list[str]) -> bool:
        """Whether the database compares the two sides as the gateway does: they are of one type."""
        parent, row = cast("ObjectType", made.model.types[key]).fields, row_type(made, operation).fields
        rows = operation.rows
        return rows is not None and all(
            (mine := scalar_of(parent[one].type)) is not None
            and mine is scalar_of(row[other].type)
            and parent[one].written == row[other].written
            and other in rows.filterable
            for one, other in zip(keys, fields, strict=True)
        )

    def _take(self, made: SourceTypes, operation: Operation, take: str | None) -> str | None:
        if take is None:
            return None
        row_name = row_name_of(made, operation)
        spelled = {g: s for s, g in made.field_names.get(row_key(operation), {}).items()}
        if take not in spelled:
            what = f'"{row_name}" has no field "{take}"'
            raise Fault(what, "take", mend=nearest(take, spelled), lacks=f"{row_name}.{take}")
        return spelled[take]

    def _place(
        self,
        parent: tuple[SourceTypes, str, str, str],
        made: SourceTypes,
        operation: Operation,
        plan: Link,
        take: str | None,
        filled: frozenset[str],
        description: str,
    ) -> None:
        home, key, owner, name = parent

        def field() -> dict[str, GraphQLField]:
            typed = nullable(self._types.result(made, operation))
            row = nullable(cast("GraphQLOutputType", typed.of_type)) if isinstance(typed, GraphQLList) else typed
            if take is not None:
                spelled = made.field_names[row_key(operation)][take]
                row = nullable(cast("GraphQLObjectType", row).fields[spelled].type)
            shown = GraphQLList(GraphQLNonNull(cast("GraphQLObjectType", row))) if plan.column.many else row
            rows: RowArguments = "none"
            if plan.column.many:
                # Only who takes keys as conditions can give each parent a page of its own.
                keys = plan.column.operation.keys
                rows = "all" if keys is not None and not keys.argument and not plan.key_list else "filter"
            made_field = self._types.field_for(made, operation, plan, shown, rows=rows, without=filled)
            made_field.description = description or made_field.description
            made_field.extensions[HOME] = home.model.name, key
            if take is not None:
                made_field.extensions[ORIGIN] = origin_in(made, row_type(made, operation).fields[take].type)
            return {name: made_field}

        self._types.more.setdefault(owner, []).append(field)


def _ambiguous(target: str, fields: list[str]) -> str:
    return (
        f"nothing says that {target} has one row at most for each {', '.join(fields)}; of several it is LINK_AMBIGUOUS"
    )


def _as_numbers(operation: Operation, matched: Matched) -> str:
    """That a part of a key that is a text is compared as a number with the others."""
    texts = {Scalar.STRING, Scalar.ID}
    named = [
        field
        for field, scalar, part in zip(matched.fields, matched.scalars, matched.parts, strict=True)
        if {scalar, part.target} <= texts
    ]
    if "number" not in operation.compare or len(matched.fields) < 2 or not named:
        return ""
    return (
        f"compare: [number] of {operation.name} goes for {' and '.join(named)} too, where a text that is no number "
        f"matches nothing; say it for each: compare: {{ {named[0]}: [number], … }}"
    )
