from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import pytest
import strawberry
from graphql import FieldNode, OperationType, parse
from graphql.utilities import get_operation_ast
from starlette.applications import Starlette

from gateway.app import make_app
from gateway.server import make_server
from gateway.server_settings import ServerSettings
from gateway.uses import Uses
from resolvers import Context, Unauthenticated
from schema import Answer, GraphQLRequest, MutationOverGet, Outline, Principal, Trail

HUGE = "x" * 30_000_000
"""More than the buffers of any connection hold."""


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "wörld"

    @strawberry.field
    def echo(self, id: strawberry.ID) -> str:  # noqa: A002  # the audits ask for a variable of type ID
        return id

    @strawberry.field
    def huge(self) -> str:
        return HUGE

    @strawberry.field
    async def forever(self) -> str:
        await asyncio.Event().wait()
        return "never"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def touch(self) -> bool:
        return True


class FakeGraph:
    def __init__(self) -> None:
        self.schema = strawberry.Schema(Query, Mutation)
        self.closed = False
        self.cancelled = threading.Event()
        self.started = threading.Event()
        self.seen: list[Principal] = []

    def part(self, view: str, principal: Principal) -> FakeGraph | None:  # noqa: ARG002  # the protocol's
        return None if view else self

    def writes(self, request: GraphQLRequest) -> bool:
        return request.query.lstrip().startswith("mutation")

    def outline(self, request: GraphQLRequest) -> Outline | None:
        operation = get_operation_ast(parse(request.query), request.operation_name)
        if operation is None:
            return None
        root = operation.operation.value.capitalize()
        nodes = operation.selection_set.selections
        fields = tuple(f"{root}.{node.name.value}" for node in nodes if isinstance(node, FieldNode))
        return Outline(operation.name.value if operation.name else None, fields)

    recorded = ()

    async def execute(
        self,
        request: GraphQLRequest,
        principal: Principal,
        context: Context,
        *,
        read_only: bool,
        trail: Trail | None = None,  # noqa: ARG002  # the protocol's
        charge: Callable[[int], Awaitable[None]] | None = None,  # noqa: ARG002  # the protocol's
    ) -> Answer:
        assert context.remaining() > 0
        self.seen.append(principal)
        if self.closed and principal.is_anonymous:
            raise Unauthenticated
        if request.query == "bug":
            raise ZeroDivisionError("secret detail")
        if read_only and "mutation" in request.query:
            operation = get_operation_ast(parse(request.query), request.operation_name)
            if operation is not None and operation.operation is OperationType.MUTATION:
                raise MutationOverGet
        self.started.set()
        try:
            result = await self.schema.execute(
                request.query, variable_values=dict(request.variables), operation_name=request.operation_name
            )
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        errors = [dict(error.formatted) for error in result.errors or []]
        if result.data is None and not any("path" in error for error in errors):
            return Answer("request_error", {"errors": errors})
        return Answer("data", {"data": result.data, **({"errors": errors} if errors else {})})


@dataclass
class Snap:
    graph: FakeGraph | None = field(default_factory=FakeGraph)
    degraded: Mapping[str, str] = field(default_factory=dict)
    uses: Uses = field(default_factory=Uses)


@dataclass
class Hold:
    current: Snap = field(default_factory=Snap)
    degraded: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Running:
    port: int
    holder: Hold
    app: Starlette

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def graph(self) -> FakeGraph:
        assert self.holder.current.graph is not None
        return self.holder.current.graph


Start = Callable[..., Running]


@contextmanager
def begun(**settings: object) -> Iterator[Running]:
    """A gateway on a real socket, in a thread of its own, asked by any name."""
    chosen = ServerSettings.model_validate({"port": 0, "drain_s": 1, "hosts": ["*"], **settings})
    holder = Hold()
    app = make_app(holder, chosen)
    server = make_server(app, chosen)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < until, "the server did not start"
        thread.join(0.01)
    yield Running(server.servers[0].sockets[0].getsockname()[1], holder, app)
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(begun(**settings))
