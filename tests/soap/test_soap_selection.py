"""A reader made for a selection gives the selected part of the whole reading, or the error of what was selected."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.documents import Document
from resolvers.errors import SourceBadResponse
from resolvers.soap.operations.wsdl import read
from resolvers.soap.replies.envelope import decode
from resolvers.soap.replies.reader import Readers
from resolvers.source import EVERYTHING, LEAF, Selection

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:x="http://www.w3.org/2001/XMLSchema"
 xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:t="urn:t" targetNamespace="urn:t"><types>
<x:schema targetNamespace="urn:t" elementFormDefault="qualified">
<x:simpleType name="Mood"><x:restriction base="x:string">
 <x:enumeration value="sad"/><x:enumeration value="glad"/></x:restriction></x:simpleType>
<x:simpleType name="Either"><x:union memberTypes="x:int x:date"/></x:simpleType>
<x:simpleType name="Numbers"><x:list itemType="x:int"/></x:simpleType>
<x:complexType name="Money"><x:simpleContent><x:extension base="x:decimal">
 <x:attribute name="currency" type="x:token"/></x:extension></x:simpleContent></x:complexType>
<x:complexType name="Node"><x:sequence>
 <x:element name="text" type="x:string" minOccurs="0" nillable="true"/>
 <x:element name="count" type="x:int" minOccurs="0"/>
 <x:element name="mood" type="t:Mood" minOccurs="0"/>
 <x:element name="either" type="t:Either" minOccurs="0"/>
 <x:element name="numbers" type="t:Numbers" minOccurs="0"/>
 <x:element name="tags" type="x:int" minOccurs="0" maxOccurs="unbounded" nillable="true"/>
 <x:element name="money" type="t:Money" minOccurs="0"/>
 <x:element name="anything" type="x:anyType" minOccurs="0"/>
 <x:element name="child" type="t:Node" minOccurs="0" nillable="true"/>
 <x:element name="children" type="t:Node" minOccurs="0" maxOccurs="unbounded"/>
 <x:any processContents="lax" namespace="##other" minOccurs="0" maxOccurs="unbounded"/>
</x:sequence><x:attribute name="id" type="x:int"/></x:complexType>
<x:element name="Ask"><x:complexType/></x:element><x:element name="Answer" type="t:Node"/>
</x:schema></types><message name="in"><part name="p" element="t:Ask"/></message>
<message name="out"><part name="p" element="t:Answer"/></message>
<portType name="P"><operation name="Ask"><input message="t:in"/><output message="t:out"/></operation></portType>
<binding name="B" type="t:P"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="Ask"><s:operation soapAction=""/><input><s:body use="literal"/></input>
<output><s:body use="literal"/></output></operation></binding>
<service name="S"><port name="p" binding="t:B"><s:address location="http://x.example/"/></port></service>
</definitions>"""
CODEC = read("tree", {"w": Document("w", WSDL.encode())}, "w").codecs["Ask"]
READERS = Readers()
XML = "text/xml; charset=utf-8"

LEAVES = ("text", "count", "mood", "either", "numbers", "tags", "any", "anything", "id")
NIL = 'xsi:nil="true"'
VALUES = {
    "text": ["<t:text> </t:text>", f"<t:text {NIL}/>", f"<t:text {NIL}>a</t:text>", "<t:text><b/></t:text>"],
    "count": ["<t:count> 7 </t:count>", "<t:count>many</t:count>", '<t:count xsi:type="x">8</t:count>'],
    "mood": ["<t:mood>sad</t:mood>", "<t:mood>so-so</t:mood>"],
    "either": ["<t:either>1</t:either>", "<t:either>2026-01-01</t:either>", "<t:either>?</t:either>"],
    "numbers": ["<t:numbers>1 2</t:numbers>", "<t:numbers/>", "<t:numbers>1 x</t:numbers>"],
    "tags": ["<t:tags>1</t:tags>", f"<t:tags {NIL}/>", "<t:tags>x</t:tags>"],
    "money": ['<t:money currency="EUR"> 1.50 </t:money>', "<t:money>2</t:money>", "<t:money>much</t:money>"],
    "anything": ["<t:anything>1</t:anything>", '<t:anything a="1"><b>2</b><b/></t:anything>', f"<t:anything {NIL}/>"],
    "any": ["<u>1</u>", "<u/><u/>", "<v><w/></v>"],
    "child": [f"<t:child {NIL}/>", f"<t:child {NIL}><b/></t:child>"],
}  # fmt: skip


