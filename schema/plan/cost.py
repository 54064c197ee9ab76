"""What a planned operation costs, before anything of it runs: one for each object it may give, and weights of fields.

A field costs its weight once for each object that it stands on; a list is as long as its ``first``, ``last`` or
``limit`` says, or as the settings take it to be. A filter through a relation costs what the relation does, and what is
asked of each of its rows as often as a list has them; one that another source answers costs that once. What a caller
may not see, or leaves out by ``@skip``, costs nothing.
"""

from __future__ import annotations

from graphql import FieldNode, GraphQLError, IntValueNode, VariableNode
from graphql.execution.values import VariableValues, get_argument_values

from schema.conditions import Relation, relations
from schema.cost import SIZES, Prices
from schema.plan.arguments import filter_of
from schema.plan.fields import Made, ReadKey
from schema.plan.operation import Block, OperationPlan, PlannedField
from schema.plan.shapes import Shape


def cost_of(plan: OperationPlan, prices: Prices, variables: VariableValues) -> int:
    """The most that the operation may cost with these variables, as far as sizes are known."""
    return _Cost(prices, variables).block(plan.root, None)


class _Cost:
    def __init__(self, prices: Prices, variables: VariableValues) -> None:
        self._prices = prices
        self._variables = variables

    def block(self, block: Block, size: int | None) -> int:
        """``size``: what the field above says of the list below it, as connections do (``first`` and ``nodes``)."""
        return sum(self._field(entry, size) for entry in block.entries if isinstance(entry, PlannedField))

    def _field(self, planned: PlannedField, inherited: int | None) -> int:
        asks = not isinstance(planned.plan, ReadKey)
        weight = self._prices.weights.get((planned.parent.name, planned.name), int(asks)) + self._filter(planned)
        if not planned.below:
            return weight
        said = self._said(planned)
        if planned.shape.kind != "list":
            return weight + 1 + self._below(planned, said)
        assumed = self._prices.sizes.get((planned.parent.name, planned.name), self._prices.list_size)
        many = said if said is not None else inherited if inherited is not None else assumed
        for _ in range(_nesting(planned.shape) - 1):
            many *= self._prices.list_size
        return weight + many * (1 + self._below(planned, None))

    def _filter(self, planned: PlannedField) -> int:
        if not planned.nodes[0].arguments:
            return 0
        return sum(map(self._relation, relations(filter_of(planned, self._variables))))

    def _relation(self, relation: Relation) -> int:
        owner, _, name = relation.coordinate.partition(".")
        weight = self._prices.weights.get((owner, name), 1) * relation.asked
        several = relation.many and not relation.elsewhere
        many = self._prices.sizes.get((owner, name), self._prices.list_size) if several else 1
        return weight + many * sum(map(self._relation, relation.inside))

    def _below(self, planned: PlannedField, size: int | None) -> int:
        """What one of a field's objects costs beside itself, of whichever type it may be that costs most."""
        return max(self.block(block, size) for block in planned.below.values())

    def _said(self, planned: PlannedField) -> int | None:
        """The size that the field's own arguments say, if any does; the largest where several do."""
        if isinstance(planned.plan, Made):  # of what is given, nothing else
            return self._given(planned)
        found = []
        for name in SIZES:
            if name in planned.definition.args:
                value = self._argument(planned.nodes[0], name, planned.definition.args[name].default_value)
                if type(value) is int:
                    found.append(max(0, value))
        return max(found, default=None)

    def _given(self, planned: PlannedField) -> int | None:
        """How many objects the field makes of a list that it is given; ``None`` where it is given none."""
        try:
            given = planned.constant
            if given is None:
                given = get_argument_values(
                    planned.definition, planned.nodes[0], self._variables, None, True
                )  # as there
        except GraphQLError:  # it is the field's own error, and nothing is made then
            return 0
        return max((len(value) for value in given.values() if isinstance(value, list)), default=None)

    def _argument(self, node: FieldNode, name: str, default: object) -> object:
        for argument in node.arguments or ():
            if argument.name.value == name:
                if isinstance(argument.value, VariableNode):
                    return self._variables.coerced.get(argument.value.name.value, default)
                return int(argument.value.value) if isinstance(argument.value, IntValueNode) else None
        return default


def _nesting(shape: Shape) -> int:
    """How many lists stand in each other."""
    return 0 if shape.item is None else 1 + _nesting(shape.item)
