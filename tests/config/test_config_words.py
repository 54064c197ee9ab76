"""Values of the wrong shape are told in words of ours: no pattern, no word of a programming language."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.file.config import UnreadableFile, read
from gateway.file.json_schema import json_schema
from gateway.snapshot import load
from resolvers import ConfigurationError

HEAD = "sources:\n  stock: { database: 'sqlite:///stock.db' }\n"
ACCESS = "access: { default: deny }\n"
MEANINGS = "(deny: only what a rule opens; authenticated: any valid token; anonymous: everyone)"


def problems(tmp_path: Path, text: str) -> str:
    path = tmp_path / "shop.yaml"
    path.write_text(text)
    with pytest.raises(UnreadableFile) as raised:
        read(path, {})
    return raised.value.text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + ACCESS + "hide: A.b\n", 'shop.yaml:4  hide\n  a list is needed, as ["…"]'),
        (HEAD + ACCESS + "server: { get: perhaps }\n", "shop.yaml:4  server.get\n  true or false is needed"),
        (HEAD + ACCESS + "links: { A.b: 3 }\n", "links.A.b\n  a mapping is needed, as { key: value }"),
        (HEAD + ACCESS + "limits: { max_depth: 0 }\n", "shop.yaml:4  limits.max_depth\n  it must be greater than 0"),
        (
            HEAD + "  crm: { openapi: a.json, writes: all }\n" + ACCESS,
            'shop.yaml:3  sources.crm.writes\n  true or false is needed, or a list is needed, as ["…"]',
        ),
        (
            HEAD + "  crm: { openapi: a.json, url: crm.internal/v1 }\n" + ACCESS,
            (
                "shop.yaml:3  sources.crm.url\n"
                "  an address such as https://host/path is needed, without user, query and fragment"
            ),
        ),
        (
            HEAD + "  crm: { openapi: a.json, url: 'https://ada:hunter2@crm.internal/v1' }\n" + ACCESS,
            (
                "shop.yaml:3  sources.crm.url\n  an address holds no user and no password\n"
                "  mend: write them under auth: { basic: { username: …, password: … } }"
            ),
        ),
        (
            HEAD + "  crm: { wsdl: a.wsdl, url: 'http://crm.internal:99999' }\n" + ACCESS,
            (
                "shop.yaml:3  sources.crm.url\n  a port is a number from 1 to 65535\n"
                "  mend: correct the port, or leave it out for the scheme's own"
            ),
        ),
        (
            HEAD + "  crm: { openapi: a.json, prefix: crm_ }\n" + ACCESS,
            "shop.yaml:3  sources.crm.prefix\n  it is made of the letters A to Z and digits, a letter first",
        ),
        (
            "sources:\n  stock: { database: 'sqlite:///a', cursor_key: hunter2 }\n" + ACCESS,
            "shop.yaml:2  sources.stock.cursor_key\n  at least 32 characters are needed",
        ),
        (
            "sources:\n  billing: { wsdl: a.wsdl, cache: true }\n" + ACCESS,
            "shop.yaml:2  sources.billing.cache\n  a mapping is needed, as { key: value }",
        ),
        (
            HEAD + ACCESS + "server: { rate_limits: { rules: { all: { requests: 3, brust: 4 } } } }\n",
            'shop.yaml:4  server.rate_limits.rules.all.brust\n  unknown key "brust"\n  mend: did you mean "burst"?',
        ),
        (
            HEAD,
            (
                'shop.yaml\n  "access" is missing\n  mend: add access: { default: authenticated }; if it is a part '
                "that another file includes, check that file"
            ),
        ),
        (HEAD + "access:\n", "shop.yaml:3  access\n  a mapping is needed, as { key: value }\n  mend: write access: {"),
        (HEAD + "access: {}\n", f'shop.yaml:3  access\n  "default" is missing\n  mend: add default {MEANINGS}'),
        (
            HEAD + "access: { default: public }\n",
            (
                "shop.yaml:3  access.default\n  it must be 'deny', 'authenticated' or 'anonymous'\n"
                f"  mend: choose one of them {MEANINGS}"
            ),
        ),
    ],
)
def test_what_is_needed_is_told(text: str, told: str, tmp_path: Path) -> None:
    found = problems(tmp_path, text)
    assert told in found
    assert "hunter2" not in found


CLIENTS = "{ trusted_proxies: [10.0.0.0/8], client_cert: { clients: %s } }"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (HEAD + f"access: {{ default: deny, rules: {{ A: {{ {rule} }} }} }}\n", "access.rules.A")
        for rule in ("rows:", "rows: {}", "scopes: []", "roles: []", "roles: a, when:", "roles: a, unless:", "when: {}")
    ]
    + [
        (
            HEAD + "access: { default: deny, rules: { A: [{ roles: a }, { scopes: b, when: }] } }\n",
            "access.rules.A[1].when",
        ),
        (HEAD + "access: { default: deny, views: { v: { include: [], exclude: [A] } } }\n", "access.views.v.include"),
        (HEAD + "access: { default: deny, views: { v: { exclude: [A], when: } } }\n", "access.views.v.when"),
        (HEAD + ACCESS + f"server: {CLIENTS % '[]'}\n", "server.client_cert.clients"),
        (HEAD + ACCESS + "server: { jwt: [] }\n", "server.jwt"),
    ]
    + [
        (HEAD + ACCESS + f"server:\n  {section}:\n", f"server.{section}")
        for section in ("jwt", "api_keys", "tls", "client_cert", "revocation", "documents", "rate_limits")
    ],
)
def test_what_protects_is_never_left_empty(text: str, where: str, tmp_path: Path) -> None:
    """A key whose lines were all taken out, or commented out, would protect nothing, and nobody would hear of it."""
    found = problems(tmp_path, text)
    assert found.partition("  ")[2].startswith(where)


@pytest.mark.parametrize(
    ("url", "sound"),
    [
        ("https://crm.internal", True),
        ("http://crm:8080/v1/a@b:c", True),
        ("http://[::1]:65535/", True),
        ("http://xn--mnchen-3ya.example", True),
        ("http://crm:65536", False),
        ("http://crm:0/x", False),
        ("http://crm:", False),
        ("http://crm:99999999999999999999/", False),
        ("http://crm:80a", False),
        ("http://:80", False),
        ("http://[::1", False),
        ("http://ada@crm", False),
        ("http://ada:p/w@crm", False),
        ("http://crm?x", False),
        ("http://crm/#x", False),
        ("ftp://crm", False),
    ],
)
@pytest.mark.parametrize("kind", ["openapi", "wsdl"])
def test_an_address_that_could_not_be_called_is_refused(kind: str, url: str, *, sound: bool, tmp_path: Path) -> None:
    text = f"sources:\n  crm: {{ {kind}: a, url: '{url}' }}\n" + ACCESS
    if sound:
        (tmp_path / "shop.yaml").write_text(text)
        read(tmp_path / "shop.yaml", {})
    else:
        assert problems(tmp_path, text).startswith("shop.yaml:2  sources.crm.url\n")


def test_no_pattern_is_shown(tmp_path: Path) -> None:
    found = problems(tmp_path, HEAD + "  crm: { openapi: a.json, url: crm, prefix: '1' }\n" + ACCESS)
    assert "^" not in found
    assert "pattern" not in found


def test_a_single_scope_or_role_needs_no_brackets(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    rules = "rules: { A: { scopes: members:pii, roles: hr }, B: { scopes: [a, b] } }"
    path.write_text(HEAD + f"access: {{ default: deny, {rules} }}\n")
    access = read(path, {}).settings.access
    (one,), (other,) = access.alternatives("A"), access.alternatives("B")
    assert (one.scopes, one.roles, other.scopes) == (("members:pii",), ("hr",), ("a", "b"))
    branches = json_schema()["$defs"]["RuleSettings"]["properties"]["scopes"]["anyOf"]
    assert [branch["type"] for branch in branches] == ["string", "array"]
    assert 'scopes\n  a list is needed, as ["…"]' in problems(tmp_path, path.read_text().replace("members:pii", "3"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sources:\n\tstock: {}\n", "shop.yaml:2\n  the line begins with a tab; YAML is indented with spaces only"),
        (
            "sources:\n  crm: { openapi: a.json, url: ${env:CRM_URL:-http://hunter2} }\n",
            "shop.yaml:2\n  did not find expected ',' or '}'; put a value that holds ${…} in quotes",
        ),
        (
            "sources:\n  crm:\n    openapi: {folder}/a.json\n",
            "shop.yaml:3\n  did not find expected key; put a value that holds {folder} in quotes",
        ),
        (
            "sources:\n  crm: { openapi: a.json\naccess: { default: deny }\n",
            "shop.yaml:3\n  did not find expected ',' or '}'; close the { that begins in line 2",
        ),
        (
            'sources:\n  crm: "a.json\n',
            "shop.yaml:3\n  found unexpected end of stream; close the quote that begins in line 2",
        ),
        (
            "sources: {}\naccess: { default: deny }\nsources: {}\n",
            'shop.yaml:3\n  the key "sources" is given twice; the first stands in line 1',
        ),
        (
            "sources:\n  crm:\n    openapi: a.json\n\n    # of the CRM\n      url: http://crm\n",
            "shop.yaml:6\n  the line is indented deeper than line 3, which has its value already; indent both alike",
        ),
        (
            "sources:\n    crm:\n        openapi: a.json\n      url: http://crm\n",
            "shop.yaml:4\n  the line is indented as none above it; indent it as the keys that it belongs to",
        ),
        (
            "sources:\n  crm: openapi: a.json\n",
            'shop.yaml:2\n  a second ":" in one line; put the value in quotes, or begin a new line for the second key',
        ),
    ],
)
def test_why_a_text_is_not_yaml_is_told(text: str, told: str, tmp_path: Path) -> None:
    assert problems(tmp_path, text) == told


def test_quotes_are_not_asked_for_where_they_stand_already(tmp_path: Path) -> None:
    found = problems(tmp_path, "sources: { a: { openapi: '${env:A}', b ] } } # ${env:B}\n")
    assert found.startswith("shop.yaml:1\n")
    assert "quotes" not in found


def test_a_number_with_its_unit_is_told_that_the_key_says_the_unit(tmp_path: Path) -> None:
    text = "sources: { a: { database: 'sqlite:///x.db', timeout_s: 10s } }\naccess: { default: deny }\n"
    assert "a number is needed\n  mend: write the number of seconds alone" in problems(tmp_path, text)


def test_what_is_wrong_inside_one_of_two_forms_is_told_alone(tmp_path: Path) -> None:
    operations = "{ people: { compare: { id: [numeric] } } }"
    found = problems(tmp_path, f"sources: {{ crm: {{ openapi: a.json, operations: {operations} }} }}\n{ACCESS}")
    assert found == (
        "shop.yaml:1  sources.crm.operations.people.compare.id[0]\n"
        "  it must be 'trim', 'padded', 'casefold' or 'number'"
    )


def test_a_source_that_stands_too_far_left_is_told_as_one(tmp_path: Path) -> None:
    found = problems(tmp_path, f"sources:\n  crm: {{ openapi: a.json }}\nshop: {{ openapi: b.json }}\n{ACCESS}")
    assert found == 'shop.yaml:3  shop\n  unknown key "shop"\n  mend: indent it, so that it stands below sources'


async def test_a_file_that_is_not_there_is_told_with_the_one_that_is(tmp_path: Path) -> None:
    (tmp_path / "premiums.wsdl").write_text("")
    path = tmp_path / "shop.yaml"
    path.write_text(f"sources: {{ premiums: {{ wsdl: premium.wsdl }} }}\n{ACCESS}")
    chosen = read(path, {})
    with pytest.raises(ConfigurationError) as raised:
        await load(chosen)
    told = chosen.describe(raised.value.problems)
    assert "premium.wsdl cannot be read: No such file" in told
    assert told.endswith('mend: did you mean "premiums.wsdl"?')
