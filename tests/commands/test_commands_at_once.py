"""Whatever is wrong with a file is told in one run: its form, its sources, and what it says of what they give.

What only follows from something that is told is not told, and what could not be looked at is said in the last line.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.commands.conftest import Shell

FILE = """\
sources:
  crm:
    openapi: ./crm.openapi.yaml
    url: "http://127.0.0.1:9/"
    timout_s: 3
    writes: [createCustomr]
    operations: { customers: { at: data, keys: ids, by: id, max_keys: 100 } }
  billing:
    wsdl: ./billing.wsdl
    url: "${env:NOWHERE_SET}"
    operations: { GetInvoices: { effect: read, at: return.item, keys: numbers.item, by: number } }
links:
  Order.customer: { one: crm.customer_s, match: { customerId: id } }
  Order.invoice: { one: billing.GetInvoices, match: { invoiceNo: number } }
  Invoice.order: { one: crm.order, match: { ordrId: id } }
rename:
  Customer.lastNam: surname
acess:
  default: authenticated
  rules:
    Customer.surname: { roles: [boss] }
    Order.customer: { roles: [boss] }
    Customer.emial: { roles: [boss] }
    Custmer: { roles: [boss] }
    Invoice: { rows: { numbr: { eq: $claims.sub } } }
describe:
  Invoice.amout: "What is to be paid."
server:
  jwt: { issuer: i, audience: a, secrt: "a secret of more than thirty-two bytes" }
"""
WRONG = {
    "sources.crm.timout_s",
    "sources.crm.writes[0]",
    "sources.billing.url",
    "links.Order.customer.one",
    "links.Invoice.order.match.ordrId",
    "rename.Customer.lastNam",
    "acess",
    "access.rules.Customer.emial",
    "access.rules.Custmer",
    "access.rules.Invoice.rows.numbr",
    "describe.Invoice.amout",
    "server.jwt.secrt",
}
"""What of the file is wrong; not the rules on what the wrong rename and the wrong link would give."""


def places(text: str) -> set[str]:
    """The paths that problems were told at, each on its own line of the file."""
    found = re.findall(r"^isthmus\.yaml(:\d+)?  (\S+)$", text, re.MULTILINE)
    assert all(line for line, _ in found), text
    return {path for _, path in found}


@pytest.mark.parametrize("command", ["check", "serve", "doctor"])
async def test_form_sources_links_and_access_are_told_in_one_run(shell: Shell, trading: Path, command: str) -> None:
    (trading / "isthmus.yaml").write_text(FILE)
    ended = await shell.run(command, "isthmus.yaml")
    assert (ended.code, ended.out) == (1, "")
    assert places(ended.err) == WRONG, ended.err
    assert ended.err.rstrip().splitlines()[-1] == (
        "Not looked at until that is mended: what hangs on rename.Customer.lastNam and links.Order.customer."
    )


async def test_what_needs_a_source_that_is_not_there_is_said_in_the_last_line(shell: Shell, trading: Path) -> None:
    lost = "sources:\n  lost: { openapi: ./nowhere.yaml }\n  gone: { openapi: ./crm.openapi.yaml, timeout_s: soon }\n"
    (trading / "isthmus.yaml").write_text(lost + FILE.removeprefix("sources:\n").replace("acess", "access"))
    ended = await shell.run("check", "isthmus.yaml")
    assert ended.code == 1
    told = places(ended.err)
    assert {"sources.lost", "sources.gone.timeout_s", "links.Order.customer.one", "server.jwt.secrt"} <= told
    assert "access.rules.Custmer" not in told, "a source that is not there may have such a type"
    assert ended.err.rstrip().splitlines()[-1] == (
        "Not looked at until that is mended: what links, rename, access and describe say of lost and gone."
    )


async def test_what_nothing_can_be_looked_at_with_is_said(shell: Shell, trading: Path) -> None:
    file = trading / "isthmus.yaml"
    rest = (
        "links:\n  A.b: { one: crm.c, match: { d: e } }\naccess: { default: deny, rules: { A: { roles: [boss] } } }\n"
    )
    file.write_text(f"sources: {{ crm: {{ openapi: ./nowhere.yaml }} }}\n{rest}")
    ended = await shell.run("check", "isthmus.yaml")
    assert (ended.code, places(ended.err)) == (1, {"sources.crm"})
    assert ended.err.endswith("\n\nNot looked at until a source can be read: links and access.\n")
    file.write_text(f"sources: {{ crm: {{ opnapi: ./crm.openapi.yaml }} }}\n{rest}")
    ended = await shell.run("check", "isthmus.yaml")
    assert (ended.code, places(ended.err)) == (1, {"sources.crm"})
    assert ended.err.endswith("\n\nDescriptions, links and access were not looked at until that is mended.\n")
