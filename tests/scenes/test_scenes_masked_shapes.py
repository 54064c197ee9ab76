"""What is masked is still what ``shape`` says of it: codes stay, and a date or a number is written as it was."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.scenes.masking import Masking
from resolvers import Scalar, ShapeSettings
from tests.scenes.conftest import Command

FILE = """
sources:
  crm: { database: "sqlite:///crm.sqlite" }
shape:
  Customer.sex: { values: { M: MALE, F: FEMALE } }
  Customer.born: { format: YYMMDD, pivot: 1930, nulls: ["000000"] }
  Customer.member: { format: Y/N }
  Customer.credit: { format: "1.234,56" }
  Customer.no: { format: "000000" }
  Order.placedOn: { format: YYMMDD, pivot: 1990 }
  Order.state: { values: { OPENED: OPEN, CLOSED: SHUT } }
access:
  default: authenticated
  rules:
    Customer: { rows: { region: { eq: north } } }
    Order: { roles: [clerk] }
"""
TABLES = """
CREATE TABLE customers (
  id INTEGER PRIMARY KEY, region TEXT, sex TEXT, born TEXT NOT NULL, member TEXT, credit TEXT, no TEXT NOT NULL
);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), placed_on TEXT, state TEXT
);
INSERT INTO customers VALUES
  (1, 'north', 'M', '310214', 'Y', '1.234,56', '000417'), (2, 'north', 'F', '290228', 'N', '7,50', '120000'),
  (3, 'north', 'M', '000000', 'N', NULL, '000042'), (4, 'north', 'X', 'BADDAY', 'Y', '0,05', '987654');
