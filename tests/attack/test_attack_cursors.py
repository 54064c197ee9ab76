"""Cursors in answers that are kept: each is good for the caller that it was given to, and for nobody else."""

from __future__ import annotations

from pathlib import Path

from tests.attack.house import TRUSTED, database, gateway, token

PAGE = """query($after: String) {
    itemsConnection(first: 2, after: $after) { nodes { id } edges { cursor } pageInfo { endCursor } }
}"""


async def test_who_reads_what_another_read_before_can_go_on_reading(tmp_path: Path) -> None:
    rows = [f"insert into items values ({number}, 'n')" for number in range(6)]
    database(tmp_path / "x.db", ["create table items (id integer primary key, name text)", *rows])
    text = f"""
sources: {{ db: {{ database: "sqlite:///{tmp_path}/x.db", cache: {{ ttl_s: 60 }} }} }}
access: {{ default: authenticated }}
server: {{ {TRUSTED} }}
"""
    async with gateway(tmp_path, text) as asking:
        first = await asking.ask(PAGE, token("ann"))
        second = await asking.ask(PAGE, token("bob"))
        assert first["data"]["itemsConnection"]["nodes"] == second["data"]["itemsConnection"]["nodes"]
        cursor = second["data"]["itemsConnection"]["pageInfo"]["endCursor"]
        further = await asking.ask(PAGE, token("bob"), after=cursor)
        assert "errors" not in further, further
        assert further["data"]["itemsConnection"]["nodes"] == [{"id": 2}, {"id": 3}]
        of_row = second["data"]["itemsConnection"]["edges"][0]["cursor"]
        again = await asking.ask(PAGE, token("bob"), after=of_row)
        assert again["data"]["itemsConnection"]["nodes"] == [{"id": 1}, {"id": 2}]
        for given in (cursor, of_row):
            stolen = await asking.ask(PAGE, token("eve"), after=given)
            assert stolen["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
