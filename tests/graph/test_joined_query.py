from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from resolvers import (
    Argument,
    Call,
    Compare,
    ConfigurationError,
    Context,
    Effect,
    Field,
    In,
    InputType,
    ListRef,
    ManyKeys,
    NamedRef,
    ObjectType,
    Operation,
    Rows,
    Scalar,
    ScalarRef,
    SourceModel,
    SourceUnavailable,
    Unauthenticated,
)
from schema import (
    ANONYMOUS,
    AccessSettings,
    Extension,
    Graph,
    GraphQLRequest,
    GraphSettings,
    LinkSettings,
    Principal,
    RuleSettings,
    build,
)

STRING, ID, INT = ScalarRef(Scalar.STRING), ScalarRef(Scalar.ID), ScalarRef(Scalar.INT)
CUSTOMERS = {1: "Ada", 2: "Grace", 3: None}
ORDERS: list[dict[str, object]] = [
    {"id": 10, "customer_id": 1, "number": " A-1"},
    {"id": 11, "customer_id": None, "number": "A-2"},
    {"id": 12, "customer_id": 9, "number": "A-3"},
    {"id": 13, "customer_id": 1, "number": None},
]


def crm() -> SourceModel:
    customer = ObjectType(
        "Customer",
        {
            "id": Field("id", INT),
            "name": Field("name", ScalarRef(Scalar.STRING, nullable=True)),
            "email": Field("email", STRING),
        },
    )
    many = Operation(
        "customers",
        Effect.READ,
        {"ids": Argument("ids", ListRef(INT), required=True)},
        ListRef(NamedRef("Customer")),
        at=("data",),
        keys=ManyKeys(("ids",), {"id": ""}, max_keys=2),
    )
    single = Operation(
        "customer",
        Effect.READ,
        {"id": Argument("id", INT, required=True)},
        NamedRef("Customer", nullable=True),
        by={"id": "id"},
    )
    create = Operation(
        "create_customer",
        Effect.WRITE,
        {"body": Argument("body", NamedRef("Customer"), required=True)},
        NamedRef("Customer"),
    )
    inputs = {
        "Customer": InputType(
            "Customer", {"name": Argument("name", STRING, required=True), "email": Argument("email", STRING)}
        )
    }
    return SourceModel(
        "crm",
        "openapi",
        {"customers": many, "customer": single, "create_customer": create},
        {"Customer": customer},
        inputs,
    )


def shop() -> SourceModel:
    order = ObjectType(
        "orders",
        {
            "id": Field("id", INT),
            "customer_id": Field("customer_id", ScalarRef(Scalar.INT, nullable=True)),
            "number": Field("number", ScalarRef(Scalar.STRING, nullable=True)),
        },
    )
    columns = frozenset(order.fields)
    orders = Operation(
        "orders", Effect.READ, {}, ListRef(NamedRef("orders")), keys=ManyKeys((), {}), rows=Rows(columns, columns)
    )
    return SourceModel("shop", "database", {"orders": orders}, {"orders": order})


def customers(call: Call) -> object:
    ids = call.arguments["ids"]
    assert isinstance(ids, list)
    rows = [{"id": key, "name": CUSTOMERS[key], "email": f"{key}@x"} for key in reversed(ids) if key in CUSTOMERS]
    return {"data": [*rows, {"id": 99, "name": "nobody asked", "email": "z"}]}


def orders(call: Call) -> object:
    if isinstance(call.predicate, In):
        wanted = {value[0] for value in call.predicate.values}
        return [row for row in ORDERS if row[call.predicate.fields[0]] in wanted]
    if isinstance(call.predicate, Compare):
        return [row for row in ORDERS if row[call.predicate.field] == call.predicate.value]
    return list(ORDERS)


def created(call: Call) -> object:
    body = call.arguments["body"]
    assert isinstance(body, dict)
    return {"id": 7, **body}


LINKS = {
    "Orders.customer": LinkSettings(one="crm.customers", match={"customerId": "id"}),
    "Customer.orders": LinkSettings(many="shop.orders", match={"id": "customerId"}),
    "Orders.buyer": LinkSettings(one="crm.customer", match={"customerId": "id"}),
    "Orders.buyerName": LinkSettings(one="crm.customers", match={"customerId": "id"}, take="name"),
}


