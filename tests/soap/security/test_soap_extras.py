"""What a user reads whose settings need a library that is not there; and the page of the documentation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.file.config import read
from resolvers.soap import SoapSettings
from tests.soap.security.billing import HERE
from tests.soap.security.pki import signatory

PAGE = Path(__file__).parents[3] / "docs" / "soap-security.md"
FILE = """sources:
  billing:
    wsdl: {wsdl}
    url: http://127.0.0.1:9/
    {key}
access: {{ default: authenticated }}
"""
WITHOUT = "import sys; sys.modules[sys.argv.pop(1)] = None; from gateway.__main__ import main; main()"


@pytest.mark.parametrize(
    ("library", "key", "extra"),
    [
        ("xmlsec", "ws_security: { sign: gateway.both.pem }", "isthmus[wss]"),
        ("xmlsec", "ws_security: { verify: gateway.cert.pem }", "isthmus[wss]"),
        ("spnego", "auth: { ntlm: { username: gateway, password: canary } }", "isthmus[ntlm]"),
    ],
)
def test_a_library_that_is_not_installed_is_told_with_the_line_and_how_to_install_it(
    library: str, key: str, extra: str, tmp_path: Path
) -> None:
    signatory(tmp_path, "gateway")
    (tmp_path / "isthmus.yaml").write_text(FILE.format(wsdl=HERE / "billing.wsdl", key=key))
    command = [sys.executable, "-c", WITHOUT, library, "check", "isthmus.yaml"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    said = ended.stdout + ended.stderr
    assert ended.returncode != 0
    assert "isthmus.yaml:5" in said
    assert f"pip install '{extra}'" in said
    assert "canary" not in said
    assert "Traceback" not in said


def test_the_examples_of_the_page_are_sound(tmp_path: Path) -> None:
    text = PAGE.read_text("utf-8")
    examples = [part.partition("```")[0] for part in text.split("```yaml\n")[1:]]
    assert examples
    secrets = dict.fromkeys(("BILLING_PASSWORD", "KEY_PASSWORD", "IIS_PASSWORD", "BILLING_KEY"), "canary")
    for number, example in enumerate(examples):
        file = tmp_path / f"{number}.yaml"
        file.write_text(example, "utf-8")
        for _, settings in read(file, secrets).sources.values():
            assert isinstance(settings, SoapSettings)
            assert "canary" not in repr(settings)
