"""Servers that a document names: which of them is called, and which a document from elsewhere may not name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from resolvers.connect import Told, connect
from resolvers.documents import DescriptionError, Document, Documents
from resolvers.errors import SourceUnavailable
from resolvers.http import Request
from resolvers.nearby import is_near, must_be_far, refused
from resolvers.rest import RestSettings, open_rest
from resolvers.rest.operations.openapi import read
from resolvers.rest.settings import FIRST, ServerChoice
from resolvers.source import Call
from resolvers.tally import Standing
from tests.network.crm import ADA, ROW, context, crm, document
from tests.raw_server import raw_server, reply, says

SERVERS = [
    {"url": "https://live.example/{version}", "description": "Live", "variables": {"version": {"default": "v2"}}},
    {
        "url": "https://{region}.test.example",
        "description": "Test",
        "variables": {"region": {"default": "eu", "enum": ["eu", "us"]}},
    },
    {"url": "../api"},
]


def address(location: str = "https://docs.example/a/b/openapi.json", **choice: Any) -> str | None:
    content = json.dumps(document(servers=SERVERS)).encode()
    return read("crm", Document(location, content), ServerChoice.model_validate(choice)).server


def test_a_server_is_chosen() -> None:
    assert address() == "https://live.example/v2"
    assert address(variables={"version": "v3"}) == "https://live.example/v3"
    assert address(description="Test") == "https://eu.test.example"
    assert address(index=1, variables={"region": "us"}) == "https://us.test.example"
    assert address(index=2) == "https://docs.example/a/api"
    assert address("crm.json", index=2) is None


@pytest.mark.parametrize(
    ("choice", "where", "mend"),
    [
        ({"description": "Tets"}, ("server", "description"), 'did you mean "Test"'),
        ({"index": 3}, ("server", "index"), ""),
        ({"variables": {"versoin": "v3"}}, ("server", "variables", "versoin"), 'did you mean "version"'),
        ({"index": 1, "variables": {"region": "mars"}}, ("server", "variables", "region"), "choose one of eu, us"),
    ],
)
def test_a_server_that_is_not_there(choice: dict[str, Any], where: tuple[str, ...], mend: str) -> None:
    with pytest.raises(DescriptionError) as caught:
        address(**choice)
    assert (caught.value.problem.where, caught.value.problem.mend) == (where, mend)


def test_what_cannot_be_said_together() -> None:
    for stated in ({"server": {"index": 1, "description": "x"}}, {"url": "https://a", "server": {"index": 1}}):
        with pytest.raises(ValidationError, match="both"):
            RestSettings.model_validate({"openapi": "crm.json", **stated})
    assert RestSettings.model_validate({"openapi": "crm.json", "url": "https://a"}).server == FIRST


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "169.254.169.254", "fe80::1%eth0",
     "0.0.0.0", "::", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "metadata.google.internal"],
)  # fmt: skip
def test_what_is_near(host: str) -> None:
    assert is_near(host)
    server = f"http://[{host}]:81/x" if ":" in host else f"http://{host}:81/x"
    assert "this machine or its link" in refused(server, "https://docs.example/o.json", ())
    assert refused(server, "crm.json", ()) == ""
    assert refused(server, "http://localhost:9/o.json", ()) == ""


@pytest.mark.parametrize("host", ["crm.example", "10.0.0.1", "192.168.1.1", "8.8.8.8", "2001:db8::1"])
def test_what_is_far(host: str) -> None:
    assert not is_near(host)


def test_allowed_servers_are_the_only_ones() -> None:
    docs = "https://docs.example/o.json"
    assert refused("http://localhost:81", docs, ["localhost"]) == ""
    assert "allowed_servers" in refused("https://crm.example", docs, ["api.example"])
    assert "allowed_servers" in refused("https://crm.example", "crm.json", ["api.example"])


class Fetched(Documents):
    """Gives a document as if it had been fetched from another machine."""

    def __init__(self, base: Path, described: dict[str, Any]) -> None:
        super().__init__(base)
        self._content = json.dumps(described).encode()

    async def read(self, location: str, relative_to: str | None = None, *, referred: bool = False) -> Document:  # noqa: ARG002  # no other document is named
        return Document(location, self._content)


async def test_a_document_from_elsewhere_does_not_name_this_machine(tmp_path: Path) -> None:
    docs = {"openapi": "https://docs.example/openapi.json"}
    async with raw_server(says(reply(ADA))) as server:
        described = document(servers=[{"url": server.url}])
        with pytest.raises(DescriptionError, match="this machine or its link"):
            await open_rest("crm", RestSettings.model_validate(docs), Fetched(tmp_path, described))
        for more in ({"url": server.url}, {"allowed_servers": ["127.0.0.1"]}):
            stated = RestSettings.model_validate({**docs, **more})
            source = await open_rest("crm", stated, Fetched(tmp_path, described))
            assert await source.execute(Call("customer", {"id": "7"}), context()) == ROW
            await source.close()
        described = document(servers=[{"url": "https://crm.example"}])
        described["paths"]["/customers/{id}"]["get"]["servers"] = [{"url": server.url}]
        source = await open_rest("crm", RestSettings.model_validate(docs), Fetched(tmp_path, described))
        assert [*source.model.operations] == ["renameCustomer"]
        assert "this machine" in source.model.left_out[-1].reason
        await source.close()
        async with crm(tmp_path, document(servers=[{"url": server.url}])) as source:
            assert await source.execute(Call("customer", {"id": "7"}), context()) == ROW
    assert len(server.heard) == 3


async def test_a_name_that_leads_to_this_machine_is_not_called(tmp_path: Path) -> None:
    host = "0x7f000001"  # a name to every parser of addresses, and this machine to the resolver
    location = "https://docs.example/openapi.json"
    assert must_be_far(location)
    async with raw_server(says(reply(ADA))) as server:
        home = f"http://{host}:{server.port}"
        for stated, near in (({}, False), ({"allowed_servers": [host]}, True)):
            settings = RestSettings.model_validate({"openapi": location, **stated})
            http = await connect(settings, Documents(tmp_path), home, location, Told("crm", Standing()))
            request = Request("GET", f"{home}/customers/7", {})
            if near:
                assert (await http.send(request, timeout=5, resendable=True)).status == 200
            else:
                with pytest.raises(SourceUnavailable, match="allowed_servers"):
                    await http.send(request, timeout=5, resendable=True)
                assert server.heard == []
            await http.close()
