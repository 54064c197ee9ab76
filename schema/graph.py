"""``Graph``: an immutable schema, ready to answer requests: it parses, refuses or plans, runs, and words the errors.

Two executors stand behind it, ``plan.columns`` and ``plan.reference``; the edge sees only ``execute``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Literal, TypeAlias

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    print_schema,
)
from graphql.execution.values import VariableValues, get_variable_values

from resolvers import (
    BadRequest,
    CallerError,
    Code,
    Context,
    LimitExceeded,
    Loaders,
    Parts,
    Source,
    Unauthenticated,
)
from schema.access.principal import Principal
from schema.access.report import Access
from schema.access.rows import Guards, RowRules
from schema.access.rules import Policy
from schema.access.settings import AccessSettings
from schema.access.shown import Class, Shown
from schema.beside import called, kin_of
from schema.conditions import depth, relations
from schema.cost import CostSettings, Prices
from schema.explained import Step, steps
from schema.freshness import FRESHNESS, FRESHNESS_HEADER, freshness
from schema.limits import OperationLimits
from schema.plan.arguments import filter_of
from schema.plan.columns import columns_understand, run_columns
from schema.plan.cost import cost_of
from schema.plan.documents import Document, Documents
from schema.plan.forbidden import refused_mutation, refuses
from schema.plan.introspection import Introspections, beside_data
from schema.plan.operation import OperationPlan
from schema.plan.recorded import Recorded, Trail
from schema.plan.reference import run_reference
from schema.plan.run import Run
from schema.plan.trails import name_operation, tell_ended, tell_planned, tell_refused
from schema.plan.twice import Twice
from schema.request import Answer, GraphQLRequest, Outline
from schema.responses import Responses, noting
from schema.unified import UnifiedSchema
from schema.worded import COST, answer_of, extended, forbidden, formatted_error, refused, with_cost, worded

_NO_VARIABLES = VariableValues({}, {})

Charge: TypeAlias = Callable[[int], Awaitable[None]]

Executor: TypeAlias = Literal["columns", "reference"]
"""``reference``: graphql-core runs everything, field by field; for doubt and for tests."""


class MutationOverGet(CallerError):
    """GraphQL over HTTP section 5.2: GET must not change anything."""

    code = Code.BAD_REQUEST
    message = "A mutation needs POST."


class Graph:
    """One schema with its policy and its sources. ``views``: parts of it that are served under a name of their own."""

    def __init__(
        self,
        unified: UnifiedSchema,
        policy: Policy,
        rules: RowRules,
        sources: Mapping[str, Source],
        limits: OperationLimits,
        executor: Executor = "columns",
        views: Mapping[str, Graph] | None = None,
        recorded: Recorded | None = None,
        responses: Responses | None = None,
    ) -> None:
        self.views = views or {}
        self._unified = unified
        self._policy = policy
        self._rules = rules
        self._sources = sources
        self._limits = limits
        self._shown = Shown(unified.graphql, policy)
        self._introspections = Introspections()
        self._responses = responses
        self._noting = noting(sources) if responses is not None else sources
        self._recorded = recorded
        self.documents = Documents(unified.graphql, limits, recorded)
        self._weighs = limits.cost is not None
        self._twice = Twice(unified.graphql)
        self._prices = Prices(unified.graphql, limits.cost or CostSettings())
        self._reference = executor == "reference" or not columns_understand(unified.graphql)

    @property
    def schema(self) -> GraphQLSchema:
        return self._unified.graphql

    @property
    def policy(self) -> Policy:
        return self._policy

    @property
    def recorded(self) -> Iterator[str]:
        """The fields that are recorded for an audit, by their coordinates."""
        return iter(()) if self._recorded is None else self._recorded.every()

    def access(self, settings: AccessSettings) -> Access:
        """Who can use what of it; ``settings``: those that it was built with."""
        return Access(self.schema, self._policy, settings)

    def part(self, view: str, principal: Principal) -> Graph | None:
        """The graph of a view by its name; without a name the caller's own view, or all of it."""
        if view:
            return self.views.get(view)
        return next((each for each in self.views.values() if each.policy.is_for(principal)), self)

    @property
    def anonymous(self) -> bool:
        """True when callers without a token may ask for something."""
        return self._policy.default == "anonymous" or self._policy.opens

    def sdl(self, principal: Principal | None = None) -> str:
        """The schema in the schema definition language, as far as a principal may use it.

        ``None``: all that anyone may, which is less than all of it in a view.
        """
        if principal is not None:
            return print_schema(self._shown.at_once(self._policy.lacking(principal)))
        return print_schema(self._shown.at_once(self._policy.beyond))

    def writes(self, request: GraphQLRequest) -> bool:
        """True when the request's operation is a mutation; a request that is refused anyway writes nothing."""
        try:
            document = self.documents.get(request.query, request.operation_name)
        except (GraphQLError, CallerError):
            return False
        return document.operation.operation is OperationType.MUTATION

    def outline(self, request: GraphQLRequest) -> Outline | None:
        """What stands in the request's operation; ``None`` where the request is refused anyway."""
        try:
            document = self.documents.get(request.query, request.operation_name)
        except (GraphQLError, CallerError):
            return None
        root = self.schema.get_root_type(document.operation.operation)
        named = document.operation.name
        name = request.document_id or (named.value if named is not None else None)
        named_so = (f"{root}.{field}" for field in document.root_fields if root is not None)
        # Whatever bounds a field by one of its names bounds it by all.
        fields = tuple(name for field in named_so for name in called(kin_of(self.schema), field))
        return Outline(name, fields, request.document_id)

    async def execute(
        self,
        request: GraphQLRequest,
        principal: Principal,
        context: Context,
        *,
        read_only: bool,
        trail: Trail | None = None,
        charge: Charge | None = None,
    ) -> Answer:
        """Answers one request; ``trail`` is told what of it is recorded, and ``charge`` what it costs, before anything
        is fetched: what that raises ends it.

        Raises:
            Unrecorded: the trail is closed, and something would have to be told to it.
            Unauthenticated: a caller without a token asked for more than ``{__typename}`` and what is open to everyone.
            MutationOverGet: ``read_only``, and the operation is a mutation.
        """
        addressed = self._shown.addressed(principal)
        seen = self._shown.known(addressed) or await self._shown.get(addressed)
        planned = self._plan(request, principal, context, seen, addressed, read_only=read_only, trail=trail)
        if isinstance(planned, Answer):
            return planned
        document, variables, plan = planned
        cost = None
        if self._weighs or charge is not None:
            cost = cost_of(plan, self._prices, variables)
            if self._prices.max is not None and cost > self._prices.max:
                told = {"cost": cost, "max": self._prices.max}
                detail = f"the operation may cost {cost}, and {self._prices.max} is the most"
                return refused([worded(LimitExceeded(detail, extensions=told), context)])
            if charge is not None:
                await charge(cost)
        shown = None
        if plan.introspected:
            lacking = self._shown.introspected(principal)
            shown = await self._shown.get(lacking)
            if plan.is_introspection:
                return await self._introspections.answer(shown, lacking, document.node, request)
        key = None if self._responses is None else self._kept_at(request, plan, principal, context)
        if key is None or self._responses is None:
            answer = await self._run(request, document, variables, plan, principal, context, trail, shown)
        else:
            kept = await self._responses.find(key)
            if kept is not None:
                return kept
            context.parts = Parts()
            answer = await self._run(request, document, variables, plan, principal, context, trail, shown)
            answer = await self._responses.keep(key, answer, context.parts)
        if cost is not None and self._prices.report and request.extensions.get(COST):
            return with_cost(answer, cost, self._prices.max)
        return answer

    def _kept_at(
        self, request: GraphQLRequest, plan: OperationPlan, principal: Principal, context: Context
    ) -> bytes | None:
        """Where the whole answer is found that all who have this plan may share; ``None``: nobody may, or it is not to
        be given.
        """
        if self._responses is None or self._rules.bound(principal) is not None or _asks_ages(request, context):
            return None
        return self._responses.key(request, plan)

    async def _run(
        self,
        request: GraphQLRequest,
        document: Document,
        variables: VariableValues,
        plan: OperationPlan,
        principal: Principal,
        context: Context,
        trail: Trail | None,
        shown: GraphQLSchema | None,
    ) -> Answer:
        """What comes of a plan; ``shown``: the schema that is introspected beside."""
        sources = self._sources if context.parts is None else self._noting
        guards = Guards(self._rules.bound(principal), sources, context)
        if document.operation.operation is OperationType.MUTATION and refuses(plan, variables, guards):
            tell_refused(trail, plan)
            return answer_of(refused_mutation(plan), plan, context, self._limits.max_failures)
        loaders = Loaders(guards.sources, context)
        run = Run(plan, principal, context, guards, loaders, objects=self._limits.max_objects, trail=trail)
        try:
            if self._reference:
                reply = await run_reference(self.schema, document.node, request.operation_name, request.variables, run)
            else:
                reply = await run_columns(self.schema, plan, variables, run)
        finally:
            run.end()
        if trail is not None:
            tell_ended(trail, plan, reply.failures, guards)
        if shown is not None and reply.data is not None:
            reply.data.update(await beside_data(shown, plan, request.variables))
        answer = answer_of(reply, plan, context, self._limits.max_failures)
        if not context.aged:
            return answer
        told = freshness(plan, context.aged, everything=_asks_ages(request, context))
        return extended(answer, FRESHNESS, told) if told else answer

    @property
    def keeps_responses(self) -> bool:
        """Whether whole answers to registered operations are kept."""
        return self._responses is not None

    def steps(self, request: GraphQLRequest, principal: Principal, context: Context) -> Answer | tuple[Step, ...]:
        """What the request would do, or the answer that refuses it; nothing runs.

        Raises:
            Unauthenticated: as ``execute``.
        """
        addressed = self._shown.addressed(principal)
        seen = self._shown.at_once(addressed)
        planned = self._plan(request, principal, context, seen, addressed, read_only=False)
        return planned if isinstance(planned, Answer) else steps(planned[2], planned[1])

    def _plan(  # noqa: C901  # what may refuse a request, one after the other
        self,
        request: GraphQLRequest,
        principal: Principal,
        context: Context,
        seen: GraphQLSchema,
        addressed: Class,
        *,
        read_only: bool,
        trail: Trail | None = None,
    ) -> Answer | tuple[Document, VariableValues, OperationPlan]:
        """The plan of a request and what it runs with, or the answer that refuses it.

        ``seen``: the schema that the request is held against, without what ``addressed`` says does not exist for it.
        """
        self.documents.asked += 1
        try:
            document = self.documents.get(request.query, request.operation_name)
        except GraphQLError as error:
            return refused([formatted_error(error, context)])
        except CallerError as error:
            return refused([worded(error, context)])
        operation = document.operation
        context.operation, context.kind = document.name, document.kind
        anonymous = principal.is_anonymous
        if anonymous and not self.anonymous and not _only_typename(operation):
            raise Unauthenticated
        if read_only and operation.operation is not OperationType.QUERY:
            raise MutationOverGet
        stranger = anonymous and self._policy.default != "anonymous"
        errors = document.errors(seen, addressed, self._limits.max_errors)
        if errors:
            if trail is not None and addressed:
                trail.later = partial(self._tell_hidden, document, request, principal, trail)
            if stranger:  # whether what was asked exists, or needs a token, is told to nobody without one
                raise Unauthenticated
            return refused([formatted_error(error, context) for error in errors])
        variables = self._variables(seen, operation, request.variables)
        if isinstance(variables, list):
            return refused([formatted_error(error, context) for error in variables])
        plan = self.documents.plan(document, self._policy, principal, variables, request.variables)
        if trail is not None:
            tell_planned(trail, plan)
        if plan.refused and stranger:
            raise Unauthenticated
        if plan.refused or plan.introspected or plan.filtered or self._twice.any:
            refusal = self._refusal(plan, context) or self._too_deep(plan, variables, context)
            refusal = refusal or self._given_twice(plan, request, context)
            if refusal is not None:
                return refusal
        return document, variables, plan

    def _too_deep(self, plan: OperationPlan, variables: VariableValues, context: Context) -> Answer | None:
        """The answer to an operation one of whose filters asks too much of each row."""
        most = self._limits.filter_depth
        if all(depth(relations(filter_of(planned, variables))) <= most for planned in plan.filtered):
            return None
        detail = f"a filter goes through more than {most} relations to many rows inside each other"
        return refused([worded(LimitExceeded(detail), context)])

    def _given_twice(self, plan: OperationPlan, request: GraphQLRequest, context: Context) -> Answer | None:
        """The answer to an operation that gives one thing under two names, or under neither."""
        faults = islice(self._twice.faults(plan, request.variables), self._limits.max_errors)
        errors = [formatted_error(GraphQLError(fault), context) for fault in faults]
        return refused(errors) if errors else None

    def _tell_hidden(self, document: Document, request: GraphQLRequest, principal: Principal, trail: Trail) -> None:
        """Tells of what does not exist for the caller, where for others it does and is recorded."""
        if document.errors(self.schema, frozenset(), self._limits.max_errors):
            return
        variables = self._variables(self.schema, document.operation, request.variables)
        if not isinstance(variables, list):
            plan = self.documents.plan(document, self._policy, principal, variables, request.variables)
            name_operation(trail, document.operation)
            trail.told = {"refused": dict.fromkeys(plan.told.get("refused", ()))}

    def _refusal(self, plan: OperationPlan, context: Context) -> Answer | None:
        """The answer to a request of which nothing is done."""
        if plan.introspected and self._policy.introspection == "none":
            return refused([worded(BadRequest("introspection is switched off"), context)])
        if not plan.is_refused:
            return None
        return Answer("forbidden", {"errors": [forbidden(each, context) for each in plan.refused]})

    def _variables(
        self, seen: GraphQLSchema, operation: OperationDefinitionNode, given: Mapping[str, object]
    ) -> VariableValues | list[GraphQLError]:
        """The coerced variables, or what is wrong with them."""
        if not operation.variable_definitions:
            return _NO_VARIABLES
        return get_variable_values(
            seen,
            operation.variable_definitions,
            dict(given),
            max_errors=self._limits.max_errors,
            hide_suggestions=True,
        )


def _only_typename(operation: OperationDefinitionNode) -> bool:
    return operation.operation is OperationType.QUERY and all(
        isinstance(node, FieldNode) and node.name.value == "__typename" for node in operation.selection_set.selections
    )


def _asks_ages(request: GraphQLRequest, context: Context) -> bool:
    """Whether the ages of all that is kept are to be told."""
    return bool(request.extensions.get(FRESHNESS)) or context.caller.headers.get(FRESHNESS_HEADER) == "report"
