"""Reads that take many keys in one call are recognised, and only where there is no doubt."""

from __future__ import annotations

import pytest

from resolvers.collection import recognise
from resolvers.model import Inside, ListRef, ManyKeys, NamedRef, Operation
from resolvers.soap import SoapSettings
from tests.soap.reading import SERVICE, described, wsdl

GET = SERVICE.replace('operation name="Ask"', 'operation name="GetRows"').replace(
    'element="t:Ask"', 'element="t:GetRows"'
)
ROWS = """
  <xs:element name="GetRows"><xs:complexType><xs:sequence>{asked}</xs:sequence></xs:complexType></xs:element>
  <xs:complexType name="Codes"><xs:sequence><xs:element name="code" type="xs:string" minOccurs="0" maxOccurs="9"/>
    </xs:sequence></xs:complexType>
  <xs:element name="Answer"><xs:complexType><xs:sequence><xs:element name="result" minOccurs="0"><xs:complexType>
    <xs:sequence><xs:element name="row" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:sequence>
      <xs:element name="Code" type="xs:{kind}"/><xs:element name="city" type="xs:string"/>
    </xs:sequence></xs:complexType></xs:element>{beside}</xs:sequence></xs:complexType></xs:element></xs:sequence>
    </xs:complexType></xs:element>
"""
LIST = '<xs:element name="codes" type="t:Codes"/>'


def operation(asked: str = LIST, kind: str = "string", beside: str = "", name: str = "GetRows") -> Operation:
    document = wsdl(ROWS.format(asked=asked, kind=kind, beside=beside), GET)
    model = described(document.replace("GetRows", name)).model
    return recognise(model, SoapSettings(wsdl="desk.wsdl")).operations[name]


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        (LIST, ("codes", "code")),
        ('<xs:element name="codes" type="xs:string" maxOccurs="unbounded"/>', ("codes",)),
        ('<xs:element name="list"><xs:simpleType><xs:list itemType="xs:string"/></xs:simpleType></xs:element>', ()),
    ],
)
def test_a_list_of_keys_asks_for_the_rows_that_bear_them(asked: str, path: tuple[str, ...]) -> None:
    found = operation(asked)
    if not path:  # "list" is no name of a field
        assert found.keys is None
        return
    assert found.keys == ManyKeys(path, {"Code": ""}, 100, guessed=True)
    assert found.inside == Inside(("result", "row"), ListRef(NamedRef("AnswerResultRow"), nullable=True))
    assert f'takes many keys: "{".".join(path)}" is a list' in found.evidence[1]


@pytest.mark.parametrize(
    "doubt",
    [
        {"kind": "int"},
        {"beside": '<xs:element name="total" type="xs:int"/>'},
        {"asked": LIST + '<xs:element name="page" type="xs:int" minOccurs="0"/>'},
        {"asked": '<xs:element name="places" type="xs:string" maxOccurs="9"/>'},
        {"asked": '<xs:element name="code" type="xs:string"/>'},
        {"name": "StoreRows"},
    ],
)
def test_where_there_is_doubt_nothing_is_recognised(doubt: dict[str, str]) -> None:
    assert operation(**doubt).keys is None


def test_what_the_user_states_or_switches_off_stands() -> None:
    model = described(wsdl(ROWS.format(asked=LIST, kind="string", beside=""), GET)).model
    for stated in ({"recognise": False}, {"operations": {"GetRows": {"recognise": False}}}):
        settings = SoapSettings.model_validate({"wsdl": "desk.wsdl", **stated})
        assert recognise(model, settings).operations["GetRows"].keys is None
