"""A spyne service behind the gateway: it validates requests by its own schema, and values come back as they went."""

from __future__ import annotations

import sys
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from tests.through.gateway import Gateway, codes, gateway

if sys.version_info >= (3, 12):
    pytest.skip("spyne needs modules that Python 3.12 no longer has", allow_module_level=True)

from tests.soap_interop.spyne_app import Notes, application

FILE = """
    sources:
      it:
        wsdl: "${env:IT}?wsdl"
        writes: true
        error_detail: true
        soap_version: "VERSION"
        operations:
          turn: { effect: idempotent }
    limits: { max_tokens: 10000 }
    access: { default: anonymous }
"""
EVERYTHING = """{ text few number large exact real truth day moment clock span content colour none several
    numbers { int } shapes { shape { __typename ...shape } } shape { __typename ...shape } }"""
SHAPE = """fragment shape on Shape { id name ... on Circle { radius } ... on Square { side corners { string } } }"""
WHOLE: dict[str, Any] = {
    "text": " <&>\"'漢🦉\n]]> ",
    "few": "äöü",
    "number": -214748364,  # spyne counts the letters of numbers, and the least int has one too many for it
    "large": str(2**63 - 1),
    "exact": "12345678901234567890.123456789",
    "real": 1e-7,
    "truth": False,
    "day": "2024-02-29",
    "moment": "2024-02-29T23:59:59.123456+00:00",
    "clock": "23:59:59.500000",
    "span": "P1DT2H3M4S",
    "content": "AAECAwT/",
    "colour": "DARK_GREEN",
    "none": None,
    "several": ["a", "", " b "],
    "numbers": {"int": [1, -2, 3]},
    "shapes": {
        "shape": [
            {"plainShape": {"id": "1", "name": None}},
            {"circle": {"id": "2", "name": "c", "radius": 0.5}},
            {"square": {"id": "3", "name": "s", "side": "1.125", "corners": {"string": ["x", "y"]}}},
        ]
    },
    "shape": {"square": {"id": "4", "name": "", "side": "-0.001"}},
}


@dataclass(frozen=True, slots=True)
class House:
    gateway: Gateway
    notes: Notes


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(params=["1.1", "1.2"], scope="module")
def spyne(request: pytest.FixtureRequest) -> Iterator[tuple[str, str, Notes]]:
    """The service's address, its version of SOAP, and what it was told."""
    notes = Notes()
    server = make_server("127.0.0.1", 0, application(notes, request.param), handler_class=_Silent)
    running = threading.Thread(target=server.serve_forever)
    running.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", request.param, notes
    finally:
        server.shutdown()
        running.join()
        server.server_close()


@pytest.fixture
async def house(spyne: tuple[str, str, Notes], tmp_path: Path) -> AsyncIterator[House]:
    address, version, notes = spyne
    notes.told.clear()
    async with gateway(tmp_path, FILE.replace("VERSION", version), {"IT": address}) as served:
        yield House(served, notes)


def answered(shapes: Any) -> Any:
    """What was given as one of several types, as it comes back."""
    if isinstance(shapes, list):
        return [answered(shape) for shape in shapes]
    ((name, fields),) = shapes.items()
    found = {"__typename": name[:1].upper() + name[1:], **fields}
    return {**found, "corners": found.get("corners")} if name == "square" else found


async def test_every_kind_of_value_comes_back_as_it_went(house: House) -> None:
    query = f"mutation ($it: EverythingInput) {{ echo(everything: $it) {{ echoResult {EVERYTHING} }} }} {SHAPE}"
    found = await house.gateway.data(query, it=WHOLE)
    expected = {
        **WHOLE,
        "shapes": {"shape": answered(WHOLE["shapes"]["shape"])},
        "shape": answered(WHOLE["shape"]),
    }
    assert found["echo"]["echoResult"] == expected
    ((_, told),) = house.notes.told
    assert told.content == (b"\0\1\2\3\4\xff",)
    assert [type(shape).__name__ for shape in told.shapes] == ["Shape", "Circle", "Square"]
    assert str(told.exact) == WHOLE["exact"]


async def test_what_is_not_given_is_not_sent_and_comes_back_as_nothing(house: House) -> None:
    query = f"mutation ($it: EverythingInput) {{ echo(everything: $it) {{ echoResult {EVERYTHING} }} }} {SHAPE}"
    found = await house.gateway.data(query, it={"none": None})
    assert found["echo"]["echoResult"] == dict.fromkeys(WHOLE) | {"several": []}


async def test_a_header_block_is_an_argument(house: House) -> None:
    query = '{ getSession(session: { token: "t & <1>", hops: 3 }) { getSessionResult { token hops } } }'
    assert await house.gateway.data(query) == {"getSession": {"getSessionResult": {"token": "t & <1>", "hops": 3}}}
    assert await house.gateway.data("{ getSession { getSessionResult { token } } }") == {
        "getSession": {"getSessionResult": None}
    }


async def test_several_results_stand_side_by_side(house: House) -> None:
    found = await house.gateway.data('{ getTwo(name: "a", number: 7) { name number } }')
    assert found == {"getTwo": {"name": "a", "number": 7}}


async def test_an_operation_without_a_result_answers_true(house: House) -> None:
    assert await house.gateway.data('mutation { note(text: "x") }') == {"note": True}
    assert house.notes.told == [("note", "x")]


async def test_a_fault_is_typed_and_keeps_its_text_to_itself(house: House) -> None:
    answer = await house.gateway.client.post(
        "/graphql", json={"query": '{ getRefused(reason: "busy") { getRefusedResult } }'}
    )
    assert "db-7" not in answer.text
    body = answer.json()
    assert codes(body) == [("SOURCE_FAULT", ["getRefused"])]
    extensions = body["errors"][0]["extensions"]
    assert extensions["faultCode"] in {"Client", "Sender"}
    assert (extensions["fault"], extensions["detail"]) == ("Refused", {"reason": "busy", "code": 7})


async def test_a_bare_operation_takes_its_element(house: House) -> None:
    query = "mutation ($it: CircleInput!) { turn(turn: $it) { id name radius } }"
    circle = {"id": "5", "name": None, "radius": 2.5}
    assert await house.gateway.data(query, it=circle) == {"turn": circle}


async def test_what_the_service_refuses_by_its_schema_never_leaves(house: House) -> None:
    body = await house.gateway.ask('mutation { echo(everything: { none: null, few: "four" }) { echoResult { few } } }')
    assert codes(body)[0][0] == "BAD_REQUEST"
    assert house.notes.told == []
