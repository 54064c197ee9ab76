"""Where a rule stands, what it asks, and what whom it refuses is given: over a real socket, with a journal of calls."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest
import strawberry

from resolvers import ConfigurationError
from schema import AccessSettings, Extension, LinkSettings
from tests.access.served import authorization, served, token
from tests.graph.company import Company, company

BOSS = token(sub="boss", roles=["hr"])
PAYER = token(sub="payer", scope="pay")
CLERK = token(sub="clerk")
EMAIL = "{ parties { email ... on Person { salary } } }"


def ruled(rules: dict[str, Any], *, default: str = "authenticated", **more: Any) -> Company:
    access = {key: more.pop(key) for key in ("tags", "refused", "hash_key", "introspection") if key in more}
    return company(AccessSettings.model_validate({"default": default, "rules": rules, **access}), **more)


async def ask(made: Company, query: str, bearer: str | None = CLERK, **variables: object) -> tuple[int, Any]:
    async with served(made) as client:
        body = {"query": query, "variables": variables}
        reply = await client.post("/graphql", json=body, headers=authorization(bearer))
    return reply.status_code, reply.json()


def codes(body: Any) -> list[str]:
    return [error["extensions"]["code"] for error in body.get("errors", ())]


@pytest.mark.parametrize(
    ("key", "query"),
    [
        ("*.salary", "{ search { salary } }"),
        ("Person.n*", "{ search { name } }"),
        ("*.sal*", "{ search { salary } }"),
        ("Pers*.salary", "{ contacts { ... on Person { salary } } }"),
        ("P*", "{ search { id } }"),
        ("Mutation.*", "mutation { remove(id: 1) }"),
        ("*.change", "mutation { change { id } }"),
        ("*.search(*:)", "{ search(limit: 1) { id } }"),
        ("*.internal", '{ search(by: { internal: "x" }) { id } }'),
        ("*.OPEN", "{ orders(where: { state: { eq: OPEN } }) { id } }"),
        ("OrderState.OPEN", "{ orders(where: { state: { in: [CLOSED, OPEN] } }) { id } }"),
        ("OrdersWhere.*", "{ orders(where: { cost: { eq: 1 } }) { id } }"),
        ("#secret", "{ search { salary } }"),
        ("#secret", "{ orders(where: { cost: { eq: 5 } }) { id } }"),
    ],
)
async def test_a_rule_at_a_pattern_or_tag_holds_for_whatever_it_means(key: str, query: str) -> None:
    made = ruled({key: {"roles": "hr"}}, tags={"secret": ["Person.salary", "Orders.c*"]})
    _, body = await ask(made, query)
    assert codes(body) == ["FORBIDDEN"]
    assert not any("salary" in call.selection.fields for call in made.crm.calls)
    assert not {"remove", "change"} & set(made.calls)
    _, body = await ask(made, query, BOSS)
    assert codes(body) == []


async def test_a_list_lets_in_whom_any_of_its_rules_does_and_rules_elsewhere_are_needed_too() -> None:
    rules = {"Person.salary": [{"roles": "hr"}, {"scopes": "pay"}], "*.salary": {}, "Pers*.salary": {"scopes": "x"}}
    made = ruled(rules)
    for bearer, opened in (
        (CLERK, False),
        (BOSS, False),
        (PAYER, False),
        (token(scope="x"), False),
        (token(scope="x pay"), True),
        (token(scope="x", roles=["hr"]), True),
    ):
        _, body = await ask(made, "{ search { salary } }", bearer)
        assert body["data"] == {"search": [{"salary": 9 if opened else None}]}


async def test_a_rule_of_a_list_that_does_not_hold_for_a_caller_lets_it_not_in() -> None:
    made = ruled({"Person.salary": [{"when": {"roles": "hr"}}, {"scopes": "pay"}]})
    for bearer, opened in ((CLERK, False), (BOSS, True), (PAYER, True)):
        _, body = await ask(made, "{ search { salary } }", bearer)
        assert body["data"] == {"search": [{"salary": 9 if opened else None}]}


OPEN = {"Query.search": {"anonymous": True}, "Person.id": {"anonymous": True}, "Person.name": {"anonymous": True}}


@pytest.mark.parametrize(
    "query",
    [
        "{ search { id email } }",
        "{ search { id salary } }",
        "{ parties { id } }",
        "{ search { orders { id } } }",
        "mutation { change { id } }",
        "{ search { id nothing } }",
        "{ search(by: { nothing: 1 }) { id } }",
    ],
)
async def test_what_a_rule_opens_to_everyone_is_all_that_strangers_have(query: str) -> None:
    made = ruled(OPEN)
    status, body = await ask(made, "{ search { id name __typename } }", None)
    assert (status, body) == (200, {"data": {"search": [{"id": 1, "name": "Ada", "__typename": "Person"}]}})
    made.crm.calls.clear()
    status, body = await ask(made, query, None)
    assert (status, codes(body), made.calls) == (401, ["UNAUTHENTICATED"], [])


async def test_a_rule_that_opens_a_type_opens_neither_what_returns_nor_what_changes_or_filters_it() -> None:
    made = ruled({"Orders": {"anonymous": True}, "Person": {"anonymous": True}})
    for query in ("{ orders { id } }", "{ search { id } }", "mutation { change { id } }"):
        assert (await ask(made, query, None))[0] == 401
    made = ruled({"Party": {"anonymous": True}, "Query.parties": {"anonymous": True}})
    for query in ("{ parties { id } }", "{ parties { ... on Person { id salary } } }"):
        assert ((await ask(made, query, None))[0], made.calls) == (401, [])
    made = ruled({"Query.orders": {"anonymous": True}, "Orders.id": {"anonymous": True}})
    assert (await ask(made, "{ orders { id } }", None))[1]["data"] == {"orders": [{"id": 10}]}
    made.shop.calls.clear()
    for argument in ("where: { cost: { gt: 1 } }", "orderBy: { cost: ASC }"):
        status, _ = await ask(made, f"{{ orders({argument}) {{ id }} }}", None)
        assert (status, made.calls) == (401, [])


async def test_under_deny_no_filter_tells_what_no_rule_opened_and_no_return_type_opens_a_write() -> None:
    made = ruled({"Query.orders": {}, "Orders.id": {}, "Person": {}}, default="deny", links={})
    assert codes((await ask(made, "{ orders { id } }"))[1]) == []
    made.shop.calls.clear()
    assert codes((await ask(made, "{ orders(where: { cost: { gt: 1 } }) { id } }"))[1]) == ["FORBIDDEN"]
    assert codes((await ask(made, "mutation { change { id } }"))[1]) == ["FORBIDDEN"]
    assert made.calls == []


async def test_a_refused_field_may_refuse_the_whole_request() -> None:
    made = ruled({"Person.salary": {"roles": "hr", "refused": "request"}, "Person.email": {"roles": "hr"}})
    status, body = await ask(made, "{ desk { first { id } } search { id salary } }")
    assert (status, codes(body), made.calls) == (403, ["FORBIDDEN"], [])
    assert "data" not in body
    assert body["errors"][0]["path"] == ["search", "salary"]
    status, body = await ask(made, "{ search { id email } }")
    assert (status, body["data"]) == (200, {"search": [{"id": 1, "email": None}]})
    assert (await ask(made, "{ search { salary } }", BOSS))[0] == 200
    everywhere = ruled({"Person.salary": {"roles": "hr"}}, refused="request")
    assert (await ask(everywhere, "{ search { salary } }"))[0] == 403
    assert everywhere.calls == []


@pytest.mark.parametrize(
    ("mask", "shown"),
    [
        ("last2", "************@x"),
        ("first1", "a************"),
        ("last4", "************"),
        ({"constant": "-"}, "-"),
        ("hash", "4dc4eef69286"),
    ],
)
@pytest.mark.parametrize("executor", ["columns", "reference"])
async def test_a_mask_stands_for_the_text_and_never_for_what_can_be_compared(
    mask: Any, shown: str, executor: str
) -> None:
    key = "a key of this test, of many letters"
    rules = {"Party.email": {"scopes": "pii", "mask": mask}, "Orders.number": {"scopes": "pii", "mask": mask}}
    made = ruled(rules, hash_key=key, executor=executor)
    for query in ("{ search { e: email } }", "{ parties { ...F } } fragment F on Party { e: email }"):
        _, body = await ask(made, query)
        assert codes(body) == []
        first = next(iter(body["data"].values()))[0]["e"]
        assert "ada@x" not in str(body)
        assert first.startswith(shown) if mask == "hash" else first == shown
    made.shop.calls.clear()
    for argument in ('where: { number: { like: "A%" } }', "orderBy: { number: ASC }"):
        _, body = await ask(made, f"{{ orders({argument}) {{ number }} }}")
        assert (codes(body), made.shop.calls) == (["FORBIDDEN"], [])
    _, body = await ask(made, "{ search { email } }", token(scope="pii"))
    assert body["data"] == {"search": [{"email": "ada@x"}]}


async def test_a_value_of_an_enum_is_shown_to_whom_may_give_it() -> None:
    made = ruled({"OrderState.OPEN": {"roles": "hr"}})
    assert (await ask(made, "{ orders { id state } }"))[1] == {"data": {"orders": [{"id": 10, "state": None}]}}
    assert (await ask(made, "{ orders { state } }", BOSS))[1] == {"data": {"orders": [{"state": "OPEN"}]}}


def refusal(rules: dict[str, Any], **more: Any) -> tuple[str, str, tuple[object, ...]]:
    with pytest.raises(ConfigurationError) as raised:
        ruled(rules, **more)
    problem, *_ = raised.value.problems
    return problem.what, problem.mend, problem.where


def test_what_means_nothing_is_refused_where_it_stands() -> None:
    at = ("access", "rules")
    assert refusal({"*.salery": {}}) == (
        '"*.salery" matches nothing in the schema',
        'did you mean "salary"',
        (*at, "*.salery"),
    )
    assert refusal({"#pij": {}}, tags={"pii": ["Person.email"]}) == (
        'there is no tag "pij"',
        'did you mean "pii"',
        (*at, "#pij"),
    )
    assert refusal({"#pii": {}}, tags={"pii": ["Person.emial"]})[2] == ("access", "tags", "pii", 0)
    assert refusal({"Person.salary": {"mask": "last4"}})[2] == (*at, "Person.salary")
    assert "needs a key" in refusal({"Person.email": {"mask": "hash"}})[0]
    assert "do not agree" in refusal({"Person.email": [{"refused": None}, {"refused": "request"}]})[0]
    assert "cannot be one of several" in refusal({"Orders": [{}, {"rows": {"id": {"eq": 1}}}]})[0]


LIFTED = LinkSettings(one="crm.people", match={"personId": "id"}, take="email")


@pytest.mark.parametrize(
    ("rules", "covered"),
    [
        ({"Person.email": {"roles": "hr"}}, False),
        ({"Party.email": {"roles": "hr"}}, False),
        ({"#pii": {"roles": "hr"}}, False),
        ({"*.email": {"roles": "hr"}}, False),
        ({"Person": {"roles": "hr"}}, False),
        ({"Orders.personId": {"roles": "hr"}}, False),
        ({"Orders.mail": {"anonymous": True}}, False),
        ({"#pii": {"roles": "hr"}, "Orders.mail": {"roles": ["hr", "boss"]}}, False),
        ({"#pii": {"roles": ["hr", "boss"]}, "Orders.mail": {"roles": "hr"}}, True),
        ({"#pii": [{"roles": "hr"}, {"scopes": "pay"}], "Orders.mail": {"roles": "hr"}}, True),
        ({"#pii": {"roles": "hr"}, "Orders.mail": [{"roles": "hr"}, {"scopes": "pay"}]}, False),
        (
            {
                "#pii": [{"roles": "hr"}, {"scopes": "pay"}],
                "Orders.mail": [{"scopes": ["pay", "x"]}, {"roles": "hr"}],
            },
            True,
        ),
        ({"#pii": {"roles": "hr"}, "Orders.mail": {"roles": "hr", "when": {"scopes": "x"}}}, False),
        ({"#pii": {"roles": "hr", "unless": {"scopes": "x"}}, "Orders.mail": {"roles": "hr"}}, True),
    ],
)
def test_what_is_lifted_out_of_a_protected_field_asks_as_much(rules: dict[str, Any], *, covered: bool) -> None:
    tags = {"pii": ["Party.email"]}
    if covered:
        ruled(rules, links={"Orders.mail": LIFTED}, tags=tags)
    else:
        what, mend, where = refusal(rules, links={"Orders.mail": LIFTED}, tags=tags)
        assert what.startswith("Orders.mail uses ")
        assert (where, "declassify" in mend) == (("links", "Orders.mail"), True)
    declassified = LIFTED.model_copy(update={"declassify": True})
    ruled(rules, links={"Orders.mail": declassified}, tags=tags)


async def test_a_chain_of_three_links_is_refused_at_whichever_of_them_a_rule_stands() -> None:
    chain = "{ orders { person { orders { person { email } } } } }"
    for key, path in (
        ("Person.email", ["orders", "person", "orders", "person", "email"]),
        ("Person.orders", ["orders", "person", "orders"]),
        ("Person", ["orders", "person"]),
    ):
        made = ruled({key: {"roles": "hr"}})
        _, body = await ask(made, chain)
        assert [error["path"] for error in body["errors"]] == [path]
        assert codes((await ask(made, chain, BOSS))[1]) == []


def test_a_hand_written_field_that_needs_what_a_pattern_protects_is_refused_at_load() -> None:
    extension = Extension()

    @extension.field("Person", needs=("salary",))
    def wage(parent: Any) -> str:
        return str(parent["salary"])

    assert "Person.wage needs Person.salary" in refusal({"*.sal*": {"roles": "hr"}}, extensions=[extension])[0]


@strawberry.enum
class Colour(Enum):
    RED = "r"
    BLUE = "b"


def test_a_value_that_a_hand_written_field_would_give_to_everyone_takes_no_rule() -> None:
    extension = Extension()

    def favourite() -> Colour:
        return Colour.RED

    extension.query(favourite)
    assert "hand-written" in refusal({"Colour.RED": {"roles": "hr"}}, extensions=[extension])[0]
