"""The report over audit logs: counts are exact, a past is compared with, memory is bounded, terminals are safe."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.commands import named
from gateway.usage.bounded import Bounded

START = datetime(2026, 11, 2, 8, tzinfo=UTC)


def record(who: str, at: datetime, count: int = 10, **more: Any) -> dict[str, Any]:
    return {
        "time": at.isoformat(), "event": "operation", "request": "r", "issuer": "https://id", "subject": who,
        "client": {"name": "crm", "verified": True}, "operation": {"name": "Mail", "sha256": "00", "id": None},
        "coordinates": {"given": ["Customer.email"]}, "objects": {"Customer": {"count": count}}, "status": 200, **more,
    }  # fmt: skip


def history() -> Iterator[dict[str, Any]]:
    """Ten days of work; on the last one a reads everything, b comes with a new client, c probes, d works as ever."""
    for day in range(10):
        for hour in range(3):
            at = START + timedelta(days=day, hours=hour)
            last = day == 9
            yield record("a", at, 400 if last and hour == 2 else 20)
            client = {"client": {"name": "curl", "verified": False}} if last else {}
            yield record("b", at, 20, **client)
            yield record("d", at, 2000 + 100 * day)
            yield record("e", at, 90 if last else 1)
            for _ in range(25 if last else 1):
                yield record("c", at, 0, coordinates={"refused": ["Customer.email", "Payroll.salary"]})


def report(*arguments: str) -> Any:
    ended = CliRunner().invoke(named(()), ["usage", *arguments, "--json"])
    assert ended.exit_code == 0, ended.output
    return json.loads(ended.stdout)


@pytest.fixture
def logs(tmp_path: Path) -> tuple[str, str]:
    """The first days compressed, as logrotate leaves them, the last one as it is written."""
    lines = [json.dumps(each) for each in history()]
    listed = {"time": START.isoformat(), "event": "recording", "more": 0}
    listed["coordinates"] = ["Customer.email", "Customer.phone", "Payroll.salary"]
    cut = len(lines) // 2
    (tmp_path / "audit.log.1.gz").write_bytes(gzip.compress("\n".join([json.dumps(listed), *lines[:cut]]).encode()))
    (tmp_path / "audit.log").write_text("\n".join(lines[cut:]) + "\n", "ascii")
    return str(tmp_path / "audit.log.1.gz"), str(tmp_path / "audit.log")


def test_counts_are_exact_and_what_was_never_asked_is_named(logs: tuple[str, str]) -> None:
    found = report(*logs)
    refused = sum("refused" in each["coordinates"] for each in history())
    assert found["operations"] == sum(1 for _ in history())
    assert found["used"]["Customer.email"]["outcomes"] == {"given": 120, "refused": refused}
    assert found["used"]["Customer.email"]["callers"] == 5
    by = {(each["client"], each["operation"]): each["count"] for each in found["used"]["Customer.email"]["by"]}
    assert by == {("crm", "Mail"): 117 + refused, ("curl", "Mail"): 3}
    assert found["refused"]["Payroll.salary"] == {"c (https://id)": refused}
    assert found["never"] == ["Customer.phone"]
    assert found["doubts"] == {
        "lost": 0, "unauthenticated": 0, "bad_lines": 0, "broken_files": [], "unlisted": 0, "no_room": 0
    }  # fmt: skip


def test_what_differs_from_the_own_past_is_told_and_nothing_else(logs: tuple[str, str]) -> None:
    found = [(each["kind"], each["who"][0], each["window"]) for each in report(*logs)["unusual"]]
    # d reads more than all others, as ever; e reads five times its median twice over, and still is no case.
    assert sorted(set(found) - {("objects", "e", "day")}) == [
        ("client", "b", "hour"), ("objects", "a", "day"), ("objects", "a", "hour"), ("refusals", "c", "hour"),
    ]  # fmt: skip
    assert ("objects", "e", "day") in found  # 270 in a day, where 3 are the median
    assert ("objects", "e", "hour") not in found  # 90 in an hour are few
    text = CliRunner().invoke(named(()), ["usage", *logs]).stdout
    assert "2026-11-11  a (https://id): 440 objects of Customer in one day, its median is 60" in text
    assert "2026-11-11 08:00  b (https://id): a client that it did not use before: curl" in text


def test_since_leaves_the_past_to_be_compared_with(logs: tuple[str, str]) -> None:
    found = report(*logs, "--since", "2026-11-11")
    assert found["operations"] == 12 + 75
    assert {each["who"][0] for each in found["unusual"]} == {"a", "b", "c", "e"}
    assert report(*logs, "--since", "2026-11-12")["unusual"] == []
    ended = CliRunner().invoke(named(()), ["usage", *logs, "--since", "yesterday"])
    assert ended.exit_code == 1


def test_what_is_no_record_is_counted_and_commands_no_terminal(tmp_path: Path) -> None:
    odd = record("\x1b[31m\n\u202e", START, client={"name": "\x07", "verified": False})
    lines = ["{", "[]", "7", '{"event": "operation"}', '{"event":"operation","time":"now","coordinates":{}}']
    lines += [json.dumps(odd), json.dumps({"event": "lost", "count": 3}), '{"event":"oper']
    (tmp_path / "log").write_text("\n".join(lines), "utf-8")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(json.dumps(record("a", START)).encode() * 9)[:-12])
    found = report(str(tmp_path / "log"), str(tmp_path / "cut.gz"))
    assert (found["operations"], found["doubts"]["bad_lines"], found["doubts"]["lost"]) == (1, 6, 3)
    assert found["doubts"]["broken_files"] == ["cut.gz"]
    shown = CliRunner().invoke(named(()), ["usage", str(tmp_path / "log")]).stdout
    assert all(letter.isprintable() or letter == "\n" for letter in shown)
    assert CliRunner().invoke(named(()), ["usage", str(tmp_path / "none")]).exit_code == 1


def test_memory_is_bounded_and_what_found_no_room_is_counted() -> None:
    counts: Bounded[str, list[int]] = Bounded(2, list)
    assert [counts.get(key) is None for key in "abcac"] == [False, False, True, False, True]
    assert counts.untold == 2
