"""What is recorded of an operation: who, what with which outcome, of which objects; and nothing else."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from gateway.file.config import UnreadableFile
from resolvers import ConfigurationError
from tests.access.served import token
from tests.audit.shop import records, shop, until

ASKED = "query Mail { customers { email } }"


@pytest.mark.parametrize("executor", ["columns", "reference"])
async def test_who_asked_for_what_with_which_outcome_and_of_which_objects(tmp_path: Path, executor: str) -> None:
    rules = "Customer: { rows: { region: { eq: $claims.region } }, unless: { roles: [boss] } }"
    async with shop(tmp_path, "to: file, path: audit.log, claims: [region]", rules=rules, executor=executor) as made:
        answer = await made.post(ASKED, scope="pii", roles=["boss"], sub="ann", azp="crm-app")
        assert [each["email"] for each in answer.json()["data"]["customers"]] == ["ada@canary", "bob@canary", None]
        refused = await made.post("{ customers { id email name } }", sub="ben", region="north")
        assert refused.json()["data"]["customers"][0] | {"name": ""} == {"id": 1, "email": None, "name": ""}
        await made.post("{ notes { body } }", sub="ann")
        await made.post("mutation { deleteOrder(id: 10) { id } }", sub="ben")
        await made.post("{ orders { total customer { id name email } } }", scope="pii", roles=["boss"], sub="eve")
    first, second, third, fourth = records(tmp_path / "audit.log")
    assert (first["issuer"], first["subject"], first["status"]) == ("https://id", "ann", 200)
    assert first["client"] == {"name": "crm-app", "verified": True}
    assert first["operation"] == {"name": "Mail", "sha256": hashlib.sha256(ASKED.encode()).hexdigest(), "id": None}
    assert first["coordinates"] == {"given": ["Query.customers", "Customer.email"]}
    # Nobody asked for the key: who leaves it out leaves a trail all the same.
    assert first["objects"] == {"Customer": {"count": 3, "ids": ["1", "2", "3"], "more": False}}
    assert first["calls"] == 1
    assert second["claims"] == {"region": "north"}
    assert second["coordinates"] == {
        "given": ["Query.customers", "Customer.id"], "refused": ["Customer.email"], "masked": ["Customer.name"],
    }  # fmt: skip
    assert second["objects"] == {"Customer": {"count": 1, "ids": ["1"], "more": False, "restricted": True}}
    assert third["coordinates"]["refused"] == ["Mutation.deleteOrder"]
    assert sorted(fourth["objects"]["Customer"]["ids"]) == ["1", "2"]
    assert "Customer.email" in fourth["coordinates"]["given"]


async def test_filters_and_hidden_fields_are_told_of_and_values_never(tmp_path: Path) -> None:
    async with shop(tmp_path, "to: file, path: audit.log, arguments: masked") as made:
        by_text = '{ customers(where: { email: { eq: "ada@canary" } }) { id } }'
        by_variable = "query By($where: CustomerWhere) { customers(where: $where) { id } }"
        given = {"where": {"email": {"eq": "ada@canary"}}}
        await made.post(by_text, scope="pii")
        found = await made.post(by_variable, given, scope="pii")
        assert "errors" not in found.json(), found.text
        await made.post(by_variable, given)
        await made.post(by_variable, {"where": {"id": {"eq": 1}}})
        hidden = await made.post("{ customers { region } }", sub="probing")
        absent = await made.post("{ customers { regiox } }", sub="probing")
        assert hidden.status_code == absent.status_code == 200
    told = records(tmp_path / "audit.log")
    assert [each["coordinates"] for each in told] == [
        {"input": ["Customer.email"]},
        {"input": ["Customer.email"]},
        {"refused": ["Customer.email", "Query.customers"]},
        {"refused": ["Customer.region"]},
    ]
    assert told[1]["variables"] == {"where": "***"}
    assert "canary" not in (tmp_path / "audit.log").read_text("ascii")


async def test_variables_tell_anew_for_each_request_and_arguments_that_rules_refuse_are_told(tmp_path: Path) -> None:
    audit = 'to: file, path: audit.log, coordinates: ["#money"]'
    async with shop(tmp_path, audit, rules="Mutation.updateOrder: { rows: { id: { eq: 10 } } }") as made:
        query = "query By($where: OrderWhere) { orders(where: $where) { id } }"
        for field in ("id", "total", "id"):
            answer = await made.post(query, {"where": {field: {"gt": 0}}})
            assert len(answer.json()["data"]["orders"]) == 3, answer.text
        refused = await made.post("mutation { updateOrder(id: 11, set: { total: 1 }) { id } }")
        assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN", refused.text
    told = [each["coordinates"] for each in records(tmp_path / "audit.log")]
    assert told[0] == {"input": ["Order.total"]}
    assert told[1]["refused"] == ["Mutation.updateOrder"]
    assert len(told) == 2


async def test_nobody_forges_a_record(tmp_path: Path) -> None:
    name = 'a\n{"event":"operation"}\r\n\x1b[31m\x00\x7f\u2028\U0001f600'
    async with shop(tmp_path) as made:
        await made.post(ASKED, scope="pii", sub=name, azp=name)
    lines = (tmp_path / "audit.log").read_bytes().split(b"\n")
    assert [len(lines), lines[-1]] == [3, b""]
    assert all(32 <= letter < 127 for line in lines for letter in line)
    (told,) = records(tmp_path / "audit.log")
    assert told["client"]["name"].startswith("a\n")


async def test_a_credential_that_is_refused_is_recorded_and_nothing_of_it(tmp_path: Path) -> None:
    async with shop(tmp_path) as made:
        bad = token(sub="mallory", exp=1)
        for headers in ({"authorization": f"Bearer {bad}"}, {"authorization": "Bearer guessed"}, {}):
            reply = await made.client.post("/graphql", json={"query": ASKED}, headers=headers)
            assert reply.status_code == 401
    told = records(tmp_path / "audit.log", "unauthenticated")
    assert [(each["reason"], each["address"], each["status"]) for each in told] == [
        ("expired, or without expiry", "127.0.0.1", 401),
        ("not a signed token", "127.0.0.1", 401),
    ]
    whole = (tmp_path / "audit.log").read_text("ascii")
    assert not any(part in whole for part in ("mallory", "guessed", *bad.split(".")))
    assert records(tmp_path / "audit.log") == []
    folder = tmp_path / "other"
    folder.mkdir()
    async with shop(folder, "to: file, path: audit.log, unauthenticated: false") as made:
        await made.client.post("/graphql", json={"query": ASKED}, headers={"authorization": "Bearer guessed"})
    assert records(folder / "audit.log", "unauthenticated") == []


async def test_coordinates_and_keys_are_as_the_file_says_and_hashes_hide(tmp_path: Path) -> None:
    audit = 'to: file, path: audit.log, coordinates: ["#money"], keys: { Order: [customerId, id] }, ids: hash, '
    audit += 'subject: hash, hash_key: "a key of sixteen letters", max_ids: 2'
    async with shop(tmp_path, audit) as made:
        await made.post("{ orders { id } customers { id } }", scope="pii", sub="ann")
        for _ in range(2):
            await made.post("{ orders { total } }", sub="ann", more={"X-Client-Name": "a\u00e9b".encode("latin-1")})
    once, again = records(tmp_path / "audit.log")
    assert once["coordinates"] == {"given": ["Order.total"]}
    assert once["objects"]["Order"] == again["objects"]["Order"]
    assert once["objects"]["Order"]["more"]
    assert [len(each) for each in once["objects"]["Order"]["ids"]] == [32, 32]
    assert once["objects"]["Order"]["count"] == 3
    assert once["subject"] == again["subject"] != "ann"
    assert once["client"] == {"name": "a\u00e9b", "verified": False}


async def test_a_file_is_private_and_another_once_it_was_moved(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.touch(0o644)
    async with shop(tmp_path, "to: file, path: audit.log, fsync: true") as made:
        await made.post(ASKED, scope="pii", sub="before")

        async def written() -> bool:
            return bool(records(log))

        await until(written)
        log.rename(tmp_path / "audit.log.1")
        await made.post(ASKED, scope="pii", sub="after")
    assert [each["subject"] for each in records(tmp_path / "audit.log.1")] == ["before"]
    assert [each["subject"] for each in records(log)] == ["after"]
    for path in (log, tmp_path / "audit.log.1"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "Customer.email" in records(path, "recording")[0]["coordinates"]


@pytest.mark.parametrize(("on_failure", "status"), [("serve", 200), ("refuse", 503)])
async def test_a_log_that_cannot_be_written_is_told_and_refuses_where_the_file_says(
    tmp_path: Path, on_failure: str, status: int
) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    audit = f"to: file, path: logs/audit.log, max_waiting: 2, on_failure: {on_failure}"
    async with shop(tmp_path, audit) as made:
        folder.rename(tmp_path / "away")  # what is written next has nowhere to go
        assert (await made.post(ASKED, scope="pii")).status_code == 200
        await until(made.degraded)
        for _ in range(4):
            assert (await made.post(ASKED, scope="pii")).status_code == status
        assert (await made.post("{ notes { body } }")).status_code == 200
        hidden = await made.post("{ customers { region } }")
        assert hidden.status_code == 200  # what is hidden is as what is not there, whatever befalls the log
        folder.mkdir()

        async def mended() -> bool:
            return not await made.degraded()

        await until(mended)
        assert (await made.post(ASKED, scope="pii", sub="later")).status_code == 200
    assert records(folder / "audit.log")[-1]["subject"] == "later"
    lost = sum(each["count"] for each in records(folder / "audit.log", "lost"))
    assert len(records(folder / "audit.log")) + lost == 7


@pytest.mark.parametrize(
    ("audit", "said"),
    [
        ("to: file", "path says which file"),
        ("to: stdout, ids: hash", "hash needs a key"),
        ('to: syslog, address: "udp:/x"', "an address is"),
        ("to: file, path: audit.log, coordinates: [Customer.emial]", 'did you mean "email"'),
        ('to: file, path: audit.log, coordinates: ["#mony"]', 'did you mean "money"'),
        ("to: file, path: audit.log, keys: { Order: [idd] }", 'did you mean "id"'),
        ("to: file, path: nowhere/audit.log", "cannot be written"),
    ],
)
async def test_what_cannot_be_recorded_is_refused_when_it_is_read(tmp_path: Path, audit: str, said: str) -> None:
    with pytest.raises((UnreadableFile, ConfigurationError)) as raised:
        async with shop(tmp_path, audit):
            pass
    found = raised.value
    told = str(found.problems) if isinstance(found, ConfigurationError) else str(found)
    assert said in told or said.replace('"', '\\"') in told


async def test_a_pipe_is_no_file_and_a_link_is_not_followed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("pipe", "link"):
        with pytest.raises(ConfigurationError):
            async with shop(tmp_path, f"to: file, path: {name}"):
                pass
        (tmp_path / "shop.db").unlink()
    assert not (tmp_path / "elsewhere").exists()
