from __future__ import annotations

from pathlib import Path

import pytest
from graphql import build_schema, get_introspection_query, parse

from gateway.request.body import strict_json
from resolvers import BadRequest, LimitExceeded
from schema.limits import OperationLimits, check_size
from schema.plan.documents import Documents

DOUBLING = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(45))
TWENTY = " ".join(f"fragment F{n} on A {{ " + " ".join(f"f{i}" for i in range(20)) + " }" for n in range(20))
SPREAD = "{ a { " + " ".join(f"...F{n}" for n in range(20)) + " } } "
LONELY = " ".join(f"fragment F{n} on A {{ f{n} }}" for n in range(110))
DEMO = (Path(__file__).parents[2] / "examples" / "trading" / "query.graphql").read_text("utf-8")
MANY = " ".join(f"a{n}: x" for n in range(21))


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ("{ ...F } fragment F on Query { " + "x " * 21 + "}", "20 root fields"),
        ("{ ...A ...A ...A } fragment A on Query { " + "x " * 7 + "}", "20 root fields"),
        ("{ ... on Query { " + "x " * 21 + "} }", "20 root fields"),
        ("{ ...A ...A } fragment A on Query { y { " + " ".join(f"a{n}: x" for n in range(16)) + "} }", "30 aliases"),
        ("{ __schema { " + " ".join(f"a{n}: types {{ name }}" for n in range(31)) + "} }", "30 aliases"),
        ("{ __schema { types { " + "name " * 1000 + "} } }", "1000 fields"),
        ("{ y { ...F0 } } " + DOUBLING + " fragment F45 on Query { x }", "1000 fields"),
        ("{ y { ...A } } fragment A on Query " + "{ y " * 15 + "{ x }" + "}" * 15, "15 levels of nesting"),
        ("{ x " + "@skip(if: false) " * 51 + "}", "50 directives"),
        ("query " + "@a " * 51 + "{ x }", "50 directives"),
        ("query ($v: Int " + "@a " * 51 + ") { x }", "50 directives"),
        ("{ ...A } fragment A on Query " + "@a " * 51 + "{ x }", "50 directives"),
        ("{ x(a: " + "[" * 17 + "]" * 17 + ") }", "an argument is nested"),
        ("{ x @a(a: " + "{a: " * 17 + "1" + "}" * 17 + ") }", "an argument is nested"),
        ("query ($v: Int = " + "[" * 17 + "]" * 17 + ") { x }", "an argument is nested"),
        ("{ x } query Other { " + "x " * 21 + "}", "20 root fields"),
        ("{ " + "... { " * 80 + "x" + " }" * 80 + " }", "nested deeper"),
        ("{ ...F0 } " + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(100)), "nested deeper"),
        ("{ a { " + "x " * 102 + "} }", "5000 comparisons"),
        ("{ a { " + "... { x } " * 102 + "} }", "5000 comparisons"),
        ("{ a { " + "x(i: 1) " * 72 + "} }", "5000 comparisons"),
        ("{ a { " + "x(i: [1, {a: 1}]) " * 51 + "} }", "5000 comparisons"),
        ("{ a { " + "a { a { x } } " * 60 + "} }", "5000 comparisons"),
        ("{ a { " + " ".join(f"z: f{n}" for n in range(25)) + " b { ...F ...F } } } fragment F on B { c { "
         + "z " * 60 + "} }", "5000 comparisons"),
        ("{ a { ...F } } fragment F on A { " + "x " * 60 + "...G } fragment G on A { " + "x " * 60 + "}",
         "5000 comparisons"),
        ("{ a { " + " ".join(f"...F{n}" for n in range(110)) + " } } " + LONELY, "5000 comparisons"),
        (" ".join(f"query Q{n} {{ a {{ " + "x " * 60 + "} }" for n in range(4)), "5000 comparisons"),
        ("{ x } fragment F on A { " + "x " * 102 + "}", "5000 comparisons"),
        ("{ y { ...F0 } } " + DOUBLING, "comparisons|selections"),
        (" ".join(f"query Q{n} {{ a {{ ...F }} }}" for n in range(60)) + " fragment F on A { "
         + " ".join(f"f{n}" for n in range(200)) + " }", "10000 selections"),
    ],
)  # fmt: skip
def test_what_expands_beyond_a_limit_is_refused_unexpanded(document: str, what: str) -> None:
    with pytest.raises(LimitExceeded, match=what):
        check_size(parse(document), OperationLimits(max_operations=100))


@pytest.mark.parametrize(
    "document",
    [
        get_introspection_query(descriptions=True, specified_by_url=True, directive_is_repeatable=True,
                                schema_description=True, input_value_deprecation=True),
        "{ ...A ...A } fragment A on Query { " + "x " * 10 + "}",
        "{ ...A } fragment A on Query { x ...B } fragment B on Query { ...A }",  # a cycle: validation's to report
        "{ ...Missing }",
        SPREAD + TWENTY,  # a page made of twenty parts that ask the same twenty fields
        "{ a { " + " ".join(f"f{n}" for n in range(990)) + " } }",  # names that differ are never compared
        "{ a { a { ...F } } } fragment F on A { x a { ...F } }",
        DEMO,
    ],
)  # fmt: skip
def test_what_fits_passes(document: str) -> None:
    check_size(parse(document), OperationLimits())


@pytest.mark.parametrize("number", ["9" * 5000, "-" + "9" * 1001, "1." + "0" * 5000, "1e" + "9" * 5000])
def test_a_number_that_is_too_long_is_told_in_our_words(number: str) -> None:
    documents = Documents(build_schema("type Query { a(x: Int, y: Float): Int }"), OperationLimits())
    with pytest.raises(BadRequest, match="a number has more than 1000 digits"):
        documents.get(f"{{ a(x: {number}) }}", None)
    documents.get(f'{{ a(x: {"9" * 1000}, y: "{number}") }}', None)


def test_a_number_in_a_body_that_is_too_long_is_no_mistake_of_its_json() -> None:
    with pytest.raises(BadRequest, match="a number has too many digits"):
        strict_json(b'{"x": ' + b"9" * 5000 + b"}")
    with pytest.raises(BadRequest, match="not JSON"):
        strict_json(b'{"x": 9')
    with pytest.raises(BadRequest, match="not JSON"):
        strict_json(b"\xff")
