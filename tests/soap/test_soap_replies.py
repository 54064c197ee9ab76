"""Replies of every shape as services really send them: encoded, by reference, in other namespaces, several parts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from benchmarks.soap_codec import Ours, Zeep, orders, plain
from benchmarks.soap_codec import reply as as_reply
from resolvers.errors import OutcomeUnknown, SourceBadResponse
from resolvers.model import TYPE_KEY
from resolvers.soap.builtins import XSD
from resolvers.soap.replies.envelope import decode
from resolvers.soap.replies.reader import Mode, Readers
from resolvers.soap.shapes import Array, Member, Opaque
from resolvers.source import EVERYTHING, LEAF, Selection
from tests.soap.made import INT, TEXT, XML, a_codec, a_type, answers, attribute, element, read, reply, simple

ITEM = Member("item", "item", INT, nillable=True)
NUMBERS = Array(ITEM, f"{{{XSD}}}int")


def returns(shape: Any, **changes: Any) -> Any:
    """An RPC operation whose reply has one part ``return``."""
    whole = a_type("AskResponse", Member("return", "return", shape, nillable=True))
    result = Member("AskResponse", "", whole)
    return a_codec(result=result, rpc=True, encoded=True, reply_wrapper="{urn:made}AskResponse", **changes)


def returned(codec: Any, inside: str, beside: str = "") -> Any:
    return read(codec, reply(f"<t:AskResponse>{inside}</t:AskResponse>{beside}"))


def test_zeep_reads_the_same_values_of_the_same_bytes() -> None:
    ours, theirs, rows = Ours(), Zeep(), orders(60)
    content = as_reply(ours.write(rows))
    both = [ours.read(content, selection)["return"]["item"] for selection in (EVERYTHING, ours.all)]
    assert both[0] == both[1] == plain(theirs.read(content)) == rows
    assert ours.read(content, ours.two)["return"]["item"] == [
        {"number": row["number"], "total": row["total"]} for row in rows
    ]


def test_what_zeep_writes_is_what_we_write() -> None:
    ours, theirs, rows = Ours(), Zeep(), orders(10)
    for row in rows:
        row.pop("note")  # zeep leaves a null out
    assert ours.read(as_reply(ours.write(rows))) == ours.read(
        theirs.write(rows).replace(b":PlaceOrders", b":PlaceOrdersResponse").replace(b":orders>", b":return>")
    )


def test_rows_say_what_they_are_where_others_may_stand() -> None:
    base = a_type("Animal", element("name"), plain_name="PlainAnimal")
    dog = a_type("Dog", element("name"), element("barks", simple("boolean")), base=base)
    base.derived = (dog,)
    codec = answers(a_type("Zoo", element("pet", base, many=True)))
    inside = (
        '<t:pet xsi:type="t:Dog"><t:name>A</t:name><t:barks>1</t:barks></t:pet><t:pet><t:name>B</t:name></t:pet>'
        '<t:pet xsi:type="t:Cat"/><t:pet xmlns:d="urn:elsewhere" xsi:type="d:Dog"/>'
    )
    value = read(codec, reply(f"<t:Answer>{inside}</t:Answer>"))
    assert value["pet"][:2] == [{"name": "A", "barks": True, TYPE_KEY: "Dog"}, {"name": "B", TYPE_KEY: "PlainAnimal"}]
    assert value["pet"][2] == "error: Zoo.pet: it says that it is of a type that may not stand for Animal"
    assert value["pet"][3] == {TYPE_KEY: "Dog"}
    base.abstract = True
    codec = answers(a_type("Zoo", element("pet", base, many=True)))
    nameless = reply("<t:Answer><t:pet/></t:Answer>")
    assert read(codec, nameless)["pet"] == [{TYPE_KEY: "Dog"}]  # the only one that it can be
    base.derived = (dog, a_type("Cat", element("name"), base=base))
    [error] = read(codec, nameless)["pet"]
    assert error == "error: Zoo.pet: Animal is abstract, and it does not say of what type it is"


def test_elements_that_stand_for_another_are_its_values() -> None:
    circle = element("Circle", a_type("Circle", element("radius", INT)))
    word = element("Word")
    head = element("Shape", a_type("Shape"), many=True, substitutes={circle.tag: circle, word.tag: word})
    inside = "<t:Answer><t:Circle><t:radius>1</t:radius></t:Circle><t:Word>a</t:Word><t:Shape/></t:Answer>"
    value = read(answers(a_type("Page", head)), reply(inside))
    assert value["Shape"][:2] == [{"radius": 1, TYPE_KEY: "Circle"}, "a"]
    assert value["Shape"][2] == "error: Page.Shape: its element is abstract: only others may stand for it"


def test_references_lead_to_what_they_name() -> None:
    person = a_type("Person", Member("name", "name", TEXT), Member("boss", "boss", Opaque(), required=False))
    codec = returns(Array(Member("item", "item", person, nillable=True), "{urn:made}Person"))
    inside = '<return><item href="#a"/><item href="#a"/><item href="#b"/><item xsi:nil="1"/></return>'
    beside = '<multiRef id="a"><name>A</name></multiRef><multiRef id="b"><name href="#n"/></multiRef><x id="n">N</x>'
    assert returned(codec, inside, beside) == {"return": [{"name": "A"}, {"name": "A"}, {"name": "N"}, None]}


@pytest.mark.parametrize(
    ("beside", "complaint"),
    [
        ("", "does not hold"),
        ('<m id="a"><name>A</name></m><m id="a"><name>B</name></m>', "holds twice"),
        ('<m id="a" href="#a"/>', "holds itself by reference"),
        ('<m id="a" href="#b"/><m id="b" href="#a"/>', "holds itself by reference"),
        (
            "".join(f'<m id="{"a" if n == 0 else n}" href="#{n + 1}"/>' for n in range(500)) + '<m id="500"/>',
            "too deeply",
        ),
    ],
)
def test_references_that_lead_nowhere_in_circles_or_too_far_are_errors(beside: str, complaint: str) -> None:
    codec = returns(Array(Member("item", "item", a_type("P", Member("name", "name", TEXT)))))
    value = returned(codec, '<return><item href="#a"/><item><name>Z</name></item></return>', beside)
    assert complaint in value["return"][0]
    assert value["return"][1] == {"name": "Z"}


def test_a_type_that_holds_itself_by_reference_is_an_error_and_no_endless_loop() -> None:
    node = a_type("Node")
    node.members = (Member("name", "name", TEXT), Member("next", "next", node, required=False))
    value = returned(returns(node), '<return href="#a"/>', '<m id="a"><name>A</name><next href="#a"/></m>')
    error = "error: Node.next: an element of the reply holds itself by reference"
    assert value["return"] == {"name": "A", "next": {"name": "A", "next": error}}


def test_references_that_double_at_each_step_are_read_once_each() -> None:
    steps = "".join(f'<m id="s{n}"><a href="#s{n + 1}"/><b href="#s{n + 1}"/></m>' for n in range(15))
    content = reply(f'<t:AskResponse><return href="#s0"/></t:AskResponse>{steps}<m id="s15">end</m>')
    value: Any = decode(returns(Opaque()), 200, XML, content)  # more steps are refused: as text they would not end
    found = value["return"]
    for _ in range(15):
        assert found["a"] is found["b"]
        found = found["a"]
    assert found == "end"


ARRAYS: dict[str, tuple[str, object]] = {
    "plain": ('<return enc:arrayType="xs:int[2]"><item>1</item><item>2</item></return>', [1, 2]),
    "items of any tag": ("<return><xs:int>1</xs:int><t:x>2</t:x></return>", [1, 2]),
    "empty": ('<return enc:arrayType="xs:int[0]"/>', []),
    "an offset": ('<return enc:arrayType="xs:int[5]" enc:offset="[2]"><i>7</i><i>8</i></return>', [None, None, 7, 8]),
    "positions": ('<return enc:arrayType="xs:int[9]"><i enc:position="[2]">7</i><i>8</i></return>', [None, None, 7, 8]),
    "a wrong item": ("<return><i>1</i><i>x</i></return>", [1, "error: not a value of xs:int"]),
    "far away": (
        '<return><i enc:position="[999999999]">7</i></return>',
        "error: AskResponse.return: the items of an array do not stand where its size says",
    ),
    "twice": (
        '<return><i enc:position="[1]">7</i><i enc:position="[1]">7</i></return>',
        "error: AskResponse.return: the items of an array do not stand where its size says",
    ),
    "nonsense": (
        '<return><i enc:position="here">7</i></return>',
        "error: AskResponse.return: an item of an array that does not say where it stands",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ARRAYS)
def test_arrays_of_one_dimension(case: str) -> None:
    inside, expected = ARRAYS[case]
    assert returned(returns(NUMBERS), inside) == {"return": expected}


def test_tables_are_lists_of_rows_and_must_be_of_the_size_they_say() -> None:
    codec = returns(Array(ITEM, f"{{{XSD}}}int", dimensions=2))
    cells = "".join(f"<i>{number}</i>" for number in range(6))
    assert returned(codec, f'<return enc:arrayType="xs:int[2,3]">{cells}</return>') == {
        "return": [[0, 1, 2], [3, 4, 5]]
    }
    sparse = '<return enc:arrayType="xs:int[2,2]"><i enc:position="[1,0]">7</i></return>'
    assert returned(codec, sparse) == {"return": [[None, None], [7, None]]}
    for size in ("xs:int[2,2]", "xs:int[99999,99999]", "xs:int[]", "xs:int"):
        assert "error: " in returned(codec, f'<return enc:arrayType="{size}">{cells}</return>')["return"]


def test_a_map_of_apache_is_a_list_of_keys_and_values_with_their_types() -> None:
    entry = a_type("mapItem", Member("key", "key", Opaque()), Member("value", "value", Opaque()))
    inside = (
        '<return xsi:type="apache:Map"><item><key xsi:type="xs:string">a</key><value xsi:type="xs:int">1</value></item>'
        '<item><key>b</key><value xsi:type="enc:Array" enc:arrayType="xs:boolean[1]">'
        '<i xsi:type="xs:boolean">true</i></value></item></return>'
    )
    expected = [{"key": "a", "value": 1}, {"key": "b", "value": [True]}]
    assert returned(returns(Array(Member("item", "item", entry))), inside) == {"return": expected}
    assert returned(returns(Opaque()), inside) == {"return": expected}


TYPED: list[tuple[str, object]] = [
    ('xsi:type="xs:int">7', 7), ('xsi:type="xs:long">9007199254740993', "9007199254740993"),
    ('xsi:type="xs:decimal"> 0.10 ', "0.10"), ('xsi:type="xs:double">1.5', 1.5), ('xsi:type="xs:boolean">0', False),
    ('xsi:type="xs:string"> 7 ', " 7 "), ('xsi:type="xs:date">2026-01-01', "2026-01-01"), (">7", "7"),
    ('xsi:type="xs:int">seven', "seven"), ('xsi:type="t:Unknown">7', "7"), ('xsi:nil="true">', None),
    ('a="1" xsi:type="t:Unknown">7', {"@a": "1", "#text": "7"}),
]  # fmt: skip


@pytest.mark.parametrize(("written", "expected"), TYPED)
def test_anything_is_of_the_type_that_it_says(written: str, expected: object) -> None:
    codec = answers(a_type("T", element("x", Opaque())))
    assert read(codec, reply(f"<t:Answer><t:x {written}</t:x></t:Answer>")) == {"x": expected}


def test_a_wildcard_holds_what_is_not_declared() -> None:
    codec = answers(a_type("T", element("x"), attribute("a"), Member("rest", "", Opaque(), "any", required=False)))
    inside = '<t:Answer a="1" b="2"><t:x>3</t:x><o:y xmlns:o="urn:o"><z c="4">5</z></o:y><w/><w/></t:Answer>'
    rest = {"@b": "2", "y": {"z": {"@c": "4", "#text": "5"}}, "w": ["", ""]}
    assert read(codec, reply(inside)) == {"x": "3", "a": "1", "rest": rest}
    assert read(codec, reply(inside), Selection({"x": LEAF})) == {"x": "3"}


def test_elements_in_another_namespace_are_read_where_nothing_else_has_their_name_and_counted() -> None:
    codec = answers(a_type("T", element("a"), element("b"), Member("far", "{urn:far}b", TEXT)))
    found: list[int] = []
    content = reply('<Answer><a>1</a><b>2</b><t:b>3</t:b><o:b xmlns:o="urn:far">4</o:b></Answer>')
    value = decode(codec, 200, XML, content, count=found.append)
    assert value == {"a": "1", "b": "3", "far": "4"}
    assert found == [2]
    assert read(codec, reply("<t:Answer><a>1</a></t:Answer>"), Selection({"b": LEAF})) == {}


def test_defaults_and_fixed_values_of_replies() -> None:
    codec = answers(a_type(
        "T", element("unit", default="m"), element("size", INT, default="7", required=False),
        attribute("kind", default="k"), attribute("version", simple("decimal"), fixed="1.0"),
    ))  # fmt: skip
    assert read(codec, reply("<t:Answer><t:unit/></t:Answer>")) == {"unit": "m", "kind": "k", "version": Decimal("1.0")}
    wrong = read(codec, reply('<t:Answer version="1.1"><t:size>2</t:size></t:Answer>'))
    assert wrong["version"] == "error: T.version: another value than the one that is declared as fixed"
    assert wrong["size"] == 2


def test_white_space_is_kept_replaced_or_collapsed_as_the_type_says() -> None:
    names = ("string", "normalizedString", "token", "anyURI")
    codec = answers(a_type("T", *(element(name, simple(name)) for name in names)))
    inside = "".join(f"<t:{name}> a\n  b </t:{name}>" for name in names)
    expected = {"string": " a\n  b ", "normalizedString": " a   b ", "token": "a b", "anyURI": "a b"}
    assert read(codec, reply(f"<t:Answer>{inside}</t:Answer>")) == expected


def test_the_wrapper_and_the_one_value_of_rpc_may_have_any_name() -> None:
    codec = returns(INT)
    for inside in ("<return>7</return>", "<result>7</result>", "<t:return>7</t:return>"):
        assert read(codec, reply(f"<whatever>{inside}</whatever>")) == {"return": 7}
    with pytest.raises(SourceBadResponse):
        decode(codec, 200, XML, reply(""))


def test_several_parts_stand_side_by_side_in_the_body() -> None:
    whole = a_type("Parts", element("a", INT), element("b", a_type("B", element("c"))))
    codec = a_codec(result=Member("Parts", "", whole))
    assert read(codec, reply("<t:a>1</t:a><t:b><t:c>2</t:c></t:b>")) == {"a": 1, "b": {"c": "2"}}
    assert read(codec, reply("<t:a>1</t:a>", version="1.2"), Selection({"a": LEAF})) == {"a": 1}


def test_header_blocks_of_a_reply_stand_beside_its_value() -> None:
    block = element("Session", a_type("Session", element("id")))
    codec = answers(a_type("T", element("x")), reply_headers={"session": block})
    content = reply("<t:Answer><t:x>1</t:x></t:Answer>", header="<t:Session><t:id>s</t:id></t:Session>")
    assert read(codec, content) == {"x": "1", "session": {"id": "s"}}
    assert read(codec, content, Selection({"session": Selection({"id": LEAF})})) == {"session": {"id": "s"}}


def test_a_header_that_must_be_understood_and_is_not_forbids_the_reply() -> None:
    codec, inside = answers(a_type("T", element("x"))), "<t:Answer><t:x>1</t:x></t:Answer>"
    for header, fine in (
        ('<o:New xmlns:o="urn:o" s:mustUnderstand="1"/>', False),
        ('<o:New xmlns:o="urn:o" s:mustUnderstand="0"/>', True),
        ('<o:New xmlns:o="urn:o" s:mustUnderstand="1" s:actor="urn:someone"/>', True),
        ('<w:Action xmlns:w="http://www.w3.org/2005/08/addressing" s:mustUnderstand="1"/>', True),
    ):
        content = reply(inside, header=header)
        if fine:
            assert decode(codec, 200, XML, content) == {"x": "1"}
            continue
        with pytest.raises(SourceBadResponse):
            decode(codec, 200, XML, content)
        with pytest.raises(OutcomeUnknown):
            decode(codec, 200, XML, content, repeatable=False)


def test_readers_are_kept_by_selection_and_bounded() -> None:
    readers = Readers()
    names = [f"f{number}" for number in range(1100)]
    member = element("Answer", a_type("T", *(element(name) for name in names)))
    first = readers.of(member, Selection({"f0": LEAF}), Mode())
    assert readers.of(member, Selection({"f0": LEAF}), Mode()) is first
    for name in names:
        readers.of(member, Selection({name: LEAF}), Mode())
    assert len(readers._known) + len(readers._objects) <= 1002


def test_what_is_no_envelope_is_told_by_what_it_looks_like() -> None:
    codec = answers(TEXT)
    for content, media, said in (
        (b"<html><p>Sign in<br></html>", "text/html", "a page of HTML"),
        (b"<!DOCTYPE html><html></html>", "text/html", "a page of HTML"),
        (b'{"a": 1}', "application/json", "JSON"), (b"", XML, "empty"), (b"<a/>", XML, "no SOAP envelope"),
    ):  # fmt: skip
        with pytest.raises(SourceBadResponse) as caught:
            decode(codec, 200, media, content)
        assert said in caught.value.detail
        with pytest.raises(OutcomeUnknown):
            decode(codec, 200, media, content, repeatable=False)
    for status, content in ((202, b""), (200, b""), (204, b""), (200, reply("<t:Answer/>"))):
        assert decode(a_codec(one_way=True), status, "", content) is None


def test_an_object_of_texts_alone_is_read_by_its_elements_and_what_is_odd_about_it_stands_in_its_place() -> None:
    row = a_type("Row", element("name"), element("count", INT), element("note"))
    codec = answers(a_type("Rows", element("item", row, many=True)))
    selection = Selection({"item": Selection({"name": LEAF, "count": LEAF})})
    odd = (
        "<t:item><t:name>A</t:name><t:count>1</t:count><t:note>left out</t:note></t:item>"
        "<t:item><t:name/></t:item>"
        "<t:item><t:name>A</t:name><t:name>B</t:name><t:count>2</t:count></t:item>"
        "<t:item><t:name>A<t:note>B</t:note></t:name><t:count>many</t:count></t:item>"
        "<t:item><t:other/><count>3</count></t:item>"
    )
    assert read(codec, reply(f"<t:Answer>{odd}</t:Answer>"), selection)["item"] == [
        {"name": "A", "count": 1},
        {"name": ""},
        {"name": "error: Row.name: more than one where one is declared", "count": 2},
        {
            "name": "error: Row.name: elements where text is declared",
            "count": "error: Row.count: not a value of xs:int",
        },
        {"count": 3},
    ]
