"""Full-text search: words are found by the database's own index, and nothing that a caller writes is a syntax error."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from resolvers import ConfigurationError
from schema import Principal
from tests.querying.shop import Shop, shop

TABLES = """
CREATE TABLE makers (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL);
CREATE TABLE goods (
  id INTEGER PRIMARY KEY, name VARCHAR(60), notes VARCHAR(200), secret VARCHAR(60),
  maker_id INTEGER REFERENCES makers (id)
);
INSERT INTO makers VALUES (1, 'Nordic Kettles'), (2, 'Summer Cups');
INSERT INTO goods VALUES
  (1, 'kettle', 'red kettle, a kettle for every kitchen', 'buried treasure', 1),
  (2, 'cup', 'blue cup with a red rim', 'gold', 2), (3, 'teapot', 'goes with the kettle', NULL, 1),
  (4, NULL, NULL, NULL, NULL), (5, 'cup', 'plain white', 'treasure', 2);
"""
INDEX = {
    "sqlite": """
        CREATE VIRTUAL TABLE goods_words USING fts5(name, notes, secret, content='goods', content_rowid='id');
        INSERT INTO goods_words(goods_words) VALUES ('rebuild');
        CREATE VIRTUAL TABLE makers_words USING fts5(name, content='makers', content_rowid='id');
        INSERT INTO makers_words(makers_words) VALUES ('rebuild');
    """,
    "mariadb": """
        ALTER TABLE goods ADD FULLTEXT (name, notes); ALTER TABLE goods ADD FULLTEXT (name, secret);
        ALTER TABLE makers ADD FULLTEXT (name);
    """,
    "postgresql": """
        CREATE INDEX ON goods USING gin (to_tsvector('english', coalesce(name, '') || ' ' || coalesce(notes, '')));
        ALTER TABLE makers ADD words tsvector GENERATED ALWAYS AS (to_tsvector('english', name)) STORED;
    """,
}
MORE: dict[str, dict[str, dict[str, object]]] = {
    "sqlite": {"goods": {"index": "goods_words"}, "makers": {"index": "makers_words"}},
    "mariadb": {"goods": {}, "makers": {}},
    "postgresql": {"goods": {"language": "english"}, "makers": {"language": "english", "vector": "words"}},
}


@contextlib.asynccontextmanager
async def searched(kind: str, folder: Path, rest: str = "") -> AsyncIterator[Shop]:
    """The goods and their makers, searched by their indexes."""
    search: dict[str, dict[str, object]] = {"goods": {"columns": ["name", "notes"]}, "makers": {"columns": "name"}}
    tables = {name: {"search": {**each, **MORE[kind][name]}} for name, each in search.items()}
    async with shop(kind, folder, rest, TABLES + INDEX[kind], tables=tables) as house:
        yield house


ASKED = """query($s: String, $w: GoodWhere!, $o: [GoodOrderBy!], $l: Int) {
    goods(where: { search: $s, and: [$w] }, orderBy: $o, limit: $l) { id }
}"""


async def found(house: Shop, text: str, order: str = "id", **more: Any) -> list[int]:
    by = [{"relevance": "DESC"}, {"id": "ASC"}] if order == "relevance" else [{"id": "ASC"}]
    rows = (await house.data(ASKED, s=text, o=by, w=more.pop("w", {}), **more))["goods"]
    assert len(house.statements) == 1
    return [row["id"] for row in rows]


async def test_words_are_found_as_callers_write_them(kind: str, tmp_path: Path) -> None:
    async with searched(kind, tmp_path) as house:
        for text, ids in (
            ("kettle", [1, 3]),
            ("red kettle", [1]),
            ('"red rim"', [2]),
            ('"rim red"', []),
            ("red -kettle", [2]),
            ("teapot or white", [3, 5]),
            ("teapot OR red rim", [2, 3]),
            ("KETTLE", [1, 3] if kind != "mariadb" else []),  # its collation tells these apart
            ("nothing", []),
            ("treasure", []),  # a column that is not among those that are searched
        ):
            assert await found(house, text) == ids, text
        assert await found(house, "kettle", w={"makerId": {"eq": 1}, "id": {"gt": 1}}) == [3]
        assert sorted(house.statements[0].split(" WHERE ")[1].split(", ")) == ["id", "maker_id", "name", "notes"]


async def test_what_fits_best_comes_first(kind: str, tmp_path: Path) -> None:
    async with searched(kind, tmp_path) as house:
        assert await found(house, "kettle", "relevance") == [1, 3]
        assert await found(house, "kettle", "relevance", l=1) == [1]
        upwards = 'query($o: [GoodOrderBy!]) { goods(where: { search: "kettle" }, orderBy: $o) { id } }'
        rows = (await house.data(upwards, o=[{"relevance": "ASC"}]))["goods"]
        assert [row["id"] for row in rows] == [3, 1]


async def test_a_search_stands_in_other_conditions_and_goes_through_relations(kind: str, tmp_path: Path) -> None:
    async with searched(kind, tmp_path) as house:
        for where, ids in (
            ('{ maker: { search: "nordic" } }', [1, 3]),
            ('{ or: [{ search: "white" }, { maker: { search: "nordic" } }] }', [1, 3, 5]),
            ('{ not: { search: "kettle" } }', [2, 4, 5]),
        ):
            rows = (await house.data(f"{{ goods(where: {where}, orderBy: {{ id: ASC }}) {{ id }} }}"))["goods"]
            assert [row["id"] for row in rows] == ids, where
        query = """{ makers(where: { goods: { some: { search: "white" } } }) {
            name goods(where: { search: "cup" }, limit: 1, orderBy: [{ relevance: DESC }]) { name }
        } }"""
        assert await house.data(query) == {"makers": [{"name": "Summer Cups", "goods": [{"name": "cup"}]}]}
        counted = """{
            goodsConnection(where: { search: "cup" }) { totalCount } goodsAggregate(where: { search: "cup" }) { count }
        }"""
        assert await house.data(counted) == {"goodsConnection": {"totalCount": 2}, "goodsAggregate": [{"count": 2}]}


ODD = [
    '"', '""', "'", "kettle)", "(kettle", "+kettle", "kettle*", "~kettle >red", "@3 kettle", "kettle & | !", "%",
    "NEAR(kettle red)", "name:kettle", "{secret} : treasure", "kettle AND", "NOT kettle", "kettle ^", "\\ kettle",
    "kettle <-> red", "--", "- -kettle", "or or or", "kettle or", '"kettle', "kettle\u0000", "🫖", "ß", "of", "the",
    "a" * 1000, "a" * 1001, "x " * 51, "", "   ", "kettle:*", "kettle@x.ch", "a'b", "kettle--red", "🫖 kettle",
]  # fmt: skip


async def test_no_text_is_an_error_of_the_database(kind: str, tmp_path: Path) -> None:
    async with searched(kind, tmp_path) as house:
        for text in ODD:
            body = await house.ask(ASKED, s=text, w={}, o=[{"relevance": "DESC"}])
            codes = {error["extensions"]["code"] for error in body.get("errors", ())}
            assert codes <= {"BAD_REQUEST"}, (text, body)
            if codes:
                assert house.statements == [], text
        for text in ('"', "--", "", "- -kettle", "-red", "a" * 1001, "x " * 51, "kettle or -red", "kettle\u0000"):
            assert (await house.refusal(ASKED, s=text, w={}, o=[]))[0] == "BAD_REQUEST", text
        assert await found(house, "{secret} : treasure") == []


@pytest.mark.parametrize(
    "field",
    [
        "goods(orderBy: [{ relevance: DESC }]) { id }",
        'goods(where: { or: [{ search: "red" }] }, orderBy: [{ relevance: DESC }]) { id }',
        'goods(where: { search: "red", and: [{ search: "blue" }] }, orderBy: [{ relevance: DESC }]) { id }',
        'goods(where: { search: "red" }, distinct: [name], orderBy: [{ relevance: DESC }]) { id }',
        'goodsConnection(where: { search: "red" }, orderBy: [{ relevance: DESC }]) { nodes { id } }',
        "goodsAggregate(groupBy: [name], orderBy: [{ min: { relevance: DESC } }]) { count }",
        'goods(where: { maker: { search: "nordic" } }, orderBy: [{ maker: { relevance: DESC } }]) { id }',
        "goods(where: { search: null }) { id }",
    ],
)
async def test_a_relevance_without_its_search_is_refused(kind: str, tmp_path: Path, field: str) -> None:
    async with searched(kind, tmp_path) as house:
        assert (await house.refusal(f"{{ {field} }}"))[0] == "BAD_REQUEST"
        assert house.statements == []


async def test_a_search_over_a_refused_column_is_refused_and_over_a_hidden_one_is_not_there(
    kind: str, tmp_path: Path
) -> None:
    rest = "access: { default: anonymous, rules: { Good.notes: { scopes: [pii] } } }"
    (tmp_path / "ruled").mkdir()
    async with searched(kind, tmp_path / "ruled", rest) as house:
        for field in (
            'goods(where: { search: "kettle" }) { id }',
            "goods(orderBy: [{ relevance: DESC }]) { id }",
            'makers(where: { goods: { some: { or: [{ search: "red" }] } } }) { id }',
            'goodsAggregate(where: { search: "kettle" }) { count }',
        ):
            assert (await house.refusal(f"{{ {field} }}"))[0] == "FORBIDDEN", field
            assert house.statements == []
        query = "query($w: GoodWhere) { goods(where: $w) { id } }"
        assert (await house.refusal(query, w={"not": {"search": "kettle"}}))[0] == "FORBIDDEN"
        able = Principal("eve", scopes=frozenset({"pii"}))
        assert len((await house.data('{ goods(where: { search: "kettle" }) { id } }', able))["goods"]) == 2
    (tmp_path / "hidden").mkdir()
    async with searched(kind, tmp_path / "hidden", "access: { default: anonymous }\nhide: [Good.notes]") as house:
        typed: Any = house.snapshot.graph.schema.type_map
        assert "search" not in typed["GoodWhere"].fields
        assert "relevance" not in typed["GoodOrderBy"].fields
        assert "search" in typed["MakerWhere"].fields


async def test_what_the_database_does_not_search_is_refused_at_load(kind: str, tmp_path: Path) -> None:
    wrong: dict[str, object] = {"columns": ["notes", "secret"]}
    wrong |= {"language": "klingon"} if kind == "postgresql" else {}
    for search, where in ((wrong, ("search",)), ({"columns": "nam"}, ("search", "columns"))):
        folder = tmp_path / where[-1]
        folder.mkdir()
        with pytest.raises(ConfigurationError) as raised:
            async with shop(kind, folder, script=TABLES + INDEX[kind], tables={"goods": {"search": search}}):
                pass
        (problem,) = raised.value.problems
        assert problem.where[:3] == ("sources", "shop", "tables")
        assert problem.where[4:] == where
        assert problem.mend


async def test_postgresql_searches_by_the_index_of_the_same_expression(tmp_path: Path) -> None:
    async with searched("postgresql", tmp_path) as house:
        await found(house, "kettle")
        vector, _, query = house.texts[0].partition("WHERE ")[2].partition(" @@ ")
        assert "to_tsvector('english'::regconfig, " in vector
        assert "$" not in vector
        assert query.startswith("websearch_to_tsquery('english'::regconfig, ")