@pytest.fixture
def sources(memory: Any) -> dict[str, Any]:
    return {
        "crm": memory(
            crm(),
            {
                "customers": customers,
                "customer": lambda call: {"id": call.arguments["id"], "name": "x", "email": "e"},
                "create_customer": created,
            },
        ),
        "shop": memory(shop(), {"orders": orders}),
    }


def graph(sources: Mapping[str, Any], access: AccessSettings | None = None, **more: Any) -> Graph:
    settings = GraphSettings(links=LINKS, access=access or AccessSettings(default="anonymous"), **more)
    return build(sources, settings).graph


async def ask(made: Graph, query: str, principal: Principal = ANONYMOUS, **variables: object) -> Any:
    context = Context(asyncio.get_running_loop().time() + 5, "r1", max_calls=10)
    answer = await made.execute(GraphQLRequest(query, None, variables), principal, context, read_only=False)
    return answer.body


async def test_a_batched_link_makes_one_call_per_chunk_and_matches_by_key(sources: dict[str, Any]) -> None:
    body = await ask(graph(sources), "{ orders { id customer { name } } }")
    assert body == {
        "data": {
            "orders": [
                {"id": 10, "customer": {"name": "Ada"}},
                {"id": 11, "customer": None},
                {"id": 12, "customer": None},
                {"id": 13, "customer": {"name": "Ada"}},
            ]
        }
    }
    assert [call.arguments["ids"] for call in sources["crm"].of("customers")] == [[1, 9]]


async def test_the_selection_and_hidden_keys_reach_the_source(sources: dict[str, Any]) -> None:
    await ask(graph(sources), "{ orders { customer { name } } }")
    assert set(sources["shop"].of("orders")[0].selection.fields) == {"customer_id"}
    assert set(sources["crm"].of("customers")[0].selection.fields["data"].fields) == {"id", "name"}


async def test_singles_are_called_once_per_distinct_key(sources: dict[str, Any]) -> None:
    await ask(graph(sources), "{ orders { buyer { id } } }")
    assert sorted(call.arguments["id"] for call in sources["crm"].of("customer")) == [1, 9]


async def test_two_columns_of_one_operation_share_a_batch(sources: dict[str, Any]) -> None:
    body = await ask(graph(sources), "{ orders { customer { email } buyerName } }")
    assert body["data"]["orders"][0] == {"customer": {"email": "1@x"}, "buyerName": "Ada"}
    assert len(sources["crm"].of("customers")) == 1


async def test_many_gives_lists_and_back_again(sources: dict[str, Any]) -> None:
    body = await ask(graph(sources), "{ customer(id: 1) { orders { id customer { name } } } }")
    assert body["data"]["customer"]["orders"] == [
        {"id": 10, "customer": {"name": "Ada"}},
        {"id": 13, "customer": {"name": "Ada"}},
    ]


async def test_a_failing_source_nulls_its_field_and_says_so_without_its_text(sources: dict[str, Any]) -> None:
    def broken(call: Call) -> object:
        raise SourceUnavailable("db.internal:5432 refused")

    sources["crm"].answers = {**sources["crm"].answers, "customers": broken}
    body = await ask(graph(sources), "{ orders { id customer { name } } }")
    assert body["data"]["orders"][0] == {"id": 10, "customer": None}
    assert {error["extensions"]["code"] for error in body["errors"]} == {"SOURCE_UNAVAILABLE"}
    assert "internal" not in str(body)


async def test_where_reaches_the_source_as_data(sources: dict[str, Any]) -> None:
    body = await ask(graph(sources), "query($n: String) { orders(where: {number: {eq: $n}}) { id } }", n="A-2")
    assert body["data"]["orders"] == [{"id": 11}]
    assert sources["shop"].calls[0].predicate == Compare("number", "eq", "A-2")


async def test_a_mutation_writes_once(sources: dict[str, Any]) -> None:
    query = 'mutation { createCustomer(body: {name: "Eve", email: "e@x"}) { id name } }'
    assert (await ask(graph(sources), query))["data"] == {"createCustomer": {"id": 7, "name": "Eve"}}


GUARDED = AccessSettings(
    default="authenticated",
    rules={"Customer.email": RuleSettings(scopes=("pii",)), "Orders.number": RuleSettings(roles=("hr",))},
)
CLERK = Principal("clerk")


