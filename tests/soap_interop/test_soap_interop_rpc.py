"""RPC in front of the npm package ``soap``: literal by its schemas, encoded by what the package reads of it; faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.corpus.measure import CORPUS
from tests.soap.npm_soap import NpmServers, npm_servers
from tests.soap_interop.messages import operations
from tests.soap_interop.schemas import gathered
from tests.soap_interop.served import Served, Shown, configuration
from tests.through.gateway import codes, gateway

ORDERS = Path(__file__).parent / "orders_rpc.wsdl"
LIVE = CORPUS / "wsdl" / "PackageGenerator__tests_resources" / "directapi" / "live.wsdl"
ASKED = """{ getOrder(number: "1", like: { id: 1, number: "2" }) { found } }"""


@pytest.fixture(scope="module")
def npm() -> Iterator[NpmServers]:
    with npm_servers([ORDERS, *([LIVE] if LIVE.is_file() else [])]) as servers:
        yield servers


async def test_rpc_literal_is_asked_and_answered_by_its_schemas(npm: NpmServers, tmp_path: Path) -> None:
    schemas = gathered(ORDERS)
    asked, noted = operations(schemas)
    assert (asked.style, asked.headers, asked.faults) == (
        "rpc/literal",
        ("{urn:orders:types}Customer",),
        ("{urn:orders:types}Closed",),
    )
    assert noted.reply == ""
    shown = Shown()
    async with gateway(tmp_path, configuration(ORDERS, npm.address(0))) as house:
        served = Served("orders_rpc.wsdl", schemas, house, npm)
        for seed in range(15):
            await served.ask(asked, seed, shown)
            await served.ask(noted, seed, shown)
    assert shown.operations == 30
    assert shown.asked > 150
    assert shown.answered > 50


async def test_a_declared_fault_is_typed_and_others_keep_their_text_to_themselves(
    npm: NpmServers, tmp_path: Path
) -> None:
    text = configuration(ORDERS, npm.address(0)).replace("writes: true", "writes: true, error_detail: true")
    fault = {"faultcode": "soap:Server", "faultstring": "ORA-1 at db-7", "statusCode": 500}
    told = {"t:Closed": {"attributes": {"xmlns:t": "urn:orders:types"}, "t:since": "2024-02-29", "t:days": 3}}
    async with gateway(tmp_path, text) as house:
        npm.next(fault={**fault, "detail": told})
        declared = await house.ask(ASKED)
        npm.next(fault={**fault, "detail": {"Secret": "db-7"}})
        other = await house.ask(ASKED)
    assert codes(declared) == codes(other) == [("SOURCE_FAULT", ["getOrder"])]
    extensions = declared["errors"][0]["extensions"]
    assert (extensions["faultCode"], extensions["fault"]) == ("Server", "Closed")
    assert extensions["detail"] == {"since": "2024-02-29", "days": 3}
    assert "db-7" not in str(declared) + str(other)


async def test_rpc_encoded_is_read_by_the_package_and_its_arrays_by_us(npm: NpmServers, tmp_path: Path) -> None:
    if not LIVE.is_file():
        pytest.skip(f"the corpus of real documents is not at {CORPUS}")
    rows = [{"Login": "a & <1>", "UnitsRest": 5}, {"Login": "é", "UnitsRest": -1}]
    async with gateway(tmp_path, configuration(LIVE, npm.address(1))) as house:
        npm.heard()
        npm.next(result={"return": {"item": rows}})
        units = '{ getClientsUnits(params: ["a & <1>", "é"]) { return { login unitsRest } } }'
        found = await house.data(units)
        banners = """{ getBanners(params: { campaignIDS: [1, -2], limit: 7, getPhrases: "Yes" }) {
            return { bannerID } } }"""
        npm.next(result={"return": {"item": [{"BannerID": 1}]}})
        assert await house.data(banners) == {"getBanners": {"return": [{"bannerID": 1}]}}
        first, second = npm.heard()
    assert found == {
        "getClientsUnits": {"return": [{"login": row["Login"], "unitsRest": row["UnitsRest"]} for row in rows]}
    }
    items = first.arguments["params"]["item"]
    assert [(item["attributes"]["xsi:type"], item["$value"]) for item in items] == [
        ("xs:string", "a & <1>"),
        ("xs:string", "é"),
    ]
    assert first.arguments["params"]["attributes"]["enc:arrayType"] == "xs:string[2]"
    given = second.arguments["params"]
    assert [item["$value"] for item in given["CampaignIDS"]["item"]] == ["1", "-2"]
    assert (given["Limit"]["$value"], given["GetPhrases"]["$value"]) == (7, "Yes")
