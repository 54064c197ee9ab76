"""A value that is written and read by the same shape comes back the same, whole and by selection, for random shapes."""

from __future__ import annotations

import base64
import string
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from resolvers.model import TYPE_KEY
from resolvers.soap.builtins import XSD
from resolvers.soap.shapes import (
    Array,
    Branch,
    Choice,
    Complex,
    Content,
    Facets,
    Member,
    Opaque,
    Shape,
    Simple,
    alternatives,
    object_name,
)
from resolvers.source import EVERYTHING, LEAF, Selection
from tests.soap.made import SPACE, a_codec, read, simple, written

Pair = tuple[Any, Any]
"""What is written, and what is read back."""

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\t\n\r<>&'\"]"), max_size=12)
WORDS = st.text(string.ascii_letters, min_size=1, max_size=6)
SIMPLES: dict[str, tuple[Simple, st.SearchStrategy[Any]]] = {
    "string": (simple("string"), TEXTS.filter(lambda text: "\ufffe" not in text and "\uffff" not in text)),
    "token": (simple("token"), WORDS),
    "short": (simple("string", facets=Facets(most_length=3)), st.text(string.ascii_letters, max_size=3)),
    "enumeration": (simple("string", name="Mood", values=("sad", "very glad")), st.sampled_from(["sad", "very glad"])),
    "int": (simple("int"), st.integers(-(2**31), 2**31 - 1)),
    "long": (simple("long"), st.integers(-(2**63), 2**63 - 1)),
    "integer": (simple("integer"), st.integers()),
    "bounded": (simple("int", facets=Facets(least="-5", most="5", most_exclusive=True)), st.integers(-5, 4)),
    "decimal": (simple("decimal"), st.decimals(allow_nan=False, allow_infinity=False, places=5)),
    "double": (simple("double"), st.floats(allow_nan=False, allow_infinity=False)),
    "boolean": (simple("boolean"), st.booleans()),
    "date": (simple("date"), st.dates().map(str)),
    "dateTime": (simple("dateTime"), st.datetimes().map(lambda moment: moment.isoformat() + "+01:00")),
    "time": (simple("time"), st.times().map(lambda moment: moment.isoformat())),
    "duration": (simple("duration"), st.sampled_from(["P1D", "-PT0.5S", "P1Y2M3DT4H5M6S"])),
    "hexBinary": (simple("hexBinary"), st.binary(max_size=9).map(bytes.hex)),
    "base64": (simple("base64Binary"), st.binary(max_size=9).map(lambda raw: base64.b64encode(raw).decode())),
    "QName": (simple("QName"), st.sampled_from(["{urn:made}a", "{urn:other}b-c", "plain"])),
    "list": (simple("int", many=True), st.lists(st.integers(-9, 9), max_size=4)),
    "words": (simple("NMTOKENS", many=True), st.lists(WORDS, max_size=4)),
    "union": (
        simple("string", union=(simple("int"), simple("date"))),
        st.one_of(st.integers(0, 99).map(str), st.dates().map(str)),
    ),
}
SIMPLE = st.sampled_from(sorted(SIMPLES))


