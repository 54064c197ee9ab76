"""What a stranger may try with a document, row by row, over a real socket; docs/security.md names these tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from schema import AccessSettings, RuleSettings
from tests.edge.conftest import Running, begun
from tests.graph.company import Company, company

RESPONSE = {"accept": "application/graphql-response+json"}


@pytest.fixture(scope="module")
def made() -> Company:
    return company(AccessSettings(default="anonymous", rules={"Person.salary": RuleSettings(roles=("hr",))}))


@pytest.fixture(scope="module")
def shared(made: Company) -> Iterator[Running]:
    with begun() as running:
        running.holder.current.graph = made.graph  # type: ignore[assignment]  # a real one behind the same seam
        yield running


@pytest.fixture
def running(shared: Running, made: Company) -> Running:
    made.crm.calls.clear()
    made.shop.calls.clear()
    return shared


def ask(running: Running, query: str, **variables: object) -> httpx.Response:
    return httpx.post(running.url + "/graphql", json={"query": query, "variables": variables}, headers=RESPONSE)


def codes(reply: httpx.Response) -> set[str]:
    return {error["extensions"]["code"] for error in reply.json().get("errors", ())}


def repeated(text: str, many: int) -> str:
    return " ".join(text.replace("#", str(number)) for number in range(many))


DOUBLING = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(45))
CHAIN = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(100))
NESTED = "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }"
LIMITED = {
    "tokens": "{ " + repeated("desk { first { id } }", 400) + " }",
    "bytes": "{ __typename }" + " " * 65_536,
    "depth": "{ desk " * 17 + "}" * 17,
    "depth through fragments": "{ ...A } fragment A on Query { " + "desk { " * 17 + "id" + " }" * 17 + " }",
    "depth of a list": "{ search(limit: " + "[" * 17 + "]" * 17 + ") { id } }",
    "depth of an object": "{ search(by: " + "{ text: " * 17 + "1" + " }" * 17 + ") { id } }",
    "aliases": "{ desk { " + repeated("a#: first { id }", 31) + " } }",
    "aliases through fragments": "{ desk { ...A ...A } } fragment A on Desk { "
    + repeated("a#: first { id }", 16)
    + " }",
    "fields at the root": "{ " + repeated("__typename", 21) + " }",
    "fields": "{ desk { " + repeated("first { id email }", 400) + " } }",
    "fields through fragments": "{ "
    + repeated("a#: desk { ...A }", 12)
    + " } fragment A on Desk { "
    + repeated("__typename", 90)
    + " }",
    "fragments that double": "{ ...F0 } " + DOUBLING,
    "a chain of fragments": "{ ...F0 } " + CHAIN,
    "one field again and again": "{ desk { " + repeated("first { id }", 120) + " } }",
    "inline fragments in each other": "{ desk { " + "... on Desk { " * 70 + "first { id }" + " }" * 70 + " } }",
    "inline fragments beside each other": "{ desk { " + repeated("... on Desk { first { id } }", 110) + " } }",
    "directives": "{ desk { first { id " + repeated("@skip(if: false)", 51) + " } } }",
    "operations": repeated("query Q# { __typename }", 11),
    "fields of a mutation": "mutation { " + repeated("a#: remove(id: #)", 6) + " }",
    "fields that are skipped": "{ desk { " + repeated("a#: first @skip(if: true) { id }", 31) + " } }",
}


@pytest.mark.parametrize("what", LIMITED)
def test_what_is_too_large_is_refused_before_it_is_validated(running: Running, made: Company, what: str) -> None:
    reply = ask(running, LIMITED[what])
    assert (reply.status_code, codes(reply)) == (400, {"LIMIT_EXCEEDED"})
    assert "data" not in reply.json()
    assert len(reply.content) < 300
    assert made.calls == []


INVALID = {
    "a cycle of fragments": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "a fragment that nobody uses": "{ __typename } fragment A on Query { __typename }",
    "a directive that is not there": "{ __typename @admin }",
    "a directive twice": "{ __typename @skip(if: false) @skip(if: false) }",
    "defer": "{ ... @defer { __typename } }",
    "stream": "{ parties @stream { id } }",
    "live": "query @live { __typename }",
    "a subscription": "subscription { changed }",
    "introspection in introspection": NESTED,
    "several operations and no name": "query A { __typename } query B { __typename }",
    "a field that is not there": "{ nothing }",
    "an Int of more than 32 bits": "{ search(limit: 2147483648) { id } }",
    "a Float for an Int": "{ search(limit: 1.0) { id } }",
    "a Float beyond all": "{ search(limit: 1e400) { id } }",
    "a Boolean for an Int": "{ search(limit: true) { id } }",
    "a String for an Int": '{ search(limit: "1") { id } }',
    "half of a surrogate pair": '{ search(by: { text: "\\ud800" }) { id } }',
    "an input field that is not there": '{ search(by: { txt: "a" }) { id } }',
    "an input field twice": '{ search(by: { text: "a", text: "b" }) { id } }',
    "an enum value that is not there": "{ orders(where: { state: { eq: GONE } }) { id } }",
    "a string for an enum": '{ orders(where: { state: { eq: "OPEN" } }) { id } }',
    "null for what is needed": "{ people(ids: null) { id } }",
    "a variable that is not declared": "{ search(limit: $n) { id } }",
}


@pytest.mark.parametrize("what", INVALID)
def test_what_is_not_valid_is_refused_before_anything_is_asked(running: Running, made: Company, what: str) -> None:
    reply = ask(running, INVALID[what])
    assert (reply.status_code, codes(reply)) == (400, {"BAD_REQUEST"})
    assert made.calls == []


@pytest.mark.parametrize(
    ("given", "good"),
    [
        ({"n": 5}, True),
        ({"n": 5, "unknown": 1}, True),  # GraphQL section 6.1.2 reads declared variables and no others
        ({}, False),
        ({"n": None}, False),
        ({"n": "5"}, False),
        ({"n": 5.0}, True),  # a JSON number without a fraction is a whole number (GraphQL section 3.5.1)
        ({"n": 5.5}, False),
        ({"n": True}, False),
        ({"n": 2**31}, False),
        ({"n": [5]}, False),
        ({"n": 5, "by": {"text": 1}}, False),
        ({"n": 5, "by": {"txt": "a"}}, False),
        ({"n": 5, "by": "a"}, False),
        ({"n": "9" * 5000}, False),
    ],
)
def test_variables_are_coerced_as_the_specification_says(
    running: Running, made: Company, given: dict[str, object], *, good: bool
) -> None:
    reply = ask(running, "query ($n: Int!, $by: NoteInput) { search(limit: $n, by: $by) { id } }", **given)
    assert (reply.status_code == 200) is good, reply.text
    assert (made.calls == ["search"]) is good
    assert len(reply.content) < 600  # a value is not repeated at length


def test_nothing_is_suggested_and_no_name_is_told_that_was_not_asked(running: Running) -> None:
    for query, untold in (
        ("{ partie { id } }", "parties"),
        ("{ search(limitt: 1) { id } }", "limit:"),
        ("{ parties { ... on Persn { id } } }", "Person"),
        ("{ search(by: { txt: 1 }) { id } }", "text"),
        ("{ orders(where: { state: { eq: OPE } }) { id } }", "OPEN"),
        ("query ($by: Note) { search(by: $by) { id } }", "NoteInput"),
        ("{ parties { vat } }", "Company"),
    ):
        reply = ask(running, query)
        assert reply.status_code == 400
        assert "Did you mean" not in reply.text
        assert untold not in reply.text, reply.text
    reply = ask(running, "query ($by: NoteInput) { search(by: $by) { id } }", by={"txt": 1})
    assert "text" not in reply.text.replace("context", "")


def test_of_many_errors_ten_are_told(running: Running) -> None:
    reply = ask(running, "{ desk { " + repeated("y#", 900) + " } }")
    assert len(reply.json()["errors"]) == 10
    assert len(reply.content) <= 16_384
    reply = ask(running, f"{{ {'a' * 60_000} }}")
    assert len(reply.content) < 1000


def test_a_condition_hides_no_field_from_access(running: Running, made: Company) -> None:
    query = "query ($no: Boolean!) { search { id ... @skip(if: $no) { salary } } }"
    for skipped in (True, False, True):
        body: Any = ask(running, query, no=skipped).json()
        row = {"id": 1} if skipped else {"id": 1, "salary": None}
        assert body["data"]["search"] == [row]
        assert [error["extensions"]["code"] for error in body.get("errors", ())] == [] if skipped else ["FORBIDDEN"]
    assert made.calls == ["search"] * 3


def test_the_operation_that_is_named_is_the_one_that_is_checked(running: Running, made: Company) -> None:
    document = (
        "query Good { desk { first { id } } } query Secret { search { salary } } mutation Change { remove(id: 1) }"
    )
    for name, data in (("Good", {"desk": {"first": {"id": 1}}}), ("Secret", {"search": [{"salary": None}]})):
        reply = httpx.post(running.url + "/graphql", json={"query": document, "operationName": name})
        assert reply.json()["data"] == data
        assert codes(reply) == ({"FORBIDDEN"} if name == "Secret" else set())
    link = {"query": document, "operationName": "Change"}
    assert httpx.get(running.url + "/graphql", params=link).status_code == 405
    assert "remove" not in made.calls


def test_unique_documents_take_no_more_memory_than_is_allowed(running: Running, made: Company) -> None:
    documents = made.graph.documents
    limits = documents._limits.model_copy(update={"document_cache_bytes": 200_000})
    before, documents._limits = documents._limits, limits
    try:
        for number in range(100):
            assert ask(running, f"{{ search(limit: {number}) {{ id }} }}").status_code == 200
            assert documents.bytes_held <= 200_000
    finally:
        documents._limits = before
