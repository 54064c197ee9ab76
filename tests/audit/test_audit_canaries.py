"""Secrets of every kind go through a real gateway over REST, SOAP and SQL, and are in nothing that it says.

Answers, log, audit, /readyz, the reports of its commands and the words of its settings are all looked through.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import signal
import time
from pathlib import Path

import httpx
import jwt

from gateway.demo import DemoServers
from gateway.file.config import read
from tests.audit.shop import records
from tests.commands.conftest import Shell
from tests.commands.conftest import shell as shell  # noqa: PLC0414  # a fixture is found by its name
from tests.commands.conftest import trading as trading  # noqa: PLC0414

NAMES = (
    "jwt",
    "apikey",
    "bearer",
    "basic",
    "client",
    "dbpassword",
    "cursor",
    "audit",
    "mask",
    "pii",
    "badtoken",
    "redis",
)
AUDIT = """
  api_keys: { file: keys.yaml }
  audit: { to: AUDIT, arguments: masked, subject: hash, hash_key: "${env:AUDIT_KEY}" }
"""
AWAY = """
  away: { database: "postgresql://user:${env:DB_PASSWORD}@127.0.0.1:9/away", cursor_key: "${env:CURSOR_KEY}" }
  gone:
    openapi: http://127.0.0.1:9/openapi.json
    auth: { oauth2: { token_url: "http://127.0.0.1:9/token", client_id: me, client_secret: "${env:CLIENT_SECRET}" } }
"""
QUERIES = (
    "query A { orders(limit: 3) { number customer { email phone } invoice { amount } shipments { carrier } } }",
    "query B($id: String!) { customer(id: $id) { id email } }",
    "query C($id: String!) { getBalance(customerId: $id) { balance } }",
    "query D($id: String!) { products(where: { name: { eq: $id } }) { sku purchasePrice supplier { name } } }",
    "mutation E($id: String!) { createCustomer(body: { firstName: $id, lastName: $id, segment: private }) { id } }",
    "query F($id: Int!) { products(limit: $id) { sku } }",
    "query G { nothing } ",
)


async def test_no_secret_is_in_anything_that_a_gateway_says(shell: Shell, trading: Path) -> None:
    # Canaries of letters alone, so that no escaping could hide one.
    canary = {name: f"{name}{secrets.token_hex(20)}" for name in NAMES}
    environment = {
        "ISTHMUS_DEMO_SECRET": canary["jwt"], "CRM_TOKEN": canary["bearer"], "SOAP_PASSWORD": canary["basic"],
        "CLIENT_SECRET": canary["client"], "DB_PASSWORD": canary["dbpassword"], "CURSOR_KEY": canary["cursor"],
        "AUDIT_KEY": canary["audit"], "MASK_KEY": canary["mask"],
    }  # fmt: skip
    now = int(time.time())
    claims = {
        "iss": "https://id.trading.example/", "aud": "isthmus", "sub": canary["pii"], "iat": now, "exp": now + 600,
        "roles": ["accountant"], "scope": "customers:pii", "jti": secrets.token_hex(8),
    }  # fmt: skip
    good = jwt.encode(claims, canary["jwt"], "HS256")
    bad = jwt.encode({**claims, "jti": canary["badtoken"]}, "another " + canary["jwt"], "HS256")
    digest = hashlib.sha256(canary["apikey"].encode()).hexdigest()
    (trading / "keys.yaml").write_text(f'[{{ name: robot, hash: "sha256:{digest}", roles: [support] }}]')
    _configure(trading, "file, path: audit.log")
    said: list[str] = []
    async with DemoServers() as servers:
        environment |= servers.environment
        running = await shell.serve("serve", "isthmus.yaml", "--port", "0", **environment)
        headers: tuple[dict[str, str], ...] = (
            {}, {"Authorization": f"Bearer {good}"}, {"Authorization": f"Bearer {bad}"},
            {"X-API-Key": canary["apikey"]}, {"X-API-Key": canary["apikey"][:-1] + "x"},
        )  # fmt: skip
        async with httpx.AsyncClient(base_url=running.address, trust_env=False, timeout=20) as client:
            for header in headers:
                for query in QUERIES:
                    body = {"query": query, "variables": {"id": canary["pii"]}}
                    reply = await client.post("/graphql", json=body, headers=header)
                    # Who sends a value may be shown it again (what he created, what is wrong with it), nobody else.
                    said.append(f"{reply.headers}{reply.text}".replace(canary["pii"], ""))
            said += [(await client.get(path)).text for path in ("/readyz", "/healthz")]
        ended = await running.end(signal.SIGTERM)
        said += [running.seen, ended.out, ended.err]
        given = json.dumps({"id": canary["pii"]})
        for arguments in (
            ("explain", "isthmus.yaml", QUERIES[3], "--variables", given, "--as", "accountant"),
            ("check", "isthmus.yaml"), ("inspect", "isthmus.yaml"), ("usage", "audit.log"),
        ):  # fmt: skip
            told = await shell.run(*arguments, **environment)
            said += [told.out, told.err]
        chosen = read(trading / "isthmus.yaml", environment)
        said += [repr(chosen), str(chosen.settings.server.model_dump(mode="json"))]
    kept = records(trading / "audit.log")
    said.append((trading / "audit.log").read_text("ascii"))
    assert {each["operation"]["name"] for each in kept} >= {"A", "B", "C", "D"}
    assert {each["issuer"] for each in kept} == {"https://id.trading.example/", "urn:isthmus:api-keys"}
    assert any("/readyz" not in text and '"degraded":{"' in text for text in said)
    hidden = [*canary.values(), good, bad, *good.split("."), bad.split(".")[2], digest]
    assert [(part[:6], text[:60]) for part in hidden for text in said if part in text] == []


async def test_standard_output_is_for_records_alone(shell: Shell, trading: Path) -> None:
    _configure(trading, "stdout")
    (trading / "keys.yaml").write_text("[]")
    secret = secrets.token_hex(20)
    names = ("CRM_TOKEN", "SOAP_PASSWORD", "CLIENT_SECRET", "DB_PASSWORD", "CURSOR_KEY", "AUDIT_KEY", "MASK_KEY")
    environment = {**dict.fromkeys(names, secret), "ISTHMUS_DEMO_SECRET": secret}
    async with DemoServers() as servers:
        running = await shell.serve("serve", "isthmus.yaml", "--port", "0", **servers.environment, **environment)
        ended = await running.end(signal.SIGTERM)
    assert [json.loads(line)["event"] for line in ended.out.splitlines()] == ["recording"]


def _configure(folder: Path, to: str) -> None:
    text = (folder / "isthmus.yaml").read_text("utf-8")
    text = text.replace("sources:\n", "sources:" + AWAY, 1)
    text = text.replace(
        '    url: "${env:CRM_URL}"', '    url: "${env:CRM_URL}"\n    auth: { bearer: "${env:CRM_TOKEN}" }'
    )
    basic = '\n    auth: { basic: { username: me, password: "${env:SOAP_PASSWORD}" } }'
    text = text.replace('    url: "${env:BILLING_URL}"', '    url: "${env:BILLING_URL}"' + basic)
    text = text.replace("  rules:\n", '  hash_key: "${env:MASK_KEY}"\n  rules:\n', 1)
    phone = 'Customer.phone: { scopes: ["customers:pii"]'
    text = text.replace(phone, f"{phone}, mask: hash")
    (folder / "isthmus.yaml").write_text(text + AUDIT.replace("AUDIT,", f"{to},"), "utf-8")
