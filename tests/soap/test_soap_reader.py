"""What is read out of WSDLs: the small untidy one beside this file, imports, and the corpus."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolvers.documents import DescriptionError, Document
from resolvers.model import Effect, ListRef, NamedRef, ObjectType, Scalar, ScalarRef
from resolvers.soap.documents.gather import resolve
from resolvers.soap.operations.wsdl import Description, effect_of, read

BILLING = Path(__file__).with_name("billing.wsdl")
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "wsdl"


@pytest.fixture(scope="module")
def billing() -> Description:
    return read("billing", {"billing.wsdl": Document("billing.wsdl", BILLING.read_bytes())}, "billing.wsdl")


def test_operations_arguments_and_results(billing: Description) -> None:
    model = billing.model
    assert list(model.operations) == ["GetInvoices", "PostInvoice", "CheckBalance", "Archive", "Legacy"]
    invoices = model.operations["GetInvoices"]
    assert invoices.effect is Effect.READ
    assert invoices.description == "Invoices by number."
    assert invoices.result == NamedRef("GetInvoicesResponse")
    assert {name: (argument.type, argument.required) for name, argument in invoices.arguments.items()} == {
        "numbers": (NamedRef("GetInvoicesNumbers"), True),
        "since": (ScalarRef(Scalar.DATE_TIME, nullable=True), False),
        "limit": (ScalarRef(Scalar.INT), False),
    }
    assert model.inputs["GetInvoicesNumbers"].fields["item"].type == ListRef(ScalarRef(Scalar.STRING))
    assert invoices.errors == ("UnknownInvoice",)
    assert model.operations["PostInvoice"].effect is Effect.WRITE
    balance = model.operations["CheckBalance"]
    assert (list(balance.arguments), balance.result) == (["number"], ScalarRef(Scalar.DECIMAL))
    assert model.operations["Archive"].result is None
    assert any("anything" in entry.operation for entry in model.left_out if entry.degraded)
    assert billing.address == "http://127.0.0.1:9/billing"


def test_types_merge_bases_attributes_choices_and_recursion(billing: Description) -> None:
    invoice = billing.model.types["Invoice"]
    assert isinstance(invoice, ObjectType)
    fields = invoice.fields
    assert {name: (field.type, field.required) for name, field in fields.items()} == {
        "number": (ScalarRef(Scalar.STRING), True),
        "issued": (ScalarRef(Scalar.DATE), False),
        "idAttribute": (ScalarRef(Scalar.BIG_INT), True),
        "total": (NamedRef("Money"), True),
        "state": (NamedRef("State", nullable=True), True),
        "paid": (ScalarRef(Scalar.BOOLEAN, nullable=True), False),
        "id": (ScalarRef(Scalar.STRING), False),
        "correction": (ListRef(NamedRef("Invoice")), True),
        "iban": (ScalarRef(Scalar.STRING), False),
        "card": (NamedRef("InvoiceCard"), False),
    }
    assert [value.value for value in billing.model.enums["State"].values] == ["open", "paid-late", "written off"]
    assert billing.model.enums["State"].description == "Where an invoice stands."


def test_what_is_not_served_is_said_with_its_line() -> None:
    text = BILLING.read_text().replace('message="tns:ArchiveIn"', 'message="tns:NoSuchMessage"')
    model = read("billing", {"billing.wsdl": Document("billing.wsdl", text.encode())}, "billing.wsdl").model
    [archive] = [entry for entry in model.left_out if not entry.degraded]
    assert (archive.operation, archive.reason) == ("Archive", "the message NoSuchMessage is declared nowhere")
    assert archive.place.line
    assert "NoSuchMessage" in text.splitlines()[archive.place.line - 1]
    assert model.declared == len(model.operations) + 1


def test_imports_collisions_and_missing_documents() -> None:
    text = BILLING.read_text()
    start = text.index('<xs:schema targetNamespace="urn:billing:types"')
    end = text.index("</xs:schema>") + len("</xs:schema>")
    xs = 'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:billing:types"'
    types = text[start:end].replace("<xs:schema", f"<xs:schema {xs}")
    documents = {
        "d/billing.wsdl": text[:start]
        + text[end:].replace(
            '<xs:import namespace="urn:billing:types"/>',
            '<xs:import namespace="urn:billing:types" schemaLocation="../types.xsd"/>'
            '<xs:include schemaLocation="gone.xsd"/>',
        ),
        "types.xsd": types,
    }
    model = read("b", {key: Document(key, value.encode()) for key, value in documents.items()}, "d/billing.wsdl").model
    assert len(model.operations) == 5
    assert {"DocumentMessages", "Invoice"} <= model.types.keys() | model.inputs.keys()
    [gone] = [entry for entry in model.left_out if entry.operation == "gone.xsd"]
    assert gone.place.document == "d/billing.wsdl"


@pytest.mark.parametrize(
    ("name", "effect"),
    [
        ("GetInvoices", Effect.READ),
        ("getInvoices", Effect.READ),
        ("IsPaid", Effect.READ),
        ("List", Effect.READ),
        ("Issue", Effect.WRITE),
        ("Getaway", Effect.WRITE),
        ("HashPassword", Effect.WRITE),
        ("Checkout", Effect.WRITE),
        ("DeleteInvoice", Effect.WRITE),
        ("Counter", Effect.WRITE),
        ("find_all", Effect.READ),
    ],
)
def test_only_a_whole_reading_verb_makes_a_read(name: str, effect: Effect) -> None:
    assert effect_of(name) is effect


def test_references_are_resolved_beside_the_document() -> None:
    assert resolve("/a/b/c.wsdl", "../t.xsd") == "/a/t.xsd"
    assert resolve("https://x.example/a/b?wsdl", "b?xsd=1") == "https://x.example/a/b?xsd=1"
    assert resolve("/a/b.wsdl", "https://x.example/t.xsd") == "https://x.example/t.xsd"


def test_what_is_no_wsdl_is_refused_in_words() -> None:
    for content in (b"<html/>", b"{}", b"", b"<!DOCTYPE a><a/>"):
        with pytest.raises(DescriptionError):
            read("x", {"x": Document("x", content)}, "x")


def _corpus() -> list[Path]:
    return sorted(CORPUS.rglob("*.wsdl")) if CORPUS.is_dir() else []


@pytest.mark.skipif(not _corpus(), reason="the corpus of real WSDLs is not beside the checkout")
def test_every_wsdl_of_the_corpus_is_read_or_refused_in_words() -> None:
    around = {str(path): path for path in CORPUS.rglob("*") if path.suffix in {".wsdl", ".xsd", ".xml"}}
    served = 0
    for path in _corpus():
        near = {
            key: Document(key, value.read_bytes())
            for key, value in around.items()
            if path.relative_to(CORPUS).parts[0] in value.parts
        }
        try:
            model = read(path.stem, near, str(path)).model
        except DescriptionError:
            continue
        refused = [entry for entry in model.left_out if not entry.degraded]
        assert model.declared == len(model.operations) + len(refused), path
        assert all(entry.place.line for entry in refused), path
        served += len(model.operations)
    assert served >= 1700
