"""What both ends of a join say of its keys: what is matched with what, and the column that asks by it.

It is used by whoever makes fields of joins (``links.py``, ``entities.py``) and makes none itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import cast

from resolvers import (
    Call,
    Column,
    Comparison,
    Effect,
    KeyPart,
    ListRef,
    Match,
    NamedRef,
    ObjectType,
    Operation,
    Scalar,
    ScalarRef,
    TypeRef,
    agree,
    nearest,
    offered,
    paging_positions,
)
from schema.link_arguments import constants_of
from schema.link_settings import Fault, LinkSettings
from schema.source_types import SourceTypes
from schema.types import TypeBuilder


@dataclass(slots=True)
class Matched:
    """What ``match`` says, a place for each of its lines. ``scalars``: of the parent's fields; ``arguments``: that take
    one key.
    """

    keys: list[str] = field(default_factory=list)
    scalars: list[Scalar] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    parts: list[KeyPart] = field(default_factory=list)
    verify: list[bool] = field(default_factory=list)
    arguments: list[str | None] = field(default_factory=list)
    compares: list[str] = field(default_factory=list)
    key_list: bool = False


def target_of(types: TypeBuilder, settings: LinkSettings, kind: str) -> tuple[SourceTypes, Operation]:
    """The operation that a link names, and its source. ``kind``: the key of the settings that names it.

    Raises:
        Fault: it is not there, or is no read of a type that is shown.
    """
    source, _, operation_name = settings.target.partition(".")
    target = types.sources.get(source)
    if target is None and not operation_name:
        named = [f"{name}.{settings.target}" for name, made in types.sources.items() if source in made.model.operations]
        mend = f'did you mean "{named[0]}"' if named else "write it as source.operation"
        raise Fault(f'"{settings.target}" names no operation of a source', kind, mend=mend)
    if target is None:
        raise Fault(f'there is no source "{source}"', kind, mend=offered(source, types.sources))
    operation = target.model.operations.get(operation_name)
    if operation is None:
        mend = offered(operation_name, target.model.operations)
        raise Fault(f'source "{source}" has no operation "{operation_name}"', kind, mend=mend)
    if operation.effect is not Effect.READ:
        mend = f"state operations.{operation_name}.effect: read at the source if it changes nothing"
        raise Fault(f'"{settings.target}" is not a read', kind, mend=mend)
    if is_hidden(target, operation):
        raise Fault(f'"{settings.target}" gives a type that is hidden', kind, mend="show the type, or drop the link")
    return target, operation


def joining(
    types: TypeBuilder, settings: LinkSettings, matched: Matched, target: tuple[SourceTypes, Operation], *, many: bool
) -> tuple[Column, set[str], dict[str, object]]:
    """What is asked of the target, the arguments that are none of a caller's, and the constants among them.

    Raises:
        Fault: it does not take these keys, or has no such arguments.
    """
    target_made, operation = target
    fields, arguments = matched.fields, matched.arguments
    takes_many = operation.keys is not None and _takes(operation, fields)
    single = operation if takes_many else replace(operation, keys=None)
    if not takes_many and any(argument is None for argument in arguments):
        if operation.keys is not None and not operation.keys.by.keys().isdisjoint(fields):
            raise _part_of_key(target_made, operation, settings, fields)
        missing = [field for field, argument in zip(fields, arguments, strict=True) if argument is None]
        what = f"{settings.target} has no argument that takes {', '.join(missing)}"
        mend = _how_it_takes(operation, missing)
        raise Fault(what, "match", mend=mend)
    filled = ({operation.keys.argument[0]} if takes_many and operation.keys and operation.keys.argument else set()) | (
        {argument for argument in arguments if argument} if not takes_many else set()
    )
    constants = constants_of(types, target_made, operation, settings, filled)
    filled |= set(constants)
    if operation.paging is not None:
        # A link takes every page, so the arguments of paging are not the caller's.
        filled |= {operation.paging.size_argument, *paging_positions(operation)} - {""}
    match = Match(
        tuple(fields),
        tuple(matched.parts),
        tuple(matched.verify),
        () if takes_many else tuple(cast("list[str]", arguments)),
    )
    return column_of(target_made, single, match, many=many, constants=constants), filled, constants


def _how_it_takes(operation: Operation, missing: list[str]) -> str:
    """What to state where nothing says which argument takes the fields of a key."""
    lists = [name for name, argument in operation.arguments.items() if isinstance(argument.type, ListRef)]
    if len(missing) == 1 and len(lists) == 1:
        stated = f"{{ keys: {lists[0]}, by: {missing[0]} }}"
        return f'state operations.{operation.name}: {stated} at the source, if "{lists[0]}" takes many keys'
    return f"state operations.{operation.name}.keys and by, or by: {{ {missing[0]}: ARGUMENT }}, at the source"


def _part_of_key(made: SourceTypes, operation: Operation, settings: LinkSettings, fields: list[str]) -> Fault:
    """That a link matches not what the target takes: only a part of its key, or more."""
    assert operation.keys is not None
    spelled = made.field_names.get(row_key(operation), {})
    key = [spelled.get(field, field) for field in operation.keys.by]
    lacking = [spelled.get(field, field) for field in operation.keys.by if field not in fields]
    what = f"{settings.target} is asked by {' and '.join(key)}"
    if not lacking:
        return Fault(f"{what}, and by nothing else", "match", mend=f"match {' and '.join(key)} alone")
    mend = f"match it too: match: {{ …, FIELD: {lacking[0]} }}"
    together = " together" if len(key) > 1 else ""
    return Fault(f"{what}{together}, and {lacking[0]} is not matched", "match", mend=mend)


def matched_of(
    settings: LinkSettings,
    parent: tuple[SourceTypes, str, str],
    target: tuple[SourceTypes, Operation],
    written: Mapping[str, frozenset[Comparison]] = MappingProxyType({}),
    called: Callable[[str], tuple[str, str]] | None = None,
) -> Matched:
    """What ``match`` says of both ends.

    ``written``: field of the parent → how its source compares it, which counts as well. ``called``: field of the parent
    → how the file calls it, and what it is matched with, where that is otherwise than ``settings`` has it.

    Raises:
        Fault: a field is not there, is no key, or can never be equal to the other.
    """
    made, key, owner = parent
    target_made, operation = target
    found = Matched()
    for parent_field, result_field in settings.match.items():
        source_key, scalar, listed = _parent_field(made, key, owner, parent_field)
        found.key_list = found.key_list or listed
        field, target_scalar, checked, argument = _result_field(target_made, operation, result_field)
        compare = compared(operation, field) | written.get(parent_field, frozenset())
        if not agree(scalar, target_scalar, compare):
            ends = called(parent_field) if called is not None else (f"{owner}.{parent_field}", result_field)
            what = f"{ends[0]} is {scalar} and {ends[1]} is {target_scalar}: they never match"
            mend = ""
            if agree(scalar, target_scalar, compare | {"number"}):
                mend = f"state operations.{operation.name}.compare: [number] at the source if both are numbers"
            raise Fault(what, "match", parent_field, mend=mend)
        found.keys.append(source_key)
        found.scalars.append(scalar)
        found.fields.append(field)
        found.parts.append(KeyPart(target_scalar, compare))
        found.verify.append(checked)
        found.arguments.append(argument)
        found.compares.append(f"{owner}.{parent_field}")
        if checked and (row_name := row_name_of(target_made, operation)) is not None:
            found.compares.append(f"{row_name}.{result_field}")
    return found


def _takes(operation: Operation, fields: list[str]) -> bool:
    assert operation.keys is not None
    return not operation.keys.argument or set(fields) == set(operation.keys.by)


def _parent_field(made: SourceTypes, key: str, owner: str, name: str) -> tuple[str, Scalar, bool]:
    spelled = {graphql: source for source, graphql in made.field_names[key].items()}
    if name not in spelled:
        what = f'"{owner}" has no field "{name}"'
        raise Fault(what, "match", name, mend=nearest(name, spelled), lacks=f"{owner}.{name}")
    definition = made.model.types[key]
    assert not hasattr(definition, "members")
    ref = cast("ObjectType", definition).fields[spelled[name]].type
    listed = isinstance(ref, ListRef)
    scalar = scalar_of(ref.item if isinstance(ref, ListRef) else ref, made)
    if scalar is None:
        raise Fault(f"{owner}.{name} is an object and cannot be a key", "match", name)
    return spelled[name], scalar, listed


def _result_field(made: SourceTypes, operation: Operation, name: str) -> tuple[str, Scalar, bool, str | None]:
    """The source's field, its scalar, whether results can be checked by it, and the argument that takes one key."""
    row_name = row_name_of(made, operation)
    spelled = {g: s for s, g in made.field_names.get(row_key(operation), {}).items()}
    arguments = {shown: argument for argument, shown in made.argument_names[operation.name].items()}
    if name in spelled:
        field = spelled[name]
        scalar = scalar_of(row_type(made, operation).fields[field].type, made)
        if scalar is None:
            raise Fault(f"{row_name}.{name} is not a plain value and cannot be a key", "match")
        argument = operation.by.get(field) or arguments.get(name)
        return field, scalar, True, argument
    if name in arguments:
        argument = arguments[name]
        scalar = scalar_of(operation.arguments[argument].type, made)
        if scalar is None:
            raise Fault(f'argument "{name}" does not take one plain value', "match")
        return argument, scalar, False, argument
    what = f'"{made.model.name}.{operation.name}" has no result field "{name}"'
    lacks = f"{row_name}.{name}" if row_name else ""
    plain = [shown for shown, argument in arguments.items() if scalar_of(operation.arguments[argument].type, made)]
    raise Fault(what, "match", mend=nearest(name, spelled) or offered(name, [*spelled, *plain]), lacks=lacks)


