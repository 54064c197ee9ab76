"""What the log tells of requests: by whom, what for, what came of it, which source failed, and why it took long."""

from __future__ import annotations

import json
import secrets
import signal
import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.commands.conftest import SECRET, Shell
from tests.commands.conftest import shop as shop  # noqa: PLC0414  # a fixture is found by its name
from tests.edge.test_edge_ending import shell as shell  # noqa: PLC0414
from tests.edge.test_edge_log import FORGED, ask, events
from tests.metrics.conftest import CRM

GOODS = "query Goods { products { sku } }"
PEOPLE = "query People { people { id } }"


class Logged:
    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    async def __call__(self, asked: list[tuple[str, bytes]], log: dict[str, object] | None) -> list[dict[str, Any]]:
        """The lines that a gateway with these settings writes when it is asked this."""
        (self._shell.folder / "crm.json").write_text(json.dumps(CRM))
        (self._shell.folder / "isthmus.yaml").write_text(json.dumps({
            "sources": {"shop": {"database": "sqlite:///shop.sqlite"}, "crm": {"openapi": "crm.json"}},
            "access": {"default": "anonymous"},
            "server": {
                "port": 0,
                "jwt": {"issuer": "i", "audience": "a", "secret": SECRET},
                **({} if log is None else {"log": log}),
            },
        }))  # fmt: skip
        running = await self._shell.serve("serve", "isthmus.yaml")
        for document, more in asked:
            await ask(running.address, document, more)
        ended = await running.end(signal.SIGTERM)
        assert ended.err.isascii()
        assert not [letter for letter in ended.err if not letter.isprintable() and letter != "\n"]
        return events(ended.err)


@pytest.fixture
def logged(shell: Shell, shop: Path) -> Logged:
    return Logged(shell)


def token(subject: str) -> bytes:
    now = int(time.time())
    claims = {"iss": "i", "aud": "a", "sub": subject, "iat": now, "exp": now + 60}
    return f"\r\nauthorization: Bearer {jwt.encode(claims, SECRET, 'HS256')}".encode()


def told(seen: list[dict[str, Any]], event: str = "request") -> list[dict[str, Any]]:
    return [each for each in seen if each["event"] == event]


async def test_a_request_is_told_with_its_operation_client_calls_and_errors(logged: Logged) -> None:
    client = b"\r\nx-graphql-client-name: web shop\r\nx-graphql-client-version: 1.2\r\nx-request-id: mine"
    seen = await logged([(GOODS, client), (PEOPLE, b""), ("{ nothing }", b""), ("{ __typename }", token("me"))], None)
    goods, people, wrong, mine = told(seen)
    assert goods["request_id"] == "mine"
    assert (goods["operation"], goods["calls"], goods["client"], goods["client_version"]) == (
        "Goods", 1, "web shop", "1.2",
    )  # fmt: skip
    assert not {"errors", "caller", "refused", "subject"} & goods.keys()
    assert (people["operation"], people["errors"]) == ("People", {"SOURCE_UNAVAILABLE": 1})
    assert (wrong["refused"], wrong["errors"]) == ("operation", {"BAD_REQUEST": 1})
    assert mine["caller"] == "known"
    assert "subject" not in mine


async def test_a_source_that_failed_is_told_with_the_request(logged: Logged) -> None:
    seen = await logged([(PEOPLE, b"\r\nx-request-id: mine")], None)
    failed, *_ = told(seen, "source_failed")  # a read that could not be sent is tried again
    assert {name: failed[name] for name in ("request_id", "source", "operation", "code", "level")} == {
        "request_id": "mine", "source": "crm", "operation": "people", "code": "SOURCE_UNAVAILABLE", "level": "warning",
    }  # fmt: skip
    assert failed["detail"]


async def test_a_slow_request_is_told_with_its_calls(logged: Logged) -> None:
    seen = await logged([(GOODS, b"")], {"slow_s": 0.000001, "requests": "none"})
    (slow,) = told(seen, "slow")
    assert (slow["operation"], slow["calls"], slow["longest"][0]["source"]) == ("Goods", 1, "shop")
    assert slow["longest"][0]["rows"] == 2
    assert not told(seen)


async def test_only_failed_ones_are_told_where_that_is_asked_for(logged: Logged) -> None:
    seen = await logged([(GOODS, b""), (PEOPLE, b"")], {"requests": "failed"})
    assert [each["operation"] for each in told(seen)] == ["People"]


async def test_less_than_the_level_is_not_written(logged: Logged) -> None:
    seen = await logged([(GOODS, b""), (PEOPLE, b"")], {"level": "warning"})
    assert {each["level"] for each in seen} == {"warning"}
    assert told(seen, "source_failed")


async def test_a_caller_is_a_hash_where_that_is_asked_for(logged: Logged) -> None:
    canary = f"subject{secrets.token_hex(8)}"
    asked = [(GOODS, token(canary)), (GOODS, token(canary)), (GOODS, token("other")), (GOODS, b"")]
    seen = await logged(asked, {"subject": "hash", "hash_key": "k" * 16})
    first, again, other, nobody = (each.get("subject") for each in told(seen))
    assert first == again
    assert first
    assert first != other
    assert nobody is None
    assert canary not in json.dumps(seen)


async def test_what_a_client_calls_itself_forges_no_line_and_is_cut(logged: Logged) -> None:
    odd = ['"}' + FORGED, "\\", "\x7f\x7f", "\x85", "ü" * 100, "a" * 5000, "\u001b[31m"]
    asked = [(GOODS, f"\r\nx-client-name: {name}\r\nx-client-version: {name}".encode("latin-1")) for name in odd]
    asked.append((f"query {'Q' * 300} {{ __typename }}", b""))
    seen = await logged(asked, None)
    assert "forged" not in {each["event"] for each in seen}
    lines = told(seen)
    assert [each.get("client", "")[:1] for each in lines[:2]] == ['"', "\\"]
    assert max(len(each.get("client", "")) for each in lines) == 64
    assert len(lines[-1]["operation"]) == 64
