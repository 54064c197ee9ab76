"""The example of docs/network.md is a file that the gateway reads."""

from __future__ import annotations

from pathlib import Path

from gateway.file.config import read
from resolvers.rest import RestSettings

PAGE = Path(__file__).parents[2] / "docs" / "network.md"


def test_the_example_is_sound(tmp_path: Path) -> None:
    example = PAGE.read_text("utf-8").partition("```yaml\n")[2].partition("```")[0]
    file = tmp_path / "isthmus.yaml"
    file.write_text(example, "utf-8")
    secrets = dict.fromkeys(("PROXY_PASSWORD", "KEY_PASSWORD", "CRM_CLIENT_SECRET", "CRM_KEY"), "s3cret")
    kind, settings = read(file, secrets).sources["crm"]
    assert kind == "openapi"
    assert isinstance(settings, RestSettings)
    assert settings.auth is not None
    assert settings.auth.oauth2 is not None
    assert settings.auth.oauth2.ca == "system"
    assert settings.server.variables == {"region": "eu"}
    assert "s3cret" not in repr(settings)
