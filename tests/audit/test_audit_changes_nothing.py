"""Answers are the same with an audit of every field as without one, over REST, SOAP and SQL."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from gateway.demo.folder import trading_folder
from tests.audit.shop import records
from tests.end_to_end.test_three_sources import JOINED
from tests.trading import trading_house

QUERIES = (
    "{ products(limit: 5, orderBy: [{ name: ASC }]) { name supplier { name } } }",
    "{ productsConnection(first: 3, orderBy: [{ name: ASC }]) { nodes { name } totalCount } }",
    "{ productsAggregate { count max { name } } }",
    '{ customers(ids: ["C0001", "C0002"]) { lastName displayName orders { number lines { product { name } } } } }',
)


async def test_what_callers_are_given_does_not_tell_of_an_audit(tmp_path: Path) -> None:
    shutil.copytree(trading_folder(), tmp_path / "audited")
    with (tmp_path / "audited" / "isthmus.yaml").open("a") as file:
        file.write('\n  audit: { to: file, path: audit.log, coordinates: ["*.*"] }\n')
    answers: list[list[Any]] = []
    for folder in (None, tmp_path / "audited"):
        async with trading_house(folder) as house:
            answers.append([await house.ask(JOINED, limit=40), *[await house.ask(query) for query in QUERIES]])
    assert all("errors" not in answer for answer in answers[0]), answers[0]
    assert answers[0] == answers[1]
    told = records(tmp_path / "audited" / "audit.log")
    assert len(told) == 1 + len(QUERIES)
    assert {"Order", "Product", "Invoice", "Customer"} <= told[0]["objects"].keys()
    assert told[0]["objects"]["Order"]["count"] == 40
