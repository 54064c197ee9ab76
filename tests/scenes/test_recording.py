"""``isthmus record``: a live query becomes a scene that passes at once, holds no secret, and nobody's data."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from datetime import datetime
from html import escape
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import Result

from gateway.demo import DemoServers
from gateway.scenes.masking import Masking
from gateway.scenes.recording import without_secrets
from gateway.scenes.writing import as_yaml, learned, masked
from tests.scenes.conftest import NOWHERE, Command

SECRET = NOWHERE["ISTHMUS_DEMO_SECRET"]
QUERY = """query ($n: Int) {
  orders(limit: $n) {
    number
    customer { id firstName lastName email phone birthday creditLimit balance }
    invoice { number amount dueDate }
    lines { quantity product { name purchasePrice supplier { name contactEmail } } }
  }
  productsAggregate { count sum { purchasePrice } }
}"""
CLAIMS = {"sub": "ann", "roles": ["accountant"], "scope": "customers:pii", "email": "ann@private.example", "exp": 9}


async def recorded(isthmus: Command, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    """What the command says while the systems are there; afterwards nothing of them is known any more."""
    async with DemoServers() as servers:
        for name, value in {**servers.environment, "ISTHMUS_DEMO_SECRET": SECRET}.items():
            monkeypatch.setenv(name, value)
        result = await asyncio.to_thread(isthmus, "record", *arguments)
    for name in NOWHERE:
        monkeypatch.delenv(name)
    return result


async def test_a_recorded_scene_passes_at_once_and_holds_nobody_s_data(
    trading: Path, isthmus: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (trading / "q.graphql").write_text(QUERY, "utf-8")
    (trading / "scenes" / "environment.yaml").unlink()
    arguments = ["--query", "q.graphql", "--variables", '{"n": 4}', "--as", json.dumps(CLAIMS), "-o", "scenes/live"]
    result = await recorded(isthmus, monkeypatch, *arguments)
    assert result.exit_code == 0, result.output
    assert "scenes/live is written" in result.output
    ended = await asyncio.to_thread(isthmus, "test")
    assert ended.output.startswith("1 passed"), ended.output
    text = "".join(path.read_text("utf-8") for path in (trading / "scenes" / "live").iterdir())
    assert "ann@private.example" not in text
    assert "exp" not in json.loads((trading / "scenes/live/reply.json").read_text("utf-8"))
    reply = json.loads((trading / "scenes" / "live" / "reply.json").read_text("utf-8"))
    assert "errors" not in reply
    again = await recorded(isthmus, monkeypatch, *arguments[:-1], "scenes/open", "--keep", "*.*")
    assert again.exit_code == 0, again.output
    open_reply = json.loads((trading / "scenes" / "open" / "reply.json").read_text("utf-8"))
    real = [order["customer"] for order in open_reply["data"]["orders"]]
    masked = [order["customer"] for order in reply["data"]["orders"]]
    assert [one is None for one in real] == [other is None for other in masked], "links by masked keys still join"
    for one, other in zip(real, masked, strict=True):
        for name in ("firstName", "lastName", "email", "phone", "birthday", "creditLimit", "balance"):
            assert (one[name] is None) == (other[name] is None), name
            if one[name] is not None:
                assert one[name] != other[name], name
            if name in {"lastName", "email", "phone", "birthday"} and one[name]:
                assert f'"{one[name]}"' not in text
    pairs = zip(open_reply["data"]["orders"], reply["data"]["orders"], strict=True)
    invoices = [(one["invoice"], other["invoice"]) for one, other in pairs if one["invoice"]]
    assert invoices, "links by masked keys still join"
    for invoice, other in invoices:
        assert invoice["number"] != other["number"]
    (total,), (open_total,) = reply["data"]["productsAggregate"], open_reply["data"]["productsAggregate"]
    assert total["count"] == open_total["count"]
    assert total["sum"] != open_total["sum"], "a sum of what is protected tells of it"


async def test_secrets_are_nowhere_and_a_token_is_not_written_down(
    trading: Path, isthmus: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = trading / "isthmus.yaml"
    text = file.read_text("utf-8").replace(
        'url: "${env:CRM_URL}"', 'url: "${env:CRM_URL}"\n    auth: { bearer: "Fischer-is-a-secret" }'
    )
    file.write_text(text, "utf-8")
    monkeypatch.setenv("ISTHMUS_DEMO_SECRET", SECRET)
    for name, value in NOWHERE.items():
        monkeypatch.setenv(name, value)
    signed = await asyncio.to_thread(isthmus, "token", "isthmus.yaml", "--role", "clerk")
    token = signed.stdout.strip()
    query = "{ orders(limit: 1) { number customer { lastName } } }"
    arguments = ("--query", query, "--token", token, "-o", "scenes/with-token")
    result = await recorded(isthmus, monkeypatch, *arguments)
    assert result.exit_code == 0, result.output
    folder = trading / "scenes" / "with-token"
    text = "".join(path.read_text("utf-8") for path in folder.iterdir())
    for secret in (
        token,
        token.rpartition(".")[2],
        SECRET,
        "Fischer-is-a-secret",
        "127.0.0.1",
        "uthorization",
        "Bearer",
    ):
        assert secret not in text, secret
    assert "roles" in text
    again = await recorded(isthmus, monkeypatch, *arguments)
    assert again.exit_code == 1
    assert "holds a scene already" in again.stderr


async def test_a_secret_that_a_system_sends_back_is_removed_and_that_is_said(
    trading: Path, isthmus: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = trading / "isthmus.yaml"
    text = file.read_text("utf-8").replace(
        'url: "${env:CRM_URL}"', 'url: "${env:CRM_URL}"\n    auth: { bearer: "SO-10960" }'
    )
    file.write_text(text, "utf-8")
    arguments = ("--query", "{ orders(limit: 1) { number } }", "--as", "clerk", "-o", "scenes/echo")
    result = await recorded(isthmus, monkeypatch, *arguments)
    assert "removed: a secret of the file, which a system sent back, in 1 place\n" in result.output
    assert "SO-10960" not in "".join(path.read_text("utf-8") for path in (trading / "scenes/echo").iterdir())


async def test_a_mutation_is_recorded_where_it_is_said_and_its_changes_are_asked_for_once_and_in_order(
    trading: Path, isthmus: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = """mutation ($name: String!) {
      first: createCustomer(body: { lastName: $name, email: "a@private.example" }) { lastName }
      second: createCustomer(body: { lastName: "Fischmann" }) { lastName }
    }"""
    arguments = ("--query", query, "--variables", '{"name": "Abelmann"}', "--as", "{}", "-o", "scenes/made")
    result = await recorded(isthmus, monkeypatch, *arguments)
    assert result.exit_code == 1
    assert "this is a mutation, and record changes nothing unless it is told to" in result.stderr
    assert "say --mutation" in result.stderr
    assert not (trading / "scenes" / "made").exists()
    result = await recorded(isthmus, monkeypatch, *arguments, "--mutation")
    assert result.exit_code == 0, result.output
    assert "asked for changes: crm.createCustomer, crm.createCustomer\n" in result.output
    folder = trading / "scenes" / "made"
    text = "".join(path.read_text("utf-8") for path in folder.iterdir())
    assert not re.search("Abelmann|Fischmann|private.example", text)
    played = await asyncio.to_thread(isthmus, "test")
    assert played.output.startswith("1 passed"), played.output
    whole = (folder / "query.graphql").read_text("utf-8")
    first, second = re.findall(r"(?:first|second): .*", whole)
    turned = whole.replace(first, "").replace(second, f"{second}\n{first}")
    for other, said in (
        (turned, "the same changes were made in another order\n"),
        (whole.replace(first, f"{first}\n{first.replace('first', 'again')}"), "the answer to it was given already"),
        (whole.replace(second, ""), "a call to crm was not made\n"),
    ):
        (folder / "query.graphql").write_text(other, "utf-8")
        played = await asyncio.to_thread(isthmus, "test")
        assert played.exit_code == 1
        assert said in played.output, played.output


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("noq.graphql", 'there is no file "noq.graphql"\n'),
        ("{ orders(limit: 1) { nummer } }", "the operation is refused, so nothing is recorded\n  Cannot query field"),
        ("{ orders(limit: 1) { number }", "the operation is refused, so nothing is recorded\n  Syntax Error"),
    ],
)
async def test_what_is_no_query_is_not_recorded(
    trading: Path, isthmus: Command, monkeypatch: pytest.MonkeyPatch, query: str, said: str
) -> None:
    result = await recorded(isthmus, monkeypatch, "--query", query, "--as", "clerk", "-o", "scenes/no")
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
    assert not (trading / "scenes" / "no").exists()


@pytest.mark.parametrize(
    "value",
    ["eva.o'neil+x@mail.example.com", "DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "+49 (0)30 1234-567"],
)
def test_what_looks_personal_is_replaced_inside_any_text(value: str) -> None:
    masking = Masking()
    masking.learn("crm", "note", f"call {value} today")
    made = masking.value("crm", "note", f"call {value} today")
    assert value not in str(made)
    assert str(made).startswith("call ")
    assert str(masking.anywhere(value)) in str(made)


def test_names_count_where_a_person_s_are_and_products_keep_theirs() -> None:
    masking = Masking()
    assert masking.kind("", "lastName") == masking.kind("", "surname") == masking.kind("", "Contact_Name") == "name"
    assert masking.kind("", "name", ["email"]) == "name"
    assert masking.kind("", "name", ["price"]) == ""
    assert masking.kind("", "api_key") == "secret"
    assert Masking(kept={"crm": {"lastName"}}).kind("crm", "lastName") == ""


def test_a_shaped_day_of_birth_is_masked_as_a_day(
    tmp_path: Path, isthmus: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with sqlite3.connect("crm.sqlite") as connection:
        connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, last_name TEXT, born TEXT NOT NULL)")
        connection.execute("INSERT INTO people VALUES (1, 'Abelmann', '19800131'), (2, 'Fischer', '00000000')")
    connection.close()
    Path("isthmus.yaml").write_text(
        "sources:\n  crm: { database: 'sqlite:///crm.sqlite' }\naccess: { default: anonymous }\n"
        "shape:\n  Person.born: { format: YYYYMMDD, nulls: ['00000000'] }\n",
        "utf-8",
    )
    result = isthmus("record", "--query", "{ people { lastName born } }", "-o", "scenes/born")
    assert result.exit_code == 0, result.output
    text = Path("scenes/born/scene.yaml").read_text("utf-8")
    assert ("Abelmann" in text, "19800131" in text, "00000000" in text) == (False, False, True)
    one, other = json.loads(Path("scenes/born/reply.json").read_text("utf-8"))["data"]["people"]
    assert one["born"] != "1980-01-31"
    datetime.fromisoformat(one["born"])
    assert other["born"] is None


@pytest.mark.parametrize(
    "name",
    ["born", "BORN", "bornOn", "birth", "BIRTH_DT", "dob", "birthday", "birthDate", "dateOfBirth", "customerBirthday"],
)
def test_when_somebody_was_born_is_personal(name: str) -> None:
    masking = Masking()
    assert (masking.kind("", name), masking.kind("", "name", [name])) == ("personal", "name")
    assert masking.kind("", "newborn") == masking.kind("", "stubborn") == ""


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("19800131", "%Y%m%d"), (19800131, "%Y%m%d"), ("1980-01-31", "%Y-%m-%d"), ("31.01.1980", "%d.%m.%Y"),
        ("01/31/1980", "%m/%d/%Y"), ("1980/01/31", "%Y/%m/%d"), ("19800131101112", "%Y%m%d%H%M%S"),
        ("1980-01-31T10:11:12", "%Y-%m-%dT%H:%M:%S"), ("9999-12-31", "%Y-%m-%d"),
    ],
)  # fmt: skip
def test_a_date_stays_a_date_in_its_own_way_of_writing(value: str | int, written: str) -> None:
    for _ in range(20):
        masking = Masking()
        masking.learn("crm", "born", value)
        made = masking.value("crm", "born", value)
        assert type(made) is type(value)
        assert made != value
        datetime.strptime(str(made), written)  # noqa: DTZ007  # a day has no zone; it raises where this is none


def test_short_numbers_are_replaced_in_their_place_alone() -> None:
    masking = Masking(protected={"hr": {"grade"}})
    masking.learn("hr", "grade", 7)
    assert masking.value("hr", "grade", 7) != 7
    assert masking.anywhere(7) == 7
    assert masking.value("hr", "floor", 7) == 7


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_value_has_one_replacement_and_two_values_have_two(one: str, other: str) -> None:
    masking = Masking(protected={"s": {"x"}})
    for value in (one, other):
        masking.learn("s", "x", value)
    first = masking.value("s", "x", one)
    if one.strip() in masking.found:
        assert first == masking.value("s", "x", one) == masking.anywhere(one)
        assert str(first).strip() != one.strip()
        if other.strip() in masking.found and one.strip() != other.strip():
            assert masking.found[one.strip()] != masking.found[other.strip()]


def test_a_secret_is_found_however_it_is_written() -> None:
    secret = 'p&ss "word" / of ünusual <letters> ' + "and length " * 9
    forms = [secret, json.dumps(secret), escape(secret), quote(secret, safe=""), quote_plus(secret)]
    made, count = without_secrets({"xml": "\n".join(forms), "rows": [[1, secret]]}, {secret, "another secret"})
    text = as_yaml(made)
    assert count == 6
    assert not re.search("(?i)unusual|%C3%BCnusual|ünusual|letters", text)
    assert without_secrets(("query", {"a": 1}), ()) == (("query", {"a": 1}), 0)


def test_names_of_members_that_are_values_are_masked_as_these() -> None:
    masking = Masking(protected={"crm": {"number"}})
    node = {"byMail": {"ann@example.com": {"number": "C-1234567"}}, "mail": "ann@example.com", "C-1234567": 1}
    learned(masking, "crm", "", node)
    made = masked(masking, "crm", "", node)
    (mail,), (number,) = made["byMail"].keys(), [key for key in made if key not in node]
    assert "ann" not in mail
    assert mail == made["mail"]
    assert number == made["byMail"][mail]["number"]
    assert number != "C-1234567"
