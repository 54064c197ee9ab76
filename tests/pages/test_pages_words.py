"""Whatever a page names is there by that name: keys of the file and their values, tests, files, codes, metrics."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gateway.file.config import FileSettings
from gateway.file.json_schema import json_schema
from resolvers import YamlError, load
from tests.pages.pages import ROOT, Shown, spans

SPANS = list(spans())
PROGRAM = ("gateway", "schema", "resolvers")
PLACEHOLDER = "…"

# --- keys ----------------------------------------------------------------------------------------------------------

_KEY = re.compile(r"([a-z][a-z_0-9]*(?:\.[a-z_0-9]+)*)(?::\s+(\S.*))?")
OF_OTHERS = {
    # of requests and replies
    "constraint", "eq", "gt", "lt", "extensions.detail", "customer", "orders", "retryable", "degraded.configuration",
    "order.customer", "customer.orders", "data.next",
    # of records, logs and traces
    "verified", "caller", "service.name", "graphql.operation.name", "http.request.method", "url.template",
    "db.query.summary", "isthmus.source", "isthmus.operation", "error.type",
    # of overlays, tokens and writes
    "remove", "alg", "orders.insert",
}  # fmt: skip
"""Words with a colon or a dot that are no keys of the file."""
FORMS = {"tables: { NAME: { key, references } }"}
"""What shows a form and no value."""
ENDINGS = {"yaml", "yml", "json", "md", "py", "lock", "sql", "wsdl", "xml", "log"}


@cache
def schema() -> dict[str, Any]:
    return json_schema(part=True)


@cache
def keys() -> Mapping[str, list[Any]]:
    """Each key that the file may have anywhere, with what it may hold."""
    found: dict[str, list[Any]] = defaultdict(list)
    for holder in (schema(), *schema()["$defs"].values()):
        for name, held in holder.get("properties", {}).items():
            found[name].append(held)
    return found


def opened(nodes: Iterable[Any]) -> Iterator[Any]:
    """The schemas that stand behind references and alternatives."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        if "$ref" in node:
            waiting.append(schema()["$defs"][node["$ref"].rpartition("/")[2]])
        for word in ("anyOf", "oneOf", "allOf"):
            waiting += node.get(word, [])


def below(nodes: Iterable[Any], key: str) -> Iterator[Any]:
    for node in opened(nodes):
        if key in node.get("properties", {}):
            yield node["properties"][key]
        elif isinstance(node.get("additionalProperties"), dict):
            yield node["additionalProperties"]


def may_be(path: str) -> list[Any]:
    """What may stand at a path of keys, which starts at the file or anywhere in it."""
    first, *rest = path.split(".")
    found = keys().get(first, [])
    for key in rest:
        found = list(below(found, key))
    return found


def _said() -> Iterator[tuple[Shown, str, str | None]]:
    for span in SPANS:
        found = _KEY.fullmatch(span.text)
        if found is None or (found[2] is None and "." not in found[1]) or span.text in FORMS:
            continue
        if found[2] is None and ENDINGS.intersection(found[1].split(".")):
            continue
        if found[1] not in OF_OTHERS:
            yield span, found[1], found[2]


def test_every_key_that_is_named_may_stand_in_the_file_with_the_value_that_is_shown() -> None:
    wrong = []
    for span, key, written in _said():
        found = may_be(key)
        if not found:
            wrong.append(f"{span}: {key} is no key of the file; if it need not be one, it is OF_OTHERS")
        elif written is not None and PLACEHOLDER not in written:
            try:
                value = load(written)
            except YamlError as error:
                wrong.append(f"{span}: {span.text} {error}")
                continue
            if not any(Draft202012Validator({**each, "$defs": schema()["$defs"]}).is_valid(value) for each in found):
                wrong.append(f"{span}: {span.text} is not taken")
    assert wrong == []


def test_what_is_of_others_is_still_named() -> None:
    said = {span.text.partition(":")[0] for span in SPANS}
    assert OF_OTHERS - said == set()


# --- words of the program -------------------------------------------------------------------------------------------

ELSEWHERE = {"id_2", "insert_customer", "python_gc_collections_total", "OTEL_RESOURCE_ATTRIBUTES", "WAREHOUSE_URL"}
"""Made of what a page shows, or by a library."""


@cache
def program() -> str:
    return "\n".join(path.read_text("utf-8") for folder in PROGRAM for path in sorted((ROOT / folder).rglob("*.py")))


@cache
def written_tests() -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "tests").rglob("*.py")))


@cache
def metrics() -> tuple[re.Pattern[str], ...]:
    """Their names, some of which are put together where they are told."""
    written = set(re.findall(r'"(isthmus_[\w{}.]+)"', program()))
    return tuple(re.compile(re.sub(r"\{[^}]*\}", r"\\w+", each) + "(_total|_bucket|_count|_sum)?") for each in written)


def test_every_word_of_the_program_is_in_the_program() -> None:
    """Keys, words of the log, metrics, codes of errors, variables of the environment: what has an underscore."""
    of_tests = set(re.findall(r"ISTHMUS_TEST_\w+", written_tests()))
    there = set(re.findall(r"\w+", program())) | keys().keys() | of_tests | ELSEWHERE
    wrong = []
    for span in SPANS:
        word = re.match(r"[A-Za-z][a-z0-9]*(?:_[a-z0-9]+)+|[A-Z]+(?:_[A-Z]+)+", span.text)
        if word is None or not re.fullmatch(r"\w+(?:[{=].*)?", span.text) or word[0].startswith("test_"):
            continue
        if word[0] not in there and not any(made.fullmatch(word[0]) for made in metrics()):
            wrong.append(f"{span}: {word[0]}")
    assert wrong == []


def test_every_test_that_is_named_is_there() -> None:
    there = set(re.findall(r"def (test_\w+)", written_tests())) | {
        path.stem for path in (ROOT / "tests").rglob("test_*.py")
    }
    wrong = [f"{span}: {name}" for span in SPANS for name in re.findall(r"\btest_\w+", span.text) if name not in there]
    assert wrong == []


_PATH = re.compile(r"(?:tests|gateway|schema|resolvers|docs|deploy|examples|benchmarks|explorer)/[\w./-]*")


def test_every_file_of_ours_that_is_named_is_there() -> None:
    named = [(span, path) for span in SPANS for path in _PATH.findall(span.text) if "://" not in span.text]
    assert [f"{span}: {path}" for span, path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", FileSettings.model_fields)
def test_every_section_of_the_file_is_told_of(name: str) -> None:
    assert any(re.match(rf"{name}\b", span.text) for span in SPANS), name


def test_every_topic_of_the_doctor_is_told_of_and_no_other() -> None:
    files = [*(ROOT / "gateway" / "doctor").glob("*.py"), ROOT / "gateway" / "commands" / "doctor.py"]
    made = "\n".join(path.read_text("utf-8") for path in files)
    topics = set(re.findall(r'(?:Finding|_split)\(\s*"(?:error|warning|note)",\s*"([a-z0-9-]+)"', made))
    variable = set(re.findall(r'(?:Finding|_split)\(\s*[a-z]\w*,\s*"([a-z0-9-]+)"', made))
    rows = re.findall(
        r"^\| (`.*?) \| (?:error|warning|note) ", (ROOT / "docs" / "doctor.md").read_text("utf-8"), re.MULTILINE
    )
    assert {topic for row in rows for topic in re.findall(r"`([a-z0-9-]+)`", row)} == topics | variable
