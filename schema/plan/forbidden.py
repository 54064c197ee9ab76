"""Mutations of which a rule refuses one field's arguments: then none of its fields runs, as where a rule refuses a
field whatever it is given.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphql import GraphQLError
from graphql.execution.values import VariableValues, get_argument_values

from resolvers import Forbidden
from schema.access.rows import Guards
from schema.plan.columns import Executed
from schema.plan.levels import Failure
from schema.plan.operation import OperationPlan, PlannedField


def refuses(plan: OperationPlan, variables: VariableValues, guards: Guards) -> bool:
    """Whether some field of the root is given what a rule does not allow."""
    for entry in plan.root.entries:
        if isinstance(entry, PlannedField) and guards.asks(entry.parent.name, entry.name):
            arguments = _arguments(entry, variables)
            if arguments is not None and not guards.allow(entry.parent.name, entry.name, arguments):
                return True
    return False


def _arguments(planned: PlannedField, variables: VariableValues) -> Mapping[str, object] | None:
    """``None`` where they cannot be sent: then the field does not run anyway."""
    if planned.constant is not None:
        return planned.constant
    try:
        return get_argument_values(planned.definition, planned.nodes[0], variables, None, hide_suggestions=True)
    except GraphQLError:
        return None


def refused_mutation(plan: OperationPlan) -> Executed:
    """The reply to a mutation of which nothing runs."""
    fields = [entry for entry in plan.root.entries if isinstance(entry, PlannedField)]
    failures = [Failure(list(each.path), each.nodes, Forbidden(), by_hand=False, field=each.told) for each in fields]
    return Executed({entry.key: None for entry in plan.root.entries}, failures)
