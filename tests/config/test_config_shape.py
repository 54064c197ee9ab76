from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLObjectType, build_schema

from resolvers import Compare, ConfigurationError, Order
from schema import AccessSettings, Extension, LinkSettings, Principal, RuleSettings
from tests.graph.company import LINKS, company

PURCHASES = {
    "Purchase.person": LINKS["Orders.person"],
    "Person.purchases": LINKS["Person.orders"],
}


def faults(**settings: Any) -> list[tuple[str, str]]:
    with pytest.raises(ConfigurationError) as raised:
        company(**settings)
    return [(problem.what, problem.mend) for problem in raised.value.problems]


async def test_types_fields_arguments_and_roots_are_renamed_everywhere_at_once() -> None:
    rename = {
        "Orders": "Purchase",
        "Orders.number": "reference",
        "Query.orders": "purchases",
        "Query.orders(limit:)": "first",
        "OrderState": "PurchaseState",
        "ChangeInput": "Alteration",
    }
    made = company(rename=rename, links=PURCHASES)
    query = """{ purchases(first: 3, where: {reference: {eq: "A-1"}}, orderBy: [{reference: DESC}]) {
        __typename reference person { name purchases { id } } } }"""
    body = await made.ask(query)
    assert body["data"]["purchases"] == [
        {"__typename": "Purchase", "reference": "A-1", "person": {"name": "Ada", "purchases": [{"id": 10}]}}
    ]
    call = made.shop.calls[0]
    assert (call.predicate, call.order) == (Compare("number", "eq", "A-1"), (Order("number", True, None),))
    assert call.page is not None
    assert call.page.limit == 3
    sdl = made.graph.sdl()
    assert "enum PurchaseState" in sdl
    assert "input Alteration" in sdl
    assert " orders(" not in sdl.partition("type Query")[2].partition("}")[0]


async def test_a_rule_follows_a_renamed_column_into_its_filter_and_its_order() -> None:
    rules = AccessSettings(default="authenticated", rules={"Purchase.reference": RuleSettings(roles=("hr",))})
    made = company(rules, rename={"Orders": "Purchase", "Orders.number": "reference"}, links=PURCHASES)
    for argument in ('where: {reference: {eq: "A-1"}}', "orderBy: [{reference: ASC}]"):
        body = await made.ask(f"{{ orders({argument}) {{ id }} }}", Principal("clerk"))
        assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert made.calls == []


async def test_a_hidden_field_can_be_neither_asked_nor_filtered_nor_ordered_by() -> None:
    made = company(hide=["Orders.cost"])
    for query in (
        "{ orders { cost } }",
        "{ orders(where: {cost: {gt: 1}}) { id } }",
        "{ orders(orderBy: [{cost: ASC}]) { id } }",
        "{ desk { first { orders(where: {cost: {gt: 1}}) { id } } } }",
    ):
        body = await made.ask(query)
        assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert made.calls == []
    assert "cost" not in made.graph.sdl()


async def test_a_hidden_argument_and_a_hidden_root_are_gone() -> None:
    made = company(hide=["Query.orders(where:)", "Query.parties", "Mutation.remove"])
    assert "errors" in await made.ask("{ orders(where: {id: {eq: 1}}) { id } }")
    assert "errors" in await made.ask("{ parties { id } }")
    assert "errors" in await made.ask("mutation { remove(id: 1) }")
    assert made.calls == []
    assert (await made.ask("{ orders { id } }"))["data"] == {"orders": [{"id": 10}]}


async def test_a_hidden_type_takes_with_it_what_returns_it() -> None:
    made = company(hide=["Person"], links={})
    sdl = made.graph.sdl()
    # Desk had only a person; search and people gave nothing else; the union keeps its other member.
    for gone in ("Person", "Desk", "  desk", "people", "search(", "change("):
        assert gone not in sdl.replace("personId", "")
    assert "union Contact = Company" in sdl
    assert (await made.ask("{ orders { id } }"))["data"] == {"orders": [{"id": 10}]}


