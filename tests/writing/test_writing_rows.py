"""Rows are inserted, upserted, updated and deleted, by key and by filter, on three databases with untidy tables."""

from __future__ import annotations

import asyncio

from resolvers import Context
from schema import ANONYMOUS, GraphQLRequest
from tests.through.gateway import codes
from tests.writing.stores import House

PEOPLE = """mutation { insertCustomers(rows: [
    { name: "Ann", email: "a@x", balance: "1.50" }, { name: "Bob", version: 3 }, { name: "Çem ☃", active: false }
]) { affected returning { id name email version balance active shout } } }"""


async def test_a_row_is_inserted_and_given_back_with_what_the_database_made_of_it(shop: House) -> None:
    query = 'mutation { insertCustomer(row: { name: "Ann", email: null }) { id name email version shout } }'
    made = (await shop.data(query))["insertCustomer"]
    assert made == {"id": 1, "name": "Ann", "email": None, "version": 1, "shout": "ANN"}
    assert await shop.rows("SELECT id, name, email, version, shout FROM customers") == [(1, "Ann", None, 1, "ANN")]


async def test_many_rows_are_inserted_that_give_different_columns(shop: House) -> None:
    made = (await shop.data(PEOPLE))["insertCustomers"]
    assert made["affected"] == 3
    by_name = {row["name"]: row for row in made["returning"]}
    assert float(by_name["Ann"]["balance"]) == 1.5
    assert [by_name[name]["version"] for name in ("Ann", "Bob", "Çem ☃")] == [1, 3, 1]
    assert [by_name[name]["active"] for name in ("Ann", "Bob", "Çem ☃")] == [None, None, False]
    assert len({row["id"] for row in made["returning"]}) == 3


async def test_no_rows_and_rows_without_values(shop: House) -> None:
    assert await shop.data("mutation { insertCustomers(rows: []) { affected returning { id } } }") == {
        "insertCustomers": {"affected": 0, "returning": []}
    }
    found = await shop.data(
        "mutation { insertNotes(rows: [{}, {}, { line: 1 }]) { affected returning { body line } } }"
    )
    assert found["insertNotes"]["affected"] == 3
    assert sorted(row["line"] or 0 for row in found["insertNotes"]["returning"]) == [0, 0, 1]


async def test_a_thousand_rows_are_few_statements(shop: House) -> None:
    rows = [{"name": f"n{number}", "version": number} for number in range(1000)]
    query = "mutation ($rows: [CustomerInsert!]!) { insertCustomers(rows: $rows) { affected } }"
    context = Context(asyncio.get_running_loop().time() + 20, "test")
    graph = shop.served.snapshot.graph
    assert graph is not None
    answer = await graph.execute(GraphQLRequest(query, None, {"rows": rows}), ANONYMOUS, context, read_only=False)
    assert answer.body == {"data": {"insertCustomers": {"affected": 1000}}}
    assert [call.wire for call in context.journal.calls] == ["INSERT customers"]
    assert await shop.rows("SELECT count(*), sum(version) FROM customers") == [(1000, 499500)]


async def test_links_lead_on_from_what_was_written_and_are_fetched_after_it(shop: House) -> None:
    query = """mutation {
        insertCustomer(row: { name: "Ann" }) { id orderLines { select } }
        insertOrderLine(row: { order: 1, groesse: "L", select: "x", customerId: 1 }) {
            touched customer { name orderLines { order groesse } }
        }
        again: updateCustomer(id: 1, set: { name: "Anna" }) { name orderLines { select touched } }
    }"""
    assert await shop.data(query) == {
        "insertCustomer": {"id": 1, "orderLines": []},
        "insertOrderLine": {"touched": 1, "customer": {"name": "Ann", "orderLines": [{"order": 1, "groesse": "L"}]}},
        "again": {"name": "Anna", "orderLines": [{"select": "x", "touched": 1}]},
    }


async def test_a_link_asked_before_and_after_a_change_is_asked_anew(shop: House) -> None:
    await shop.data(PEOPLE)
    await shop.data(
        'mutation { insertOrderLine(row: { order: 1, groesse: "L", select: "x", customerId: 1 }) { order } }'
    )
    line = 'updateOrderLine(order: 1, groesse: "L", set: { where: 9 }) { customer { name version } }'
    query = f"""mutation {{
        first: {line}
        updateCustomer(id: 1, set: {{ version: 5 }}) {{ id }}
        second: {line}
    }}"""
    found = await shop.data(query)
    assert [found[name]["customer"]["version"] for name in ("first", "second")] == [1, 5]