class Made:
    """Names no thing twice, so that no two members can be mistaken for one another."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.number = 0
        self.open: list[Complex] = []
        """Types that something inside of them may lead back to."""
        self.values: dict[int, st.SearchStrategy[Any]] = {}

    def name(self, kind: str) -> str:
        self.number += 1
        return f"{kind}{self.number}"

    # --- shapes ------------------------------------------------------------------------------------------------

    def simple(self) -> Simple:
        shape, values = SIMPLES[self.draw(SIMPLE)]
        self.values[id(shape)] = values
        return shape

    def shape(self, depth: int) -> Shape:
        kind = self.draw(st.integers(0, 9)) if depth < 3 else 0
        if kind < 4:
            return self.simple()
        if kind == 4:
            return Opaque()
        if kind == 5:
            item = self.member("item", depth + 1, many=False, plain=True)
            return Array(item, f"{{{XSD}}}anyType", dimensions=self.draw(st.integers(1, 3)))
        if kind == 6 and self.open:
            return self.draw(st.sampled_from(self.open))
        return self.family(depth) if kind == 7 else self.complex(depth)

    def complex(self, depth: int) -> Complex:
        name = self.name("Type")
        shape = Complex(name, tag=f"{{{SPACE}}}{name}")
        self.open.append(shape)
        self.fill(shape, depth)
        self.open.pop()
        return shape

    def fill(self, shape: Complex, depth: int, base: Complex | None = None) -> None:
        content: list[Content] = list(base.content) if base else []
        for kind in self.draw(st.lists(st.integers(0, 6), max_size=4)):
            if kind == 5 and not base:
                content.append(self.choice(depth + 1))
            elif kind == 6:
                name = self.name("attribute")
                content.append(Member(name, name, self.simple(), "attribute", required=self.draw(st.booleans())))
            else:
                content.append(self.member("field", depth + 1, many=self.draw(st.booleans())))
        if not base and self.draw(st.integers(0, 5)) == 0:
            name = self.name("any")
            content.append(Member(name, "", Opaque(), "any", required=False))
        shape.content = tuple(content)
        shape.members = tuple(_flat(content))

    def family(self, depth: int) -> Complex:
        """A type in whose place two others may stand."""
        base = self.complex(depth)
        base.plain_name = f"{base.name}Base"
        base.abstract = self.draw(st.booleans())
        derived = []
        for _ in range(2):
            name = self.name("Derived")
            shape = Complex(name, tag=f"{{{SPACE}}}{name}", base=base)
            self.fill(shape, depth, base)
            derived.append(shape)
        base.derived = tuple(derived)
        return base

    def member(self, kind: str, depth: int, *, many: bool, plain: bool = False) -> Member:
        name = self.name(kind)
        shape = self.shape(depth)
        tag = f"{{{SPACE}}}{name}" if self.draw(st.booleans()) else name
        back = shape in self.open
        member = Member(
            name,
            tag,
            shape,
            many=many,
            required=not back and self.draw(st.booleans()),
            nillable=plain or self.draw(st.booleans()),
        )
        if plain or self.draw(st.integers(0, 5)) or isinstance(shape, Array):
            return member
        others = [Member(f"{name}{letter}", f"{{{SPACE}}}{name}{letter}", self.shape(3)) for letter in "XY"]
        if not (isinstance(shape, Complex) and shape.derived):
            others.append(member)
        substitutes = {other.tag: other for other in others}
        return Member(name, tag, shape, many=many, required=member.required, nillable=False, substitutes=substitutes)

    def choice(self, depth: int) -> Choice:
        name = self.name("choice")
        branches = []
        for _ in range(2):
            content: list[Content] = [
                self.member("way", depth, many=False) for _ in range(self.draw(st.integers(1, 2)))
            ]
            branches.append(
                Branch(content[0].name if len(content) == 1 else self.name("both"), tuple(content), self.name("Both"))
            )
        return Choice(name, f"{name}Input", tuple(branches), required=self.draw(st.booleans()))

    # --- values ------------------------------------------------------------------------------------------------

    def content(self, content: Content, depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """What is written for one content of a type, and what is read of it."""
        if isinstance(content, Choice):
            if not content.required and (depth > 5 or self.draw(st.booleans())):
                return {}, {}
            branch = self.draw(st.sampled_from(content.branches))
            both = [self.content(item, depth) for item in branch.content]
            if len(both) == 1:
                if not both[0][0]:  # the one member of the branch is absent, which is no choice at all
                    member = branch.content[0]
                    assert isinstance(member, Member)
                    one = self.member_value(member, depth)
                    return {content.name: {branch.name: one[0]}}, {member.name: one[1]}
                (value,) = both[0][0].values()
                return {content.name: {branch.name: value}}, both[0][1]
            given = {name: value for part, _ in both for name, value in part.items()}
            return {content.name: {branch.name: given}}, {
                name: value for _, part in both for name, value in part.items()
            }
        if not content.required and (depth > 5 or self.draw(st.booleans())):
            return {}, {content.name: []} if content.many and content.kind == "element" else {}
        put, got = self.member_value(content, depth)
        return {content.name: put}, {content.name: got}

    def member_value(self, member: Member, depth: int) -> Pair:
        if member.kind == "any":
            held = self.draw(st.dictionaries(WORDS.map(lambda word: f"w{word}"), WILD, min_size=1, max_size=3))
            return held, held
        if member.kind == "element" and member.many:
            least = 1 if member.required else 0
            pairs = [self.one(member, depth) for _ in range(self.draw(st.integers(least, max(least, 3 - depth))))]
            return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        return self.one(member, depth)

    def one(self, member: Member, depth: int) -> Pair:
        if member.substitutes:
            other = self.draw(st.sampled_from(list(member.substitutes.values())))
            put, got = self.value(other.shape, depth)
            if isinstance(other.shape, Complex) and not other.shape.derived:
                got = {**got, TYPE_KEY: object_name(other.shape)}
            return {other.name: put}, got
        if member.nillable and self.draw(st.integers(0, 4)) == 0:
            return None, None
        return self.value(member.shape, depth)

    def value(self, shape: Shape, depth: int) -> Pair:
        if isinstance(shape, Simple):
            value = self.draw(self.values[id(shape)])
            return value, value
        if isinstance(shape, Opaque):
            value = self.draw(JSON.filter(lambda value: value is not None))  # a null is what nillable allows
            return value, value
        if isinstance(shape, Array):
            sizes = [self.draw(st.integers(0, 2)) for _ in range(shape.dimensions)]
            return self.table(shape, sizes, depth)
        name = ""
        if shape.derived:
            name = self.draw(st.sampled_from(sorted(alternatives(shape))))
            shape = alternatives(shape)[name]
        put: dict[str, Any] = {}
        got: dict[str, Any] = {}
        for content in shape.content:
            given, told = self.content(content, depth + 1)
            put.update(given)
            got.update(told)
        for member in shape.members:
            if member.kind == "element" and member.many:
                got.setdefault(member.name, [])
        return ({name: put}, {**got, TYPE_KEY: name}) if name else (put, got)

    def table(self, shape: Array, sizes: list[int], depth: int) -> Pair:
        if not sizes:
            return self.one(shape.item, depth + 1)
        rows = [self.table(shape, sizes[1:], depth) for _ in range(sizes[0])]
        return [row[0] for row in rows], [row[1] for row in rows]

    # --- selections --------------------------------------------------------------------------------------------

    def selection(self, shape: Shape, depth: int = 0) -> Selection:
        if isinstance(shape, Array):
            return self.selection(shape.item.shape, depth)
        if not isinstance(shape, Complex):
            return EVERYTHING if isinstance(shape, Opaque) else LEAF
        shapes = alternatives(shape).values() if shape.derived else (shape,)
        found: dict[str, Selection] = {}
        for each in shapes:
            if not any(member.kind != "any" for member in each.members):
                return EVERYTHING
            for member in each.members:
                if depth < 5 and member.name not in found and self.draw(st.booleans()):
                    below = [other.shape for other in member.substitutes.values()] or [member.shape]
                    inner = LEAF
                    for other in below:
                        inner = inner.merge(self.selection(other, depth + 1))
                    found[member.name] = EVERYTHING if member.kind == "any" else inner
        return Selection(found)


def _flat(contents: list[Content]) -> list[Member]:
    found: list[Member] = []
    for content in contents:
        if isinstance(content, Member):
            found.append(content)
        else:
            for branch in content.branches:
                found += _flat(list(branch.content))
    return found


_SAFE_TEXT = st.text(string.ascii_letters + " <&>\n", max_size=8)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | _SAFE_TEXT
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.dictionaries(WORDS, inner | st.lists(inner, min_size=2, max_size=3), min_size=1, max_size=3),
    max_leaves=5,
)
WILD = st.recursive(
    st.none() | _SAFE_TEXT,
    lambda inner: (
        st.dictionaries(WORDS, inner, min_size=1, max_size=3)
        | st.builds(lambda name, text: {f"@{name}": text, "#text": text + "."}, WORDS, WORDS)
    ),
    max_leaves=4,
)


def part(value: Any, selection: Selection) -> Any:
    """What of the whole value the selection asks."""
    if selection.everything:
        return value
    if isinstance(value, list):
        return [part(item, selection) for item in value]
    if not isinstance(value, dict) or not (selection.fields or TYPE_KEY in value or value):
        return value
    names = [*selection.fields, TYPE_KEY]
    return {name: part(value[name], selection.fields.get(name, EVERYTHING)) for name in names if name in value}


@dataclass(repr=False)
class Case:
    """A value of a random shape: as it is written, and as it is read."""

    def __repr__(self) -> str:
        return f"{self.put!r}"

    member: Member
    put: Any
    got: Any
    selection: Selection


@st.composite
def cases(draw: st.DrawFn) -> Case:
    made = Made(draw)
    shape = made.family(0) if draw(st.booleans()) else made.complex(0)
    name = made.name("root")
    member = Member(name, f"{{{SPACE}}}{name}", shape)
    put, got = made.value(shape, 0)
    return Case(member, put, got, made.selection(shape))


def _round(case: Case, **changes: Any) -> None:
    codec = a_codec(case.member, result=case.member, wrapper="", **changes)
    content = written(codec, {case.member.name: case.put})
    # A type without fields answers nothing at all.
    assert (read(codec, content) or {}) == case.got
    assert (read(codec, content, case.selection) or {}) == part(case.got, case.selection)


# Shapes and values together are too much to be shrunk in a minute.
RANDOM = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@settings(RANDOM)
@given(cases())
def test_a_literal_value_comes_back_the_same_whole_and_by_selection(case: Case) -> None:
    _round(case)


@settings(RANDOM)
@given(cases(), st.sampled_from(["1.1", "1.2"]))
def test_an_encoded_value_comes_back_the_same_in_both_versions(case: Case, version: str) -> None:
    _round(case, encoded=True, version=version)


def test_the_least_and_the_greatest_decimals_keep_every_digit() -> None:
    member = Member("root", "root", simple("decimal"))
    codec = a_codec(member, result=member, wrapper="")
    for value in (Decimal("0.10"), Decimal("-1E-20"), Decimal(10) ** 40 + Decimal("0.5")):
        assert read(codec, written(codec, {"root": value})) == value
