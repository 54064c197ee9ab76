"""Which argument lists the rows that have a value in a field: both are of one type, or nothing is filtered by them."""

from __future__ import annotations

from dataclasses import replace

from resolvers.members import row_fields
from resolvers.model import Effect, ListRef, NamedRef, Operation, Scalar, ScalarRef, SourceModel, TypeRef, unwrapped
from resolvers.problem import offered
from resolvers.settings import OperationSettings
from resolvers.stated.fault import Fault, no_field


def filtered(model: SourceModel, operation: Operation, stated: OperationSettings) -> Operation:
    """Fields and arguments of one type: what is asked for is then what the rows have."""
    if not stated.filters:
        return operation
    if operation.rows is not None:
        raise Fault(f'"{operation.name}" can be filtered by its columns already', "filters", mend="remove it")
    if operation.effect is not Effect.READ or not isinstance(unwrapped(operation).result, ListRef):
        raise Fault(f'"{operation.name}" does not read a list', "filters", mend="state at: where the list lies")
    fields = row_fields(model, operation)
    for field, argument in stated.filters.items():
        if field not in fields:
            raise no_field(model, operation, field, "filters")
        if argument not in operation.arguments:
            what = f'"{operation.name}" has no argument "{argument}"'
            raise Fault(what, "filters", field, mend=offered(argument, operation.arguments))
        taken = operation.arguments[argument].type
        if not _takes(model, fields[field].type, taken.item if isinstance(taken, ListRef) else taken):
            what = f'the field "{field}" and the argument "{argument}" are of two types'
            raise Fault(what, "filters", field, mend="remove it")
    return replace(operation, filters=dict(stated.filters))


_ALIKE = ({Scalar.STRING, Scalar.ID}, {Scalar.INT, Scalar.BIG_INT})


def _takes(model: SourceModel, field: TypeRef, argument: TypeRef) -> bool:
    """Whether an argument takes every value that a filter on the field may say."""
    if isinstance(field, NamedRef) and field.name in model.enums:
        values = {item.value for item in model.enums[field.name].values}
        if isinstance(argument, NamedRef) and argument.name in model.enums:
            return values <= {item.value for item in model.enums[argument.name].values}
        return argument == ScalarRef(Scalar.STRING, argument.nullable) and all(isinstance(item, str) for item in values)
    if not isinstance(field, ScalarRef) or not isinstance(argument, ScalarRef):
        return False
    return field.scalar is argument.scalar or any({field.scalar, argument.scalar} <= alike for alike in _ALIKE)
