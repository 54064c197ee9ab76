"""What interfaces promise of the parts of an entity: the entity keeps it, or the part is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from graphql import GraphQLField, GraphQLInterfaceType, get_named_type

from schema.entity_parts import Side, always
from schema.entity_settings import EntitySettings
from schema.link_settings import Fault
from schema.types import Finish, TypeBuilder, nullable


def keep_promises(types: TypeBuilder, name: str, settings: EntitySettings, sides: Sequence[Side]) -> None:
    """The entity implements what its parts do. The interfaces promise no value that the entity may lack.

    Raises:
        Fault: an interface promises a field that the entity does not have so.
    """
    certain = always(settings, sides)
    for side in sides:
        for interface in side.interfaces:
            _check(types, settings, sides[0], side, interface)
            promising = cast("GraphQLInterfaceType", side.made.outputs[interface])
            types.finish[promising.name] = _loosened(types.finish.get(promising.name), certain)
            if side is not sides[0]:
                types.promises.setdefault(name, []).append(promising)


def _check(types: TypeBuilder, settings: EntitySettings, first: Side, side: Side, interface: str) -> None:
    made, where = side.made, ("from", side.coordinate)
    shown = made.outputs[interface].name
    for field, promised in made.field_names[interface].items():
        what = f'{side.coordinate} implements {shown}, which promises "{promised}"'
        if field not in side.fields:
            raise Fault(what, *where, mend=f"add {promised} to only, or hide {shown}")
        if side.fields[field] != promised:
            raise Fault(f'{what}, and it is "{side.fields[field]}" here', *where, mend=f"hide {shown}")
        if promised in settings.key:
            mine, given = (get_named_type(types.output_ref(e.made, e.field(promised).type)) for e in (side, first))
            if mine is not given:
                raise Fault(f"{what} as {mine}, and the key is {given}", *where, mend=f"hide {shown}")


def _loosened(before: Finish | None, certain: set[str]) -> Finish:
    """What makes the fields of an interface those that an entity can keep; ``before``: what else is made of them."""

    def finish(fields: dict[str, GraphQLField]) -> dict[str, GraphQLField]:
        fields = fields if before is None else before(fields)
        for shown, field in fields.items():
            if shown not in certain:
                field.type = nullable(field.type)
        return fields

    return finish
