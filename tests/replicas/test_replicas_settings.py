"""What a list of addresses may be, and what is said of one that may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.file.config import UnreadableFile, read

_FILE = """
sources:
  crm:
    openapi: crm.json
    url: {}
access: {{ default: deny }}
"""
REFUSED = {
    '["http://a.example", "http://a.example/"]': (
        "shop.yaml:5  sources.crm.url\n  http://a.example stands there twice"
    ),
    '["http://a.example", "b.example"]': (
        "shop.yaml:5  sources.crm.url[1]\n  an address such as https://host/path is needed"
    ),
    '[{ url: "http://a.example", name: "2" }, "http://b.example"]': "two replicas are called 2",
    '[{ url: "http://a.example", name: "http://a" }]': "it is made of letters, digits, dots, hyphens and underscores",
    "[]": "it must not be empty",
    '[{ url: "http://a.example", weight: 3 }]': 'unknown key "weight"',
    '["http://user:secret@a.example"]': "an address holds no user and no password",
}


@pytest.mark.parametrize("stated", REFUSED)
def test_a_list_that_cannot_be_is_refused_where_it_stands(tmp_path: Path, stated: str) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(_FILE.format(stated))
    (tmp_path / "crm.json").write_text("{}")
    with pytest.raises(UnreadableFile) as refused:
        read(file)
    assert REFUSED[stated] in str(refused.value)
    assert "secret" not in str(refused.value)
