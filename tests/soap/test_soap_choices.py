"""What requests hold: choices, groups, groups that come again, order, and what cannot be written."""

from __future__ import annotations

from resolvers.model import ListRef, NamedRef, Scalar, ScalarRef
from resolvers.soap.shapes import Branch, Choice, Member
from tests.soap.reading import asked, choice_of, described, given, notes, refusals, wsdl

PAYMENT = """
  <xs:element name="Ask"><xs:complexType><xs:sequence>
    <xs:element name="payment" type="t:Payment"/></xs:sequence></xs:complexType></xs:element>
  <xs:complexType name="Payment"><xs:sequence>
    <xs:element name="amount" type="xs:decimal"/>
    <xs:choice{how}>
      <xs:element name="iban" type="xs:string"/>
      <xs:sequence><xs:element name="card" type="xs:string"/><xs:element name="until" type="xs:gYearMonth"/>
      </xs:sequence>
      <xs:choice><xs:element name="cash" type="xs:boolean"/></xs:choice>
    </xs:choice>
    <xs:element name="note" type="xs:string" minOccurs="0"/>
  </xs:sequence></xs:complexType>
"""


def test_a_choice_is_one_argument_of_which_exactly_one_field_is_given() -> None:
    description = asked(PAYMENT.format(how=""))
    shape = given(description, "payment")
    assert [content.name for content in shape.content] == ["amount", "ibanOrOther", "note"]
    choice = choice_of(shape, 1)
    assert choice.required
    assert [(branch.name, [inner.name for inner in branch.content]) for branch in choice.branches] == [
        ("iban", ["iban"]), ("card", ["card", "until"]), ("cash", ["cash"]),
    ]  # fmt: skip
    inputs = description.model.inputs
    assert inputs["Payment"].fields["ibanOrOther"].type == NamedRef("PaymentIbanOrOther")
    assert inputs["Payment"].fields["ibanOrOther"].required
    one = inputs["PaymentIbanOrOther"]
    assert one.one_of
    assert {name: field.type for name, field in one.fields.items()} == {
        "iban": ScalarRef(Scalar.STRING),
        "card": NamedRef("PaymentIbanOrOtherCard"),
        "cash": ScalarRef(Scalar.BOOLEAN),
    }
    assert all(field.required for field in inputs["PaymentIbanOrOtherCard"].fields.values())


def test_what_a_choice_may_leave_out_is_nullable_in_replies() -> None:
    answer = '<xs:element name="Answer" type="t:Payment"/>'
    fields = asked(PAYMENT.format(how=""), answer).model.types["Payment"].fields  # type: ignore[union-attr]
    assert [(name, field.required) for name, field in fields.items()] == [
        ("amount", True), ("iban", False), ("card", False), ("until", False), ("cash", False), ("note", False),
    ]  # fmt: skip


def test_a_choice_that_is_repeated_takes_a_list_in_the_order_given() -> None:
    description = asked(PAYMENT.format(how=' minOccurs="0" maxOccurs="unbounded"'))
    choice = choice_of(given(description, "payment"), 1)
    assert (choice.many, choice.required) == (True, False)
    field = description.model.inputs["Payment"].fields[choice.name]
    assert field.type == ListRef(NamedRef(choice.type_name))
    assert "a repeated choice" in notes(description.model)["Payment"]


def test_a_type_that_is_nothing_but_a_choice_is_the_one_of_itself() -> None:
    description = asked("""
      <xs:element name="Ask"><xs:complexType><xs:sequence>
        <xs:element name="key" type="t:Key"/></xs:sequence></xs:complexType></xs:element>
      <xs:complexType name="Key"><xs:choice>
        <xs:element name="id" type="xs:int"/><xs:element name="name" type="xs:string"/></xs:choice></xs:complexType>
    """)
    assert choice_of(given(description, "key")).name == ""
    assert description.model.inputs["Key"].one_of
    assert list(description.model.inputs["Key"].fields) == ["id", "name"]


def test_a_choice_of_nothing_or_one_is_that_one_left_out_at_will() -> None:
    description = asked("""
      <xs:element name="Ask"><xs:complexType><xs:choice>
        <xs:element name="id" type="xs:int" maxOccurs="3"/><xs:any/></xs:choice></xs:complexType></xs:element>
    """)
    member = description.codecs["Ask"].parts["id"]
    assert isinstance(member, Member)
    assert (member.required, member.many) == (False, True)


def test_elements_that_come_again_together_are_one_list_of_objects() -> None:
    description = asked("""
      <xs:element name="Ask"><xs:complexType><xs:sequence>
        <xs:group ref="t:Pair" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
      <xs:group name="Pair"><xs:sequence>
        <xs:element name="key" type="xs:string"/><xs:element name="value" type="xs:int" minOccurs="0"/>
      </xs:sequence></xs:group>
    """)
    pair = description.codecs["Ask"].parts["PairGroup"]
    assert isinstance(pair, Choice)
    assert (pair.many, pair.required) == (True, False)
    [branch] = pair.branches
    assert [content.name for content in branch.content] == ["key", "value"]
    assert isinstance(branch, Branch)
    assert description.model.operations["Ask"].arguments["PairGroup"].type == ListRef(NamedRef(pair.type_name))


