"""``isthmus config``: everything in one, no secret in it, every value with its place; and it loads again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.commands.config import written
from gateway.demo import trading_folder
from gateway.file.config import read
from gateway.file.parts import read_whole
from resolvers import load
from tests.teams.files import write
from tests.teams.test_teams_commands import run

FILES = {
    "isthmus.yaml": """\
        include: [teams/]
        sources:
          stock: { database: "${env:STOCK_URL}", replicas: ["postgresql://app:hunter2@copy/stock?sslpassword=hunter2"] }
        access: { default: deny }
        server:
          jwt: { issuer: a, audience: b, secret: "hunter2-hunter2-hunter2-hunter2-hunter2" }
          redis: { url: "redis://:hunter2@host:6379/0" }
        """,
    "teams/billing.yaml": """\
        sources:
          billing:
            wsdl: ./billing.wsdl
            url: https://billing.test
            headers: { X-Key: "Key ${env:KEY}", X-Team: "${file:token}" }
            auth: { basic: { username: u, password: "${env:PASSWORD:-hunter2}" } }
            exclude: [a, b]
          web: { openapi: "${env:WEB_FILE}", url: "https://web.test" }
          books: { database: "sqlite:///books.db" }
        access:
          rules:
            "*.iban": [{ roles: [accounting] }, { scopes: [pii] }]
            Order: { rows: { amount: { lt: 1.5 } } }
        hide: [Order.NO]
        """,
    "teams/token": "hunter2",
    "isthmus.prod.yaml": """\
        sources:
          billing: { url: "https://billing.prod", exclude: [c] }
        hide: ["Order.no", 'true']
        """,
}
VARIABLES = {
    "STOCK_URL": "postgresql://app:hunter2@db/stock", "KEY": "hunter2-of-the-key", "WEB_FILE": "/etc/web.json",
}  # fmt: skip


def test_every_value_has_its_place_and_no_secret_is_there(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    ended = run(tmp_path, "config", "--env", "prod", **VARIABLES)
    assert ended.exit_code == 0, ended.output
    assert "hunter2" not in ended.output
    lines = ended.output.splitlines()
    assert lines[0] == "# isthmus.yaml, teams/billing.yaml, isthmus.prod.yaml"
    for line in (
        '    database: "${env:STOCK_URL}"  # isthmus.yaml:3',
        '    replicas: ["postgresql://app:***@copy/stock?sslpassword=***"]  # isthmus.yaml:3',
        "    wsdl: teams/billing.wsdl  # teams/billing.yaml:3",
        '    url: "https://billing.prod"  # isthmus.prod.yaml:2',
        '      X-Key: "***${env:KEY}"  # teams/billing.yaml:5',
        '      X-Team: "${file:teams/token}"  # teams/billing.yaml:5',
        '        password: "${env:PASSWORD:-***}"  # teams/billing.yaml:6',
        "    exclude: [c]  # isthmus.prod.yaml:2",
        '    openapi: "${env:WEB_FILE}"  # teams/billing.yaml:8',
        '    database: "sqlite:///teams/books.db"  # teams/billing.yaml:9',
        "      - roles: [accounting]  # teams/billing.yaml:12",
        '    secret: "***"  # isthmus.yaml:6',
        '    url: "redis://:***@host:6379/0"  # isthmus.yaml:7',
        'hide: [Order.no, "true"]  # isthmus.prod.yaml:3',
    ):
        assert line in lines, ended.output


def test_it_loads_again_and_means_the_same(tmp_path: Path) -> None:
    literal = re.compile(r"(?<=: \")Key |\$\{env:PASSWORD:-hunter2\}|hunter2[-\w]*")
    files = {
        name: literal.sub(lambda found: "" if found[0] == "Key " else "${env:KEY}", text)
        for name, text in FILES.items()
    }
    path = write(tmp_path, files)
    variables = {**VARIABLES, "KEY": "x" * 40}
    before = read(path, variables, "prod")
    ended = run(tmp_path, "config", "--env", "prod", **variables)
    (tmp_path / "whole.yaml").write_text(ended.output)
    after = read(tmp_path / "whole.yaml", variables)
    assert after.settings == before.settings
    assert list(after.sources.items()) == list(before.sources.items())


def test_programs_get_the_same(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    ended = run(tmp_path, "config", "isthmus.yaml", "--json", **VARIABLES)
    assert "hunter2" not in ended.output
    told = json.loads(ended.output)
    assert (told["env"], told["files"]) == ("", ["isthmus.yaml", "teams/billing.yaml"])
    assert told["configuration"]["sources"]["billing"]["url"] == "https://billing.test"
    assert told["places"]["sources.billing.exclude[1]"] == "teams/billing.yaml:7"
    assert list(told["configuration"]["sources"]) == ["stock", "billing", "web", "books"]


def test_without_the_variables_it_is_shown_all_the_same(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    ended = run(tmp_path, "config")
    assert (ended.exit_code, '"${env:STOCK_URL}"' in ended.output) == (0, True)


@pytest.mark.parametrize("wrong", ['auth: { berer: "hunter2" }', "auth: { bearer: 20462 }", "haeders: { a: hunter2 }"])
def test_of_a_file_that_is_not_sound_nothing_is_shown(
    tmp_path: Path, wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = f"sources:\n  a: {{ openapi: a.json, {wrong} }}\naccess: {{ default: deny }}\n"
    write(tmp_path, {"isthmus.yaml": source})
    ended = run(tmp_path, "config")
    assert ended.exit_code == 1
    told = ended.output + capsys.readouterr().err
    assert "isthmus.yaml:2  sources.a" in told
    assert "hunter2" not in told
    assert "20462" not in told


def test_the_demo_is_shown(tmp_path: Path) -> None:
    ended = run(tmp_path, "config", str(trading_folder() / "isthmus.yaml"))
    assert ended.exit_code == 0
    assert load(ended.output) == load((trading_folder() / "isthmus.yaml").read_text("utf-8"))


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.floats(allow_nan=False)
    | st.sampled_from(["no", "12:30", "true", "1e3", "~", "", "# a", "a: b", "${env:X}", "-", "0x1f", "2026-01-01"])
)  # fmt: skip
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | st.just("<<"), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=6), TREES, min_size=1, max_size=3))
def test_whatever_is_written_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, object]
) -> None:
    """The law of the printer, over any tree of YAML."""
    path = write(tmp_path_factory.getbasetemp(), {"isthmus.yaml": "a: 1\n"})
    assert load("\n".join(written(tree, read_whole(path)))) == tree
