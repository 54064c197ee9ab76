from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from resolvers import Effect, Field, ObjectType, Operation, Scalar, ScalarRef, SourceModel
from schema.naming import RESERVED_TYPES, Names, camel, distinct, enum_values, pascal
from schema.types import TypeBuilder

LEGAL = re.compile(r"[_A-Za-z][_0-9A-Za-z]*", re.ASCII)
STRING = ScalarRef(Scalar.STRING)

spellings = st.one_of(
    st.text(max_size=12),
    st.from_regex(r"[_0-9A-Za-z .:$/-]{0,12}", fullmatch=True),
    st.sampled_from(["", "__typename", "__x", "_", "true", "false", "null", "type", "query", "Query", "String", "2nd"]),
)
words = st.from_regex(r"[a-z]{1,4}(_[a-z]{1,4}){0,2}", fullmatch=True)
sources = st.sampled_from(["crm", "billing", "stock"])


@given(spellings)
def test_every_spelling_becomes_a_legal_name_that_is_not_reserved(name: str) -> None:
    for made in (pascal(name), camel(name)):
        assert LEGAL.fullmatch(made)
        assert not made.startswith("__")


@given(spellings)
def test_spelling_a_name_again_changes_nothing(name: str) -> None:
    assert pascal(pascal(name)) == pascal(name)
    assert camel(camel(name)) == camel(name)


@given(st.lists(spellings, unique=True, max_size=20))
def test_enum_values_are_legal_distinct_and_kept_where_they_are_legal(values: list[str]) -> None:
    named = enum_values(values)
    assert len(set(named)) == len(values)
    for value, name in zip(values, named, strict=True):
        assert LEGAL.fullmatch(name)
        assert not name.startswith("__")
        assert name not in {"true", "false", "null"}
        if LEGAL.fullmatch(value) and not value.startswith("__") and value not in {"true", "false", "null"}:
            assert name == value


@given(st.lists(spellings, max_size=20), st.lists(spellings, max_size=5))
def test_members_are_distinct_and_later_ones_change_no_earlier(names: list[str], more: list[str]) -> None:
    made = distinct([camel(name) for name in names])
    assert len(set(made)) == len(names)
    assert distinct([camel(name) for name in [*names, *more]])[: len(made)] == made


def _taken(wanted: Sequence[tuple[str, str]], *, pascal_case: bool) -> list[str]:
    names = Names(RESERVED_TYPES)
    return [
        names.take(pascal(name) if pascal_case else camel(name), source, pascal_case=pascal_case)
        for name, source in wanted
    ]


@given(st.lists(st.tuples(spellings, sources), max_size=25), st.lists(st.tuples(spellings, sources), max_size=5))
def test_names_of_all_sources_are_distinct_legal_and_never_changed_by_what_comes_later(
    wanted: list[tuple[str, str]], later: list[tuple[str, str]]
) -> None:
    for pascal_case in (True, False):
        made = _taken(wanted, pascal_case=pascal_case)
        assert len(set(made)) == len(made)
        assert all(LEGAL.fullmatch(name) and not name.startswith("__") for name in made)
        assert not RESERVED_TYPES & set(made)
        assert _taken([*wanted, *later], pascal_case=pascal_case)[: len(made)] == made


def _model(source: str, operations: Sequence[str]) -> SourceModel:
    types = {name: ObjectType(name, {"id": Field("id", STRING)}) for name in operations}
    made = {name: Operation(name, Effect.READ, {}, STRING) for name in operations}
    return SourceModel(source, "openapi", made, types)


def _names(*models: SourceModel, prefixes: dict[str, str] | None = None) -> dict[tuple[str, str], tuple[str, str]]:
    types = TypeBuilder(set(), set(), prefixes=prefixes or {})
    for model in models:
        types.add(model)
    return {
        (source, name): (root, made.outputs[name].name)
        for source, made in types.sources.items()
        for name, root in made.roots.items()
    }


@given(st.data())
def test_the_order_of_operations_names_nothing(data: st.DataObject) -> None:
    operations = data.draw(st.lists(words, unique_by=(camel, pascal), min_size=1, max_size=10))
    shuffled = data.draw(st.permutations(operations))
    other = data.draw(st.lists(words, unique_by=(camel, pascal), max_size=5))
    before = _names(_model("crm", operations), _model("shop", other))
    assert _names(_model("crm", shuffled), _model("shop", other)) == before


@given(st.lists(words, unique=True, max_size=8), st.lists(words, unique=True, max_size=8))
def test_an_appended_source_renames_nothing_and_gets_its_name_in_front(first: list[str], second: list[str]) -> None:
    before = _names(_model("crm", first))
    after = _names(_model("crm", first), _model("shop", second))
    assert {key: after[key] for key in before} == before
    for (source, name), (root, type_name) in after.items():
        if source == "shop" and root != camel(name):
            assert root.startswith("shop")
        if source == "shop" and type_name != pascal(name):
            assert type_name.startswith("Shop")


@given(st.lists(words, unique_by=(camel, pascal), min_size=1, max_size=8))
def test_prefixes_keep_two_like_sources_apart(operations: list[str]) -> None:
    made = _names(_model("crm", operations), _model("shop", operations), prefixes={"shop": "ERP"})
    for name in operations:
        assert made["crm", name] == (camel(name), pascal(name))
        assert made["shop", name] == (f"erp{camel(name)[:1].upper()}{camel(name)[1:]}", f"ERP{pascal(name)}")


def test_what_a_later_source_had_to_give_up_is_told() -> None:
    types = TypeBuilder(set(), set(), prefixes={})
    types.add(_model("crm", ["order"]))
    types.add(_model("shop", ["order"]))
    assert [(item.source, item.wanted, item.given) for item in types.names.renamed] == [("shop", "Order", "ShopOrder")]
    assert [item.given for item in types.root_names.renamed] == ["shopOrder"]
