"""Entities whose first part is missing at the start: the others are served, and rules hide what they cannot look at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.entities.test_entities_rows import ACCESS, ANN
from tests.entities.twins import twins

LINKS = """\
links:
  Customer.boss: { one: shop.accounts, match: { owner: id } }
  Customer.neighbour: { one: shop.accounts, match: { region: depot } }
  Customer.card: { one: crm.profiles, match: { id: id } }
"""


@pytest.mark.parametrize(
    "rule",
    [
        "{ id: { lt: $claims.most } }",  # a text is less than another, whatever numbers they are
        "{ not: { id: { gte: 5 } } }",
        "{ not: { id: { in: [2] }, depot: { ne: Nowhere } } }",
        "{ not: { card: { tier: { eq: tin } } } }",
        "{ not: { boss: { depot: { eq: West } } } }",
    ],
)
async def test_what_it_would_decide_is_unknown(tmp_path: Path, rule: str) -> None:
    async with twins(tmp_path, LINKS + ACCESS.format(rule=rule), describes=False) as here:
        more = {"no": "10", "depot": "West", "region": None}
        here.put(replace(here.world, accounts=[*here.world.accounts, more]))
        asked = "{ accounts { id depot } accountsAggregate { count } credits { id } }"
        nothing = {"accounts": [], "accountsAggregate": [{"count": 0}], "credits": []}
        assert await here.data(asked, {**ANN, "most": "5"}) == nothing
        staff = {"sub": "bob", "roles": ["staff"]}
        assert len((await here.data("{ accounts { id neighbour { id } } }", staff))["accounts"]) == 5
        (error,) = (await here.ask("{ accounts { boss { id } } }", staff))["errors"]
        assert error["extensions"]["code"] == "BAD_REQUEST"
