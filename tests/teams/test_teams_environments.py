"""What is other in one environment: laid over the file and its parts, key by key, with places of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.file.overlay import in_environment
from gateway.file.parts import UnreadableFile, read_whole
from tests.teams.files import MAIN, chosen, refusal, write

PART = """\
sources:
  crm:
    openapi: crm.json
    url: "${env:CRM_URL}"
    timeout_s: 5
    exclude: [a, b]
access:
  rules:
    Customer.email: { scopes: ["pii"] }
    Customer.phone: { scopes: ["pii"], roles: [hr] }
"""
PROD = """\
sources:
  crm:
    url: https://crm.prod
    exclude: [c]
    concurrency: 3
    timeout_s: null
  audit: { openapi: audit.json, url: "https://audit.prod" }
access:
  rules:
    Customer.email: null
    Customer.phone: { roles: [staff] }
server: { port: 80 }
"""
FILES = {"isthmus.yaml": MAIN, "teams/crm.yaml": PART, "isthmus.prod.yaml": PROD}


def test_mappings_are_merged_lists_and_values_replaced_and_null_takes_away(tmp_path: Path) -> None:
    found = chosen(tmp_path, FILES, "prod")
    crm: Any = found.sources["crm"][1]
    assert list(found.sources) == ["stock", "crm", "audit"]  # what an environment adds renames nothing
    assert (crm.openapi, crm.url, crm.concurrency, crm.exclude) == ("teams/crm.json", "https://crm.prod", 3, ("c",))
    assert crm.timeout_s == 10.0
    rules = found.settings.access.rules
    assert list(rules) == ["Customer.phone"]
    assert (rules["Customer.phone"].scopes, rules["Customer.phone"].roles) == (("pii",), ("staff",))  # type: ignore[union-attr]  # one rule
    assert found.settings.server.port == 80
    assert found.env == "prod"
    assert not found.cautions
    assert found.place("sources", "crm", "url") == "isthmus.prod.yaml:3"
    assert found.place("sources", "crm", "openapi") == "teams/crm.yaml:3"
    assert found.place("sources", "crm", "exclude", 0) == "isthmus.prod.yaml:4"
    assert found.place("sources", "crm") == "teams/crm.yaml:2"
    assert found.place("access", "rules", "Customer.email") == "teams/crm.yaml:8"  # what is gone has no place
    assert {path.name for path in found.files} >= {"isthmus.yaml", "crm.yaml", "isthmus.prod.yaml"}


def test_without_its_name_nothing_of_an_environment_is_in_force(tmp_path: Path) -> None:
    found = chosen(tmp_path, FILES, CRM_URL="https://crm.test")
    assert getattr(found.sources["crm"][1], "url") == "https://crm.test"  # noqa: B009  # of one kind of source
    assert found.settings.server.port != 80


def test_a_variable_that_an_environment_does_without_need_not_be_set(tmp_path: Path) -> None:
    assert "CRM_URL" in refusal(tmp_path, FILES)
    assert chosen(tmp_path, FILES, "prod").env == "prod"


@pytest.mark.parametrize(
    ("overlay", "told"),
    [
        ("sources:\n  crm: { timout_s: 3 }\n", 'isthmus.prod.yaml:2  sources.crm.timout_s\n  unknown key "timout_s"\n'),
        (
            "sources:\n  cmr: { url: 'https://x.y' }\n",
            'one of openapi, wsdl, database, files\n  mend: did you mean "crm"?',
        ),
        (
            "access: { rules: {\n Custommer.email: null } }\n",
            "isthmus.prod.yaml:2  access.rules.Custommer.email\n  null takes away, and this is not there\n  mend: did",
        ),
        ("include: [more/]\n", "isthmus.prod.yaml:1  include\n  what is laid over a file includes nothing\n"),
        ("access: null\n", 'isthmus.yaml\n  "access" is missing'),
        ("server: { port: many }\n", "isthmus.prod.yaml:1  server.port\n  a whole number is needed"),
        ("server: { log: '${env:NONE}' }\n", 'isthmus.prod.yaml:1  server.log\n  the environment variable "NONE"'),
        ("a: [\n", "isthmus.prod.yaml:2\n  did not find expected node content"),
        ("- a\n", "isthmus.prod.yaml\n  it must be a mapping of what is other than in isthmus.yaml"),
    ],
)
def test_what_is_wrong_is_told_with_its_own_file_and_line(tmp_path: Path, overlay: str, told: str) -> None:
    found = refusal(tmp_path, {**FILES, "isthmus.prod.yaml": overlay}, "prod", CRM_URL="https://crm.test")
    assert told in found
    assert "\n\n" not in found


def test_what_changes_nothing_is_told_and_refuses_nothing(tmp_path: Path) -> None:
    overlay = "sources:\n  crm:\n    timeout_s: 5\n    exclude: [a, b]\n    concurrency: 2\nserver:\n"
    overlay = overlay.replace("server:\n", "access: {}\n")
    found = chosen(tmp_path, {**FILES, "isthmus.prod.yaml": overlay}, "prod", CRM_URL="https://crm.test")
    assert [each.split("\n")[0] for each in found.cautions] == [
        "isthmus.prod.yaml:3  sources.crm.timeout_s",
        "isthmus.prod.yaml:4  sources.crm.exclude",
        "isthmus.prod.yaml:6  access",
    ]
    assert found.cautions[0].endswith("it changes nothing: the same is said already\n  mend: leave it out")


@pytest.mark.parametrize(
    ("default", "rules", "told"),
    [
        ("anonymous", "{ Customer.email: null }", ["access.rules.Customer.email"]),
        ("authenticated", "null", ["access.rules"]),
        ("deny", "{ Customer.email: { rows: null, roles: [staff] } }", ["access.rules.Customer.email.rows"]),
        ("deny", "{ Customer.email: null }", []),
    ],
)
def test_a_rule_that_is_taken_away_is_told_where_that_may_open_something(
    tmp_path: Path, default: str, rules: str, told: list[str]
) -> None:
    path = write(
        tmp_path,
        {
            "isthmus.yaml": f"""\
                access:
                  default: {default}
                  rules: {{ Customer.email: {{ roles: [support], rows: {{ id: {{ eq: 1 }} }} }} }}
                """,
            "isthmus.prod.yaml": f"access: {{ rules: {rules} }}",
        },
    )
    found = in_environment(read_whole(path), "prod")
    assert [".".join(map(str, problem.where)) for _, problem in found.cautions] == told


def test_an_environment_that_nobody_wrote_is_refused(tmp_path: Path) -> None:
    files = {**FILES, "isthmus.staging.yaml": "{}"}
    assert refusal(tmp_path, files, "prd") == (
        "isthmus.yaml\n  there is no isthmus.prd.yaml for the environment prd; there is isthmus.prod.yaml, "
        'isthmus.staging.yaml\n  mend: did you mean "prod"?'
    )
    for name in ("../prod", "", "a b", "-x"):
        if name:
            assert "is no name of an environment" in refusal(tmp_path, files, name)


def test_overlays_in_an_included_folder_are_no_parts(tmp_path: Path) -> None:
    part = "sources: { more: { database: 'sqlite:///more.db' } }\n"
    files = {"isthmus.yaml": MAIN.replace("teams/", "."), "more.yaml": part, "isthmus.prod.yaml": PROD}
    found = chosen(tmp_path, files)
    assert list(found.sources) == ["stock", "more"]
    assert found.settings.server.port != 80


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
MAPS = st.dictionaries(st.sampled_from("abc"), VALUES.filter(lambda value: value is not None), max_size=3)


def _merged(base: object, top: dict[str, object]) -> dict[str, object]:
    """The law, written down a second time: RFC 7396 (JSON Merge Patch), but that null in what is new stays."""
    made = dict(base) if isinstance(base, dict) else {}
    for key, value in top.items():
        if value is None:
            made.pop(key)
        elif isinstance(value, dict) and isinstance(made.get(key), dict):
            made[key] = _merged(made[key], value)
        else:
            made[key] = value
    return made


def _fits(base: dict[str, Any], top: dict[str, Any]) -> bool:
    for key, value in top.items():
        if value is None and key not in base:
            return False
        if isinstance(value, dict) and isinstance(base.get(key), dict) and not _fits(base[key], value):
            return False
    return True


@settings(max_examples=100, deadline=None)
@given(base=MAPS, top=st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3))
def test_merging_follows_one_law_and_every_key_has_its_place(
    tmp_path_factory: pytest.TempPathFactory, base: dict[str, Any], top: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("law")
    path = write(folder, {"isthmus.yaml": json.dumps(base), "isthmus.x.yaml": json.dumps(top)})
    whole = in_environment(read_whole(path), "x")
    assert bool(whole.found) is not _fits(base, top)
    if not whole.found:
        assert whole.raw == _merged(base, top)
        assert set(whole.places.marks) == set(_paths(whole.raw, ()))


def _paths(value: object, where: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [where] if where else []
    for key, item in below:
        found += _paths(item, (*where, key))
    return found


def test_a_file_that_holds_one_thing_twice_by_reference_changes_once(tmp_path: Path) -> None:
    text = "a: &x { p: 1 }\nb: *x\n"
    path = write(tmp_path, {"isthmus.yaml": text, "isthmus.x.yaml": "a: { p: 2 }\n"})
    assert in_environment(read_whole(path), "x").raw == {"a": {"p": 2}, "b": {"p": 1}}


def test_an_overlay_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, FILES)
    (tmp_path / "isthmus.prod.yaml").write_bytes(b"\xff")
    with pytest.raises(UnreadableFile, match="it is not UTF-8"):
        in_environment(read_whole(path), "prod")
