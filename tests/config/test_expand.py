from __future__ import annotations

from pathlib import Path

import pytest

from gateway.file.config import UnreadableFile, read
from gateway.file.expand import Expansion
from resolvers import Problem


def test_references_are_replaced_wherever_values_stand(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("  s3cret-token\n")
    expansion = Expansion({"HOST": "db.internal", "EMPTY": ""}, lambda _: tmp_path)
    value = {"url": "postgresql://${env:HOST}/shop", "${env:HOST}": ["${file:token}", 7, None, "$${env:HOST}"]}
    assert expansion.expand(value) == {
        "url": "postgresql://db.internal/shop",
        "${env:HOST}": ["  s3cret-token", 7, None, "${env:HOST}"],
    }
    assert expansion.expand("${env:EMPTY:-5432}/${env:NONE:-}") == "5432/"
    assert expansion.problems == []
    assert expansion.hidden == {"db.internal": "${env:HOST}", "  s3cret-token": "${file:token}"}


def test_what_is_missing_is_named_and_nothing_of_the_environment_is_shown(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    expansion = Expansion({"CRM_TOKEN": "hidden", "EMPTY": ""}, lambda _: tmp_path)
    expansion.expand(["${env:CRM_TOKNE}", "${env:EMPTY}", "${file:no}", "${file:binary}", "${vault:a}"], ("s",))
    assert expansion.problems == [
        Problem('the environment variable "CRM_TOKNE" is not set', ("s", 0), 'did you mean "CRM_TOKEN"'),
        Problem('the environment variable "EMPTY" is empty', ("s", 1), "give it a value"),
        Problem(
            'the file "no" cannot be read: no such file or directory',
            ("s", 2),
            "paths start at the folder of the file that names them",
        ),
        Problem('the file "binary" is not UTF-8 text', ("s", 3)),
        Problem(
            '"${vault:…}" is not understood',
            ("s", 4),
            "write ${env:NAME} or ${file:PATH}, or $${ for a plain ${",
        ),
    ]


def test_values_are_expanded_once_and_never_again(tmp_path: Path) -> None:
    expansion = Expansion({"A": "${env:B}", "B": "no"}, lambda _: tmp_path)
    assert expansion.expand("${env:A}") == "${env:B}"


def test_what_a_variable_holds_is_a_text_and_never_read_as_a_part_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "isthmus.yaml").write_text(
        "sources:\n  shop:\n    database: ${env:URL}\n    prefix: ${env:PREFIX}\naccess: { default: deny }\n"
    )
    injected = "x\n    writes: true\nother: !!python/object/apply:os.system ['true'] #"
    with pytest.raises(UnreadableFile) as raised:
        read(tmp_path / "isthmus.yaml", {"URL": "sqlite:///a.db", "PREFIX": injected})
    assert (
        raised.value.text
        == "isthmus.yaml:4  sources.shop.prefix\n  it is made of the letters A to Z and digits, a letter first"
    )
    shop = read(tmp_path / "isthmus.yaml", {"URL": "sqlite:///a.db\n    writes: true", "PREFIX": "s"}).sources["shop"][
        1
    ]
    assert shop.model_dump()["writes"] is False
