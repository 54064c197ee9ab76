"""Two small sources in memory with an interface, a union, rows, links and writes; each keeps a journal of its calls."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from resolvers import (
    TYPE_KEY,
    Argument,
    Call,
    Context,
    Effect,
    EnumType,
    EnumValue,
    Field,
    InputType,
    InterfaceType,
    ListRef,
    ManyKeys,
    NamedRef,
    ObjectType,
    Operation,
    OutputType,
    Rows,
    Scalar,
    ScalarRef,
    SourceModel,
    UnionType,
)
from schema import (
    ANONYMOUS,
    AccessSettings,
    Answer,
    Graph,
    GraphQLRequest,
    GraphSettings,
    LinkSettings,
    Principal,
    build,
)

STRING, INT = ScalarRef(Scalar.STRING), ScalarRef(Scalar.INT)


@dataclass
class Memory:
    """Keeps a journal of its calls and answers from plain Python."""

    model: SourceModel
    answers: Mapping[str, Callable[[Call], object]]
    calls: list[Call] = field(default_factory=list)

    @property
    def concurrency(self) -> int:
        return 20

    async def execute(self, call: Call, context: Context) -> object:  # noqa: ARG002  # the protocol's
        self.calls.append(call)
        await asyncio.sleep(0)
        return self.answers[call.operation](call)

    async def close(self) -> None:
        return None

    def of(self, operation: str) -> list[Call]:
        return [call for call in self.calls if call.operation == operation]


def fields(**types: Any) -> dict[str, Field]:
    return {name: Field(name, typed) for name, typed in types.items()}


def arguments(**types: Any) -> dict[str, Argument]:
    return {name: Argument(name, typed) for name, typed in types.items()}


ADA = {TYPE_KEY: "Person", "id": 1, "email": "ada@x", "name": "Ada", "salary": 9}
ACME = {TYPE_KEY: "Company", "id": 2, "email": "acme@x", "vat": "V1"}
ORDER = {"id": 10, "person_id": 1, "number": "A-1", "cost": 5, "state": "OPEN"}


def crm() -> Memory:
    types: dict[str, OutputType] = {
        "Party": InterfaceType("Party", fields(id=INT, email=STRING)),
        "Person": ObjectType("Person", fields(id=INT, email=STRING, name=STRING, salary=INT), ("Party",)),
        "Company": ObjectType("Company", fields(id=INT, email=STRING, vat=STRING), ("Party",)),
        "Contact": UnionType("Contact", ("Person", "Company")),
        "Desk": ObjectType("Desk", fields(first=NamedRef("Person"))),
        "Lonely": ObjectType("Lonely", fields(id=INT)),
    }
    inputs = {
        "Change": InputType("Change", arguments(id=INT, note=NamedRef("Note"), notes=ListRef(NamedRef("Note")))),
        "Note": InputType("Note", arguments(text=STRING, internal=STRING)),
    }
    people = {"ids": Argument("ids", ListRef(INT), required=True)}
    operations = [
        Operation("parties", Effect.READ, {}, ListRef(NamedRef("Party"))),
        Operation("contacts", Effect.READ, {}, ListRef(NamedRef("Contact"))),
        Operation("desk", Effect.READ, {}, NamedRef("Desk")),
        Operation("people", Effect.READ, people, ListRef(NamedRef("Person")), keys=ManyKeys(("ids",), {"id": ""})),
        Operation("search", Effect.READ, arguments(by=NamedRef("Note"), limit=INT), ListRef(NamedRef("Person"))),
        Operation("change", Effect.WRITE, arguments(change=NamedRef("Change")), NamedRef("Person")),
        Operation("remove", Effect.WRITE, arguments(id=INT), None),
    ]
    made = {operation.name: operation for operation in operations}
    model = SourceModel("crm", "openapi", made, types, inputs)
    answers: dict[str, Callable[[Call], object]] = {
        "parties": lambda _: [ADA, ACME],
        "contacts": lambda _: [ADA, ACME],
        "desk": lambda _: {"first": ADA},
        "people": lambda _: [ADA],
        "search": lambda _: [ADA],
        "change": lambda _: ADA,
        "remove": lambda _: None,
    }
    return Memory(model, answers)


def shop() -> Memory:
    order = ObjectType("orders", fields(id=INT, person_id=INT, number=STRING, cost=INT, state=NamedRef("order_state")))
    columns = frozenset(order.fields)
    operation = Operation(
        "orders", Effect.READ, {}, ListRef(NamedRef("orders")), keys=ManyKeys((), {}), rows=Rows(columns, columns)
    )
    states = EnumType("order_state", (EnumValue("OPEN"), EnumValue("CLOSED")))
    model = SourceModel("shop", "database", {"orders": operation}, {"orders": order}, {}, {"order_state": states})
    return Memory(model, {"orders": lambda _: [ORDER]})


LINKS = {
    "Orders.person": LinkSettings(one="crm.people", match={"personId": "id"}),
    "Person.orders": LinkSettings(many="shop.orders", match={"id": "personId"}),
}


@dataclass
class Company:
    """The graph over both sources, and what a caller gets of it."""

    graph: Graph
    crm: Memory
    shop: Memory
    extensions: Mapping[str, object] = field(default_factory=dict)
    """Those of every request."""

    @property
    def calls(self) -> list[str]:
        return [call.operation for call in (*self.crm.calls, *self.shop.calls)]

    async def answer(self, query: str, principal: Principal = ANONYMOUS, **variables: object) -> Answer:
        context = Context(asyncio.get_running_loop().time() + 5, "r1", max_calls=20)
        request = GraphQLRequest(query, None, variables, self.extensions)
        return await self.graph.execute(request, principal, context, read_only=False)

    async def ask(self, query: str, principal: Principal = ANONYMOUS, **variables: object) -> Any:
        answer = await self.answer(query, principal, **variables)
        return answer.body if answer.encoded is None else json.loads(answer.encoded)


def company(
    access: AccessSettings | None = None,
    *,
    links: Mapping[str, LinkSettings] | None = None,
    only: Sequence[str] = ("crm", "shop"),
    **more: Any,
) -> Company:
    made = {"crm": crm(), "shop": shop()}
    settings = GraphSettings(
        links=LINKS if links is None else links, access=access or AccessSettings(default="anonymous"), **more
    )
    built = build({name: made[name] for name in only}, settings)
    return Company(built.graph, made["crm"], made["shop"])
