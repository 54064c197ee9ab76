"""Nobody is given what was kept for somebody else where the source could tell them apart, nor what they may not see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.file.config import UnreadableFile, read
from resolvers import ConfigurationError
from tests.access.served import token
from tests.caching.house import TRUSTED, House, house

ME = "{ me { name language } }"
NAME = '{ customer(id: "1") { name } }'


def bearing(**claims: object) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(**claims)}"}


async def _me(made: House, headers: dict[str, str]) -> Any:
    return (await made.data(ME, headers))["me"]


async def test_where_the_token_is_sent_on_every_token_has_answers_of_its_own(tmp_path: Path) -> None:
    source = "  auth: { forward: { token: true } }\n  cache: { ttl_s: 60 }"
    async with house(tmp_path, source, server=TRUSTED) as made:
        ann, ben, again = bearing(sub="ann"), bearing(sub="ben"), bearing(sub="ann", scope="more")
        for _ in range(2):
            for one in (ann, ben, again):
                assert (await _me(made, one))["name"] == one["Authorization"]
        assert made.crm.taken() == ["GET /me"] * 3


async def test_where_a_claim_is_sent_on_callers_are_told_apart_by_it_and_by_who_they_are(tmp_path: Path) -> None:
    source = "  auth: { forward: { claims: { X-User: team } } }\n  cache: { ttl_s: 60 }"
    async with house(tmp_path, source, server=TRUSTED) as made:
        for _ in range(2):
            for subject, team in (("ann", "red"), ("ann", "blue"), ("ben", "red")):
                assert (await _me(made, bearing(sub=subject, team=team)))["name"] == team
        assert made.crm.taken() == ["GET /me"] * 3


async def test_a_header_that_is_sent_on_tells_answers_apart_though_they_are_shared(tmp_path: Path) -> None:
    source = "  auth: { forward: { headers: [Accept-Language] } }\n  cache: { ttl_s: 60, scope: shared }"
    async with house(tmp_path, source, server=TRUSTED) as made:
        for subject in ("ann", "ben"):
            for language in ("de", "fr"):
                headers = {**bearing(sub=subject), "Accept-Language": language}
                assert (await _me(made, headers))["language"] == language
        assert made.crm.taken() == ["GET /me"] * 2


async def test_answers_are_shared_where_the_source_is_told_nothing_and_kept_apart_on_demand(tmp_path: Path) -> None:
    for scope, calls in (("", 1), (", scope: caller", 3)):
        async with house(tmp_path, f"  cache: {{ ttl_s: 60{scope} }}", server=TRUSTED) as made:
            for headers in (bearing(sub="ann"), bearing(sub="ben"), {}, bearing(sub="ann")):
                await made.data(NAME, headers)
            assert len(made.crm.taken()) == calls


async def test_what_is_denied_is_never_given_from_what_is_kept(tmp_path: Path) -> None:
    rules = "Customer.name: { scopes: [names] }"
    async with house(tmp_path, "  cache: { ttl_s: 60 }", server=TRUSTED, rules=rules) as made:
        allowed, other = bearing(sub="ann", scope="names"), bearing(sub="ben")
        assert (await made.data(NAME, allowed)) == {"customer": {"name": "name 1"}}
        body = await made.ask(NAME, other)
        assert body["data"] == {"customer": {"name": None}}
        assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert "extensions" not in body
        assert (await made.data(NAME, allowed)) == {"customer": {"name": "name 1"}}


async def test_rules_on_rows_are_asked_again_of_what_is_kept(tmp_path: Path) -> None:
    rules = "Customer: { rows: { id: { eq: $claims.sub } }, unless: { roles: [staff] } }"
    server = TRUSTED.replace("secret:", "claims: { roles: roles }, secret:")
    source = "  cache: { ttl_s: 60 }\n  operations: { customers: { keys: ids, by: id } }"
    async with house(tmp_path, source, server=server, rules=rules) as made:
        everything = "{ customers { id } orders { customer { id } } }"
        staff = await made.data(everything, bearing(sub="boss", roles=["staff"]))
        assert len(staff["customers"]) == 8
        for subject in ("1", "2"):
            mine = await made.data(everything, bearing(sub=subject))
            assert mine["customers"] == [{"id": subject}]
            assert {str(each["customer"]) for each in mine["orders"]} <= {"None", str({"id": subject})}
        assert await made.data(everything, bearing(sub="boss", roles=["staff"])) == staff
        assert len(made.crm.taken()) == 3  # the rules asked nothing anew


async def test_headers_of_replies_still_count_beside(tmp_path: Path) -> None:
    source = """
  auth: { forward: { headers: [Accept-Language] } }
  cache: http
  operations: { customer: { cache: { ttl_s: 60 } }, orders: { cache: false } }
"""
    async with house(tmp_path, source) as made:
        made.crm.headers = {"Cache-Control": "max-age=60", "Vary": "Accept-Language"}
        for language in ("de", "fr", "de"):
            assert (await _me(made, {"Accept-Language": language}))["language"] == language
        assert made.crm.taken() == ["GET /me"] * 2
        for _ in range(2):
            await made.data("{ orders { id } }")
        assert made.crm.taken() == ["GET /orders"] * 2


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            "  auth: { forward: { token: true } }\n  cache: { ttl_s: 60, scope: shared }",
            "sources.crm.cache.scope\n  the source is told who asks, so that its answers may be one caller's alone",
        ),
        (
            "  operations: { rename: { cache: { ttl_s: 1 } } }",
            "sources.crm.operations.rename.cache\n  answers of writes are never kept",
        ),
        (
            "  operations: { orders: { invalidates: [a] } }",
            'sources.crm.operations.orders.invalidates\n  "orders" only reads, so it changes nothing',
        ),
        (
            "  operations: { orders: { cache: http } }",
            "sources.crm.operations.orders.cache\n  the source keeps no replies by their headers",
        ),
        ("  cache: { stale_s: 3 }", "sources.crm.cache\n  ttl_s is needed"),
        ("  cache: { ttl_s: 3, tags: [a b] }", "a tag is made of letters"),
    ],
)
async def test_what_cannot_be_is_refused_where_it_stands(tmp_path: Path, source: str, told: str) -> None:
    assert told in await _refused(tmp_path, source, "")


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        ("cache: { Custmer: { ttl_s: 3 } }", 'there is no type "Custmer"\n  mend: did you mean "Customer"?'),
        ("cache: { Customer.nam: { ttl_s: 3 } }", '"Customer" has no field "nam"'),
        ("cache: { Customer.name: { ttl_s: 3 } }", "Customer.name asks no source"),
        ("cache: { Mutation.rename: { ttl_s: 3 } }", "Mutation.rename asks no source"),
        ("cache: { Customer: { } }", "ttl_s is needed"),
    ],
)
async def test_coordinates_that_cannot_be_are_refused(tmp_path: Path, rest: str, told: str) -> None:
    assert told in await _refused(tmp_path, "", rest)


async def _refused(folder: Path, source: str, rest: str) -> str:
    try:
        async with house(folder, source or "  timeout_s: 5", rest, server=TRUSTED):
            return ""
    except UnreadableFile as error:
        return error.text
    except ConfigurationError as error:
        return read(folder / "isthmus.yaml", {}).describe(error.problems)
