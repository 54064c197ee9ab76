"""Files that change while the gateway runs: what is sound is taken over whole, and what is not leaves all as it was."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from textwrap import dedent

import pytest

from tests.reload.house import House, System, behind, described, house, listening

FILE = """
    sources:
      crm:
        openapi: ./orders.json
        url: "{base}"
        auth: {{ bearer: "${{file:token}}" }}
        operations: {{ orders: {{ keys: id, by: id }} }}
    access:
      default: anonymous
      introspection: all
"""


class Shop:
    """What the gateway of a test stands in front of."""

    def __init__(self, folder: Path, system: System, base: str) -> None:
        self.folder, self.system, self.base = folder, system, base
        self.text = FILE.format(base=base)
        (folder / "token").write_text("first\n")
        self.describe(described("id", "name"))

    def describe(self, document: object) -> None:
        (self.folder / "orders.json").write_text(json.dumps(document))


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    system = System()
    async with listening(behind(system)) as base:
        yield Shop(tmp_path, system, base)


async def fields(at: House) -> set[str]:
    body = await at.ask('{ __type(name: "Row") { fields { name } } }')
    return {each["name"] for each in body["data"]["__type"]["fields"]}


async def test_a_changed_description_is_served(shop: Shop) -> None:
    async with house(shop.folder, shop.text) as at:
        assert await fields(at) == {"id", "name"}
        shop.describe(described("id", "name", "city"))
        await at.changed()
        assert await fields(at) == {"id", "name", "city"}


async def test_rules_of_a_changed_file_are_in_force(shop: Shop) -> None:
    async with house(shop.folder, shop.text) as at:
        assert "errors" not in await at.ask("{ orders { name } }")
        source = at.holder.current.sources["crm"]
        at.write(shop.text + "      rules: { Row.name: { roles: [staff] } }\n")
        await at.changed()
        body = await at.ask("{ orders { name } }")
        assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"]
        assert at.holder.current.sources["crm"] is source, "its connections and what it counted stay"


BROKEN = {
    "its form": ("sources:\n  crm: [", 3),
    "a key that is not known": ("{text}      defualt: anonymous\n", 11),
    "a field that does not exist": ("{text}      rules: {{ Row.nmae: {{ roles: [staff] }} }}\n", 11),
    "a description that is not there": ("{gone}", 3),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_what_is_broken_leaves_the_old_in_place_and_is_told_with_its_line(
    shop: Shop, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text, line = BROKEN[case]
    gone = dedent(shop.text).replace("orders.json", "gone.json")
    async with house(shop.folder, shop.text) as at:
        before = at.holder.current
        capsys.readouterr()
        at.write(text.format(text=dedent(shop.text), gone=gone))
        await at.refused()
        told = capsys.readouterr().out
        assert "reload_refused" in told
        assert f"isthmus.yaml:{line}" in told, told
        assert "first" not in told
        assert await at.ready() == (200, {"configuration": "what was changed last is not in force: the log says why"})
        assert at.holder.reloads.last_failed_at > 0
        assert at.holder.current is before
        assert await at.ask("{ orders { name } }") == {"data": {"orders": [{"name": "Ada"}]}}
        at.write(shop.text + "      rules: { Row.name: { roles: [staff] } }\n")
        await at.changed()
        assert await at.ready() == (200, {})


async def test_all_that_is_wrong_with_a_changed_file_is_told_at_once(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house(shop.folder, shop.text) as at:
        before = at.holder.current
        at.write(shop.text.replace("keys: id, by", "kees: id, by") + "      rules: { Row.nmae: { roles: [staff] } }\n")
        await at.refused()
        told = capsys.readouterr().out
        assert 'unknown key "kees"' in told
        assert '"Row" has no field "nmae"' in told
        at.write(shop.text.replace("keys: id, by", "kees: id, by"))
        await at.refused(2)
        assert at.holder.current is before, "what is sound of it is looked at, and never served"


async def test_a_breaker_is_told_as_it_is_of_what_is_served(shop: Shop) -> None:
    nobody = (
        dedent(shop.text)
        .replace(shop.base, "http://127.0.0.1:9")
        .replace("    auth:", "    breaker: { minimum_calls: 1, open_s: 600, open_most_s: 600 }\n    auth:")
    )
    async with house(shop.folder, nobody) as at:
        away = {"crm": "it does not answer now"}
        assert "errors" in await at.ask("{ orders { name } }")
        assert await at.ready() == (200, away)
        at.write(nobody.replace("open_s: 600", "open_s: 500") + "  rules: { Row.nmae: { roles: [staff] } }\n")
        await at.refused()
        assert (await at.ready())[1].get("crm") == away["crm"], "what was refused has no say"
        at.write(nobody.replace("http://127.0.0.1:9", shop.base))
        await at.changed()
        assert await at.ready() == (200, {})


async def test_all_that_is_wrong_with_a_change_is_told_at_once(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    text = dedent(shop.text)
    async with house(shop.folder, text) as at:
        before = at.holder.current
        capsys.readouterr()
        other = f"  other: {{ openapi: absent.json, url: '{shop.base}' }}\n"
        more = "links:\n  Row.again: { many: crm.order, match: { name: id } }\n"
        more += "server: { documents: { manifest: nowhere.json } }\n"
        at.write(text.replace("access:\n", f"{other}access:\n") + more)
        await at.refused()
        told = capsys.readouterr().out
        for word in ("absent.json", "nowhere.json", 'no operation "order"'):
            assert word in told, (word, told)
        assert told.count("reload_refused") == 1
        assert at.holder.current is before


async def test_a_description_that_breaks_a_link_leaves_the_old_in_place(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    links = "    links:\n      Row.again: { many: crm.orders, match: { name: id } }\n"
    async with house(shop.folder, dedent(shop.text) + dedent(links)) as at:
        assert "again" in await fields(at)
        shop.describe(described("id", "title"))
        await at.refused()
        assert "isthmus.yaml:" in capsys.readouterr().out
        assert await fields(at) == {"id", "name", "again"}
        shop.describe(described("id", "name", "title"))
        await at.changed()
        assert await fields(at) == {"id", "name", "title", "again"}


async def test_half_a_file_is_not_taken_for_a_whole_one(shop: Shop) -> None:
    """The first half is sound by itself, and has no rule."""
    rule = "      rules: { Row.name: { roles: [staff] } }\n"
    async with house(shop.folder, shop.text + rule, look_s=0.6) as at:
        with at.file.open("w") as file:
            for line in dedent(shop.text + "      #\n").splitlines(keepends=True):
                file.write(line)
                file.flush()
                await asyncio.sleep(0.06)
                body = await at.ask("{ orders { name } }")
                assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
            file.write(dedent(rule))
        for _ in range(5):
            await asyncio.sleep(0.1)
            body = await at.ask("{ orders { name } }")
            assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert at.holder.reloads.failed == 0


async def test_a_secret_in_a_file_is_read_again_and_used(shop: Shop) -> None:
    async with house(shop.folder, shop.text) as at:
        await at.ask("{ orders { name } }")
        assert shop.system.heard[-1].headers["authorization"] == "Bearer first"
        (shop.folder / "token").write_text("second\n")
        await at.changed()
        await at.ask("{ orders { name } }")
        assert shop.system.heard[-1].headers["authorization"] == "Bearer second"


async def test_a_file_that_is_replaced_by_another_name_is_another(shop: Shop) -> None:
    async with house(shop.folder, shop.text) as at:
        beside = shop.folder / "new.yaml"
        beside.write_text(dedent(shop.text).replace("introspection: all", "introspection: none"))
        seen = at.file.stat()
        os.utime(beside, ns=(seen.st_atime_ns, seen.st_mtime_ns))
        beside.replace(at.file)
        await at.changed()
        assert (await at.ask("{ __schema { queryType { name } } }"))["errors"]


async def test_a_folder_that_is_swapped_by_its_link_is_read_again(shop: Shop) -> None:
    """As Kubernetes mounts a ConfigMap: files are links through ``..data``, which is replaced by another."""
    texts = (dedent(shop.text), dedent(shop.text).replace("introspection: all", "introspection: none"))
    for number, text in enumerate(texts):
        (shop.folder / f"..{number}").mkdir()
        (shop.folder / f"..{number}" / "isthmus.yaml").write_text(text)
    (shop.folder / "..data").symlink_to("..0")
    async with house(shop.folder, shop.text) as at:
        at.file.unlink()
        at.file.symlink_to("..data/isthmus.yaml")
        await at.until(lambda: at.holder.reloads.unchanged + at.holder.reloads.failed > 0)
        (shop.folder / "..new").symlink_to("..1")
        (shop.folder / "..new").replace(shop.folder / "..data")
        await at.changed()
        assert (await at.ask("{ __schema { queryType { name } } }"))["errors"]


async def test_a_file_that_is_gone_and_comes_back(shop: Shop) -> None:
    async with house(shop.folder, shop.text) as at:
        at.file.rename(shop.folder / "away")
        await at.refused()
        assert "errors" not in await at.ask("{ orders { name } }")
        (shop.folder / "away").rename(at.file)
        await at.until(lambda: not at.holder.reloads.failing)
        assert (at.holder.reloads.ok, at.holder.reloads.unchanged) == (0, 1)
        assert await at.ready() == (200, {})


async def test_what_needs_a_restart_is_told_and_the_rest_is_obeyed(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house(shop.folder, shop.text) as at:
        at.write(
            dedent(shop.text)
            + dedent("""
            server:
              port: 9
              get: false
              limits: { max_headers: 7, max_body_bytes: 100 }
            """)
        )
        await at.changed()
        told = capsys.readouterr().out
        assert "restart_needed" in told
        assert "server.port" in told
        assert "server.limits.max_headers" in told
        assert "server.get" not in told
        assert (await at.client.get("/graphql?query={__typename}")).status_code == 405
        long = await at.client.post("/graphql", json={"query": "{ orders { name } }" + " " * 200})
        assert long.status_code == 413


async def test_what_callers_have_used_of_their_limits_is_not_given_back(shop: Shop) -> None:
    limits = "    server:\n      rate_limits: { rules: { all: { requests: 3, per_s: 3600 } } }\n"
    text = dedent(shop.text) + dedent(limits)
    async with house(shop.folder, text) as at:
        for _ in range(3):
            assert "errors" not in await at.ask("{ orders { name } }")
        at.write(text.replace("3600", "3601"))
        await at.changed()
        body = await at.ask("{ orders { name } }")
        assert body["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
