"""What callers give, and enums, by other names or not at all: whatever cannot do without what is hidden goes too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.file.config import read
from gateway.snapshot import load
from resolvers import ConfigurationError
from tests.graph.company import company
from tests.naming.shop import shop, write

JOINED = """
links:
  Parcel.buyers: { many: crm.customers, match: { customerNo: id } }
"""


async def _sdl(folder: Path, more: str) -> str:
    snapshot = await load(read(write(folder, more), {}))
    assert snapshot.graph is not None
    text = snapshot.graph.sdl()
    await snapshot.close()
    return text


async def test_enums_inputs_and_arguments_bear_other_names_and_sources_hear_their_own(tmp_path: Path) -> None:
    renamed = (
        JOINED
        + """
rename:
  State: Status
  State.SHUT: CLOSED
  NewCustomerInput: Newcomer
  NewCustomerInput.home: address
  NewHomeInput.town: city
  ParcelWhere: ParcelFilter
  Parcel.buyers: clients
  Parcel.buyers(state:): { to: status, keep: true }
  Query.customers(state:): status
"""
    )
    async with shop(tmp_path, renamed) as made:
        data = await made.data("query ($s: Status) { customers(status: $s) { id state } }", s="CLOSED")
        assert data == {"customers": [{"id": "2", "state": "CLOSED"}]}
        assert made.calls.pop() == ("GET", "/customers", {"state": "SHUT"})
        asked = "mutation ($b: Newcomer!) { addCustomer(body: $b) { id } }"
        await made.data(asked, b={"id": "9", "state": "CLOSED", "address": {"city": "Ulm"}})
        assert made.calls.pop()[2] == {"id": "9", "state": "SHUT", "home": {"town": "Ulm"}}
        for name in ("status", "state"):
            asked = f"query ($w: ParcelFilter) {{ parcels(where: $w) {{ clients({name}: OPEN) {{ id }} }} }}"
            data = await made.data(asked, w={"weight": {"lt": 6}})
            assert data == {"parcels": [{"clients": [{"id": "1"}]}, {"clients": []}]}
        refused = await made.ask("{ parcels { clients(status: OPEN, state: OPEN) { id } } }")
        assert "Parcel.clients is given status and state" in refused["errors"][0]["message"]


async def test_a_hidden_value_is_one_that_the_caller_does_not_know(tmp_path: Path) -> None:
    async with shop(tmp_path, "hide: [State.SHUT]") as made:
        body = await made.ask("{ customers { id state } }")
        assert body["data"]["customers"] == [{"id": "1", "state": "OPEN"}, {"id": "2", "state": None}]
        assert [error["path"] for error in body["errors"]] == [["customers", 1, "state"]]
        assert "SHUT" not in str(body)
        assert "SHUT" not in str((await made.ask("{ customers(state: SHUT) { id } }"))["errors"][0]["extensions"])
        assert made.calls == [("GET", "/customers", {})]


@pytest.mark.parametrize(
    ("hide", "gone", "stays"),
    [
        ("State", ["State", "state"], ["addCustomer("]),
        ("NewHomeInput", ["NewHomeInput", "home:", "town"], ["addCustomer(body: NewCustomerInput!)"]),
        ("NewCustomerInput.home", ["NewHomeInput", "home:"], ["addCustomer("]),
        ("NewCustomerInput", ["NewCustomerInput", "NewHomeInput", "addCustomer"], ["updateParcel("]),
        ("ParcelInsert", ["ParcelInsert", "insertParcel", "upsertParcel", "ParcelKey"], ["updateParcel(", "ParcelSet"]),
        ("Query.customers(state:)", ["  customers(\n    state"], ["enum State"]),
        (
            "Parcel.buyers(state:)",
            ["buyers(state", "buyers(\n    state"],
            ["  customers(\n    state: State", "buyers("],
        ),
    ],
)
async def test_what_nobody_reaches_any_more_goes_too(
    tmp_path: Path, hide: str, gone: list[str], stays: list[str]
) -> None:
    text = await _sdl(tmp_path, f'{JOINED}hide: ["{hide}"]\n')
    assert [each for each in gone if each in text] == []
    assert [each for each in stays if each not in text] == []


async def test_a_column_is_no_longer_written_and_still_read(tmp_path: Path) -> None:
    text = await _sdl(tmp_path, "hide: [ParcelInsert.weight]")
    insert, _, more = text.partition("input ParcelInsert {")[2].partition("}")
    assert "weight" not in insert
    assert "weight: Int" in more.partition("input ParcelSet {")[2]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("hide: [NewHomeInput.town]", ('cannot do without its field "town"', "hide NewHomeInput itself")),
        ("hide: ['Query.customer(id:)']", ('cannot do without its argument "id"', "hide the field instead")),
        ("hide: [ParcelInsert.customerNo]", ('cannot do without its field "customerNo"', "hide ParcelInsert itself")),
        ("rename: { ParcelInsert.weight: w }", ("is named as the field that it is about", "rename Parcel.weight")),
        ("rename: { ParcelWhere.weight: w }", ("is named and shown with the fields", "rename or hide those")),
        ("hide: [StringFilter]", ("StringFilter is named and shown with the fields", "rename or hide those")),
        ("rename: { State.OPEN: SHUT }", ('"State" has a value "SHUT" already', "choose another name")),
        ("rename: { State.OPEN: 'true' }", ('"true" cannot be the name of a value', "choose another name")),
        ("rename: { State.OPNE: A }", ('"State" has no value "OPNE"', 'did you mean "OPEN"')),
        ("rename: { NewHomeInput.twon: a }", ('"NewHomeInput" has no field "twon"', 'did you mean "town"')),
        ("rename: { Customer: State }", ('there is a type "State" already', "choose another name")),
        ("rename: { 'Customer.mail(x:)': y }", ('"Customer.mail" has no argument "x"', "is read from a row")),
        (JOINED + "rename: { 'Parcel.buyers(stat:)': y }", ('"Parcel.buyers" has no argument "stat"', 'mean "state"')),
        (JOINED + "hide: ['Parcel.buyer(state:)']", ('"Parcel" has no field "buyer"', 'did you mean "buyers"')),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_with_its_reason(tmp_path: Path, more: str, told: tuple[str, str]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        await load(read(write(tmp_path, more), {}))
    (problem,) = raised.value.problems
    assert told[0] in problem.what, problem
    assert told[1] in problem.mend, problem


async def test_an_input_whose_result_is_renamed_without_it_is_noted(tmp_path: Path) -> None:
    file = write(tmp_path, "rename: { Customer.mail: email, NewCustomerInput.mail: post }")
    described = json.loads((tmp_path / "crm.json").read_text("utf-8"))
    body = described["paths"]["/customers"]["post"]["requestBody"]["content"]["application/json"]
    body["schema"] = {"$ref": "#/components/schemas/Customer"}
    (tmp_path / "crm.json").write_text(json.dumps(described), "utf-8")
    for more, told in (
        ("", ["Customer.email is called so by rename, and CustomerInput.mail of the same schema is not"]),
        (", CustomerInput.mail: email", []),
        (", CustomerInput.mail: other", []),
    ):
        text = file.read_text("utf-8").replace(", NewCustomerInput.mail: post", more)
        (tmp_path / "other.yaml").write_text(text, "utf-8")
        snapshot = await load(read(tmp_path / "other.yaml", {}))
        assert snapshot.built is not None
        assert list(snapshot.built.notes) == told
        await snapshot.close()


@pytest.mark.parametrize(
    ("rename", "more", "told"),
    [
        ("Customer: Person", "hide: [Person.mail]", "hide uses names as they are before rename: write Customer.mail"),
        ("Customer: Person, Customer.mail: email", "hide: [Person.email]", "before rename: write Customer.mail"),
        ("Customer.mail: email", "hide: [Customer.email]", "write Customer.mail"),
        ("NewCustomerInput.mail: email", "hide: [NewCustomerInput.email]", "write NewCustomerInput.mail"),
        ("State.SHUT: DONE", "hide: [State.DONE]", "write State.SHUT"),
        ("'Query.customers(near:)': at, Query.customers: all", "hide: ['Query.all(at:)']", "Query.customers(near:)"),
        (
            "Customer: Person, Person.mail: email",
            "",
            "rename uses names as they are before rename: write Customer.mail",
        ),
        ("Customer.mail: email", "hide: [Customer.emial]", 'did you mean "mail"'),
    ],
)
async def test_a_name_that_rename_gives_is_told_by_the_old_one(
    tmp_path: Path, rename: str, more: str, told: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        await load(read(write(tmp_path, f"rename: {{ {rename} }}\n{more}\n"), {}))
    (problem,) = raised.value.problems
    assert problem.mend.endswith(told), problem


def test_what_implements_an_interface_that_nobody_reaches_goes_too() -> None:
    roots = ["Query.parties", "Query.contacts", "Query.desk", "Query.people", "Query.search", "Mutation.change"]
    everything = company(links={}).graph.schema.type_map
    assert {"Party", "Person", "Company"} <= everything.keys()
    left = company(links={}, hide=[each for each in roots if each != "Query.parties"]).graph.schema.type_map
    assert {"Party", "Person", "Company"} <= left.keys()
    left = company(links={}, hide=roots).graph.schema.type_map
    assert not {"Party", "Person", "Company", "Contact"} & left.keys()
