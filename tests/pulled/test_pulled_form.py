"""The form of pulled documents: it can be reviewed, and says what they said."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from resolvers import reviewable
from resolvers.xml import parse
from tests.pulled.far import ONE_LINE

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES.filter(lambda value: isinstance(value, dict | list)), st.booleans())
def test_json_says_the_same_and_is_laid_once(value: object, ascii_only: bool) -> None:  # noqa: FBT001
    laid = reviewable(
        json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":")).encode("utf-8", "surrogatepass")
    )
    assert json.loads(laid) == value
    assert reviewable(laid) == laid


def test_numbers_and_escapes_stay_as_they_are_written() -> None:
    laid = reviewable(b'{"a":1.50,"b":1e3,"c":"\\u00e9\\/","d":123456789012345678901234567890}')
    assert laid == b'{ "a": 1.50, "b": 1e3, "c": "\\u00e9\\/", "d": 123456789012345678901234567890 }\n'


def test_yaml_and_what_has_lines_stay_as_they_are() -> None:
    for text in (b"openapi: 3.0.3\n# why\npaths: {}\n", b"{openapi: 3.0.3, paths: {}}\n", b"<a>\n  <b/>\n</a>\n", b""):
        assert reviewable(text) == text


def test_xml_without_lines_gets_some() -> None:
    laid = reviewable(ONE_LINE.encode())
    assert len(laid.splitlines()) > 20
    assert [node.tag for node in parse(laid).iter()] == [node.tag for node in parse(ONE_LINE.encode()).iter()]
