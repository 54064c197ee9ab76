"""Documents that were seen before: parsed, validated and planned once, kept within a bound of entries and bytes.

A plan is found by what it depends on: the booleans of ``@skip`` and ``@include``, and the class of access, which is
the answer to every clause that the document's coordinates ask. So no caller ever runs a plan made for other rights.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TokenKind,
    get_named_type,
    parse,
    specified_rules,
    type_from_ast,
    validate,
)
from graphql.execution.values import VariableValues
from graphql.validation import MaxIntrospectionDepthRule

from resolvers import BadRequest, CallerError, LimitExceeded
from schema.access.need import Clause
from schema.access.principal import Principal
from schema.access.rules import Policy
from schema.access.shown import Class
from schema.limits import OperationLimits, check_size
from schema.plan.compile import Compiler
from schema.plan.operation import OperationPlan
from schema.plan.recorded import Recorded
from schema.plan.used import Use, used_inputs
from schema.plan.variables import conditions, given_or_default

_RULES = [*specified_rules, MaxIntrospectionDepthRule]
_MAX_DIGITS = 1000
_LONG_NUMBER = re.compile(rf"\d{{{_MAX_DIGITS + 1}}}", re.ASCII)
_PLANS_PER_DOCUMENT = 32
# Measured with tracemalloc: documents of 20 to 2,100 characters, plans of 2 to 170 fields, wide and deep. What holds
# most is the syntax tree; the function that a block is built by (``builder.py``) weighs more than two fields.
_BYTES_PER_DOCUMENT = 6000
_BYTES_PER_CHARACTER = 150
_BYTES_PER_PLAN = 4500
_BYTES_PER_FIELD = 750
_BYTES_PER_BLOCK = 1600


class Document:
    """One operation of one document against one schema.

    ``weight``: the memory that it and its plans hold, in bytes, as estimated.
    """

    def __init__(
        self,
        node: DocumentNode,
        operation: OperationDefinitionNode,
        schema: GraphQLSchema,
        recorded: Recorded | None = None,
    ) -> None:
        self.node = node
        self.operation = operation
        self.name = operation.name.value if operation.name is not None else ""
        self.kind: str = operation.operation.value
        self.fragments = {
            item.name.value: item for item in node.definitions if isinstance(item, FragmentDefinitionNode)
        }
        self._schema = schema
        self._own_weight = _BYTES_PER_DOCUMENT + _BYTES_PER_CHARACTER * (node.loc.end if node.loc is not None else 0)
        self.weight = self._own_weight
        self._errors: dict[Class, list[GraphQLError]] = {}
        self._root_fields: tuple[str, ...] | None = None
        self._conditions = conditions([operation, *self.fragments.values()])
        self._asked: dict[tuple[object, ...], tuple[Clause, ...]] = {}
        self._plans: dict[tuple[object, ...], OperationPlan] = {}
        self._structured: tuple[str, ...] | None = None
        self._latest: tuple[Principal, Policy, OperationPlan] | None = None
        self._recorded = recorded

    @property
    def root_fields(self) -> tuple[str, ...]:
        """The names of the fields at its root, each as often as it stands there."""
        if self._root_fields is None:
            self._root_fields = tuple(_root_fields(self.operation.selection_set, self.fragments, ()))
        return self._root_fields

    def errors(self, seen: GraphQLSchema, lacking: Class, max_errors: int) -> list[GraphQLError]:
        """The validation errors of callers to whom ``seen`` is the schema, found once for each class of them."""
        errors = self._errors.get(lacking)
        if errors is None:
            found = validate(seen, self.node, _RULES, max_errors=max_errors, hide_suggestions=True)
            if len(self._errors) >= _PLANS_PER_DOCUMENT:
                self._errors.clear()
            errors = self._errors[lacking] = found[:max_errors]
        return errors

    def plan(
        self, policy: Policy, principal: Principal, variables: VariableValues, raw: Mapping[str, object]
    ) -> OperationPlan:
        """The plan for callers with the principal's rights; the document must be valid."""
        if not self.operation.variable_definitions:
            # Who is known by a token that is kept comes as the same object: then no need has another answer.
            if self._latest is not None and self._latest[0] is principal and self._latest[1] is policy:
                return self._latest[2]
            plan = self._planned(policy, principal, variables, raw)
            self._latest = (principal, policy, plan)
            return plan
        return self._planned(policy, principal, variables, raw)

    def _planned(
        self, policy: Policy, principal: Principal, variables: VariableValues, raw: Mapping[str, object]
    ) -> OperationPlan:
        given = given_or_default(self.operation, raw) if self.operation.variable_definitions else {}
        shape = (
            tuple(variables.coerced.get(name) for name in self._conditions),
            self._guarded(policy, given),
        )
        asked = self._asked.get(shape)
        if asked is None:
            compiler = Compiler(self._schema, policy, self.operation, self.fragments, variables, given)
            raised: dict[Clause, None] = {}

            def note(clause: Clause) -> bool:
                raised[clause] = None
                return True

            compiler.plan(note)
            if len(self._asked) >= _PLANS_PER_DOCUMENT:
                self._asked.clear()
            asked = self._asked[shape] = tuple(raised)
        answers = tuple(clause.met_by(principal) for clause in asked)
        plan = self._plans.get((shape, answers))
        if plan is None:
            met = dict(zip(asked, answers, strict=True))
            compiler = Compiler(self._schema, policy, self.operation, self.fragments, variables, given, self._recorded)
            plan = compiler.plan(met.__getitem__)
            if len(self._plans) >= _PLANS_PER_DOCUMENT:
                self._plans.clear()
                self.weight = self._own_weight
            self._plans[shape, answers] = plan
            self.weight += _weight(plan)
        return plan

    def _guarded(self, policy: Policy, given: Mapping[str, object]) -> tuple[object, ...]:
        """For each variable that holds input objects or enums, which guarded inputs its value uses."""
        if self._structured is None:
            names = []
            for definition in self.operation.variable_definitions or ():
                typed = type_from_ast(self._schema, definition.type)
                if isinstance(get_named_type(typed), GraphQLInputObjectType | GraphQLEnumType):
                    names.append(definition.variable.name.value)
            self._structured = tuple(names)
        if not self._structured:
            return ()
        found = []
        for definition in self.operation.variable_definitions or ():
            name = definition.variable.name.value
            if name in self._structured and name in given:
                typed = cast("GraphQLInputType", type_from_ast(self._schema, definition.type))
                used = frozenset(pair for pair in used_inputs(typed, given[name]) if self._matters(policy, pair))
                found.append((name, used))
        return tuple(found)

    def _matters(self, policy: Policy, use: Use) -> bool:
        """Whether plans differ by whether an input is used."""
        if policy.used(*use).clauses:
            return True
        return self._recorded is not None and self._recorded.given(use) is not None