def row_type(made: SourceTypes, operation: Operation) -> ObjectType:
    """The type of the rows that an operation gives, as its source has it."""
    return cast("ObjectType", made.model.types[row_key(operation)])


def row_key(operation: Operation) -> str:
    """The key of that type; empty where the operation gives plain values."""
    ref = item_of(operation)
    return ref.name if isinstance(ref, NamedRef) else ""


def row_name_of(made: SourceTypes, operation: Operation) -> str | None:
    """The GraphQL name of that type; ``None`` where the operation gives plain values."""
    output = made.outputs.get(row_key(operation))
    return output.name if output is not None else None


def column_of(
    made: SourceTypes, operation: Operation, match: Match, *, many: bool, constants: Mapping[str, object]
) -> Column:
    """The column that asks an operation by keys."""
    group = (made.model.name, operation.name, match, many, repr(sorted(constants.items())))
    return Column(made.model.name, operation, match, many, Call(operation.name, constants), group)


def compared(operation: Operation, field: str) -> frozenset[Comparison]:
    """How values of a field of the operation's rows are compared."""
    return operation.compare | operation.compare_by.get(field, frozenset())


def item_of(operation: Operation) -> TypeRef | None:
    """What an operation gives, or a list of."""
    ref = operation.result
    while isinstance(ref, ListRef):
        ref = ref.item
    return ref


def is_hidden(made: SourceTypes, operation: Operation) -> bool:
    """Whether an operation gives objects of a type that is not shown."""
    ref = item_of(operation)
    return isinstance(ref, NamedRef) and ref.name not in made.outputs and ref.name not in made.enums


def scalar_of(ref: TypeRef, made: SourceTypes | None = None) -> Scalar | None:
    """The scalar of a plain value; of an enum (where ``made`` is given) that of its texts."""
    if isinstance(ref, ScalarRef):
        return ref.scalar
    if made is not None and isinstance(ref, NamedRef) and ref.name in made.enums:
        return Scalar.STRING
    return None
