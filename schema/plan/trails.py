"""What an audit is told once an operation has run: which of its fields ended otherwise than planned, and of what rows
the caller may not see all.
"""

from __future__ import annotations

from collections.abc import Iterable

from graphql import OperationDefinitionNode

from resolvers import Forbidden
from schema.access.rows import Guards
from schema.plan.levels import Failure
from schema.plan.operation import OperationPlan
from schema.plan.recorded import Objects, Trail


def tell_planned(trail: Trail, plan: OperationPlan) -> None:
    """What the operation asks for.

    Raises:
        Unrecorded: there is something to tell, and it could not be kept.
    """
    if plan.told:
        name_operation(trail, plan.operation)
        trail.begin(plan.told)


def name_operation(trail: Trail, operation: OperationDefinitionNode) -> None:
    """Which operation it is, and which variables it has."""
    trail.operation = operation.name.value if operation.name is not None else ""
    trail.variables = tuple(each.variable.name.value for each in operation.variable_definitions or ())


def tell_refused(trail: Trail | None, plan: OperationPlan) -> None:
    """Nothing of the operation ran: its fields are all refused."""
    if trail is None:
        return
    for planned in plan.fields.values():
        trail.ended(f"{planned.parent.name}.{planned.name}", "refused", also=planned in plan.root.entries)


def tell_ended(trail: Trail, plan: OperationPlan, failures: Iterable[Failure], guards: Guards) -> None:
    """The operation has run."""
    if not (trail.told or failures):
        return
    for planned in plan.fields.values():
        if planned.marks is not None:
            found = trail.objects.setdefault(planned.marks.type, Objects())
            found.restricted = guards.restricts(planned.marks.source, planned.marks.row)
    for failure in failures:
        coordinate = failure.field.partition(" ")[0]
        if isinstance(failure.cause, Forbidden):
            trail.ended(coordinate, "refused", also=True)
        elif not any(isinstance(step, int) for step in failure.path):
            trail.ended(coordinate, "failed")