async def test_an_upsert_inserts_or_changes_the_row_of_the_stated_key(shop: House) -> None:
    query = """mutation {
        a: upsertCustomer(row: { name: "E", email: "e@x", version: 4 }, on: email) { id name version }
        b: upsertCustomer(row: { name: "F", email: "e@x" }, on: email) { id name version email }
        c: upsertCustomer(row: { id: 1, name: "G" }) { id name email }
        d: upsertTag(row: { word: "x" }) { word }
        e: upsertTag(row: { word: "x" }) { word }
    }"""
    assert await shop.data(query) == {
        "a": {"id": 1, "name": "E", "version": 4},
        "b": {"id": 1, "name": "F", "version": 4, "email": "e@x"},
        "c": {"id": 1, "name": "G", "email": "e@x"},
        "d": {"word": "x"},
        "e": {"word": "x"},
    }
    assert await shop.rows("SELECT count(*) FROM tags") == [(1,)]


async def test_an_upsert_needs_the_values_of_its_key(shop: House) -> None:
    for row in ('{ name: "E" }', '{ name: "E", email: null }'):
        body = await shop.ask(f"mutation {{ upsertCustomer(row: {row}, on: email) {{ id }} }}")
        assert codes(body) == [("BAD_REQUEST", ["upsertCustomer"])]
    assert await shop.rows("SELECT count(*) FROM customers") == [(0,)]


async def test_a_row_is_updated_by_its_key_and_what_is_absent_stays(shop: House) -> None:
    await shop.data(PEOPLE)
    query = """mutation {
        updateCustomer(id: 1, set: { email: null }) { name email version }
        none: updateCustomer(id: 99, set: { email: null }) { name }
    }"""
    assert await shop.data(query) == {
        "updateCustomer": {"name": "Ann", "email": None, "version": 1},
        "none": None,
    }


async def test_a_key_can_be_changed_itself(shop: House) -> None:
    await shop.data('mutation { insertOrderLine(row: { order: 1, groesse: "L", select: "x" }) { order } }')
    query = """mutation { updateOrderLine(order: 1, groesse: "L", set: { order: 2, groesse: "Ü'\\"`" }) {
        order groesse where touched
    } }"""
    assert await shop.data(query) == {
        "updateOrderLine": {"order": 2, "groesse": "Ü'\"`", "where": 7, "touched": 1},
    }


async def test_rows_are_updated_and_deleted_by_a_filter(shop: House) -> None:
    await shop.data(PEOPLE)
    query = """mutation {
        updateCustomers(where: { id: { lte: 2 } }, set: { version: 9 }) { affected returning { name version } }
        count: updateCustomers(where: { name: { like: "Nobody" } }, set: { version: 9 }) { affected returning { id } }
        deleteCustomers(where: { or: [{ email: { eq: "a@x" } }, { active: { eq: false } }] }) {
            affected returning { name shout }
        }
        rest: deleteCustomers(where: { version: { gt: 0 } }) { affected }
    }"""
    found = await shop.data(query)
    for name in ("updateCustomers", "deleteCustomers"):
        found[name]["returning"].sort(key=lambda row: str(row["name"]))
    assert found == {
        "updateCustomers": {
            "affected": 2,
            "returning": [{"name": "Ann", "version": 9}, {"name": "Bob", "version": 9}],
        },
        "count": {"affected": 0, "returning": []},
        "deleteCustomers": {
            "affected": 2,
            "returning": [{"name": "Ann", "shout": "ANN"}, {"name": "Çem ☃", "shout": "ÇEM ☃"}],
        },
        "rest": {"affected": 1},
    }


async def test_filters_of_changes_go_through_relations(shop: House) -> None:
    await shop.data(PEOPLE)
    await shop.data(
        'mutation { insertOrderLine(row: { order: 1, groesse: "L", select: "x", customerId: 2 }) { order } }'
    )
    query = """mutation {
        updateCustomers(where: { orderLines: { some: { select: { eq: "x" } } } }, set: { version: 7 }) {
            affected returning { name }
        }
    }"""
    assert await shop.data(query) == {"updateCustomers": {"affected": 1, "returning": [{"name": "Bob"}]}}