def test_a_link_to_or_from_a_hidden_type_is_refused() -> None:
    assert faults(hide=["Orders"]) == [
        ('there is no type "Orders"', "hide takes Orders away: show it, or remove this"),
        ('"shop.orders" gives a type that is hidden', "show the type, or drop the link"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "what", "mend"),
    [
        ("Orders", "Person", 'there is a type "Person" already', "choose another name"),
        ("Orders", "String", 'there is a type "String" already', "choose another name"),
        ("Orders", "OrdersWhere", 'there is a type "OrdersWhere" already', "choose another name"),
        ("Orders", "House", 'there is a type "House" already', "choose another name"),
        ("Orders.number", "cost", '"Orders" has a field "cost" already', "choose another name"),
        ("Query.orders", "people", 'there is a field "people" of Query or Mutation already', "choose another name"),
        ("Query.orders", "house", 'there is a field "house" of Query or Mutation already', "choose another name"),
        ("Query.orders(limit:)", "offset", '"Query.orders" has an argument "offset" already', "choose another name"),
        ("Orders.nubmer", "no", '"Orders" has no field "nubmer"', 'did you mean "number"'),
        ("Oders", "No", 'there is no type "Oders"', 'did you mean "Orders"'),
        ("Query.ordrs", "no", '"Query" has no field "ordrs"', 'did you mean "orders"'),
        ("Query.orders(limt:)", "no", '"Query.orders" has no argument "limt"', 'did you mean "limit"'),
        (
            "Orders",
            "__Orders",
            '"__Orders" begins with two underscores, which GraphQL keeps for itself',
            "choose another name",
        ),
        ("Orders", "2nd", '"2nd" is not a GraphQL name', "use letters, digits and _, and begin with no digit"),
        (
            "Orders number",
            "no",
            '"Orders number" is not a schema coordinate',
            "write Type, Type.field or Query.field(argument:)",
        ),
        ("OrderState.OPEN", "true", '"true" cannot be the name of a value', "choose another name"),
        ("Query", "Root", "Query itself cannot be renamed or hidden", "name one of its fields"),
        ("Person.email", "mail", "Person.email is promised by the interface Party", "remove the line"),
    ],
)
def test_a_rename_that_cannot_be_is_refused_with_words(old: str, new: str, what: str, mend: str) -> None:
    house = Extension()

    @house.query
    def house_() -> str:
        return ""

    house.queries["house"] = house.queries.pop("house_")
    taken = {"Party": "House"} if new == "House" else {}
    assert faults(rename={**taken, old: new}, extensions=[house], links={}) == [(what, mend)]


def test_a_required_argument_is_not_hidden() -> None:
    assert faults(hide=["Query.people(ids:)"]) == [
        ('"Query.people" cannot do without its argument "ids"', "hide the field instead")
    ]


def test_a_name_may_move_to_another_type_once_it_was_given_up() -> None:
    sdl = company(rename={"Desk": "Table", "Orders": "Desk"}, links={}).graph.sdl()
    assert "type Table" in sdl
    assert "type Desk {\n  id: Int!\n  personId" in sdl


@pytest.mark.parametrize(
    ("link", "where", "what"),
    [
        (LinkSettings(one="crm.persons", match={"personId": "id"}), "one", "has no operation"),
        (LinkSettings(one="crn.people", match={"personId": "id"}), "one", 'no source "crn"'),
        (LinkSettings(one="crm.people", match={"personld": "id"}), "match", 'has no field "personld"'),
        (LinkSettings(one="crm.people", match={"personId": "idd"}), "match", 'has no result field "idd"'),
        (LinkSettings(one="crm.people", match={"number": "id"}), "match", "they never match"),
        (LinkSettings(one="crm.people", match={"personId": "id"}, take="nam"), "take", 'has no field "nam"'),
        (
            LinkSettings.model_validate({"one": "crm.people", "match": {"personId": "id"}, "with": {"x": 1}}),
            "with",
            'has no argument "x"',
        ),
        (LinkSettings(many="crm.change", match={"personId": "id"}), "many", "is not a read"),
    ],
)
def test_references_of_a_link_are_named_where_they_stand(link: LinkSettings, where: str, what: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        company(links={"Orders.faulty": link})
    (problem,) = raised.value.problems
    assert what in problem.what
    assert problem.where[:3] == ("links", "Orders.faulty", where)


def test_a_link_by_an_object_is_refused() -> None:
    link = LinkSettings(many="shop.orders", match={"first": "personId"})
    assert faults(links={"Desk.orders": link}) == [("Desk.first is an object and cannot be a key", "")]


def test_a_link_onto_a_union_is_refused() -> None:
    link = LinkSettings(many="shop.orders", match={"id": "personId"})
    assert faults(links={"Contact.orders": link}) == [
        ('"Contact" is a union, which has no fields', "link from its members")
    ]


def test_a_link_that_nobody_could_ask_for_is_refused() -> None:
    link = LinkSettings(many="shop.orders", match={"id": "personId"})
    assert faults(links={"Lonely.orders": link}) == [
        ('no field returns "Lonely", so nobody could ask for this', "link from a type that is returned, or remove it")
    ]


def test_a_link_to_one_row_takes_no_filter_and_one_to_many_takes_it() -> None:
    link = LinkSettings(one="shop.orders", match={"id": "personId"})
    types = build_schema(company(links={**LINKS, "Company.order": link}).graph.sdl())
    (company_type, person_type) = (types.type_map["Company"], types.type_map["Person"])
    assert isinstance(company_type, GraphQLObjectType)
    assert isinstance(person_type, GraphQLObjectType)
    assert not company_type.fields["order"].args
    assert list(person_type.fields["orders"].args) == ["distinct", "where", "orderBy", "limit", "offset"]
