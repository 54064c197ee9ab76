"""What a document does with its variables, as far as a plan depends on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphql import FieldNode, Node, OperationDefinitionNode, VariableNode, value_from_ast_untyped
from graphql.language import Visitor, visit


class _Names(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, None] = {}

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.found[node.name.value] = None


class _Conditions(Visitor):
    """The variables of ``@skip`` and ``@include``."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, None] = {}

    def enter_directive(self, node: Node, *_: object) -> None:
        names = _Names()
        visit(node, names)
        self.found |= names.found


def uses_variables(node: FieldNode) -> bool:
    """True when a variable occurs in an argument of the field itself."""
    for argument in node.arguments or ():
        names = _Names()
        visit(argument, names)
        if names.found:
            return True
    return False


def conditions(nodes: Sequence[Node]) -> tuple[str, ...]:
    """The names of all variables in directives of the operation and its fragments."""
    found = _Conditions()
    for node in nodes:
        visit(node, found)
    return tuple(found.found)


def given_or_default(operation: OperationDefinitionNode, given: Mapping[str, object]) -> dict[str, object]:
    """The values of the variables as the caller wrote them, with the document's defaults where none was given."""
    values = dict(given)
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        if name not in values and definition.default_value is not None:
            values[name] = value_from_ast_untyped(definition.default_value)
    return values