def test_the_same_element_twice_keeps_its_places_and_has_two_names() -> None:
    description = asked("""
      <xs:element name="Ask"><xs:complexType><xs:sequence>
        <xs:element name="line" type="xs:string"/><xs:element name="city" type="xs:string"/>
        <xs:element name="line" type="xs:string" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>
    """)
    parts = description.codecs["Ask"].parts
    assert {name: part.tag for name, part in parts.items() if isinstance(part, Member)} == {
        "line": "{urn:t}line", "city": "{urn:t}city", "lineAgain": "{urn:t}line",
    }  # fmt: skip


def test_a_group_that_holds_itself_is_noted_and_not_followed() -> None:
    description = asked("""
      <xs:element name="Ask"><xs:complexType><xs:group ref="t:Loop"/></xs:complexType></xs:element>
      <xs:group name="Loop"><xs:sequence>
        <xs:element name="a" type="xs:int"/><xs:group ref="t:Loop"/></xs:sequence></xs:group>
    """)
    assert "Ask" in description.model.operations
    assert "a group that contains itself" in notes(description.model).values()


def test_a_wildcard_is_json_both_ways() -> None:
    answer = """<xs:element name="Answer"><xs:complexType><xs:sequence>
        <xs:element name="any" type="xs:string"/><xs:any maxOccurs="unbounded"/></xs:sequence></xs:complexType>
        </xs:element>"""
    ask = """<xs:element name="Ask"><xs:complexType><xs:sequence>
        <xs:element name="a" type="xs:string"/><xs:any/></xs:sequence></xs:complexType></xs:element>"""
    description = asked(ask, answer)
    assert list(description.model.operations["Ask"].arguments) == ["a", "any"]
    assert description.model.operations["Ask"].arguments["any"].type == ScalarRef(Scalar.JSON)
    fields = description.model.types["Answer"].fields  # type: ignore[union-attr]
    assert fields["anyOther"].type == ScalarRef(Scalar.JSON)
    assert fields["any"].type == ScalarRef(Scalar.STRING)


def test_a_type_that_is_only_a_wildcard_is_json_both_ways() -> None:
    types = """<xs:complexType name="Free"><xs:sequence><xs:any processContents="lax"/></xs:sequence></xs:complexType>
      <xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="x" type="t:Free"/></xs:sequence>
      </xs:complexType></xs:element>"""
    description = asked(types)
    assert description.model.operations["Ask"].arguments["x"].type == ScalarRef(Scalar.JSON)


def test_an_optional_part_of_a_missing_type_is_left_out_and_a_needed_one_refuses_the_operation() -> None:
    ask = """<xs:element name="Ask"><xs:complexType><xs:sequence>
        <xs:element name="a" type="xs:int"/><xs:element name="b" type="t:Gone"{how}/></xs:sequence></xs:complexType>
        </xs:element>"""
    kept = asked(ask.format(how=' minOccurs="0"')).model
    assert list(kept.operations["Ask"].arguments) == ["a"]
    assert "never sent" in notes(kept)["Ask(b:)"]
    [refused] = refusals(asked(ask.format(how="")).model)
    assert refused.operation == "Ask"
    assert "Gone" in refused.reason
    assert refused.place.line


def test_a_missing_type_deep_inside_an_optional_part_costs_that_part_alone() -> None:
    types = """<xs:complexType name="Box"><xs:sequence><xs:element name="deep" type="t:Gone"/>
        <xs:element name="box" type="t:Box" minOccurs="0"/></xs:sequence></xs:complexType>
      <xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="a" type="xs:int"/>
        <xs:element name="holder"><xs:complexType><xs:sequence>
          <xs:element name="box" type="t:Box" minOccurs="0"/><xs:element name="c" type="xs:int"/>
        </xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>"""
    model = asked(types).model
    assert list(model.inputs["AskHolder"].fields) == ["c"]
    assert "never sent" in notes(model)["AskHolder.box"]


def test_a_type_that_needs_itself_can_still_be_given() -> None:
    types = """<xs:complexType name="Node"><xs:sequence><xs:element name="name" type="xs:string"/>
        <xs:element name="next" type="t:Node"/><xs:element name="kids" type="t:Node" maxOccurs="unbounded"/>
        </xs:sequence></xs:complexType>
      <xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="node" type="t:Node"/></xs:sequence>
      </xs:complexType></xs:element>"""
    fields = asked(types).model.inputs["Node"].fields
    assert {name: field.required for name, field in fields.items()} == {"name": True, "next": False, "kids": True}


def test_members_of_all_are_written_in_the_order_of_the_schema() -> None:
    types = """<xs:element name="Ask"><xs:complexType><xs:all>
        <xs:element name="z" type="xs:int"/><xs:element name="a" type="xs:int" minOccurs="0"/></xs:all>
        </xs:complexType></xs:element>"""
    assert list(described(wsdl(types + '<xs:element name="Answer" type="xs:int"/>')).codecs["Ask"].parts) == ["z", "a"]
