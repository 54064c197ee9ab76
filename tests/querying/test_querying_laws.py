"""Random questions over random rows: every database answers what plain Python says.

The number of questions for each database is small in a run of all tests; for more:
``ISTHMUS_TEST_QUESTIONS=5000 ISTHMUS_TEST_SEED=7 python -m pytest tests/querying/test_querying_laws.py``.
"""

from __future__ import annotations

import os
import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.querying.evaluator import Row, Tables
from tests.querying.shop import Shop, shop

QUESTIONS = int(os.environ.get("ISTHMUS_TEST_QUESTIONS", "120"))
SEED = int(os.environ.get("ISTHMUS_TEST_SEED", "20"))
TEXT = {
    "sqlite": "VARCHAR(20)",
    "postgresql": 'VARCHAR(20) COLLATE "C"',
    "mariadb": "VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
}
LETTERS = ["a", "A", "b", "B", "z", "ä", "Ä", "ß", "é", "日", "😀", "%", "_", "\\", "'", '"', " ", "1", ";", "-"]
DIRECTIONS = ["ASC", "DESC", "ASC_NULLS_FIRST", "ASC_NULLS_LAST", "DESC_NULLS_FIRST", "DESC_NULLS_LAST"]
COLUMNS = {
    "clubs": {"id": "number", "label": "text"},
    "things": {
        "id": "number", "label": "text", "weight": "number", "price": "decimal", "born": "date", "clubId": "number",
        "parentId": "number",
    },
}  # fmt: skip
ONE = {("things", "club"): ("clubs", "clubId"), ("things", "parent"): ("things", "parentId")}
MANY = {("clubs", "things"): ("things", "clubId"), ("things", "things"): ("things", "parentId")}