async def test_a_condition_that_every_row_fulfils_is_none(shop: House) -> None:
    await shop.data(PEOPLE)
    vacuous = (
        "{}", "{ and: [] }", "{ or: [{}] }", "{ not: { or: [] } }", "{ not: { id: { in: [] } } }",
        "{ or: [{ id: { eq: 1 } }, {}] }", "{ id: {} }",
        "{ orderLines: { every: {} } }", "{ orderLines: { none: { or: [] } } }",
    )  # fmt: skip
    for where in vacuous:
        for change in (f"deleteCustomers(where: {where})", f"updateCustomers(where: {where}, set: {{ version: 8 }})"):
            body = await shop.ask(f"mutation {{ {change} {{ affected }} }}")
            assert [error["extensions"]["code"] for error in body["errors"]] == ["BAD_REQUEST"], change
    for change in ("deleteCustomers", "deleteCustomers(where: null)"):
        assert "data" not in await shop.ask(f"mutation {{ {change} {{ affected }} }}")
    assert await shop.rows("SELECT count(*), sum(version) FROM customers") == [(3, 5)]


async def test_a_row_is_deleted_by_its_key_and_given_as_it_was(shop: House) -> None:
    await shop.data(PEOPLE)
    query = "mutation { deleteCustomer(id: 2) { id name version } none: deleteCustomer(id: 2) { id } }"
    assert await shop.data(query) == {"deleteCustomer": {"id": 2, "name": "Bob", "version": 3}, "none": None}
    assert await shop.rows("SELECT count(*) FROM customers") == [(2,)]


async def test_a_change_can_ask_that_the_row_is_still_what_it_was(shop: House) -> None:
    await shop.data(PEOPLE)
    change = 'updateCustomer(id: 1, set: { version: 2 }, ifMatch: { version: { eq: 1 }, email: { eq: "a@x" } })'
    body = await shop.ask(f"mutation {{ first: {change} {{ version }} second: {change} {{ version }} }}")
    assert body["data"] == {"first": {"version": 2}, "second": None}
    assert [error["extensions"]["code"] for error in body["errors"]] == ["CONFLICT"]
    assert body["errors"][0]["extensions"]["constraint"] == "stale"
    body = await shop.ask("mutation { deleteCustomer(id: 1, ifMatch: { version: { eq: 1 } }) { id } }")
    assert body["errors"][0]["extensions"]["constraint"] == "stale"
    gone = "mutation { deleteCustomer(id: 99, ifMatch: { version: { eq: 1 } }) { id } }"
    assert await shop.data(gone) == {"deleteCustomer": None}


async def test_tables_without_a_key_are_written_by_filter_alone(shop: House) -> None:
    await shop.data('mutation { insertNotes(rows: [{ body: "a", line: 1 }, { body: "a", line: 1 }]) { affected } }')
    found = await shop.data('mutation { updateNotes(where: { body: { eq: "a" } }, set: { line: 2 }) { affected } }')
    assert found == {"updateNotes": {"affected": 2}}
    names = {field["name"] for field in (await shop.data(MUTATIONS))["__schema"]["mutationType"]["fields"]}
    assert {name for name in names if "Note" in name} == {"insertNote", "insertNotes", "updateNotes", "deleteNotes"}


MUTATIONS = "{ __schema { mutationType { fields { name } } } }"


async def test_what_cannot_be_written_is_no_input(shop: House) -> None:
    query = '{ insert: __type(name: "CustomerInsert") { inputFields { name type { kind } } } }'
    fields = (await shop.data(query))["insert"]["inputFields"]
    assert {field["name"]: field["type"]["kind"] == "NON_NULL" for field in fields} == {
        "id": False, "name": True, "email": False, "version": False, "balance": False, "active": False,
    }  # fmt: skip
    names = {field["name"] for field in (await shop.data(MUTATIONS))["__schema"]["mutationType"]["fields"]}
    assert not any("rich" in name.lower() for name in names)


async def test_nothing_to_set_is_refused(shop: House) -> None:
    await shop.data(PEOPLE)
    assert codes(await shop.ask("mutation { updateCustomer(id: 1, set: {}) { id } }")) == [
        ("BAD_REQUEST", ["updateCustomer"])
    ]
