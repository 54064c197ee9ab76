"""One configuration in several files: its order, what may stand once, and that every problem names its own file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.file.config import UnreadableFile, read
from gateway.file.parts import MAX_DEPTH
from tests.teams.files import MAIN, chosen, refusal, write

BILLING = """\
sources:
  billing:
    wsdl: billing.wsdl
    ca: ../ca.pem
links:
  Order.invoice: { one: billing.GetInvoices, match: { invoiceNo: number } }
access:
  rules:
    Invoice.amount: { roles: [accounting] }
  tags: { money: [Invoice.amount] }
rename: { Invoice.no: number }
hide: [Invoice.secret]
cache: { Order.invoice: { ttl_s: 30 } }
"""
CRM = """\
sources:
  crm: { openapi: ./crm.json, url: "https://crm.internal" }
entities:
  Customer: { key: id, from: { crm.Customer: { by: crm.customers } } }
access: { rules: { Customer.email: { scopes: ["pii"] } } }
hide: [Customer.hash]
"""


def test_every_section_of_a_part_is_in_force(tmp_path: Path) -> None:
    found = chosen(tmp_path, {"isthmus.yaml": MAIN, "teams/billing.yaml": BILLING, "teams/crm.yml": CRM})
    assert list(found.sources) == ["stock", "billing", "crm"]
    assert set(found.settings.links) == {"Order.invoice"}
    assert set(found.settings.entities) == {"Customer"}
    assert set(found.settings.access.rules) == {"Invoice.amount", "Customer.email"}
    assert found.settings.access.default == "deny"
    assert found.settings.hide == ("Invoice.secret", "Customer.hash")
    assert {each: new.to for each, new in found.settings.rename.items()} == {"Invoice.no": "number"}
    assert found.place("access", "rules", "Customer.email") == "teams/crm.yml:5"
    assert found.place("hide", 1) == "teams/crm.yml:6"
    assert found.place("hide", 0) == "teams/billing.yaml:12"
    assert found.place("sources", "stock") == "isthmus.yaml:3"
    assert found.place("nothing") == "isthmus.yaml"


def test_paths_in_a_part_start_at_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "teams").mkdir()
    (tmp_path / "teams/token").write_text("of the team\n")
    (tmp_path / "token").write_text("of nobody\n")
    part = """\
    sources:
      billing:
        wsdl: ./billing.wsdl
        ca: ../ca.pem
        cert: own.pem
        auth: { bearer: "${file:token}", oauth2: null }
        ws_security: { sign: { file: sign.pem, key: /etc/key.pem }, verify: trusted.pem }
      web: { openapi: "https://crm.internal/openapi.json", ca: system }
      books: { database: "sqlite:///books.db", replicas: ["sqlite:////var/copy.db"] }
      maria: { database: "mariadb://u:p@host/x?ssl_ca=own.pem" }
      lists: { files: ./lists }
    extensions: [more.py]
    server: { jwt: { issuer: a, audience: b, jwks: keys.json }, tls: { certificate: c.pem } }
    """
    found = chosen(tmp_path, {"isthmus.yaml": MAIN, "teams/billing.yaml": part})
    billing, books = found.sources["billing"][1], found.sources["books"][1]
    assert getattr(billing, "wsdl") == "teams/billing.wsdl"  # noqa: B009  # of one kind of source
    assert getattr(billing, "ca") == "ca.pem"  # noqa: B009
    assert getattr(billing, "cert").file == "teams/own.pem"  # noqa: B009
    assert getattr(billing, "auth").bearer.get_secret_value() == "of the team"  # noqa: B009
    security = getattr(billing, "ws_security")  # noqa: B009
    assert (security.sign.file, security.sign.key) == ("teams/sign.pem", "/etc/key.pem")
    assert security.verify.trusted == "teams/trusted.pem"
    assert getattr(found.sources["web"][1], "openapi") == "https://crm.internal/openapi.json"  # noqa: B009
    assert getattr(found.sources["web"][1], "ca") == "system"  # noqa: B009
    assert getattr(books, "database").get_secret_value() == "sqlite:///teams/books.db"  # noqa: B009
    assert getattr(books, "replicas")[0].get_secret_value() == "sqlite:////var/copy.db"  # noqa: B009
    assert getattr(found.sources["maria"][1], "database").get_secret_value().endswith("?ssl_ca=teams/own.pem")  # noqa: B009
    assert getattr(found.sources["lists"][1], "files") == "teams/lists"  # noqa: B009
    assert found.settings.extensions == ("teams/more.py",)
    (issuer,) = found.settings.server.jwt
    assert issuer.jwks == tmp_path / "teams/keys.json"
    assert found.settings.server.tls is not None
    assert found.settings.server.tls.certificate == tmp_path / "teams/c.pem"


def test_the_order_is_that_of_the_lists_and_folders_are_sorted(tmp_path: Path) -> None:
    def source(name: str, include: str = "") -> str:
        return f"{include}\nsources: {{ {name}: {{ database: 'sqlite:///x.db' }} }}\n"

    files = {
        "isthmus.yaml": "include: [teams/last.yaml, teams/, 'more/*/part.yaml']\n"
        "sources: { own: { database: 'sqlite:///x.db' } }\naccess: { default: deny }\n",
        "teams/last.yaml": source("last", "include: [../extra/x.yaml]"),
        "teams/B.yaml": source("upper"),
        "teams/a10.yaml": source("ten"),
        "teams/a9.yaml": source("nine"),
        "teams/.hidden.yaml": source("hidden"),
        "teams/readme.txt": "no part",
        "teams/deeper/z.yaml": source("deeper"),
        "more/2/part.yaml": source("second"),
        "more/1/part.yaml": source("first"),
        "extra/x.yaml": source("extra"),
    }
    found = chosen(tmp_path, files)
    assert list(found.sources) == ["own", "last", "extra", "upper", "ten", "nine", "first", "second"]


def test_a_file_that_two_parts_include_is_read_once(tmp_path: Path) -> None:
    part = "include: [shared.yaml]\nsources: {{ {}: {{ database: 'sqlite:///x.db' }} }}\n"
    shared = "sources: { both: { database: 'sqlite:///x.db' } }\n"
    files = {
        "isthmus.yaml": MAIN.replace("teams/", "teams/a.yaml, teams/b.yaml"),
        "teams/a.yaml": part.format("a"), "teams/b.yaml": part.format("b"), "teams/shared.yaml": shared,
    }  # fmt: skip
    assert list(chosen(tmp_path, files).sources) == ["stock", "a", "both", "b"]


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (
            "sources:\n  crm: { openapi: a.json }\n  stock: { database: 'sqlite:///other.db' }\n",
            "teams/x.yaml:3  sources.stock\n  this stands twice: also in isthmus.yaml:3\n  mend: keep one of them",
        ),
        (
            "access:\n  default: anonymous\n",
            "teams/x.yaml:2  access.default\n  this stands twice: also in isthmus.yaml:5\n  mend: keep one of them",
        ),
        (
            "access:\n  rules:\n    Order: { roles: [hr] }\n",
            "teams/x.yaml:3  access.rules.Order\n  this stands twice: also in isthmus.yaml:7\n  mend: keep one of them",
        ),
        (
            "server:\n  port: 1\n",
            "teams/x.yaml:1  server\n  this stands twice: also in isthmus.yaml:9\n  mend: bring server together in one",
        ),
        ("hide: [Order.x]\n", "teams/x.yaml:1  hide[0]\n  this stands twice: also in isthmus.yaml:8"),
        ("sources:\n", "teams/x.yaml:1  sources\n  one of the two is empty: this, and what stands in isthmus.yaml:2"),
        ("limits: { max_depth: 3 }\nlinkz: {}\n", 'teams/x.yaml:2  linkz\n  unknown key "linkz"\n  mend: did you mean'),
        ("sources: { a: { wsdl: '${env:NONE}' } }\n", "teams/x.yaml:1  sources.a.wsdl\n  the environment variable"),
        ("sources: { a: { wsdl: '${file:none}' } }\n", 'teams/x.yaml:1  sources.a.wsdl\n  the file "none" cannot be'),
        ("links:\n  Order.a: { one: crm.x }\n", 'teams/x.yaml:2  links.Order.a\n  "match" is missing'),
        ("a: [\n", "teams/x.yaml:2\n  did not find expected node content"),
        ("", "teams/x.yaml\n  a part must be a mapping"),
        ("- a\n", "teams/x.yaml\n  a part must be a mapping"),
        ("openapi: 3.0.3\n", "teams/x.yaml\n  this is an OpenAPI document, not a part of the configuration"),
        ("<definitions/>", "teams/x.yaml\n  this is a WSDL document, not a part of the configuration"),
        ("include: here\n", "teams/x.yaml:1  include\n  a list of files and folders is needed"),
        (
            "include:\n- x.yaml\n",
            "teams/x.yaml:2  include[0]\n  a file includes itself: teams/x.yaml → teams/x.yaml\n",
        ),
        ("include: [../isthmus.yaml]\n", "a file includes itself: isthmus.yaml → teams/x.yaml → isthmus.yaml\n"),
        ("include:\n- none.yaml\n", "teams/x.yaml:2  include[0]\n  there is no file and no folder none.yaml"),
        ("include: ['none/*.yaml']\n", "teams/x.yaml:1  include[0]\n  it finds no file\n"),
        ("include: [empty]\n", "teams/x.yaml:1  include[0]\n  no .yaml and no .yml file lies in it\n"),
        ("include: ['${env:X}']\n", "teams/x.yaml:1  include[0]\n  what is included is not put in from the"),
        (
            "include: [../isthmus.prod.yaml]\n",
            "../isthmus.prod.yaml says what is other in an environment, and would be in force in all of them",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_own_file_and_line(tmp_path: Path, part: str, told: str) -> None:
    main = MAIN + "  rules:\n    Order: { roles: [x] }\nhide: [Order.x]\nserver: { port: 2 }\n"
    (tmp_path / "teams/empty").mkdir(parents=True)
    found = refusal(tmp_path, {"isthmus.yaml": main, "teams/x.yaml": part, "isthmus.prod.yaml": "{}"})
    assert told in found
    assert found.count("\n\n") == 0  # one fault is told once


def test_problems_of_several_files_come_at_once_in_their_order(tmp_path: Path) -> None:
    files = {
        "isthmus.yaml": MAIN + "sever: {}\n",
        "teams/a.yaml": "sources:\n  a: { database: 'sqlite:///x.db', concurrency: none }\n",
        "teams/b.yaml": "sources:\n  a: { wsdl: x }\n  b: { database: x, timout_s: 1 }\n",
    }
    heads = [each.split("\n")[0] for each in refusal(tmp_path, files).split("\n\n")]
    assert heads == [
        "isthmus.yaml:6  sever",
        "teams/a.yaml:2  sources.a.concurrency",
        "teams/b.yaml:2  sources.a",
        "teams/b.yaml:3  sources.b.timout_s",
    ]


def test_a_typing_error_in_a_path_tells_the_nearest_name(tmp_path: Path) -> None:
    found = refusal(tmp_path, {"isthmus.yaml": MAIN.replace("teams/", "team"), "teams/a.yaml": BILLING})
    assert found.endswith('there is no file and no folder team\n  mend: did you mean "teams"?')


def test_parts_within_parts_end_somewhere(tmp_path: Path) -> None:
    files = {f"p{n}.yaml": f"include: [p{n + 1}.yaml]\n" for n in range(1, MAX_DEPTH + 2)}
    files[f"p{MAX_DEPTH + 2}.yaml"] = "hide: []\n"
    found = refusal(tmp_path, {**files, "isthmus.yaml": MAIN.replace("teams/", "p1.yaml")})
    assert found == (
        f"p{MAX_DEPTH}.yaml:1  include[0]\n  more than {MAX_DEPTH} files include one another\n"
        "  mend: name files nearer to the first"
    )


def test_a_part_that_cannot_be_read_hides_no_other_problem_and_makes_none(tmp_path: Path) -> None:
    main = "include: [own.yaml]\naccess: { default: deny }\nsever: {}\n"
    (tmp_path / "own.yaml").write_bytes(b"\xff\xfe")
    found = refusal(tmp_path, {"isthmus.yaml": main})
    assert "isthmus.yaml:1  include[0]\n  own.yaml cannot be read: it is not UTF-8" in found
    assert 'unknown key "sever"' in found
    assert '"sources" is missing' not in found


def test_a_problem_found_later_stands_in_the_part_too(tmp_path: Path) -> None:
    found = chosen(tmp_path, {"isthmus.yaml": MAIN, "teams/x.yaml": "extensions:\n- none.py\n"})
    with pytest.raises(Exception, match=r"none\.py") as raised:
        found.extensions()
    told = found.describe(raised.value.problems)  # type: ignore[attr-defined]  # a ConfigurationError
    assert told.startswith("teams/x.yaml:2  extensions[0]\n  teams/none.py cannot be imported")


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 3), min_size=1))
def test_one_file_cut_into_several_is_the_same_configuration(
    tmp_path_factory: pytest.TempPathFactory, cut: dict[str, int]
) -> None:
    """The law: which file a source, its link and its rule stand in changes nothing but where they are told."""
    folder = tmp_path_factory.mktemp("cut")

    def part(number: int) -> str:
        own = [name for name, where in sorted(cut.items(), key=lambda item: item[1]) if where == number]
        if not own:
            return "{}\n"
        lines = ["sources:", *(f"  {name}: {{ database: 'sqlite:///x.db' }}" for name in own)]
        lines += ["links:", *(f"  T.{name}: {{ one: {name}.x, match: {{ a: b }} }}" for name in own)]
        lines += ["access:", *(["  default: deny"] if number == 0 else []), "  rules:"]
        return "\n".join([*lines, *(f"    T.{name}: {{ roles: [{name}] }}" for name in own)]) + "\n"

    head = "include: [p1.yaml, p2.yaml, p3.yaml]\n"
    main = part(0) if 0 in cut.values() else "access: { default: deny }\n"
    several = chosen(folder, {"isthmus.yaml": head + main, **{f"p{n}.yaml": part(n) for n in (1, 2, 3)}})
    names = [name for name, _ in sorted(cut.items(), key=lambda item: item[1])]
    assert sorted(several.sources) == sorted(names)
    assert [cut[name] for name in several.sources] == sorted(cut.values())
    for name, number in cut.items():
        file = f"p{number}.yaml" if number else "isthmus.yaml"
        assert several.place("links", f"T.{name}").startswith(f"{file}:")
        assert several.place("access", "rules", f"T.{name}", "roles", 0).startswith(f"{file}:")
    assert {name for name in several.settings.access.rules} == {f"T.{name}" for name in names}  # noqa: C416  # a view


def test_the_first_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="there is no such file here"):
        read(tmp_path / "none.yaml", {})
    assert write(tmp_path, {"isthmus.yaml": MAIN}).exists()