INSERT INTO orders VALUES (1, 1, '310214', 'OPENED'), (2, 2, '260131', 'CLOSED'), (3, 1, '260131', 'OPENED');
"""
FIELDS = "sex born member credit no"
QUERY = f"""{{
  customers(orderBy: [{{ id: ASC }}]) {{ id {FIELDS} orders {{ placedOn state }} }}
  one: customers(where: {{ born: {{ eq: "1931-02-14" }}, sex: {{ eq: MALE }} }}) {{ id {FIELDS} }}
  orders(where: {{ state: {{ eq: OPEN }} }}, orderBy: [{{ id: ASC }}]) {{ placedOn customer {{ sex born }} }}
}}"""
CLERK = '{"sub": "ann", "roles": ["clerk"]}'


@pytest.fixture
def crm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect("crm.sqlite")) as connection:
        connection.executescript(TABLES)
    Path("isthmus.yaml").write_text(FILE, "utf-8")
    return tmp_path


def data(name: str) -> Any:
    return json.loads(Path("scenes", name, "reply.json").read_text("utf-8"))["data"]


@pytest.mark.usefixtures("crm")
def test_what_is_shaped_is_masked_as_what_it_means(isthmus: Command) -> None:
    arguments = ("record", "--query", QUERY, "--as", CLERK)
    made = isthmus(*arguments, "-o", "scenes/masked")
    assert made.exit_code == 0, made.output
    assert isthmus(*arguments, "--keep", "*.*", "-o", "scenes/live").exit_code == 0
    assert isthmus("test").output.startswith("2 passed")
    masked, live = data("masked"), data("live")
    pairs = list(zip(masked["customers"], live["customers"], strict=True))
    assert [one["sex"] for one, _ in pairs] == ["MALE", "FEMALE", "MALE", None]
    for one, other in pairs:
        assert one["member"] is other["member"]
        for name in ("born", "credit", "no"):
            assert (one[name] is None) is (other[name] is None), name
            assert one[name] is None or one[name] != other[name], name
        assert one["born"] is None or 1930 <= date.fromisoformat(one["born"]).year < 2030
    # One value has one replacement: in other answers, in other fields, and in the words of the query.
    (found,) = masked["one"]
    assert found == {name: value for name, value in masked["customers"][0].items() if name != "orders"}
    assert [each["customer"]["born"] for each in masked["orders"]] == [found["born"]] * 2
    days = [each["placedOn"] for one in masked["customers"] for each in one["orders"]]
    assert days[1] == days[2] != "2026-01-31"
    assert [each["placedOn"] for each in masked["orders"]] == days[:2]
    assert [each["state"] for one in masked["customers"] for each in one["orders"]] == ["OPEN", "OPEN", "SHUT"]
    texts = [path.read_text("utf-8") for path in Path("scenes/masked").iterdir()]
    for personal in ("310214", "1931-02-14", "1.234,56", "1234.56", "000417", "BADDAY", "260131"):
        assert not any(personal in text for text in texts), personal


@pytest.mark.parametrize(
    ("said", "base", "value", "stays"),
    [
        ({"format": "CYYMMDD"}, Scalar.STRING, "1260131", False),
        ({"format": "YYMMDD", "pivot": 2000}, Scalar.INT, 10203, False),
        ({"format": "DD.MM.YYYY HH:mm", "zone": "Europe/Berlin"}, Scalar.STRING, "05.03.2026 10:30", False),
        ({"format": "unix"}, Scalar.INT, 1767225600, False),
        ({"format": "days since 1899-12-30"}, Scalar.INT, 46000, False),
        ({"format": "HH:mm"}, Scalar.STRING, "10:00", False),
        ({"format": "0000-", "scale": 2}, Scalar.STRING, "0417-", False),
        ({"format": "0000000", "scale": 2}, Scalar.STRING, "0012345", False),
        ({"type": "Int"}, Scalar.STRING, "2147483647", False),
        ({"type": "UUID"}, Scalar.STRING, "7b1e8f3e-0c1d-4f6b-9a57-2f6f0e3c9a01", False),
        ({"values": {"ACTIVE": "YES", 10: "NO"}}, Scalar.STRING, "ACTIVE", True),
        ({"values": {1: "YES", 2: "NO"}}, Scalar.INT, 2, True),
        ({"format": "1/0"}, Scalar.INT, 1, True),
        ({"format": "YYYYMMDD", "nulls": ["99999999"]}, Scalar.STRING, "99999999", True),
    ],
)
def test_a_replacement_is_written_in_the_same_way(
    said: dict[str, Any], base: Scalar, value: Any, *, stays: bool
) -> None:
    coding = ShapeSettings.model_validate(said).coding(base)
    for _ in range(20):
        masking = Masking(protected={"crm": {"x"}}, written={"crm": {"x": [coding]}})
        masking.learn("crm", "x", value)
        made = masking.value("crm", "x", value)
        assert type(made) is type(value)
        assert (made == value) is stays
        assert made == masking.value("crm", "x", value)
        assert stays or coding.write(coding.read(made)) == made
        if said.get("type") == "Int":
            assert int(str(made)) < 2**31


def test_one_replacement_is_right_wherever_the_value_stands() -> None:
    day, other = (
        ShapeSettings.model_validate({"format": form, "pivot": 1930}).coding(Scalar.STRING)
        for form in ("YYMMDD", "DDMMYY")
    )
    written = {"crm": {"x": [day]}, "erp": {"y": [other]}}
    for _ in range(20):
        masking = Masking({"crm": {"id", "x"}, "erp": {"y"}}, written=written)
        for source, name in (("crm", "id"), ("crm", "x"), ("erp", "y")):
            masking.learn(source, name, "010203")
        (made,) = {masking.value(*place, "010203") for place in (("crm", "id"), ("crm", "x"), ("erp", "y"))}
        assert made != "010203"
        assert day.read(made)
        assert other.read(made)
        masking = Masking({"crm": {"x"}, "erp": {"y"}}, written=written)
        masking.learn("crm", "x", "310214")
        masking.learn("erp", "y", "140231")
        assert day.read(masking.value("crm", "x", "310214")) == other.read(masking.value("erp", "y", "140231"))


def test_a_text_that_means_two_days_is_known_as_both_in_the_query() -> None:
    born, placed = (
        ShapeSettings.model_validate({"format": "YYMMDD", "pivot": pivot}).coding(Scalar.STRING)
        for pivot in (1930, 1990)
    )
    masking = Masking({"crm": {"born", "placed"}}, written={"crm": {"born": [born], "placed": [placed]}})
    for name in ("placed", "born"):
        masking.learn("crm", name, "310214")
    made = masking.value("crm", "born", "310214")
    assert masking.text("1931-02-14 or 2031-02-14") == f"{born.read(made)} or {placed.read(made)}"


@pytest.mark.usefixtures("crm")
def test_a_scene_that_gives_another_answer_does_not_look_sound(isthmus: Command) -> None:
    query = "{ customers(where: { no: { eq: 120000 } }) { id no } }"  # of a query, texts alone are masked
    arguments = ("record", "--query", query, "--as", CLERK, "-o", "scenes/rich")
    assert isthmus(*arguments, "--keep", "*.*").exit_code == 0
    assert isthmus("test").exit_code == 0
    made = isthmus(*arguments, "--force")
    assert made.exit_code == 1
    assert "so nothing is written as what is expected of it, and isthmus test fails" in made.stderr
    played = isthmus("test")
    assert played.exit_code == 1
    assert "nobody said what is expected" in played.output


@pytest.mark.usefixtures("crm")
def test_the_file_is_named_as_for_other_commands(isthmus: Command) -> None:
    Path("isthmus.yaml").rename("other.yaml")
    said = ("--query", "{ customers { id } }", "--as", CLERK, "-o", "scenes/named")
    made = isthmus("record", "other.yaml", *said)
    assert made.exit_code == 0, made.output
    assert isthmus("test", "--file", "other.yaml").exit_code == 0
    assert "isthmus.yaml" in isthmus("record", *said, "--force").stderr
