"""``python -m tests.storm.guided SECONDS [FOLDER]``: inputs bred by the branches that they reach (atheris, libFuzzer).

``pip install atheris`` first: it is large, and no part of what the project installs. What has reached something new is
kept in FOLDER, so a later run goes on from there; an input that fails is written beside it and ends the run.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

_WORDS = (
    "query", "mutation", "fragment", "on", "__typename", "__schema", "customers", "customer", "orders",
    "ordersConnection", "ordersAggregate", "where", "orderBy", "limit", "some", "every", "none", "and", "or",
    "not", "isNull", "like", "iban", "variables", "operationName", "extensions", "persistedQuery", "sha256Hash",
    "updateOrders", "insertOrder", "@skip", "@include", "\\u0000", "\\ud800", "CustomerWhere", "groupBy",
    "having", "first", "after", "distinct",
)  # fmt: skip
_KINDS = 5


def main(seconds: int, folder: Path) -> None:
    """Ends with the status of libFuzzer: 0 where nothing failed."""
    try:
        atheris: Any = importlib.import_module("atheris")
    except ModuleNotFoundError:
        sys.exit("this needs atheris: pip install atheris")
    with atheris.instrument_imports(include=["gateway", "schema", "resolvers", "graphql"]):
        storm: Any = importlib.import_module("tests.storm.house")
        throwing: Any = importlib.import_module("tests.storm.throwing")
        inputs: Any = importlib.import_module("tests.storm.inputs")
    importlib.import_module("gateway.telemetry").configure()
    folder.mkdir(parents=True, exist_ok=True)
    _sow(folder, inputs.QUERIES, inputs.VARIABLES)
    words = folder.with_suffix(".dict")
    words.write_text("".join(f'"{word}"\n' for word in _WORDS).replace("\\", "\\\\"), "utf-8")
    statuses = Counter[int]()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    home = storm.house(Path(tempfile.mkdtemp(prefix="isthmus-storm-")))
    made = loop.run_until_complete(home.__aenter__())
    thrower = throwing.Thrower(made)

    def one(data: bytes) -> None:
        if len(data) > 1:
            statuses[
                loop.run_until_complete(thrower.throw(_asked(inputs.Thrown, inputs.QUERIES, made.tokens, data)))
            ] += 1
        if sum(statuses.values()) % 10_000 == 1:
            sys.stdout.write(f"{sum(statuses.values())} inputs, by status: {dict(sorted(statuses.items()))}\n")
            sys.stdout.flush()

    given = [
        f"-max_total_time={seconds}",
        f"-dict={words}",
        "-max_len=3000",
        "-timeout=30",
        f"-artifact_prefix={folder}/",
    ]
    atheris.Setup([sys.argv[0], str(folder), *given], one)
    atheris.Fuzz()


def _sow(folder: Path, queries: tuple[str, ...], variables: tuple[dict[str, Any], ...]) -> None:
    """What to begin with: requests that are good."""
    for number, query in enumerate(queries):
        (folder / f"text-{number}").write_bytes(b"\1" + query.encode())
        for index, each in enumerate(variables):
            whole = json.dumps({"query": query, "variables": each}).encode()
            (folder / f"whole-{number}-{index}").write_bytes(b"\0" + whole)
            (folder / f"variables-{number}-{index}").write_bytes(bytes([2, number]) + json.dumps(each).encode())
    (folder / "link").write_bytes(b"\3query=%7Bcustomers%7Bname%7D%7D&variables=%7B%7D")
    (folder / "token").write_bytes(b"\4Bearer eyJhbGciOiJIUzI1NiJ9.e30.AAAA")


def _asked(thrown: Any, texts: tuple[str, ...], tokens: tuple[str, ...], data: bytes) -> object:
    """The request that some bytes stand for: a body, a text, variables of a good text, an address, a credential."""
    kind, rest = data[0] % _KINDS, data[1:]
    token = b"Bearer " + tokens[data[0] // _KINDS % len(tokens)].encode()
    body, query, method = b'{"query":"{ customers { name } }"}', b"", "POST"
    path = "/graphql/small" if data[0] > 200 else "/graphql"  # a share of them
    if kind == 0:
        body = rest
    elif kind == 1:
        body = json.dumps({"query": rest.decode("utf-8", "replace")}).encode()
    elif kind == 2:
        text = json.dumps(texts[rest[0] % len(texts)] if rest else "").encode()
        body = b'{"query":' + text + b',"variables":' + rest[1:] + b"}"
    elif kind == 3:
        body, query, method = b"", rest, "GET"
    else:
        token = rest.replace(b"\n", b"").replace(b"\r", b"")
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"accept", b"application/json")]
    return thrown(method, path, query, [*headers, (b"authorization", token)], body)


if __name__ == "__main__":
    sys.stderr = (Path(tempfile.gettempdir()) / "isthmus-guided.log").open(
        "w", encoding="utf-8"
    )  # a line for each request
    arguments = sys.argv[1:]
    main(int(arguments[0]) if arguments else 60, Path(arguments[1] if len(arguments) > 1 else ".storm/corpus"))
