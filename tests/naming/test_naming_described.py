"""``describe`` and ``deprecate``: words of the file, by coordinate, in whatever a caller may read of the schema."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import build_client_schema, get_introspection_query, print_schema

from gateway.file.config import read
from gateway.snapshot import load
from resolvers import ConfigurationError
from tests.naming.shop import OPEN, Shop, shop, write

WORDS = """
describe:
  Customer: Who buys.
  Customer.mail: Where invoices go.
  Query.customers(state:): Only these.
  NewCustomerInput.mail: Where invoices will go.
  State.LOST: Nobody knows.
  Parcel.note: What is in it.
  ParcelWhere.note: Which contents.
  Query.customers(near:): ""
deprecate:
  Query.customer: use customers
  Query.customers(near:): it is not read
  Customer.links: nobody follows them
  NewCustomerInput.home: tell it later
  State.LOST: use SHUT
  Parcel.weight: use grams
"""


async def _shown(made: Shop, path: str = "/graphql") -> str:
    query = get_introspection_query(input_value_deprecation=True)
    body = await made.ask(query, path=path)
    return print_schema(build_client_schema(body["data"]))


async def _faults(folder: Path, more: str) -> str:
    chosen = read(write(folder, more), {})
    with pytest.raises(ConfigurationError) as raised:
        await load(chosen)
    return chosen.describe(raised.value.problems)


def _block(text: str, head: str) -> str:
    return text.partition(f"\n{head} {{")[2].partition("\n}\n")[0]


async def test_what_the_file_says_stands_in_the_place_of_what_the_source_says(tmp_path: Path) -> None:
    async with shop(tmp_path, WORDS) as made:
        shown = await _shown(made)
        asked = await made.data("{ customers { id mail } }")
    assert '"""Who buys."""\ntype Customer {' in shown
    assert '"""Where invoices go."""\n  mail: String' in shown
    assert "An address." not in shown
    assert '"""Only these."""\n    state: State' in shown
    assert "A place." not in shown
    assert 'near: String @deprecated(reason: "it is not read")' in shown
    assert '"""Where invoices will go."""\n  mail: String' in _block(shown, "input NewCustomerInput")
    assert '"""Nobody knows."""\n  LOST @deprecated(reason: "use SHUT")' in shown
    assert 'customer(id: String!): Customer @deprecated(reason: "use customers")' in shown
    assert 'links: Links @deprecated(reason: "nobody follows them")' in shown
    assert 'home: NewHomeInput @deprecated(reason: "tell it later")' in shown
    assert asked["customers"][0] == {"id": "1", "mail": "ann@example.com"}


async def test_what_is_about_the_values_of_a_field_is_told_of_alike(tmp_path: Path) -> None:
    async with shop(tmp_path, WORDS) as made:
        shown = await _shown(made)
    said = 'weight: Int @deprecated(reason: "use grams")'
    assert said in _block(shown, "type Parcel")
    assert 'weight: IntFilter @deprecated(reason: "use grams")' in _block(shown, "input ParcelWhere")
    assert 'weight: OrderDirection @deprecated(reason: "use grams")' in _block(shown, "input ParcelOrderBy")
    assert 'weight @deprecated(reason: "use grams")' in _block(shown, "enum ParcelColumn")
    for head in ("input ParcelInsert", "input ParcelSet", "type ParcelExtremes", "type ParcelGroupKey"):
        assert said in _block(shown, head), head
    assert 'weight: BigInt @deprecated(reason: "use grams")' in _block(shown, "type ParcelSums")
    assert 'weight: BigIntFilter @deprecated(reason: "use grams")' in _block(shown, "input ParcelSumsHaving")
    assert '"""What is in it."""' in _block(shown, "input ParcelSet")
    assert '"""Which contents."""' in _block(shown, "input ParcelWhere")  # it is told of by itself
    assert "What is in it." not in _block(shown, "input ParcelWhere")


HIDING = """
access:
  default: anonymous
  rules:
    Customer.mail: { roles: [staff], refused: hidden }
    State.LOST: { roles: [staff], refused: hidden }
  views: { shop: { exclude: [Customer, Query.customers, "NewCustomerInput.mail", Parcel.note] } }
"""


async def test_words_are_hidden_with_what_they_are_about(tmp_path: Path) -> None:
    async with shop(tmp_path, HIDING + WORDS) as made:
        shown, view = await _shown(made), await _shown(made, "/graphql/shop")
    for words in ("Where invoices go.", "Nobody knows.", "use SHUT"):
        assert words not in shown, words
    assert "Who buys." in shown
    for words in (
        "Who buys.",
        "Only these.",
        "Where invoices will go.",
        "What is in it.",
        "Which contents.",
        "use SHUT",
    ):
        assert words not in view, words
    assert "use grams" in view


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("deprecate: { Query.customer(id:): no }", "Query.customer(id:) is required, and GraphQL deprecates nothing"),
        ("deprecate: { NewHomeInput.town: no }", "NewHomeInput.town is required, and GraphQL deprecates nothing"),
        ("deprecate: { Customer: no }", "Customer is a type, and GraphQL deprecates none"),
        ("deprecate: { Customer.mail: ' ' }", "it is not said why Customer.mail is deprecated"),
        ("deprecate: { OrderDirection.ASC: no }", "OrderDirection is the same in every graph"),
        ("deprecate: { Customer.male: no }", '"Customer" has no field "male"\n  mend: did you mean "mail"?'),
        ("describe: { Custmer: no }", 'there is no type "Custmer"\n  mend: did you mean "Customer"?'),
        ("describe: { '*.mail': no }", '"*.mail" is not a schema coordinate'),
        ("describe: { String: no }", "String is the same in every graph and is described already"),
        ("describe: { State.GONE: no }", '"State" has no value "GONE"'),
        ("describe: { Query.customers(far:): no }", '"Query.customers" has no argument "far"'),
        (
            "rename: { Customer.mail: email }\ndescribe: { Customer.mail: no }",
            '"Customer" has no field "mail"\n  mend: write "email", as rename calls Customer.mail',
        ),
    ],
)  # fmt: skip
async def test_what_cannot_be_told_is_refused_with_its_reason(tmp_path: Path, more: str, told: str) -> None:
    said = await _faults(tmp_path, more)
    assert told in said, said
    assert said.startswith("isthmus.yaml:")
    assert said.count("mend:") <= 1


async def test_words_for_a_source_that_is_away_wait_for_it(tmp_path: Path) -> None:
    file = write(tmp_path, OPEN + 'describe: { Customer.mail: "Where invoices go.", Parcel.note: What is in it. }\n')
    (tmp_path / "crm.json").unlink()
    snapshot = await load(read(file, {}))
    assert snapshot.graph is not None
    text = snapshot.graph.sdl()
    await snapshot.close()
    assert "What is in it." in text
    assert "Customer" not in text
