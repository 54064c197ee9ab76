"""What an operation costs is known before it runs: sizes, weights, variables, rights; and who asks is told."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from resolvers import ConfigurationError
from schema import AccessSettings, OperationLimits, RuleSettings
from tests.edge.conftest import begun
from tests.graph.company import Company, company


def costly(access: AccessSettings | None = None, **cost: Any) -> Company:
    limits = OperationLimits.model_validate({"cost": {"report": True, **cost}})
    made = company(access, limits=limits)
    made.extensions = {"cost": True}
    return made


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        ("{ __typename }", 0),
        ("{ desk { first { id } } }", 1 + 1 + (0 + 1)),
        ("{ search { id name } }", 1 + 10 * 1),
        ("{ search(limit: 3) { id } }", 1 + 3),
        ("{ search(limit: 0) { id } }", 1),
        ("{ search(limit: null) { id } }", 1 + 10),
        ("query ($n: Int) { search(limit: $n) { id } }", 1 + 7),
        ("query ($other: Int = 4) { search(limit: $other) { id } }", 1 + 4),
        ("{ search(limit: 3) { orders { id } } }", 1 + 3 * (1 + (1 + 2 * 1))),
        ("{ search(limit: 3) { orders { person { id } } } }", 1 + 3 * (1 + 1 + 2 * (1 + 1 + 1))),
        ("{ search(limit: 2) { salary } }", 1 + 2 * (1 + 20)),
        ("{ contacts { ... on Person { salary } ... on Company { vat } } }", 1 + 10 * (1 + 20)),
        ("{ parties { email } }", 1 + 10 * (1 + 3)),
        ("{ desk { first { id } } again: desk { first { id } } }", 2 * 3),
        ("query ($n: Int) { desk @skip(if: true) { first { id } } search(limit: $n) { id } }", 1 + 7),
        ("{ ...A ...A } fragment A on Query { search(limit: 3) { id } }", 1 + 3),
    ],
)
async def test_a_cost_is_one_for_each_object_and_the_weights_of_fields(query: str, cost: int) -> None:
    prices: dict[str, Any] = {
        "weights": {"Person.salary": 20, "Party.email": 3},
        "list_size": 10,
        "sizes": {"Person.orders": 2},
    }
    made = costly(**prices, max=max(1, cost))
    body = await made.ask(query, n=7)
    assert body["extensions"]["cost"] == {"estimated": cost, "max": max(1, cost)}
    if cost > 1:
        calls = len(made.calls)
        refused = costly(**prices, max=cost - 1)
        body = await refused.ask(query, n=7)
        assert [error["extensions"]["code"] for error in body["errors"]] == ["LIMIT_EXCEEDED"]
        assert body["errors"][0]["extensions"]["cost"] == cost
        assert "data" not in body
        assert (calls, refused.calls) == (calls, [])


async def test_what_a_caller_may_not_see_costs_nothing() -> None:
    access = AccessSettings(default="anonymous", rules={"Person.salary": RuleSettings(roles=("hr",))})
    made = costly(access, weights={"Person.salary": 20}, max=11)
    body = await made.ask("{ search(limit: 10) { id salary } }")
    assert body["extensions"]["cost"]["estimated"] == 11
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_the_cost_is_told_to_who_asks_and_only_where_it_may_be() -> None:
    query = "{ search(limit: 1) { id } }"
    assert (await costly().ask(query))["extensions"] == {"cost": {"estimated": 2}}
    assert "extensions" not in await costly(report=False).ask(query)
    unasked, uncounted = costly(), company()
    unasked.extensions, uncounted.extensions = {}, {"cost": True}
    assert "extensions" not in await unasked.ask(query)
    assert "extensions" not in await uncounted.ask(query)


@pytest.mark.parametrize(
    ("cost", "what", "mend"),
    [
        ({"weights": {"Person.salry": 1}}, '"Person" has no field "salry"', 'did you mean "salary"'),
        ({"weights": {"Persn.salary": 1}}, 'there is no type "Persn" with fields', 'did you mean "Person"'),
        ({"sizes": {"Person": 1}}, '"Person" has no field ""', ""),
        ({"sizes": {"Contact.id": 1}}, 'there is no type "Contact" with fields', 'did you mean "Contact"'),
    ],
)
def test_a_price_of_something_that_is_not_there_is_refused(cost: dict[str, Any], what: str, mend: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        costly(**cost)
    (problem,) = raised.value.problems
    assert (problem.what, problem.where[:2]) == (what, ("limits", "cost"))
    assert problem.mend == mend or "Contact" in mend


def test_a_header_asks_for_the_cost() -> None:
    with begun() as running:
        running.holder.current.graph = costly(max=5).graph  # type: ignore[assignment]  # a real one behind the same seam
        told = {"graphql-cost": "report"}
        body = {"query": "{ search(limit: 3) { id } }"}
        with httpx.Client(base_url=running.url, trust_env=False) as client:
            assert client.post("/graphql", json=body, headers=told).json()["extensions"]["cost"]["estimated"] == 4
            assert "extensions" not in client.post("/graphql", json=body).json()
            refused = client.post("/graphql", json={"query": "{ search(limit: 5) { id } }"})
        assert refused.json()["errors"][0]["message"] == "the operation may cost 6, and 5 is the most"