@pytest.mark.parametrize(
    "query",
    [
        "{ customer(id: 1) { e: email } }",
        "{ customer(id: 1) { ...F } } fragment F on Customer { e: email }",
        "{ customer(id: 1) { ... on Customer { ... @include(if: true) { e: email } } } }",
    ],
)
async def test_a_refused_field_is_null_with_one_error_by_every_route(query: str, sources: dict[str, Any]) -> None:
    body = await ask(graph(sources, GUARDED), query, CLERK)
    assert body["data"] == {"customer": {"e": None}}
    (error,) = body["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["customer", "e"], "FORBIDDEN")
    assert "email" not in sources["crm"].calls[0].selection.fields


async def test_a_refused_call_is_never_made(sources: dict[str, Any]) -> None:
    crm_only = RuleSettings(roles=("crm",))
    access = AccessSettings(default="authenticated", rules={"Customer": crm_only, "Orders.buyerName": crm_only})
    body = await ask(graph(sources, access), "{ orders { id customer { name } buyerName } }", CLERK)
    assert body["data"]["orders"][0] == {"id": 10, "customer": None, "buyerName": None}
    assert [error["path"] for error in body["errors"]] == [["orders", "customer"], ["orders", "buyerName"]]
    assert sources["crm"].calls == []


async def test_a_hidden_column_cannot_be_filtered_or_ordered(sources: dict[str, Any]) -> None:
    for arguments in (
        'where: {number: {eq: "x"}}',
        "where: {not: {or: [{number: {isNull: true}}]}}",
        "orderBy: [{number: ASC}]",
    ):
        body = await ask(graph(sources, GUARDED), f"{{ orders({arguments}) {{ id }} }}", CLERK)
        assert body["data"] == {"orders": None}
        assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert sources["shop"].calls == []


async def test_anonymous_callers_may_only_ask_typename(sources: dict[str, Any]) -> None:
    made = graph(sources, GUARDED)
    assert (await ask(made, "{ __typename }"))["data"] == {"__typename": "Query"}
    with pytest.raises(Unauthenticated):
        await ask(made, "{ nothing }")


async def test_a_link_by_a_protected_field_is_refused_at_load(sources: dict[str, Any]) -> None:
    access = AccessSettings(default="authenticated", rules={"Orders.customerId": RuleSettings(scopes=("s",))})
    with pytest.raises(ConfigurationError) as raised:
        graph(sources, access)
    assert "uses Orders.customerId" in raised.value.problems[0].what


async def test_hand_written_fields_and_batches(sources: dict[str, Any]) -> None:
    extension = Extension()
    seen: list[int] = []

    @extension.field("Customer", needs=("name", "email"))
    def label(parent: Mapping[str, object], *, upper: bool = False) -> str:
        text = f"{parent['name']} <{parent['email']}>"
        return text.upper() if upper else text

    @extension.batch("Orders", needs=("number",))
    async def length(parents: list[Mapping[str, object]]) -> list[int | None]:
        seen.append(len(parents))
        return [len(str(parent["number"])) if parent["number"] else None for parent in parents]

    @extension.query
    def hello(name: str) -> str:
        return f"hello {name}"

    made = graph(sources, extensions=[extension])
    query = '{ hello(name: "x") orders { length } customer(id: 1) { label(upper: true) } }'
    body = await ask(made, query)
    assert body["data"] == {
        "hello": "hello x",
        "orders": [{"length": 4}, {"length": 3}, {"length": 3}, {"length": None}],
        "customer": {"label": "X <E>"},
    }
    assert seen == [4]


Mistake = tuple[dict[str, LinkSettings], str]


@pytest.mark.parametrize(
    ("link", "what"),
    [
        (LinkSettings(one="crm.customer_s", match={"customerId": "id"}), 'has no operation "customer_s"'),
        (LinkSettings(one="crn.customers", match={"customerId": "id"}), 'no source "crn"'),
        (LinkSettings(one="crm.customers", match={"customerID": "id"}), 'has no field "customerID"'),
        (LinkSettings(one="crm.customers", match={"number": "id"}), "they never match"),
        (LinkSettings(one="crm.customers", match={"number": "name"}), "no argument that takes name"),
        (LinkSettings(one="crm.create_customer", match={"customerId": "id"}), "is not a read"),
    ],
)
def test_a_faulty_link_is_a_problem(link: LinkSettings, what: str, sources: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        build(sources, GraphSettings(links={"Orders.faulty": link}))
    assert any(what in problem.what for problem in raised.value.problems), raised.value.problems
