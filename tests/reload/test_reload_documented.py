"""What the page says of keys that need a restart is what the gateway does with them."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.reload_settings import APPLIED, CONNECTIONS
from gateway.request.limits import LimitSettings
from gateway.server_settings import ServerSettings

PAGE = Path(__file__).parents[2] / "docs" / "reloading.md"


def test_the_page_names_every_key_that_needs_a_restart_and_no_other() -> None:
    found = re.search(
        r"They are those about listening.*?: (.+?), and of `limits` those of connections\s+\((.+?)\)",
        PAGE.read_text(),
        re.DOTALL,
    )
    assert found
    named, connections = (set(re.findall(r"`([\w*]+)`", each)) for each in found.groups())
    assert named == set(ServerSettings.model_fields) - set(APPLIED)
    suffix = {name for name in LimitSettings.model_fields if name.endswith("_timeout_s")}
    assert (connections - {"*_timeout_s"}) | suffix == set(CONNECTIONS)