class Documents:
    """The documents of one schema, the least recently used forgotten first."""

    def __init__(self, schema: GraphQLSchema, limits: OperationLimits, recorded: Recorded | None = None) -> None:
        self._schema = schema
        self._recorded = recorded
        self._limits = limits
        self._known: OrderedDict[tuple[str, str | None], Document] = OrderedDict()
        self._weights: dict[Document, int] = {}
        self.bytes_held = 0
        self.asked = self.parsed = self.planned = 0
        """How many requests came, and for how many of them a text was parsed, well or not, and a plan made."""

    def __len__(self) -> int:
        return len(self._known)

    def get(self, query: str, operation_name: str | None) -> Document:
        """The parsed document and its chosen operation.

        Raises:
            GraphQLError: a syntax error.
            LimitExceeded: too long, too many tokens, too deep.
            BadRequest: a number that is too long; no operation, or not the one that was named.
        """
        key = (query, operation_name)
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
            return known
        self.parsed += 1
        node = self._parse(query)
        document = Document(node, _operation(node, operation_name), self._schema, self._recorded)
        self._known[key] = document
        self._weigh(document)
        return document

    def faults(self, query: str) -> list[str]:
        """What is wrong with a document, whoever asks: too large, no GraphQL, not valid for the schema."""
        try:
            node = self._parse(query)
        except (GraphQLError, CallerError) as error:
            return [error.message if isinstance(error, GraphQLError) else error.detail]
        if not any(isinstance(item, OperationDefinitionNode) for item in node.definitions):
            return ["it has no operation"]
        most = self._limits.max_errors
        return [error.message for error in validate(self._schema, node, _RULES, max_errors=most)[:most]]

    def plan(
        self,
        document: Document,
        policy: Policy,
        principal: Principal,
        variables: VariableValues,
        raw: Mapping[str, object],
    ) -> OperationPlan:
        """As ``Document.plan``, its memory counted."""
        before = document.weight
        plan = document.plan(policy, principal, variables, raw)
        if document.weight != before:
            self.planned += 1
            if document in self._weights:
                self._weigh(document)
        return plan

    def _weigh(self, document: Document) -> None:
        """Counts what a document holds now; forgets others, and at last itself, while all together hold too much."""
        if document.weight == self._weights.get(document):
            return
        self.bytes_held += document.weight - self._weights.get(document, 0)
        self._weights[document] = document.weight
        most = self._limits
        while self.bytes_held > most.document_cache_bytes or len(self._known) > most.document_cache_entries:
            _, gone = self._known.popitem(last=False)
            self.bytes_held -= self._weights.pop(gone)

    def _parse(self, query: str) -> DocumentNode:
        if len(query.encode("utf-8", "surrogatepass")) > self._limits.max_document_bytes:
            raise LimitExceeded(f"the document is longer than {self._limits.max_document_bytes} bytes")
        try:
            document = parse(query, max_tokens=self._limits.max_tokens, no_location=False)
            if _LONG_NUMBER.search(query):
                _check_numbers(document)
            _unlink(document)
            check_size(document, self._limits)
        except RecursionError as error:
            raise LimitExceeded("the document is nested too deeply") from error
        except GraphQLError as error:
            if f"more than {self._limits.max_tokens} tokens" in error.message:  # it has no class of its own
                raise LimitExceeded(f"the document has more than {self._limits.max_tokens} tokens") from error
            raise
        return document


