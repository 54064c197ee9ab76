"""Digest and signature as the npm packages ``soap`` and ``xml-crypto`` find them true, and a reply that they sign."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from resolvers.errors import SourceRejected
from resolvers.soap import SoapSettings
from tests.services import missing
from tests.soap.security.billing import ENVELOPE, HERE, INVOICES, READ, context, opened
from tests.soap.security.pki import signatory

PASSWORD = "pä&<ss>wörd"
FILES = ("package.json", "package-lock.json")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = tmp_path_factory.mktemp("npm")
    signatory(room, "gateway")
    signatory(room, "billing")
    return room


@pytest.fixture(scope="module")
def url(room: Path) -> Iterator[str]:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        missing("npm and node are needed for the secure server of others")
    for name in FILES:
        shutil.copy(HERE / "node_server" / name, room)
    shutil.copy(Path(__file__).parent / "secure_server.js", room)
    command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    installed = subprocess.run(command, cwd=room, capture_output=True, text=True, check=False, timeout=240)
    if installed.returncode:
        missing(f"npm ci failed: {installed.stderr[-300:]}")
    answer = ENVELOPE.format("", INVOICES.replace(">A<", ">NAMES<")).replace("<s:Header/>", "<s:Header></s:Header>")
    arguments = [PASSWORD, "billing.key.pem", "billing.cert.pem", answer]
    server = subprocess.Popen([node, "secure_server.js", *arguments], cwd=room, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
    finally:
        server.terminate()
        server.communicate()


async def test_npm_finds_our_digest_and_signature_true_and_we_find_its_own_true(room: Path, url: str) -> None:
    assert await _signed(room, url, PASSWORD) == "BinarySecurityToken Body Timestamp UsernameToken"


async def test_it_finds_a_wrong_password_wrong(room: Path, url: str) -> None:
    with pytest.raises(SourceRejected):
        await _signed(room, url, "another")


async def _signed(room: Path, url: str, password: str) -> object:
    """The names of the elements that the server says are signed."""
    stated = SoapSettings.model_validate({
        "wsdl": str(HERE / "billing.wsdl"),
        "url": url,
        "ws_security": {
            "username": "gateway",
            "password": password,
            "sign": {"file": "gateway.cert.pem", "key": "gateway.key.pem"},
            "verify": "billing.cert.pem",
        },
    })  # fmt: skip
    source = await opened(stated, room)
    try:
        rows = await source.execute(READ, context())
    finally:
        await source.close()
    assert isinstance(rows, dict)
    return rows["item"][0]["number"]
