"""One cause is one problem: a value that is absent is not also told as a value of the wrong shape."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.demo import trading_folder
from gateway.file.config import UnreadableFile, read
from gateway.file.parts import MAX_FILE_BYTES


def told(path: Path, **environment: str) -> str:
    with pytest.raises(UnreadableFile) as raised:
        read(path, environment)
    return raised.value.text


def test_every_variable_of_the_example_that_is_not_set_is_told_once() -> None:
    names = {
        "sources.crm.url": "CRM_URL",
        "sources.billing.url": "BILLING_URL",
        "sources.stock.database": "STOCK_URL",
        "server.jwt.secret": "ISTHMUS_DEMO_SECRET",
    }
    paragraphs = told(trading_folder() / "isthmus.yaml").split("\n\n")
    assert [paragraph.split("\n")[0].split()[1] for paragraph in paragraphs] == [*names]
    for paragraph, name in zip(paragraphs, names.values(), strict=True):
        assert f'\n  the environment variable "{name}" is not set\n' in paragraph


def test_what_else_is_wrong_is_told_beside_what_is_absent(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(
        "sources:\n"
        "  crm: { openapi: a.json, url: '${env:CRM_URL}', concurrency: none }\n"
        "access: { default: deny }\n"
        "server: { jwt: { issuer: a, audience: b, secret: short } }\n"
    )
    found = told(path)
    assert found.count("sources.crm.url") == 1
    assert "shop.yaml:2  sources.crm.concurrency\n" in found
    assert "shop.yaml:4  server.jwt.secret\n  a secret needs 32 bytes or more" in found
    assert "sources.crm.url\n  an address such as https://host/path is needed" in told(path, CRM_URL="no address")


OPERATION = "operations: {{ orders: {{ cache: {} }} }}"


@pytest.mark.parametrize(
    ("source", "server", "said"),
    [
        (
            OPERATION.format("{ stale_s: 5 }"), "",
            ["sources.crm.operations.orders.cache\n  ttl_s is needed: for how long answers are kept"],
        ),
        (
            OPERATION.format("{ ttl: 5 }"), "",
            ['sources.crm.operations.orders.cache.ttl\n  unknown key "ttl"\n  mend: did you mean "ttl_s"?'],
        ),
        (
            OPERATION.format("{ ttl_s: -1, stale_s: x }"), "",
            [
                "sources.crm.operations.orders.cache.ttl_s\n  it must be greater than 0",
                ("sources.crm.operations.orders.cache.stale_s\n  a number is needed\n"
                "  mend: write the number of seconds alone"),
            ],
        ),
        (
            OPERATION.format("true"), "",
            [
                ("sources.crm.operations.orders.cache\n"
                "  a mapping is needed, as { key: value }, or it must be 'http' or false\n"
                "  mend: choose one of them (For how long its answers are kept. http: only as their own headers allow; "
                "false: never; absent: as the source's cache says)"),
            ],
        ),
        (
            "breaker: false", "",
            [
                ("sources.crm.breaker\n  it cannot be switched off\n"
                "  mend: leave it out; or let it open late: { window_calls: 10000, minimum_calls: 10000 }"),
            ],
        ),
        (
            "breaker: true", "",
            [
                ("sources.crm.breaker\n  a mapping is needed, as { key: value }\n"
                "  mend: leave it out for its defaults, or write what is to be otherwise"),
            ],
        ),
        (
            "rate_limit: true", "",
            [
                ("sources.crm.rate_limit\n  a mapping is needed, as { key: value }\n"
                "  mend: write what it is to say: burst, per_day, per_second, store"),
            ],
        ),
        (
            "", "metrics: true",
            [
                ("server.metrics\n  a mapping is needed, as { key: value }\n"
                "  mend: write {} for its defaults, or what it is to say: host, max_operations, operations, port"),
            ],
        ),
        ("", "metrics: false", ["server.metrics\n  a mapping is needed, as { key: value }\n  mend: leave it out"]),
    ],
)  # fmt: skip
def test_a_section_that_is_off_is_told_once_with_what_to_write(
    tmp_path: Path, source: str, server: str, said: list[str]
) -> None:
    path = tmp_path / "shop.yaml"
    stated = f"openapi: a.json, url: 'http://crm'{', ' if source else ''}{source}"
    path.write_text(f"sources:\n  crm: {{ {stated} }}\naccess: {{ default: deny }}\nserver: {{ {server} }}\n")
    line = 4 if server else 2
    assert told(path) == "\n\n".join(f"{path.name}:{line}  {each}" for each in said)


def test_what_the_breaker_is_told_to_be_instead_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    breaker = "breaker: { window_calls: 10000, minimum_calls: 10000 }"
    path.write_text(f"sources: {{ crm: {{ openapi: a.json, {breaker} }} }}\naccess: {{ default: deny }}\n")
    assert read(path, {}).sources["crm"][1].breaker.minimum_calls == 10_000


def test_a_file_that_is_too_large_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    sound = b"sources: { stock: { database: 'sqlite:///stock.db' } }\naccess: { default: deny }\n#"
    path.write_bytes(sound + b"x" * (MAX_FILE_BYTES - len(sound)))
    assert read(path, {}).settings.access.default == "deny"
    path.write_bytes(b"\tnothing that could be parsed: [" + b"x" * MAX_FILE_BYTES)
    assert told(path) == f"{path}\n  cannot be read: it is larger than 4194304 bytes"