def _root_fields(
    selection_set: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], inside: tuple[str, ...]
) -> Iterator[str]:
    for node in selection_set.selections:
        if isinstance(node, FieldNode):
            yield node.name.value
        elif isinstance(node, InlineFragmentNode):
            yield from _root_fields(node.selection_set, fragments, inside)
        elif isinstance(node, FragmentSpreadNode):
            fragment = fragments.get(node.name.value)
            if fragment is not None and node.name.value not in inside:  # else validation reports it
                yield from _root_fields(fragment.selection_set, fragments, (*inside, node.name.value))


def _check_numbers(node: DocumentNode) -> None:
    """Refuses numbers that Python would not read: its own words for that are none for callers.

    Raises:
        BadRequest: a number is too long.
    """
    token = node.loc.start_token if node.loc is not None else None
    while token is not None:
        if token.kind in {TokenKind.INT, TokenKind.FLOAT} and _LONG_NUMBER.search(token.value or ""):
            raise BadRequest(f"a number has more than {_MAX_DIGITS} digits")
        token = token.next


def _unlink(node: DocumentNode) -> None:
    """Parts the tokens of a document, each of which holds the next and the one before.

    Only their places are asked again. Linked they are a cycle that outlives a document until Python collects its oldest
    generation, which is seldom: 3 MiB for each thousand documents.
    """
    token = node.loc.start_token if node.loc is not None else None
    while token is not None:
        following = token.next
        token.prev = token.next = None
        token = following


def _weight(plan: OperationPlan) -> int:
    """The memory that a plan holds, in bytes, as estimated."""
    blocks = 1 + sum(len(planned.below) for planned in plan.fields.values())
    fields = len(plan.fields) + len(plan.refused)
    return _BYTES_PER_PLAN + _BYTES_PER_FIELD * fields + _BYTES_PER_BLOCK * blocks


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [item for item in document.definitions if isinstance(item, OperationDefinitionNode)]
    if name is not None:
        named = [item for item in operations if item.name is not None and item.name.value == name]
        if not named:
            raise BadRequest("the document has no operation of that name")
        return named[0]
    if not operations:
        raise BadRequest("the document has no operation")
    if len(operations) > 1:
        raise BadRequest("the document has several operations: operationName must choose one")
    return operations[0]