@st.composite
def nodes(draw: st.DrawFn, tag: str = "t:Answer", depth: int = 0) -> str:
    """An element of the recursive type; something in it may be wrong, or stand there twice."""
    inside = [
        draw(st.sampled_from(VALUES[name])) for name in draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=4))
    ]
    if depth < 3:
        inside += [
            draw(nodes(f"t:{name}", depth + 1))
            for name in draw(st.lists(st.sampled_from(["child", "children"]), max_size=2))
        ]
    identity = draw(st.sampled_from(["", ' id="7"', ' id="x"', f' {NIL.replace("true", "0")} id="1"']))
    return f"<{tag}{identity}>{''.join(draw(st.permutations(inside)))}</{tag}>"


def selections(depth: int = 0) -> st.SearchStrategy[Selection]:
    optional: dict[str, st.SearchStrategy[Selection]] = {name: st.sampled_from([LEAF, EVERYTHING]) for name in LEAVES}
    money = st.sets(st.sampled_from(["value", "currency", "never"])).map(lambda names: dict.fromkeys(names, LEAF))
    optional["money"] = money.map(Selection)
    if depth < 3:
        below = st.deferred(lambda: selections(depth + 1))
        optional |= {"child": below | st.just(EVERYTHING), "children": below}
    return st.fixed_dictionaries({}, optional=optional).map(Selection)


def envelope(inside: str) -> bytes:
    return (
        f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="urn:t" {XSI}>'
        f"<s:Body>{inside}</s:Body></s:Envelope>"
    ).encode()


def part_of(value: Any, selection: Selection) -> Any:
    """What of the whole value the selection asks."""
    if selection.everything or not isinstance(value, dict | list):
        return value
    if isinstance(value, list):
        return [part_of(item, selection) for item in value]
    return {
        name: value[name] if name in LEAVES else part_of(value[name], below)
        for name, below in selection.fields.items()
        if name in value
    }


def told(value: Any) -> Any:
    """The value with the sentences of the errors that stand in it."""
    if isinstance(value, SourceBadResponse):
        return f"error: {value.detail}"
    if isinstance(value, dict):
        return {name: told(item) for name, item in value.items()}
    return [told(item) for item in value] if isinstance(value, list) else value


def outcome(body: bytes, selection: Selection = EVERYTHING) -> Any:
    try:
        return told(decode(CODEC, 200, XML, body, selection=selection, made=READERS))
    except SourceBadResponse as error:
        return f"error: {error.detail}"


@given(nodes(), selections())
def test_a_selection_reads_the_selected_part_of_the_whole_reply(answer: str, selection: Selection) -> None:
    body = envelope(answer)
    assert outcome(body, selection) == part_of(outcome(body), selection)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-7", "utf-8"])
def test_a_nil_element_is_null_in_every_encoding(encoding: str) -> None:
    body = envelope(f"<t:Answer><t:text {NIL}/></t:Answer>").decode()
    told = f'<?xml version="1.0" encoding="{encoding}"?>{body}'
    content = told.encode(encoding)
    if encoding == "utf-7":  # whose writers may spell any letter in base64
        content = content.replace(b"nil", b"+AG4AaQBs-")
    whole = decode(CODEC, 200, "text/xml", content)
    selected = decode(CODEC, 200, "text/xml", content, selection=Selection({"text": LEAF}), made=READERS)
    assert isinstance(whole, dict)
    assert selected == {"text": whole["text"]} == {"text": None}


def test_what_nobody_asked_for_is_passed_over_and_still_well_formed() -> None:
    asked_for = Selection({"id": LEAF})
    wrong = '<t:Answer id="1"><t:count>many</t:count><t:text>a</t:text><t:text>b</t:text></t:Answer>'
    assert outcome(envelope(wrong), asked_for) == {"id": 1}
    assert outcome(envelope(wrong), Selection({"count": LEAF})) == {"count": "error: Node.count: not a value of xs:int"}
    torn = envelope('<t:Answer id="1"><t:count>many</t:Answer>')
    assert str(outcome(torn, asked_for)).startswith("error: the reply is no XML")