class Chance:
    """Rows and questions of one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # tests
        self.rows: dict[str, list[Row]] = {"clubs": [], "things": []}
        for number in range(1, 8):
            self.rows["clubs"].append({"id": number, "label": self.value("text")})
        for number in range(1, 61):
            row = {name: self.value(kind) for name, kind in COLUMNS["things"].items()}
            row |= {"id": number, "clubId": self.maybe(self.random.randint(1, 7))}
            row["parentId"] = self.maybe(self.random.randint(1, number - 1)) if number > 1 else None
            self.rows["things"].append(row)

    def maybe(self, value: Any) -> Any:
        return None if self.random.random() < 0.25 else value

    def value(self, kind: str) -> Any:
        return self.maybe(self.given(kind))

    def given(self, kind: str) -> Any:
        pick = self.random
        if kind == "number":
            return pick.randint(-2, 9)
        if kind == "decimal":
            return Decimal(pick.choice(["0", "0.1", "0.10", "2.5", "-1.25", "12345678.90", "0.3"]))
        if kind == "date":
            return date(2025, 12, 30) + timedelta(days=pick.randint(0, 4))
        return "".join(pick.choice(LETTERS) for _ in range(pick.randint(0, 3)))

    def where(self, table: str, depth: int = 0) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for _ in range(self.random.choice([0, 1, 1, 1, 2])):
            chance = self.random.random()
            if depth < 3 and chance < 0.3:
                name = self.random.choice(["and", "or", "not"])
                below = [self.where(table, depth + 1) for _ in range(self.random.randint(0, 3))]
                made[name] = below if name != "not" else self.where(table, depth + 1)
            elif depth < 3 and chance < 0.55:
                relation = self.random.choice([name for owner, name in {**ONE, **MANY} if owner == table])
                target, _ = ({**ONE, **MANY})[table, relation]
                if (table, relation) in ONE:
                    made[relation] = self.where(target, depth + 1)
                else:
                    quantifiers = self.random.sample(["some", "every", "none"], self.random.choice([1, 1, 2]))
                    made[relation] = {each: self.where(target, depth + 1) for each in quantifiers}
            else:
                name, kind = self.random.choice(list(COLUMNS[table].items()))
                made[name] = self.conditions(kind)
        return made

    def conditions(self, kind: str) -> dict[str, Any]:
        plain = ["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "isNull"]
        text = ["contains", "startsWith", "endsWith", "like", "ilike"] if kind == "text" else []
        made: dict[str, Any] = {}
        for operator in self.random.sample(plain + text, self.random.choice([1, 1, 2])):
            if operator == "isNull":
                made[operator] = self.random.random() < 0.5
            elif operator in {"in", "nin"}:
                made[operator] = [self.given(kind) for _ in range(self.random.randint(0, 3))]
            else:
                made[operator] = self.pattern(operator) if "like" in operator else self.given(kind)
        return made

    def pattern(self, operator: str) -> str:
        # How letters beyond ASCII lose their case is each database's own way.
        letters = [each for each in LETTERS if each.isascii() or operator == "like"]
        pieces = [*letters, "%", "%", "_", "\\%", "\\_", "\\\\"]
        made = "".join(self.random.choice(pieces) for _ in range(self.random.randint(0, 4)))
        return made + "\\" if (len(made) - len(made.rstrip("\\"))) % 2 else made

    def order(self, table: str) -> list[dict[str, Any]]:
        made = []
        for _ in range(self.random.randint(0, 3)):
            item: Any = self.random.choice(DIRECTIONS)
            path: list[str] = []
            here = table
            while self.random.random() < 0.3 and len(path) < 3 and here == "things":
                relation = self.random.choice(["club", "parent"])
                path.append(relation)
                here, _ = ONE[here, relation]
            item = {self.random.choice(list(COLUMNS[here])): item}
            for relation in reversed(path):
                item = {relation: item}
            made.append(item)
        return made

    def distinct(self) -> list[str]:
        """The fields that rows are told apart by; mostly none."""
        if self.random.random() < 0.6:
            return []
        return self.random.sample(list(COLUMNS["things"]), self.random.choice([1, 1, 2]))

    def having(self) -> dict[str, Any]:
        """Conditions on groups."""
        made: dict[str, Any] = {}
        for function in self.random.sample(
            ["count", "countDistinct", "sum", "min", "max"], self.random.choice([0, 1, 2])
        ):
            if function == "count":
                made[function] = {self.random.choice(["gt", "lte", "ne"]): self.random.randint(0, 9)}
                continue
            numbers = {name: kind for name, kind in COLUMNS["things"].items() if kind in {"number", "decimal"}}
            name, kind = self.random.choice(list((numbers if function == "sum" else COLUMNS["things"]).items()))
            conditions = self.conditions("number" if function == "countDistinct" else kind)
            made[function] = {name: conditions}
            if function == "sum" and kind == "number":  # a sum of whole numbers is a BigInt
                made[function] = {name: {each: _spelled(value) for each, value in conditions.items()}}
        return made


def _spelled(value: Any) -> Any:
    """Numbers that JSON writes as texts."""
    if isinstance(value, list):
        return [_spelled(each) for each in value]
    return value if isinstance(value, bool) else Decimal(value)


def script(kind: str, rows: dict[str, list[Row]]) -> str:
    """The tables and their rows."""
    text = TEXT[kind]
    made = f"""
        CREATE TABLE clubs (id INTEGER PRIMARY KEY, label {text});
        CREATE TABLE things (
          id INTEGER PRIMARY KEY, label {text}, weight INTEGER, price DECIMAL(12,2), born DATE,
          club_id INTEGER REFERENCES clubs (id), parent_id INTEGER REFERENCES things (id)
        );
    """
    for table in ("clubs", "things"):
        values = ", ".join(f"({', '.join(map(_literal, row.values()))})" for row in rows[table])
        made += f"INSERT INTO {table} VALUES {values};"
    return made


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int | Decimal) else "'" + str(value).replace("'", "''") + "'"


def plain(value: Any) -> Any:
    """A filter as JSON says it."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return str(value) if isinstance(value, Decimal | date) else value


LIST = """query($d: [ThingColumn!], $w: ThingWhere, $o: [ThingOrderBy!], $l: Int, $s: Int) {
    things(distinct: $d, where: $w, orderBy: $o, limit: $l, offset: $s) { id }
}"""
PART = """query($d: [ThingColumn!], $w: ThingWhere, $o: [ThingOrderBy!], $f: Int, $a: String) {
    thingsConnection(distinct: $d, where: $w, orderBy: $o, first: $f, after: $a) {
        nodes { id } totalCount pageInfo { endCursor }
    }
}"""
BACK = """query($d: [ThingColumn!], $w: ThingWhere, $o: [ThingOrderBy!], $f: Int, $a: String) {
    thingsConnection(distinct: $d, where: $w, orderBy: $o, last: $f, before: $a) {
        nodes { id } pageInfo { startCursor hasPreviousPage hasNextPage }
    }
}"""
EACH = """query($d: [ThingColumn!], $w: ThingWhere, $o: [ThingOrderBy!], $l: Int, $s: Int) {
    things { id things(distinct: $d, where: $w, orderBy: $o, limit: $l, offset: $s) { id } }
}"""
COUNTS = """query($w: ThingWhere, $h: ThingAggregateHaving) {
    thingsAggregate(where: $w, groupBy: [clubId], having: $h) { key { clubId } count sum { price } }
}"""


