"""Rows decoded as they will stand in the answer: what fits is laid out, whatever does not is read as ever."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from resolvers import LEAF, Field, Layout, ListRef, Member, NamedRef, ObjectType, Row, Scalar, ScalarRef, Selection
from resolvers.rest.replies.reply import AS_DESCRIBED
from resolvers.rest.replies.rows import Rows
from resolvers.rest.replies.typed import TypedDecoders

FIELDS = {
    "no": Field("no", ScalarRef(Scalar.INT)),
    "name": Field("name", ScalarRef(Scalar.STRING, nullable=True)),
    "owner": Field("owner", ScalarRef(Scalar.INT)),
    'odd"name': Field('odd"name', ScalarRef(Scalar.STRING)),
}
KNOWN = Rows.of({"Item": ObjectType("Item", FIELDS)}, (), AS_DESCRIBED)
LAYOUT = Layout(
    (
        Member("title", "name", "text"),
        Member("__typename", value="Item"),
        Member("no", "no", "int", False),
        Member("owner"),
    )
)
SELECTION = Selection({"no": LEAF, "name": LEAF, "owner": LEAF}, layout=LAYOUT)
FITS = {"no": 1, "name": "a", "owner": 7, "else": [1]}


def decoded(rows: list[Any], selection: Selection = SELECTION, decoders: TypedDecoders | None = None) -> list[Any]:
    found = (decoders or TypedDecoders(KNOWN, patience=0)).of(ListRef(NamedRef("Item")), selection)
    assert found is not None
    value = found(json.dumps(rows).encode())
    assert isinstance(value, list)
    return value


def test_a_row_holds_what_the_answer_shows_and_what_links_need() -> None:
    (row,) = decoded([FITS])
    assert isinstance(row, Row)
    assert row.as_object() == {"title": "a", "__typename": "Item", "no": 1, "owner": None}
    assert row.as_mapping() == {"no": 1, "name": "a", "owner": 7}
    row.__class__ = row.shown
    for attribute in row.hidden:
        setattr(row, attribute, msgspec.UNSET)
    assert msgspec.json.encode(row) == b'{"title":"a","__typename":"Item","no":1,"owner":null}'


def test_what_may_be_null_may_be_absent() -> None:
    rows = decoded([{"no": 1, "name": None}, {"no": 2}])
    assert [row.as_object()["title"] for row in rows] == [None, None]


@pytest.mark.parametrize(
    "wrong",
    [
        {"no": 2**31, "name": "a"},
        {"no": None, "name": "a"},
        {"name": "a"},
        {"no": 1, "isthmus/1": "Admin"},
        {"no": 1, "isthmus/3": 5},
    ],
)
def test_one_row_that_does_not_fit_leaves_all_of_the_reply_to_the_other_reading(wrong: dict[str, object]) -> None:
    rows = decoded([FITS, wrong])
    assert rows == [{"no": 1, "name": "a", "owner": 7}, {k: v for k, v in wrong.items() if k in FIELDS}]


def test_a_field_that_is_described_otherwise_is_not_laid_out() -> None:
    other = Layout((Member("no", "no", "text"),))
    assert decoded([FITS], Selection({"no": LEAF}, layout=other)) == [{"no": 1}]


def test_a_name_that_cannot_be_written_is_read_as_ever() -> None:
    odd = Selection({'odd"name': LEAF}, layout=Layout((Member("odd", 'odd"name', "text", nullable=False),)))
    assert decoded([{'odd"name': "x"}], odd) == [{'odd"name': "x"}]


def test_classes_are_made_for_the_second_reply_and_not_for_ever_tried() -> None:
    decoders = TypedDecoders(KNOWN)
    assert isinstance(decoded([FITS], decoders=decoders)[0], dict)
    assert isinstance(decoded([FITS], decoders=decoders)[0], Row)
    for _ in range(10):
        assert decoded([{"name": "a"}], decoders=decoders) == [{"name": "a"}]
    assert isinstance(decoded([FITS], decoders=decoders)[0], dict)
