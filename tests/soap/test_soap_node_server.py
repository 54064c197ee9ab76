"""Our envelopes over a socket against the npm package ``soap``, a server that we did not write."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from resolvers.documents import Document
from resolvers.errors import SourceFault
from resolvers.soap.operations.wsdl import read
from resolvers.soap.replies.envelope import decode
from resolvers.soap.requests.envelope import encode
from tests.soap.npm_soap import npm_soap

HERE = Path(__file__).parent
CODECS = read("billing", {"b": Document("b", (HERE / "billing.wsdl").read_bytes())}, "b").codecs


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with npm_soap() as server:
        yield server.address


def call(address: str, operation: str, arguments: Mapping[str, object]) -> object:
    codec = CODECS[operation]
    sent = encode(codec, arguments)
    request = urllib.request.Request(address, sent.body, dict(sent.headers))
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return decode(codec, reply.status, reply.headers["Content-Type"], reply.read())
    except urllib.error.HTTPError as error:
        with error:
            return decode(codec, error.code, error.headers["Content-Type"], error.read())


def test_it_understands_us_and_we_understand_it(address: str) -> None:
    row = {
        "idAttribute": 1,
        "number": "A&1",
        "total": {"currency": "EUR", "value": Decimal("12.50")},
        "state": "paid-late",
        "iban": "DE & <12>",
        "correction": [],
    }
    reply = call(address, "GetInvoices", {"numbers": {"item": ["A&1", "B"]}, "limit": 2})
    assert reply == {"item": [row, {**row, "idAttribute": 2, "number": "B"}]}


def test_values_arrive_exactly(address: str) -> None:
    invoice = {"idAttribute": 1, "number": "1", "total": {"currency": "EUR", "value": "0.10"}, "state": None}
    invoice["ibanOrCard"] = {"iban": "DE"}
    assert call(address, "PostInvoice", {"invoice": invoice}) == {"accepted": True}


def test_its_fault_is_a_fault(address: str) -> None:
    with pytest.raises(SourceFault) as caught:
        call(address, "GetInvoices", {"numbers": {"item": ["none"]}})
    assert caught.value.extensions == {"faultCode": "Client"}
    assert "db7" in caught.value.detail
