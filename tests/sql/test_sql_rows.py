"""How many rows one statement may bring."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from resolvers import (
    LEAF,
    Call,
    Column,
    Context,
    KeyPart,
    LimitExceeded,
    Match,
    Page,
    Scalar,
    Selection,
    Tally,
)
from resolvers.batch import fetch
from resolvers.resilience import Resilient
from resolvers.sql import DatabaseSettings, open_database


@pytest.mark.parametrize(("most", "served"), [(4, True), (3, False)])
async def test_a_table_longer_than_allowed_is_an_error_and_never_a_part(
    sqlite_file: Path, context: Callable[[], Context], most: int, *, served: bool
) -> None:
    settings = DatabaseSettings(database=SecretStr(f"sqlite:///{quote(sqlite_file.name)}"), max_rows=most)
    source = await open_database("shop", settings, sqlite_file.parent)
    try:
        if served:
            rows = await source.execute(Call("customers"), context())
            assert isinstance(rows, list)
            assert len(rows) == 4
        else:
            with pytest.raises(LimitExceeded, match="more than 3 rows"):
                await source.execute(Call("customers"), context())
            with pytest.raises(LimitExceeded, match="at most 3"):
                await source.execute(Call("customers", page=Page(4)), context())
        page = await source.execute(Call("customers", page=Page(2, 1)), context())
        assert isinstance(page, list)
        assert [row["id"] for row in page] == [2, 3]
    finally:
        await source.close()


async def test_a_statement_is_made_once_for_all_calls_of_its_shape(
    sqlite_file: Path, context: Callable[[], Context]
) -> None:
    settings = DatabaseSettings(database=SecretStr(f"sqlite:///{quote(sqlite_file.name)}"))
    source = await open_database("shop", settings, sqlite_file.parent)
    operation = source.model.operations["customers"]
    match = Match(("id",), (KeyPart(Scalar.INT),), (True,))
    column = Column("shop", operation, match, many=False, call=Call("customers"), group=("customers",))
    resilient = Resilient(source, Tally(), settings)
    try:
        for number in range(1, 4):
            keys: dict[tuple[object, ...], tuple[object, ...]] = {(each,): (each,) for each in (number, number + 1)}
            found = await fetch(resilient, column, keys, context(), Selection({"id": LEAF}))
            assert set(found) == set(keys)
        assert len(source._kept._known) == 1  # how often one is made shows nowhere else
    finally:
        await source.close()
