"""Arguments on their way to a source: what GraphQL calls null and the source calls absent.

An optional argument whose type is not nullable is nullable in GraphQL; a null given for it means that it was left out.
Who looks at a plan before it runs finds here what a field is filtered by.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphql import GraphQLError
from graphql.execution.values import VariableValues, get_argument_values

from resolvers import Argument, ListRef, NamedRef, SourceModel, TypeRef
from schema.filters import WHERE
from schema.plan.operation import PlannedField


def present(arguments: Mapping[str, object], declared: Mapping[str, Argument], model: SourceModel) -> dict[str, object]:
    """The arguments without nulls that their declaration cannot take, at every depth of input types."""
    return {
        name: _value(value, declared[name].type, model) if name in declared else value
        for name, value in arguments.items()
        if value is not None or name not in declared or declared[name].type.nullable
    }


def _value(value: object, ref: TypeRef, model: SourceModel) -> object:
    if isinstance(value, list) and isinstance(ref, ListRef):
        return [_value(item, ref.item, model) for item in value]
    if isinstance(value, Mapping) and isinstance(ref, NamedRef) and ref.name in model.inputs:
        return present(value, model.inputs[ref.name].fields, model)
    return value


def is_filtered(planned: PlannedField) -> bool:
    """Whether the document gives the field a filter, or a variable for one."""
    given = planned.nodes[0].arguments or ()
    declared = planned.definition.args
    return any(declared[each.name.value].out_name == WHERE for each in given if each.name.value in declared)


def filter_of(planned: PlannedField, variables: VariableValues) -> Mapping[str, object] | None:
    """The coerced ``where`` of a field; ``None`` where it has none, or where it is faulty, as the field itself will say
    when it runs.
    """
    arguments = planned.constant
    if arguments is None:
        try:
            arguments = get_argument_values(
                planned.definition, planned.nodes[0], variables, None, hide_suggestions=True
            )
        except GraphQLError:
            return None
    where = arguments.get(WHERE)
    return where if isinstance(where, Mapping) else None
