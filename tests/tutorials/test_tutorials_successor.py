"""docs/tutorials/successor.md: what it shows is what there is, and clients get the same bytes before and after."""

from __future__ import annotations

from difflib import ndiff
from pathlib import Path

from examples.successor.systems import exports, shop, systems
from tests.mariadb import own_database
from tests.tutorials.walk import (
    Page,
    answers,
    commands_are_told,
    lines,
    mistakes_are_told,
    shown_files,
    started,
    told,
    walking,
)

PAGE = Page("successor", "successor")
BEFORE, AFTER = ((PAGE.folder / f"{name}.yaml").read_text("utf-8") for name in ("before", "after"))
QUERIES = [block.text for block in PAGE.blocks if block.language == "graphql"]
AWAY = {"ARTICLES_URL": "http://127.0.0.1:9", "PRODUCTS_URL": "http://127.0.0.1:9"}


def test_the_files_are_those_that_are_shown_and_their_lines_are_counted() -> None:
    shown_files(PAGE)
    assert PAGE.said(r"(\d+) lines of YAML") == [str(lines(BEFORE))]
    old, new = ([line for line in text.splitlines() if line.strip()] for text in (BEFORE, AFTER))
    signs = [line[0] for line in ndiff(old, new)]
    told = [tuple(str(signs.count(sign)) for sign in "-+ ")]
    assert PAGE.said(r"(\d+) go, (\d+) come and (\d+) stay") == told


async def _bytes(folder: Path, file: str, environment: dict[str, str]) -> list[bytes]:
    made = systems()
    started(made)
    made["articles" if file == "after.yaml" else "products"].stop()  # the other one is not there at all
    async with walking(PAGE, folder, made, exports(made) | environment, file) as walk:
        replies = []
        for query in QUERIES:
            reply = await walk.gateway.client.post("/graphql", json={"query": query}, headers={"X-Request-Id": "same"})
            replies.append(reply.content)
        called = walk.calls()
    assert [line.split()[0] for line in called].count("articles") == (0 if file == "after.yaml" else 4), called
    assert [line.split()[0] for line in called].count("products") == (4 if file == "after.yaml" else 0), called
    return replies


async def test_clients_get_the_same_bytes_from_both(tmp_path: Path) -> None:
    environment = {"SHOP_URL": shop(tmp_path / "shop.db")}
    before = await _bytes(tmp_path, "before.yaml", environment)
    assert await _bytes(tmp_path, "after.yaml", environment) == before
    assert len(before) == 3
    assert all(b'"number"' in each for each in before)


async def test_the_shop_may_lie_in_mariadb(tmp_path: Path) -> None:
    with own_database() as own:
        own.run((PAGE.folder / "shop.sql").read_text("utf-8"))
        before = await _bytes(tmp_path, "before.yaml", {"SHOP_URL": own.url})
        assert await _bytes(tmp_path, "after.yaml", {"SHOP_URL": own.url}) == before


async def test_every_query_is_answered_as_is_shown_by_the_calls_that_are_shown(tmp_path: Path) -> None:
    made = systems()
    started(made)
    environment = exports(made) | {"SHOP_URL": shop(tmp_path / "shop.db")}
    async with walking(PAGE, tmp_path, made, environment, "before.yaml") as walk:
        assert await answers(walk, PAGE.blocks) == 3


def test_commands_changes_and_mistakes_are_told_as_is_shown(tmp_path: Path) -> None:
    environment = AWAY | {"SHOP_URL": shop(tmp_path / "shop.db")}
    assert commands_are_told(PAGE, tmp_path, environment) == 1
    assert mistakes_are_told(PAGE, tmp_path, environment) == 7
    assert told(tmp_path, environment, "check", "after.yaml").endswith("The file is sound.\n")
