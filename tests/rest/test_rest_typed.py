from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers import (
    LEAF,
    Effect,
    Field,
    ListRef,
    NamedRef,
    ObjectType,
    Operation,
    Scalar,
    ScalarRef,
    Selection,
    SourceBadResponse,
)
from resolvers.http import Reply
from resolvers.rest.replies.reply import Replies
from resolvers.rest.shapes import RequestShape

LEAVES = [scalar for scalar in Scalar if scalar is not Scalar.JSON]
TYPES = {
    "Row": ObjectType("Row", {
        **{scalar.value: Field(scalar.value, ScalarRef(scalar)) for scalar in Scalar},
        "rows": Field("rows", ListRef(NamedRef("Row"))),
        "kind": Field("kind", NamedRef("Kind")),
    }),
}  # fmt: skip
SELECTED = Selection({scalar.value: LEAF for scalar in LEAVES} | {"kind": LEAF, "rows": Selection({"Int": LEAF})})
EXACTLY = SELECTED.merge(Selection({"JSON": Selection(everything=True)}))
"""The same with a field of any JSON, for which no typed decoder is made."""

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from([0.1, -2.5, 1e300]),
    st.lists(st.integers(), max_size=2), st.just({"a": 1}),
)  # fmt: skip


def decode(body: bytes, selection: Selection) -> object:
    replies = Replies(TYPES, {"Kind"})
    result = ListRef(NamedRef("Row"))
    reply = Reply(200, {"content-type": "application/json"}, body)
    return replies.decode(RequestShape("GET", "/x"), Operation("x", Effect.READ, {}, result), result, reply, selection)


def shown(rows: object) -> object:
    """Rows as a caller sees them: of the selected fields only, decimals by their digits."""
    assert isinstance(rows, list)
    return [
        {
            key: "broken" if isinstance(value, SourceBadResponse) else str(value) if key == "Decimal" else value
            for key, value in row.items()
            if key in SELECTED.fields
        }
        for row in rows
    ]


@given(st.lists(st.dictionaries(st.sampled_from([*(s.value for s in LEAVES), "kind", "else"]), VALUES), max_size=3))
def test_both_ways_of_reading_give_the_same(rows: list[dict[str, object]]) -> None:
    body = json.dumps(rows).encode()
    assert shown(decode(body, SELECTED)) == shown(decode(body, EXACTLY))


def test_nested_rows_hold_what_was_asked() -> None:
    body = b'[{"Int": 1, "String": "x", "rows": [{"Int": 2, "String": "y"}, null]}]'
    assert decode(body, SELECTED) == [{"Int": 1, "String": "x", "rows": [{"Int": 2}, None]}]


def test_digits_survive() -> None:
    body = f'[{{"Decimal": 0.10000000000000000001, "BigInt": {2**70}}}]'.encode()
    assert decode(body, SELECTED) == [{"Decimal": Decimal("0.10000000000000000001"), "BigInt": 2**70}]


@pytest.mark.parametrize("body", [b"", b"[", b"{}", b'[{"Int": NaN}]'])
def test_what_is_no_such_list_is_refused(body: bytes) -> None:
    with pytest.raises(SourceBadResponse):
        decode(body, SELECTED)
