from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers import (
    LONGEST,
    Effect,
    Field,
    Naming,
    ObjectType,
    Operation,
    Scalar,
    ScalarRef,
    SourceModel,
    assign,
    shortened,
)
from schema.naming import RESERVED_TYPES, Names, Pins, camel, enum_values, members, pascal
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


@given(st.data())
def test_members_are_distinct_and_their_order_names_nothing(data: st.DataObject) -> None:
    names = data.draw(st.lists(spellings, unique=True, max_size=20))
    made = members(names)
    assert len(set(made.values())) == len(names)
    assert all(LEGAL.fullmatch(name) and not name.startswith("__") for name in made.values())
    assert members(data.draw(st.permutations(names))) == made
    for name in names:
        if camel(name) == name:
            assert made[name] == name


@pytest.mark.parametrize(("given_name", "type_name", "field_name"), [
    ("order_line", "OrderLine", "orderLine"), ("ORDER_LINE", "OrderLine", "orderLine"), ("ID", "ID", "id"),
    ("customerIDs", "CustomerIDs", "customerIDs"), ("URLPath", "URLPath", "urlPath"),
    ("HTTPError", "HTTPError", "httpError"),
    ("Größe", "Groesse", "groesse"), ("café", "Cafe", "cafe"), ("订单", "DingDan", "dingDan"), ("+1", "_1", "_1"),
    ("PRODUCTS", "PRODUCTS", "products"), ("", "Type", "field"), ("$", "Type", "field"),
])  # fmt: skip
def test_spellings(given_name: str, type_name: str, field_name: str) -> None:
    assert (pascal(given_name), camel(given_name)) == (type_name, field_name)


def test_signs_tell_members_and_values_apart_before_numbers_do() -> None:
    assert members(["+1", "-1", "id", "@id", "Id"]) == {
        "+1": "plus1", "-1": "minus1", "id": "id", "@id": "atId", "Id": "id2",
    }  # fmt: skip
    assert enum_values(["name", "-name", "", "*", ">=", "true", "+1", "größer"]) == [
        "name", "NAME_DESC", "EMPTY", "STAR", "GREATER_EQUAL", "TRUE", "PLUS_1", "GROESSER",
    ]  # fmt: skip


def _taken(wanted: Sequence[tuple[str, str]], *, pascal_case: bool) -> list[str]:
    """One thing after the other, each with a place of its own."""
    names = Names(RESERVED_TYPES)

    def options(naming: Naming) -> Iterator[str]:
        yield pascal(naming.names[0]) if pascal_case else camel(naming.names[0])

    given_names: list[str] = []
    for index, (name, source) in enumerate(wanted):
        wish = {index: Naming(f"{index}", (name,))}
        given_names += names.give(source, wish, {}, options, pascal_case=pascal_case).values()
    return given_names


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


def _names(
    *models: SourceModel, prefixes: dict[str, str] | None = None, pins: dict[str, Pins] | None = None
) -> dict[tuple[str, str], tuple[str, str]]:
    types = TypeBuilder(set(), set(), prefixes=prefixes or {}, pins=pins)
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


def _is_open(name: str) -> bool:
    return pascal(name) not in RESERVED_TYPES


@given(st.lists(words.filter(_is_open), unique_by=(camel, pascal), min_size=1, max_size=8))
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


@given(st.data())
def test_pinned_names_are_kept_whatever_is_added_removed_or_put_first(data: st.DataObject) -> None:
    """Names that clash by purpose: ``a_b`` and ``aB`` want one, and every source wants those of the others."""
    clashing = st.lists(st.sampled_from(["a_b", "aB", "AB", "a", "b", "A"]), unique=True, min_size=1)
    first, second = data.draw(clashing), data.draw(clashing)
    types = TypeBuilder(set(), set(), prefixes={})
    for model in (_model("crm", first), _model("shop", second)):
        types.add(model)
    before = _names(_model("crm", first), _model("shop", second))
    later = [
        _model("crm", data.draw(clashing)),
        _model("shop", data.draw(clashing)),
        _model("new", data.draw(clashing)),
    ]
    after = _names(*data.draw(st.permutations(later)), pins=types.given)
    assert {key: after[key] for key in before.keys() & after.keys()} == {
        key: before[key] for key in before.keys() & after.keys()
    }
    for column in (0, 1):
        assert len({names[column] for names in after.values()}) == len(after)


@given(st.data())
def test_what_wants_no_name_of_another_renames_nothing(data: st.DataObject) -> None:
    wishes = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3, unique=True).map(tuple)
    things = data.draw(
        st.dictionaries(st.integers(0, 30), st.tuples(wishes, st.integers(0, 2)), min_size=1, max_size=12)
    )
    wanted = {key: Naming(f"{key:02}", names, rank) for key, (names, rank) in things.items()}
    before = assign(wanted)
    assert len(set(before.values())) == len(before)
    assert assign(dict(data.draw(st.permutations(list(wanted.items()))))) == before
    key = data.draw(st.integers(31, 60) | st.integers(-30, -1))
    newcomer = Naming(f"{key:02}", data.draw(wishes.filter(lambda names: names[0] not in before.values())), 1)
    after = assign({**wanted, key: newcomer})
    assert {each: after[each] for each in before} == before


@given(spellings | st.text(alphabet="abcXYZ_", min_size=30, max_size=120))
def test_long_names_are_shortened_to_legal_ones_and_short_ones_are_left_alone(name: str) -> None:
    for spelled in (pascal(name), camel(name)):
        for short in shortened(spelled):
            assert len(short) <= LONGEST
            assert LEGAL.fullmatch(short)
            assert list(shortened(short)) == [short]
