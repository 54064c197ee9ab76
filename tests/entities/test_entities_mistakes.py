"""What is wrong with an entity is said with its line, and how to mend it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from gateway.file.config import UnreadableFile, read
from gateway.snapshot import load
from resolvers import ConfigurationError
from tests.entities.world import CRM, FILE, OPEN

RIGHT = FILE.format(crm="http://127.0.0.1:9", billing="http://127.0.0.1:9", folder=".", more=OPEN)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "crm.json").write_text(json.dumps(CRM))
    (tmp_path / "billing.wsdl").write_text(Path(__file__).with_name("billing.wsdl").read_text("utf-8"))
    with sqlite3.connect(tmp_path / "warehouse.db") as database:
        database.execute("create table accounts (customer_no text primary key, depot text, points integer)")
        database.execute("create table shipments (number text primary key, account text)")
    database.close()
    return tmp_path


async def _said(folder: Path, text: str) -> str:
    file = folder / "isthmus.yaml"
    file.write_text(text.replace("sqlite:///./", f"sqlite:///{folder}/"))
    try:
        chosen = read(file)
    except UnreadableFile as error:
        return error.text
    with pytest.raises(ConfigurationError) as raised:
        await load(chosen)
    return chosen.describe(raised.value.problems)


MISTAKES = [
    ("crm.Client: {", "crm.Clent: {"),
    ("billing.Party:", "biling.Party:"),
    ("match: { id: partyNo }", "match: { id: partyNum }"),
    ("match: { id: partyNo }, ", ""),
    ("by: crm.clients", "by: crm.client"),
    ("by: crm.clients", "by: billing.GetParties"),
    ("by: crm.clients", "by: clients"),
    ("by: billing.GetParties", "by: billing.ListInvoices"),
    ("[balance, rating]", "[balance, name]"),
    ("[balance, rating]", "[balance, ratings]"),
    ("  Customer:\n", "  Shipment:\n"),
    ("key: id", "key: ident"),
    ("key: id", "key: [id, id]"),
    ("  Customer:\n", "  Our Customer:\n"),
    ("  Customer:\n", "  __Customer:\n"),
    ("only: [balance, rating]", "olny: [balance, rating]"),
]


async def test_mistakes_are_said_where_they_stand(folder: Path) -> None:
    told = []
    for right, wrong in MISTAKES:
        assert RIGHT.count(right) == 1
        told.append(f"# {right.strip()} -> {wrong.strip()}\n{await _said(folder, RIGHT.replace(right, wrong))}\n")
    expected = Path(__file__).with_name("mistakes.txt").read_text("utf-8")
    assert "\n".join(told) == expected, "\n".join(told)


async def test_keys_that_never_match_are_called_as_the_file_calls_them(folder: Path) -> None:
    told = await _said(folder, RIGHT.replace(", compare: [number] }", " }").replace("[trim, number]", "[trim]"))
    assert "entities.Customer.from.billing.Party.match.id\n" in told
    assert "crm.Client.id is Int and billing.Party.partyNo is String: they never match" in told


async def test_a_key_that_no_part_has_is_told_at_the_key(folder: Path) -> None:
    told = await _said(folder, RIGHT.replace("key: id", "key: idd"))
    assert "isthmus.yaml:17  entities.Customer.key\n" in told
    assert 'mend: did you mean "id"?' in told
