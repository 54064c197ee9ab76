"""What a newcomer runs into is told in words that say what to do."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from tests.commands.conftest import SECRET, SHOP_FILE, Shell, WriteFile

JWT = f"server: {{ jwt: {{ issuer: i, audience: a, secret: {SECRET}, max_lifetime_s: 600 }} }}\n"


async def test_no_token_is_signed_that_the_server_would_refuse(shell: Shell, write: WriteFile) -> None:
    write(SHOP_FILE + JWT)
    ended = await shell.run("token", "isthmus.yaml", "--lifetime-s", "601")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        "A token that is valid for 601 seconds would be refused: server.jwt.max_lifetime_s is 600.\n"
        "  mend: say --lifetime-s 600 or less, or raise server.jwt.max_lifetime_s\n"
    )
    ended = await shell.run("token", "isthmus.yaml", "--lifetime-s", "600")
    assert (ended.code, ended.out.count(".")) == (0, 2)


async def test_why_a_name_was_given_up_is_told(shell: Shell, tmp_path: Path) -> None:
    for name in ("one", "two"):
        with sqlite3.connect(tmp_path / f"{name}.sqlite") as connection:
            connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
            connection.execute("CREATE TABLE query (id INTEGER PRIMARY KEY)")
        connection.close()
    arguments = ("check", "isthmus.yaml")
    (tmp_path / "isthmus.yaml").write_text(
        "sources:\n  one: { database: 'sqlite:///one.sqlite' }\n  two: { database: 'sqlite:///two.sqlite' }\n"
        "access: { default: anonymous }\n"
    )
    lines = (await shell.run(*arguments)).out.splitlines()
    assert "one: Query is called OneQuery, since GraphQL or the gateway reserves that name" in lines
    assert "two: Order is called TwoOrder, since the source one, which stands earlier, has the name" in lines
    told = json.loads((await shell.run(*arguments, "--json")).out)["renamed"]
    assert {(item["wanted"], item["reason"].split()[1]) for item in told} >= {("Query", "GraphQL"), ("Order", "the")}
