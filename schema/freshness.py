"""How old what was answered is: which fields of an answer were given by something kept, told by their places in it."""

from __future__ import annotations

from collections.abc import Mapping

from resolvers import Aged
from schema.plan.fields import CallOperation, Link
from schema.plan.operation import OperationPlan, PlannedField

FRESHNESS = "freshness"
"""The member of a request's ``extensions`` that asks for all of it to be told, and of the answer's that tells it."""

FRESHNESS_HEADER = "graphql-freshness"
"""The header of a request that asks for it by ``report``."""


def freshness(
    plan: OperationPlan, aged: Mapping[tuple[str, str], Aged], *, everything: bool
) -> list[dict[str, object]]:
    """One entry for each field whose answer is stale, or kept at all where ``everything`` is asked for.

    ``path``: response keys from the root, without list indices. ``ageSeconds``: of the oldest of what the field's
    operation gave to this request, rounded down.
    """
    told: dict[tuple[str, ...], dict[str, object]] = {}
    for planned in plan.fields.values():
        found = _aged(planned, aged)
        if found is None or not (found.stale or everything):
            continue
        told.setdefault(
            planned.path,
            {
                "path": list(planned.path),
                "coordinate": f"{planned.parent.name}.{planned.name}",
                "ageSeconds": int(found.age_s),
                "stale": found.stale,
            },
        )
    return list(told.values())


def _aged(planned: PlannedField, aged: Mapping[tuple[str, str], Aged]) -> Aged | None:
    plan = planned.plan
    if isinstance(plan, CallOperation):
        source, operation = plan.source, plan.operation
    elif isinstance(plan, Link):
        source, operation = plan.column.source, plan.column.operation
    else:
        return None
    # Parts of a list that pages are made of calls of that list.
    return aged.get((source, operation.name)) or aged.get((source, operation.connection_of))