async def test_databases_answer_as_plain_python_does(kind: str, tmp_path: Path) -> None:
    chance = Chance(SEED)
    tables = Tables(chance.rows, ONE, MANY, nulls_low=kind != "postgresql")
    async with shop(kind, tmp_path, script=script(kind, chance.rows)) as house:
        for number in range(QUESTIONS):
            where, order = chance.where("things"), chance.order("things")
            said = f"question {number} of seed {SEED}: {where} {order}"
            distinct = chance.distinct()
            said += f" {distinct}"
            given = {"w": plain(where), "o": order, "d": distinct}
            rows = tables.listed("things", chance.rows["things"], where, order)
            rows = tables.distinct(rows, distinct)
            ids = [row["id"] for row in rows]
            limit, offset = chance.random.choice([0, 1, 5, 50, None]), chance.random.choice([0, 0, 1, 7])
            found = (await house.data(LIST, l=limit if limit is not None else 99, s=offset, **given))["things"]
            assert [row["id"] for row in found] == ids[offset : None if limit is None else offset + limit], said
            await _parts(house, given, ids, chance.random.choice([3, 10]), said)
            await _parts_back(house, given, ids, chance.random.choice([3, 10]), said)
            if number % 5 == 0:
                await _each(house, given, tables, (where, order, limit, offset, distinct), said)
                rows = tables.listed("things", chance.rows["things"], where, [])
                await _counts(house, given, tables, rows, chance.having(), said)


async def _parts(house: Shop, given: dict[str, Any], ids: list[int], first: int, said: str) -> None:
    after, shown = None, []
    for _ in range(2):
        part = (await house.data(PART, f=first, a=after, **given))["thingsConnection"]
        after = part["pageInfo"]["endCursor"]
        shown += [row["id"] for row in part["nodes"]]
        assert part["totalCount"] == len(ids), said
    assert shown[: len(ids)] == ids[: 2 * first], said


async def _parts_back(house: Shop, given: dict[str, Any], ids: list[int], last: int, said: str) -> None:
    before: str | None = None
    shown: list[int] = []
    for number in range(2):
        part = (await house.data(BACK, f=last, a=before, **given))["thingsConnection"]
        shown = [row["id"] for row in part["nodes"]] + shown
        info = part["pageInfo"]
        assert info["hasPreviousPage"] == (len(ids) > len(shown)), said
        assert info["hasNextPage"] == (number > 0), said
        before = info["startCursor"]
        if not info["hasPreviousPage"]:
            break
    assert shown == ids[max(0, len(ids) - 2 * last) :], said


async def _each(house: Shop, given: dict[str, Any], tables: Tables, asked: tuple[Any, ...], said: str) -> None:
    where, order, limit, offset, distinct = asked
    parents = (await house.data(EACH, l=limit, s=offset, **given))["things"]
    by_id = {row["id"]: row for row in tables.rows["things"]}
    for parent in parents:
        _, children = tables.to_many("things", by_id[parent["id"]], "things")
        ids = [row["id"] for row in tables.distinct(tables.listed("things", children, where, order), distinct)]
        expected = ids[offset : None if limit is None else offset + limit]
        shown = [row["id"] for row in parent["things"]]
        if (
            limit is None and not offset and not distinct
        ):  # without a page, rows that are equal in the order stand anyhow
            shown, expected = sorted(shown), sorted(expected)
        assert shown == expected, said
    assert len(house.statements) == 2


async def _counts(
    house: Shop, given: dict[str, Any], tables: Tables, rows: list[Row], having: dict[str, Any], said: str
) -> None:
    groups = (await house.data(COUNTS, w=given["w"], h=plain(having)))["thingsAggregate"]
    found = {
        group["key"]["clubId"]: (group["count"], group["sum"]["price"] and Decimal(group["sum"]["price"]))
        for group in groups
    }
    grouped: dict[Any, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["clubId"], []).append(row)
    expected = {
        club: (len(group), measured("sum", "price", group))
        for club, group in grouped.items()
        if all(
            tables.fulfils(measured(function, name, group), conditions)
            for function, of_fields in having.items()
            for name, conditions in ({"": of_fields} if function == "count" else of_fields).items()
        )
    }
    assert found == expected, f"{said} {having}"


def measured(function: str, name: str, rows: list[Row]) -> Any:
    """What a function of a field of rows comes to."""
    if function == "count":
        return len(rows)
    values = [row[name] for row in rows if row[name] is not None]
    if function == "countDistinct":
        return len(set(values))
    if not values:
        return None
    return sum(values) if function == "sum" else min(values) if function == "min" else max(values)
