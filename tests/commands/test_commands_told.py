"""What a newcomer runs into is told in words that say what to do."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import textwrap
from pathlib import Path

import jwt
import pytest

from tests.commands.conftest import SECRET, SHOP_FILE, Shell, WriteFile

UNREACHED = {
    "CRM_URL": "http://127.0.0.1:9",
    "BILLING_URL": "http://127.0.0.1:9",
    "STOCK_URL": "sqlite:///absent.sqlite",
    "ISTHMUS_DEMO_SECRET": SECRET,
}
JWT = f"server: {{ jwt: {{ issuer: i, audience: a, secret: {SECRET}, max_lifetime_s: 600 }} }}\n"


async def test_no_token_is_signed_that_the_server_would_refuse(shell: Shell, write: WriteFile) -> None:
    write(SHOP_FILE + JWT)
    ended = await shell.run("token", "isthmus.yaml", "--lifetime-s", "601")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        "A token that is valid for 601 seconds would be refused: server.jwt.max_lifetime_s is 600.\n"
        "  mend: say --lifetime-s 600 or less, or raise server.jwt.max_lifetime_s\n"
    )
    for said in ((), ("--lifetime-s", "600")):
        ended = await shell.run("token", "isthmus.yaml", *said)
        assert ended.code == 0
        claims = jwt.decode(ended.out.strip(), SECRET, ["HS256"], audience="a")
        assert claims["exp"] - claims["iat"] == 600


async def test_check_and_serve_take_the_file_of_the_folder(shell: Shell, write: WriteFile) -> None:
    write(SHOP_FILE)
    ended = await shell.run("check")
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "The file is sound.")
    running = await shell.serve("serve", "--port", "0")
    assert (await running.end(signal.SIGTERM)).code == 0
    assert "[default: isthmus.yaml]" in (await shell.run("check", "--help")).out
    assert "[FILE | NAME=LOCATION…]" in (await shell.run("serve", "--help")).out


async def test_commands_that_tell_of_a_file_take_that_of_the_folder(shell: Shell, write: WriteFile) -> None:
    write(SHOP_FILE + JWT)
    query = "{ __typename }"
    for bare, named in (
        (("sdl",), ("sdl", "isthmus.yaml")),
        (("sdl", "--as", "boss"), ("sdl", "isthmus.yaml", "--as", "boss")),
        (("access",), ("access", "isthmus.yaml")),
        (("access", "diff", "isthmus.yaml"), ("access", "diff", "isthmus.yaml", "isthmus.yaml")),
        (("explain", "--dry", query), ("explain", "--dry", "isthmus.yaml", query)),
    ):
        without, spelled = await shell.run(*bare), await shell.run(*named)
        assert (without.code, without.out, without.err) == (0, spelled.out, ""), bare
    assert (await shell.run("token")).out.count(".") == 2
    ended = await shell.run("explain", "isthmus.yaml")
    assert (ended.code, ended.err) == (1, "say a FILE and a QUERY, or a QUERY alone\n")
    ended = await shell.run("access", "isthmus.yaml", "other.yaml")
    assert (ended.code, ended.err) == (1, "say a FILE, or diff OLD [NEW], or why COORDINATE [FILE]\n")


@pytest.mark.parametrize("command", ["check", "serve", "doctor", "lock", "pull", "config", "sdl", "access", "token"])
async def test_a_file_that_is_not_there_is_told_by_all_commands_alike(shell: Shell, command: str) -> None:
    mend = "  mend: go to its folder, name the file, or begin with isthmus init\n"
    ended = await shell.run(command)
    assert (ended.code, ended.err) == (1, f"isthmus.yaml: there is no such file here\n{mend}")
    ended = await shell.run(command, "e/shop.yaml")
    assert (ended.code, ended.err) == (1, f"e/shop.yaml: there is no such file here\n{mend}")


async def test_why_a_name_was_given_up_is_told(shell: Shell, tmp_path: Path) -> None:
    for name in ("one", "two"):
        with sqlite3.connect(tmp_path / f"{name}.sqlite") as connection:
            connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
            connection.execute("CREATE TABLE query (id INTEGER PRIMARY KEY)")
        connection.close()
    arguments = ("check", "isthmus.yaml")
    (tmp_path / "isthmus.yaml").write_text(
        "sources:\n  one: { database: 'sqlite:///one.sqlite' }\n  two: { database: 'sqlite:///two.sqlite' }\n"
        "access: { default: anonymous }\n"
    )
    lines = (await shell.run(*arguments)).out.splitlines()
    assert "one: Query is called OneQuery, since GraphQL or the gateway reserves that name" in lines
    assert "two: Order is called TwoOrder, since the source one, which stands earlier, has the name" in lines
    told = json.loads((await shell.run(*arguments, "--json")).out)["renamed"]
    assert {(item["wanted"], item["reason"].split()[1]) for item in told} >= {("Query", "GraphQL"), ("Order", "the")}


def _openapi(**more: object) -> str:
    responses = {"200": {"description": "", "content": {"application/json": {"schema": {"type": "string"}}}}}
    paths = {
        "/one": {"get": {"operationId": "one", "responses": responses}},
        "/two": {"post": {"operationId": "two", "responses": responses}},
    }
    return json.dumps({"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": paths, **more})


async def test_inspect_needs_no_address_of_the_source(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "members.openapi.json").write_text(_openapi())
    (tmp_path / "relative.openapi.json").write_text(_openapi(servers=[{"url": "/v1"}]))
    for name in ("members.openapi.json", "relative.openapi.json"):
        ended = await shell.run("inspect", name)
        assert (ended.code, ended.err) == (0, "")
        assert "2 of 2 operations served" in ended.out
    told = await shell.run("inspect", "members.openapi.json", "--json")
    assert (told.code, json.loads(told.out)["valid"]) == (0, True)


async def test_a_wsdl_without_address_can_be_inspected(shell: Shell, trading: Path) -> None:
    text = (trading / "billing.wsdl").read_text("utf-8")
    bare = re.sub(r'(<\w+:address location=")[^"]*', r"\1", text)
    assert bare != text
    (trading / "bare.wsdl").write_text(bare, "utf-8")
    ended = await shell.run("inspect", "bare.wsdl")
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize("address", ["http://crm:99999/v1", "http://ada:hunter2@crm/v1"])
async def test_an_address_in_a_description_that_could_not_be_called_is_none(
    shell: Shell, trading: Path, address: str
) -> None:
    (trading / "odd.openapi.json").write_text(_openapi(servers=[{"url": address}]))
    text = (trading / "billing.wsdl").read_text("utf-8")
    (trading / "odd.wsdl").write_text(re.sub(r'(<\w+:address location=")[^"]*', rf"\g<1>{address}", text), "utf-8")
    for name in ("odd.openapi.json", "odd.wsdl"):
        ended = await shell.run("serve", f"odd={name}")
        assert (ended.code, ended.out) == (1, "")
        assert " names no HTTP address " in ended.err
        assert "hunter2" not in ended.err


async def test_what_to_write_is_shown_when_a_named_source_has_no_address(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "members.openapi.json").write_text(_openapi())
    ended = await shell.run("serve", "crm=members.openapi.json")
    assert (ended.code, ended.out) == (1, "")
    assert "the document names no HTTP address of the source" in ended.err
    written = ended.err[ended.err.index("    sources:") :]
    assert [line.strip() for line in written.splitlines()] == [
        "sources:",
        'crm: { openapi: "members.openapi.json", url: "https://host/path" }',
        "access: { default: anonymous }",
    ]
    (tmp_path / "isthmus.yaml").write_text(textwrap.dedent(written))
    assert (await shell.run("check", "isthmus.yaml")).code == 0


async def test_a_description_where_a_file_is_expected_is_told_as_one(shell: Shell, trading: Path) -> None:
    mend = "  mend: write name={0}, with a name of your choice for the source\n"
    for name, kind in (("crm.openapi.yaml", "an OpenAPI"), ("billing.wsdl", "a WSDL")):
        for verb in ("check", "serve"):
            ended = await shell.run(verb, name)
            assert (ended.code, ended.out) == (1, "")
            assert ended.err == (f"{name}\n  this is {kind} document, not a configuration file\n" + mend.format(name))
    assert (await shell.run("check", "name=crm.openapi.yaml")).code == 0


async def test_inspect_says_what_it_was_given_instead(shell: Shell, write: WriteFile, tmp_path: Path) -> None:
    write(SHOP_FILE)
    ended = await shell.run("inspect", "isthmus.yaml")
    assert ended.code == 1
    assert ended.err == (
        "isthmus.yaml is a configuration file, and inspect takes one description or database\n"
        "  mend: use isthmus check isthmus.yaml\n"
    )
    (tmp_path / "odd.json").write_text('{"a": 1}')
    ended = await shell.run("inspect", "odd.json")
    assert "  mend: say the kind: openapi:odd.json or wsdl:odd.json\n" in ended.err


@pytest.mark.parametrize(
    ("right", "wrong", "place"),
    [
        ("customers: { at: data,", "customers: { at: dta,", "crm.operations.customers.at"),
        ("keys: numbers.item", "keys: nmbers.item", "billing.operations.GetInvoices.keys"),
        (
            "at: return.item, keys: numbers.item",
            "at: retrun.item, keys: numbers.item",
            "billing.operations.GetInvoices.at",
        ),
        ("orders: { at: data, by: { customerId:", "orders: { at: data, by: { custmerId:", "crm.operations.orders.by"),
    ],
)
async def test_a_wrong_statement_is_told_once_and_not_at_the_links_that_use_it(
    shell: Shell, trading: Path, right: str, wrong: str, place: str
) -> None:
    path = trading / "isthmus.yaml"
    text = path.read_text("utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong), "utf-8")
    ended = await shell.run("check", "isthmus.yaml", **UNREACHED)
    assert ended.code == 1
    told = [line.split("  ")[1] for line in ended.err.splitlines() if line.startswith("isthmus.yaml")]
    assert told == [f"sources.{place}", "sources.stock.database"]  # that one is away
    path.write_text(path.read_text("utf-8").replace("{ customerId: id }", "{ custmerId: id }"), "utf-8")
    ended = await shell.run("check", "isthmus.yaml", **UNREACHED)
    assert "links.Order.customer.match.custmerId\n" in ended.err


async def test_what_became_of_a_coordinate_by_rename_and_hide_is_told(shell: Shell, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "s.sqlite") as connection:
        connection.execute("CREATE TABLE regions (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute(
            "CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, first_name TEXT, region INTEGER)"
        )
    connection.close()
    head = (
        "sources: { stock: { database: 'sqlite:///s.sqlite' } }\n"
        "rename: { Customer.email: mail, Region: Area, Query.customers: people }\n"
        "hide: [Customer.firstName]\n"
    )
    rules = "{ Customer.email: {}, Customer.firstName: {}, Region: {}, Region.name: {}, Query.customers: {} }"
    (tmp_path / "isthmus.yaml").write_text(
        head + f"access: {{ default: anonymous, rules: {rules.replace('{}', '{ roles: [a] }')} }}\n"
    )
    ended = await shell.run("check", "isthmus.yaml")
    assert (ended.code, [line.strip() for line in ended.err.splitlines() if "mend" in line]) == (
        1,
        [
            'mend: write "mail", as rename calls Customer.email',
            "mend: hide takes Customer.firstName away: show it, or remove this",
            'mend: write "Area", as rename calls Region',
            'mend: write "Area.name", as rename calls Region',
            'mend: write "people", as rename calls Query.customers',
        ],
    )
    links = (
        "  Region.people: { many: stock.customers, match: { id: region } }\n"
        "  Customer.other: { one: stock.customers, match: { firstName: firstName } }\n"
        "  Area.mails: { many: stock.customers, match: { id: region }, take: email }\n"
        "  Area.more: { many: stock.customers, match: { id: regio } }\n"
    )
    (tmp_path / "isthmus.yaml").write_text(f"{head}access: {{ default: anonymous }}\nlinks:\n{links}")
    ended = await shell.run("check", "isthmus.yaml")
    assert [line.strip() for line in ended.err.splitlines() if "mend" in line] == [
        'mend: write "Area", as rename calls Region',
        "mend: hide takes Customer.firstName away: show it, or remove this",
        'mend: write "mail", as rename calls Customer.email',
        'mend: did you mean "region"?',
    ]


async def test_a_file_that_nobody_can_ask_anything_of_is_warned_of(shell: Shell, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "s.sqlite") as connection:
        connection.execute("CREATE TABLE regions (id INTEGER PRIMARY KEY)")
    connection.close()
    file = "sources: { stock: { database: 'sqlite:///s.sqlite' } }\naccess: { default: authenticated }\n"
    (tmp_path / "isthmus.yaml").write_text(file)
    ended = await shell.run("check", "isthmus.yaml")
    assert ended.code == 0
    assert "warning: nobody can ask for anything: access.default is authenticated, and without server.jwt" in ended.out
    assert "mend: add server.jwt, or write access: { default: anonymous }" in ended.out
    (told,) = json.loads((await shell.run("check", "isthmus.yaml", "--json")).out)["warnings"]
    assert told.startswith("nobody can ask for anything")
    for sound in (file + JWT, file.replace("authenticated", "anonymous")):
        (tmp_path / "isthmus.yaml").write_text(sound)
        assert "warning" not in (await shell.run("check", "isthmus.yaml")).out
        assert json.loads((await shell.run("check", "isthmus.yaml", "--json")).out)["warnings"] == []


async def test_the_name_of_a_variable_is_printed_as_it_is_written(shell: Shell, write: WriteFile) -> None:
    write("sources: { crm: { openapi: '${env:KEY}' } }\naccess: { default: anonymous }\n")
    assert "set it, or write ${env:KEY:-default}" in (await shell.run("check", "isthmus.yaml")).err


async def test_the_schema_of_a_source_that_only_writes_can_be_seen(shell: Shell, tmp_path: Path) -> None:
    text = {"type": "string"}
    reply = {"description": "", "content": {"application/json": {"schema": text}}}
    path = {"post": {"operationId": "makeA", "responses": {"200": reply}}}
    described: dict[str, object] = {"openapi": "3.0.0", "info": {"title": "w", "version": "1"}, "paths": {"/a": path}}
    described["servers"] = [{"url": "https://w.example"}]
    (tmp_path / "w.json").write_text(json.dumps(described))
    ended = await shell.run("sdl", "w=w.json")
    assert (ended.code, ended.out) == (1, "")
    assert "isthmus sdl --writes shows" in ended.err
    ended = await shell.run("sdl", "--writes", "w=w.json")
    assert (ended.code, ended.err) == (0, "")
    assert "makeA: String" in ended.out
    (tmp_path / "isthmus.yaml").write_text("sources: { w: { openapi: w.json } }\naccess: { default: anonymous }\n")
    ended = await shell.run("sdl", "--writes", "isthmus.yaml")
    assert (ended.code, ended.out) == (1, "")
    assert "write writes: true under the source" in ended.err


TWO_ISSUERS = """
    sources: { shop: { database: sqlite:///shop.sqlite } }
    access:
      default: authenticated
      views: { partner: { include: [Query.products, Product.sku], when: { roles: partner } } }
    server:
      jwt:
        - { issuer: one, audience: a, secret: "${env:ISTHMUS_DEMO_SECRET}" }
        - { issuer: two, audience: b, secret: "${env:ISTHMUS_DEMO_SECRET}" }
"""


async def test_a_development_token_has_the_claims_and_the_issuer_that_are_said(shell: Shell, write: WriteFile) -> None:
    write(TWO_ISSUERS)
    given = {"ISTHMUS_DEMO_SECRET": SECRET}
    asked = (
        "token",
        "isthmus.yaml",
        "--issuer",
        "two",
        "--claim",
        "customer=7",
        "--claim",
        "desk=north",
        "--claim",
        "iss=x",
    )
    ended = await shell.run(*asked, **given)
    claims = jwt.decode(ended.out.strip(), SECRET, ["HS256"], audience="b")
    assert (claims["iss"], claims["customer"], claims["desk"]) == ("two", 7, "north")
    ended = await shell.run("token", "isthmus.yaml", "--issuer", "twoo", **given)
    assert (ended.code, ended.out) == (1, "")
    assert 'the file has no issuer "twoo"' in ended.err
    ended = await shell.run("token", "isthmus.yaml", "--claim", "customer", **given)
    assert "--claim takes NAME=VALUE" in ended.err


async def test_the_schema_of_a_caller_is_that_of_its_view(shell: Shell, write: WriteFile) -> None:
    write(TWO_ISSUERS)
    partner = await shell.run("sdl", "isthmus.yaml", "--as", "partner", ISTHMUS_DEMO_SECRET=SECRET)
    other = await shell.run("sdl", "isthmus.yaml", "--as", "staff", ISTHMUS_DEMO_SECRET=SECRET)
    assert "sku: " in partner.out
    assert "  name: " not in partner.out
    assert "  name: " in other.out


async def test_check_tells_of_a_link_that_asks_a_table_for_each_key(shell: Shell, write: WriteFile) -> None:
    write("""
        sources: { shop: { database: sqlite:///shop.sqlite }, more: { database: sqlite:///shop.sqlite, prefix: more } }
        links:
          Product.one: { one: more.product, match: { sku: sku } }
          Product.all: { one: more.products, match: { sku: sku } }
        access: { default: anonymous }
    """)
    ended = await shell.run("check", "isthmus.yaml")
    assert ended.code == 0, ended.err
    assert "note: Product.one: more.product is asked once for each key, more.products once for all of them" in ended.out
    assert "note: Product.all" not in ended.out
