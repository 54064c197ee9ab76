"""What a file may not say: keys that are not understood, values that are missing, texts that are not YAML."""

from __future__ import annotations

from pathlib import Path

import pytest
import strawberry

from gateway.file.config import UnreadableFile, read
from resolvers import ConfigurationError

HEAD = "sources:\n  stock:\n    database: sqlite:///stock.db\n"
ACCESS = "access: { default: deny }\n"
LINK = "links:\n  A.b: { one: stock.x, match: { a: b }, %s }\n"


LETTERS = "abcdefgh"
BOMB = "".join(
    f"{each}: &{each} [{', '.join(['x' if each == 'a' else f'*{before}'] * 8)}]\n"
    for before, each in zip("a" + LETTERS, LETTERS, strict=False)
)


def problems(tmp_path: Path, text: str | bytes, **environment: str) -> str:
    path = tmp_path / "shop.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UnreadableFile) as raised:
        read(path, environment)
    return raised.value.text


@pytest.mark.parametrize(
    "text",
    [
        HEAD + ACCESS + "case: source",
        HEAD + ACCESS + "lock: isthmus.lock",
        HEAD + ACCESS + "telemetry: {}",
        HEAD + "    case: source\n" + ACCESS,
        HEAD + "    followers: []\n" + ACCESS,
        HEAD + "    calls_per_operation: 5\n" + ACCESS,
        HEAD + "    operations: { x: { errors: [a] } }\n" + ACCESS,
        HEAD + ACCESS + LINK % "where: {}",
        HEAD + ACCESS + LINK % "limit: 3",
        HEAD + "access: { default: deny, policies: {} }",
        HEAD + "access: { default: deny, rules: { A: { role: [hr] } } }",
        HEAD + ACCESS + "server: { compression: true }",
        HEAD + ACCESS + "server: { jwt: { issuer: a, audience: b, jwks_url: 'https://x', tenant: 3 } }",
        HEAD + ACCESS + "limits: { max_deepness: 3 }",
    ],
)
def test_a_key_that_nobody_obeys_is_refused(text: str, tmp_path: Path) -> None:
    found = problems(tmp_path, text)
    assert found.startswith("shop.yaml:")
    assert "unknown key" in found


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "the file must be a mapping"),
        ("# nothing\n", "the file must be a mapping"),
        ("- a\n- b\n", "the file must be a mapping"),
        ("just words", "the file must be a mapping"),
        ("sources:\n\tstock: {}\n", "shop.yaml:2"),
        (HEAD + "  stock: {}\n", 'shop.yaml:4\n  the key "stock" is given twice'),
        ("a: &a [*a]\n", "contains itself"),
        (BOMB, "shop.yaml:6\n  with its aliases the document has more than 200000 values"),
        ("a: *nowhere\n", "shop.yaml:1"),
        ("a: !!python/object:os.system {}\n", "tag"),
        (b"access: \xff\xfe\n", "it is not UTF-8"),
        ("sources: {}\n" + ACCESS, "shop.yaml:1  sources"),
        ("sources: [a]\n" + ACCESS, "shop.yaml:1  sources"),
        ("sources: { a: 3 }\n" + ACCESS, "shop.yaml:1  sources.a"),
        ("sources: { 'a b': { database: 'sqlite:///x' } }\n" + ACCESS, "is no name for a source"),
        (
            "sources: { a: { database: 'sqlite:///x', wsdl: a.wsdl } }\n" + ACCESS,
            "files, and wsdl and database stand here\n  mend: keep one of them, and give the other a source of its own",
        ),
        (HEAD, '"access" is missing'),
        (HEAD + "access: {}\n", '"default" is missing'),
    ],
)
def test_a_text_that_is_no_configuration_is_said_so(text: str | bytes, what: str, tmp_path: Path) -> None:
    assert what in problems(tmp_path, text)


def test_anchors_and_merge_keys_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(
        "sources:\n"
        "  a: &shared { database: 'sqlite:///a.db', timeout_s: 3, concurrency: 4 }\n"
        "  b: { <<: *shared, timeout_s: 5 }\n"
        "access: { default: deny }\n"
    )
    b = read(path, {}).sources["b"][1]
    assert (b.timeout_s, b.concurrency) == (5, 4)


def test_a_file_that_does_not_exist_or_is_a_folder_is_said_so(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "none.yaml", ": there is no such file here"), (tmp_path, "cannot be read")):
        with pytest.raises(UnreadableFile) as raised:
            read(path, {})
        assert said in raised.value.text


def test_missing_values_are_named_with_the_line_of_their_key(tmp_path: Path) -> None:
    (tmp_path / "huge").write_bytes(b"x" * 1_048_577)
    (tmp_path / "binary").write_bytes(b"\xff\x00")
    text = """sources:
  a:
    openapi: a.json
    url: ${env:CRM_ULR}
    auth:
      bearer: ${file:none}
  b:
    openapi: ${file:huge}
  c:
    openapi: ${file:binary}
access: { default: deny }
"""
    found = problems(tmp_path, text, CRM_URL="https://crm.internal")
    for expected in (
        'shop.yaml:4  sources.a.url\n  the environment variable "CRM_ULR" is not set\n  mend: did you mean "CRM_URL"?',
        'shop.yaml:6  sources.a.auth.bearer\n  the file "none" cannot be read',
        'shop.yaml:8  sources.b.openapi\n  the file "huge" is larger than 1048576 bytes',
        'shop.yaml:10  sources.c.openapi\n  the file "binary" is not UTF-8 text',
    ):
        assert expected in found
    assert "crm.internal" not in found


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("broken.py", "import nothing_of_that_name\n", "ModuleNotFoundError: No module named"),
        ("syntax.py", "def (:\n", "SyntaxError"),
        ("raises.py", "raise RuntimeError('boom')\n", "RuntimeError: boom"),
        ("empty.py", "x = 1\n", "it holds no Extension"),
        ("text.txt", "x", "it is not a Python file"),
        ("absent.py", None, "FileNotFoundError"),
    ],
)
def test_an_extension_module_that_cannot_be_used_is_a_problem_with_its_line(
    name: str, text: str | None, what: str, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    path = tmp_path / "shop.yaml"
    path.write_text(HEAD + ACCESS + f"extensions:\n  - {name}\n")
    chosen = read(path, {})
    with pytest.raises(ConfigurationError) as raised:
        chosen.extensions()
    found = chosen.describe(raised.value.problems)
    assert found.startswith(f"shop.yaml:6  extensions[0]\n  {name} cannot be imported: ")
    assert what in found


def test_strawberry_still_has_every_private_attribute_that_the_unified_schema_leans_on() -> None:
    @strawberry.type
    class Query:
        hello: str

    made = strawberry.Schema(Query)
    for owner, attribute in (
        (made, "_schema"),
        (made, "_extend_introspection"),
        (made, "schema_converter"),
        (made.schema_converter, "get_graphql_fields"),
        (made._schema, "_strawberry_schema"),
        (Query, "__strawberry_definition__"),
    ):
        assert hasattr(owner, attribute), f"{owner!r} has no {attribute} any more: see schema/unified.py"
