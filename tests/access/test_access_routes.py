"""One rule, many routes: the same refusal, and no call that would have fetched what was refused."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry

from resolvers import ConfigurationError
from schema import ANONYMOUS, AccessSettings, Extension, Principal, RuleSettings
from tests.graph.company import Company, company

CLERK = Principal("clerk")
HR = Principal("boss", roles=frozenset({"hr"}))


def ruled(*coordinates: str, **more: Any) -> Company:
    rules = {coordinate: RuleSettings(roles=("hr",)) for coordinate in coordinates}
    return company(AccessSettings(default="authenticated", rules=rules), **more)


def refused(body: Any) -> list[list[str]]:
    assert all(error["extensions"]["code"] == "FORBIDDEN" for error in body.get("errors", ()))
    assert all(error["message"] == "You are not allowed to use this field." for error in body.get("errors", ()))
    return [error["path"] for error in body.get("errors", ())]


@pytest.mark.parametrize(
    "selection",
    [
        "s: salary",
        "...F",
        "... on Person { s: salary }",
        "... { s: salary }",
        "... on Party { ... on Person { ...F } }",
        "s: salary @include(if: $yes)",
        "... @include(if: $yes) { s: salary @skip(if: $no) }",
        "s: salary s: salary",
    ],
)
@pytest.mark.parametrize("route", ["parties", "contacts", "desk { first", "orders { person", "search"])
async def test_a_field_is_refused_by_every_spelling_and_every_route(selection: str, route: str) -> None:
    made = ruled("Person.salary")
    inner = f"{{ ... on Person {{ id {selection} }} }}" if route in {"parties", "contacts"} else f"{{ id {selection} }}"
    fragment = " fragment F on Person { s: salary }" if "...F" in selection else ""
    variables = {name: name == "yes" for name in ("yes", "no") if f"${name}" in selection}
    heads = ", ".join(f"${name}: Boolean!" for name in variables)
    query = f"query Q{f'({heads})' if heads else ''} {{ {route} {inner} {'}' if '{' in route else ''} }}{fragment}"
    body = await made.ask(query, CLERK, **variables)
    (path,) = refused(body)
    assert path == [*route.replace("{", "").split(), "s"]
    assert "9" not in str(body["data"])
    assert all("salary" not in str(call.selection) for call in made.crm.calls)
    assert "errors" not in await made.ask(query, HR, **variables)


async def test_a_field_that_a_variable_leaves_out_is_not_refused_and_the_next_time_it_is() -> None:
    made = ruled("Person.salary")
    query = "query($x: Boolean!) { search { id salary @include(if: $x) } }"
    assert await made.ask(query, CLERK, x=False) == {"data": {"search": [{"id": 1}]}}
    assert refused(await made.ask(query, CLERK, x=True)) == [["search", "salary"]]
    query = "query($x: Boolean = false) { search { id salary @skip(if: $x) } }"
    assert refused(await made.ask(query, CLERK)) == [["search", "salary"]]
    assert refused(await made.ask(query, CLERK, x=True)) == []


@pytest.mark.parametrize("rule", ["Party.email", "Person.email"])
@pytest.mark.parametrize(
    "query",
    ["{ parties { email } }", "{ contacts { ... on Party { email } } }", "{ search { email } }"],
)
async def test_rules_on_an_interface_hold_for_what_implements_it(rule: str, query: str) -> None:
    made = ruled(rule)
    assert refused(await made.ask(query, CLERK)) == [[query.split()[1], "email"]]
    assert "ada@x" not in str(await made.ask(query, CLERK))
    assert "ada@x" in str((await made.ask(query, HR))["data"])


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("{ search { id } }", ["search"]),
        ("{ desk { first { id } } }", ["desk", "first"]),
        ("{ parties { id } }", ["parties"]),
        ("{ contacts { ... on Company { vat } } }", ["contacts"]),
        ("{ orders { person { id } } }", ["orders", "person"]),
        ("{ orders { p: person { __typename } } }", ["orders", "p"]),
        ("mutation { change { id } }", ["change"]),
    ],
)
async def test_a_rule_on_a_type_holds_for_whatever_could_return_it_and_nothing_is_fetched(
    query: str, path: list[str]
) -> None:
    made = ruled("Person")
    assert refused(await made.ask(query, CLERK)) == [path]
    assert set(made.calls) <= {"desk", "orders"}
    assert "errors" not in await made.ask(query, HR)


async def test_a_refused_root_runs_nothing_and_a_refused_mutation_stops_its_siblings() -> None:
    made = ruled("Query.search", "Mutation.remove")
    assert (await made.ask("{ search { id } }", CLERK))["data"] == {"search": None}
    body = await made.ask("mutation { change { id } remove(id: 1) }", CLERK)
    assert refused(body) == [["change"], ["remove"]]
    assert body["data"] == {"change": None, "remove": None}
    assert made.calls == []
    assert (await made.ask("mutation { remove(id: 1) @skip(if: true) change { id } }", CLERK))["data"] == {
        "change": {"id": 1}
    }
    assert made.calls == ["change"]


ORDER_BY = "query($o: [OrdersOrderBy!]) { orders(orderBy: $o) { id } }"
WHERE = "query($w: OrdersWhere) { orders(where: $w) { id } }"


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ orders(where: {cost: {gt: 4}}) { id } }", {}),
        ("{ a: orders(where: {or: [{id: {eq: 1}}, {and: {not: {cost: {isNull: true}}}}]}) { id } }", {}),
        ("{ orders(orderBy: {cost: ASC}) { id } }", {}),
        ("{ orders(orderBy: [{id: ASC}, {cost: DESC_NULLS_LAST}]) { id } }", {}),
        (WHERE, {"w": {"cost": {"in": [5]}}}),
        (WHERE, {"w": {"not": {"not": {"cost": {"eq": 5}}}}}),
        (ORDER_BY, {"o": [{"cost": "ASC"}]}),
        (ORDER_BY, {"o": {"cost": "ASC"}}),
        ("query($i: IntFilter) { orders(where: {cost: $i}) { id } }", {"i": {"lt": 9}}),
        ("query($n: Int) { orders(where: {cost: {lt: $n}}) { id } }", {"n": 9}),
        ("query($n: Int = 3) { orders(where: {cost: {gt: $n}}) { id } }", {}),
        ("query($d: OrderDirection = ASC) { orders(orderBy: {cost: $d}) { id } }", {}),
    ],
)
async def test_rows_cannot_be_filtered_or_ordered_by_what_may_not_be_read(
    query: str, variables: dict[str, Any]
) -> None:
    made = ruled("Orders.cost")
    body = await made.ask(query, CLERK, **variables)
    assert refused(body) == [["a" if "a: " in query else "orders"]]
    assert made.calls == []
    assert "errors" not in await made.ask(query, HR, **variables)


@pytest.mark.parametrize("argument", ["where: {cost: {gt: 4}}", "orderBy: {cost: ASC}"])
async def test_the_rows_of_a_link_cannot_be_filtered_by_it_either(argument: str) -> None:
    made = ruled("Orders.cost")
    body = await made.ask(f"{{ search {{ id orders({argument}) {{ id }} }} }}", CLERK)
    assert refused(body) == [["search", "orders"]]
    assert made.calls == ["search"]


CHANGE = "mutation($c: ChangeInput) { change(change: $c) { id } }"


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ('mutation { change(change: {id: 1, note: {internal: "x"}}) { id } }', {}),
        (CHANGE, {"c": {"note": {"internal": "x"}}}),
        (CHANGE, {"c": {"notes": [{"text": "a"}, {"text": "b", "internal": "x"}]}}),
        (CHANGE, {"c": {"notes": {"internal": None}}}),
        ("mutation($n: NoteInput) { change(change: {note: $n}) { id } }", {"n": {"internal": "x"}}),
        ("mutation($s: String) { change(change: {note: {internal: $s}}) { id } }", {"s": "x"}),
        ('mutation($s: String = "x") { change(change: {note: {internal: $s}}) { id } }', {}),
    ],
)
async def test_an_input_field_is_refused_at_every_depth_and_nothing_is_written(
    query: str, variables: dict[str, Any]
) -> None:
    made = ruled("NoteInput.internal")
    assert refused(await made.ask(query, CLERK, **variables)) == [["change"]]
    assert made.calls == []
    assert "errors" not in await made.ask(query, HR, **variables)


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ search(limit: 1) { id } }", {}),
        ("query($l: Int) { search(limit: $l) { id } }", {"l": 1}),
        ("query($l: Int = 4) { search(limit: $l) { id } }", {}),
    ],
)
async def test_an_argument_is_refused_and_its_field_without_it_is_not(query: str, variables: dict[str, Any]) -> None:
    made = ruled("Query.search(limit:)")
    assert refused(await made.ask(query, CLERK, **variables)) == [["search"]]
    assert made.calls == []
    assert "errors" not in await made.ask("{ search { id } }", CLERK)


async def test_error_texts_name_nothing_that_the_caller_did_not_write() -> None:
    made = ruled("Person.salary", "Orders.cost", "NoteInput.internal")
    for query in (
        "{ search { salar } }",
        "{ orders(where: {cos: {gt: 1}}) { id } }",
        "{ orders(orderBy: {cst: ASC}) { id } }",
        '{ search(by: {internl: "x"}) { id } }',
        "{ searc { id } }",
        "{ search { ... on Persn { id } } }",
    ):
        body = await made.ask(query, CLERK)
        assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
        for hidden in ("salary", '"cost', "internal", "Did you mean"):
            assert hidden not in str(body["errors"])
    body = await made.ask(WHERE, CLERK, w={"cos": {"gt": 1}})
    assert '"cost' not in str(body)
    assert "Did you mean" not in str(body)


@strawberry.interface
class Animal:
    name: str
    chip: str


@strawberry.type
class Dog(Animal):
    pass


@strawberry.type
class Cat(Animal):
    lives: int


def zoo() -> tuple[Extension, list[str]]:
    extension, ran = Extension(), []

    def animals() -> list[Animal]:
        ran.append("animals")
        return [Dog(name="Rex", chip="c1"), Cat(name="Tom", chip="c2", lives=9)]

    def pets() -> list[Dog | Cat]:
        ran.append("pets")
        return [Dog(name="Rex", chip="c1"), Cat(name="Tom", chip="c2", lives=9)]

    extension.query(animals)
    extension.query(pets)
    return extension, ran


@pytest.mark.parametrize("rule", ["Animal.chip", "Dog.chip"])
@pytest.mark.parametrize(
    "query", ["{ animals { chip } }", "{ pets { ... on Dog { chip } } }", "{ pets { ... on Animal { chip } } }"]
)
async def test_hand_written_interfaces_and_unions_are_guarded_the_same(rule: str, query: str) -> None:
    extension, ran = zoo()
    made = ruled(rule, extensions=[extension])
    body = await made.ask(query, CLERK)
    assert refused(body) == [[query.split()[1], "chip"]]
    assert "c1" not in str(body)
    assert "c1" in str(await made.ask(query, HR))
    ran.clear()
    typed = ruled("Dog", extensions=[extension])
    assert refused(await typed.ask(query, CLERK)) == [[query.split()[1]]]
    assert ran == []


async def test_a_field_that_needs_a_protected_one_is_refused_at_load_unless_it_asks_the_same() -> None:
    extension = Extension()

    @extension.field("Person", needs=("salary",))
    def wage(parent: Any) -> str:
        return str(parent["salary"])

    with pytest.raises(ConfigurationError) as raised:
        ruled("Person.salary", extensions=[extension])
    assert "Person.wage needs Person.salary" in raised.value.problems[0].what
    made = ruled("Person.salary", "Person.wage", extensions=[extension])
    assert refused(await made.ask("{ search { wage } }", CLERK)) == [["search", "wage"]]
    assert (await made.ask("{ search { wage } }", HR))["data"] == {"search": [{"wage": "9"}]}


@pytest.mark.parametrize(
    ("coordinate", "what", "mend"),
    [
        ("Persn", 'there is no type "Persn"', 'did you mean "Person"'),
        ("Person.salery", '"Person" has no field "salery"', 'did you mean "salary"'),
        ("Query.search(limt:)", '"Query.search" has no argument "limt"', 'did you mean "limit"'),
        ("NoteInput.internl", '"NoteInput" has no field "internl"', 'did you mean "internal"'),
        ("Contact.id", '"Contact" has no field "id"', ""),
        ("OrderState.OPNE", '"OrderState" has no value "OPNE"', 'did you mean "OPEN"'),
        (
            "Person.salary.amount",
            '"Person.salary.amount" is not a schema coordinate',
            'write Type, Type.field or Type.field(argument:), with * in place of letters, or "#tag"',
        ),
        ("__Type.fields", "introspection takes no rules", "rules are on types of your own"),
    ],
)
def test_a_rule_on_what_does_not_exist_is_refused(coordinate: str, what: str, mend: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        ruled(coordinate)
    (problem,) = raised.value.problems
    assert (problem.what, problem.mend, problem.where) == (what, mend, ("access", "rules", coordinate))


def test_a_malformed_rule_is_refused_even_while_a_source_is_missing() -> None:
    with pytest.raises(ConfigurationError):
        ruled("Person salary", missing={"billing": "down"})
    ruled("Invoice.amount", missing={"billing": "down"})


@pytest.mark.parametrize(
    ("default", "principal", "served"),
    [
        ("deny", CLERK, False),
        ("deny", HR, False),
        ("anonymous", ANONYMOUS, True),
        ("authenticated", CLERK, True),
    ],
)
async def test_the_default_stands_where_no_rule_does(default: Any, principal: Principal, *, served: bool) -> None:
    made = company(AccessSettings(default=default))
    body = await made.ask("{ search { id } }", principal)
    assert body["data"] == {"search": [{"id": 1}] if served else None}
    assert made.calls == (["search"] if served else [])


@pytest.mark.parametrize(
    "query",
    [
        "query($w: OrdersWhere = {cost: {gt: 4}}) { orders(where: $w) { id } }",
        "query($o: [OrdersOrderBy!] = [{cost: ASC}]) { orders(orderBy: $o) { id } }",
        'mutation($c: ChangeInput = {note: {internal: "x"}}) { change(change: $c) { id } }',
    ],
)
async def test_the_default_value_of_a_variable_opens_nothing(query: str) -> None:
    made = ruled("Orders.cost", "NoteInput.internal")
    assert len(refused(await made.ask(query, CLERK))) == 1
    assert made.calls == []
