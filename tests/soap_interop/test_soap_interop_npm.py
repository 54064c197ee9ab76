"""Real WSDLs served by the npm package ``soap``, asked through the whole gateway: what arrives and what comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.corpus.measure import CORPUS
from tests.soap.npm_soap import NpmServers, npm_servers
from tests.soap_interop.messages import operations
from tests.soap_interop.schemas import gathered
from tests.soap_interop.served import Served, Shown, configuration
from tests.through.gateway import gateway

EACH = 4
"""Operations of a WSDL that are asked here; ``python -m tests.soap_interop`` asks all."""
WSDLS = [
    "Force.com-Toolkit-for-PHP__soapclient/partner.wsdl.xml",
    "PackageGenerator__tests_resources/ActonService2.wsdl",
    "PackageGenerator__tests_resources/DeliveryService.wsdl",
    "PackageGenerator__tests_resources/MyBoardPack.wsdl",
    "PackageGenerator__tests_resources/OrderContract.wsdl",
    "PackageGenerator__tests_resources/VehicleSelectionService/VehicleSelectionService.wsdl",
    "PackageGenerator__tests_resources/directapi/campaigns.wsdl",
    "PackageGenerator__tests_resources/docdatapayments/1_3.wsdl",
    "PackageGenerator__tests_resources/odigeo.wsdl",
    "graphql-mesh__fixtures/axis.wsdl",
    "graphql-mesh__fixtures/example2.wsdl",
    "graphql-mesh__fixtures/illegal-gql-names.wsdl",
    "graphql-mesh__fixtures/prefix-collision.wsdl",
    "gowsdl__fixtures/mnb-exchange.wsdl",
    "python-onvif-zeep__wsdl/ptz.wsdl",
    "wasabi__spec_fixtures/marketo.wsdl",
]
FILES = [CORPUS / "wsdl" / name for name in WSDLS]


@pytest.fixture(scope="module")
def npm() -> Iterator[NpmServers]:
    if not CORPUS.is_dir():
        pytest.skip(f"the corpus of real documents is not at {CORPUS}")
    with npm_servers(FILES, CORPUS / "wsdl" / "_catalog") as servers:
        assert servers.problems == [None] * len(FILES)
        yield servers


@pytest.mark.parametrize("number", range(len(WSDLS)), ids=WSDLS)
async def test_a_real_wsdl_is_asked_in_its_own_words_and_its_replies_are_read(
    npm: NpmServers, number: int, tmp_path: Path
) -> None:
    schemas = gathered(FILES[number])
    asked = operations(schemas)[:EACH]
    shown = Shown()
    async with gateway(tmp_path, configuration(FILES[number], npm.address(number))) as house:
        served = Served(WSDLS[number], schemas, house, npm)
        for seed, operation in enumerate(asked):
            await served.ask(operation, seed, shown)
    assert shown.operations >= min(len(asked), 3), shown
    assert shown.passed_over.total() <= 1, shown
