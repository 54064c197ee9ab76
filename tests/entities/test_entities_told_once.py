"""One mistake in an entity is told once: what follows from it is not, and what does not follow is."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.file.config import read
from gateway.snapshot import load
from resolvers import ConfigurationError
from tests.naming.shop import write

FILE = """
entities: { Buyer: { key: id, from: { crm.PART: { by: crm.customers } } } }
links:
  Buyer.parcels: { many: depot.parcels, match: { id: customerNo } }
  Parcel.buyer: { one: crm.custmers, match: { customerNo: id } }
access: { default: anonymous, rules: { Buyer.mail: {} } }
"""


async def _told(folder: Path, text: str) -> str:
    chosen = read(write(folder, text), {})
    with pytest.raises(ConfigurationError) as raised:
        await load(chosen)
    return chosen.describe(raised.value.problems)


async def test_what_follows_from_a_faulty_entity_is_not_told(tmp_path: Path) -> None:
    assert await _told(tmp_path, FILE.replace("PART", "Customr")) == (
        'isthmus.yaml:9  entities.Buyer.from.crm.Customr\n  source "crm" has no type "Customr"\n'
        '  mend: did you mean "Customer"?\n\n'
        'isthmus.yaml:12  links.Parcel.buyer.one\n  source "crm" has no operation "custmers"\n'
        '  mend: did you mean "customers"?'
    )


async def test_what_is_wrong_with_a_link_of_a_sound_entity_is_told(tmp_path: Path) -> None:
    text = FILE.replace("PART", "Customer").replace("{ id: customerNo }", "{ idd: customerNo }")
    assert (await _told(tmp_path, text)).startswith("isthmus.yaml:11  links.Buyer.parcels.match.idd")


async def test_names_of_an_entity_are_changed_at_its_parts(tmp_path: Path) -> None:
    text = FILE.replace("PART", "Customer").replace("custmers", "customers")
    told = await _told(tmp_path, f"{text}rename: {{ Buyer.mail: email }}\nhide: [Buyer.links]\n")
    assert told.count("mend: say it of its parts: Customer") == 2
    renamed = text.replace("Buyer.mail", "Buyer.email") + "rename: { Customer.mail: { to: email, keep: true } }\n"
    snapshot = await load(read(write(tmp_path, renamed), {}))
    assert snapshot.graph is not None
    sdl = snapshot.graph.sdl()
    await snapshot.close()
    buyer = sdl.partition("type Buyer {")[2].partition("}")[0]
    assert 'mail: String @deprecated(reason: "use email")' in buyer
    assert "  email: String" in buyer
