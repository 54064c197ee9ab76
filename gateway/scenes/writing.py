"""What was recorded becomes the files of a scene, with whatever is personal masked. It asks nobody and plays nothing.

First every value is looked at, then all of it is written with what stands for them, so that a value that is known to be
personal in one place is replaced in all.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import yaml
from lxml import etree

from gateway.scenes.masking import Masking
from gateway.scenes.rows import to_plain
from resolvers import Asked, HttpExchange, Recorder, StatementExchange, headers_of, told_as

_PLAIN = re.compile(r"[A-Za-z][\w ./?=&+-]*")
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_TYPE = f"{{{_INSTANCE}}}type"
_LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"')


def masked_query(text: str, masking: Masking) -> str:
    """The query; of its text only strings are looked at."""
    return _LITERAL.sub(lambda found: f'"{masking.text(found.group()[1:-1])}"', text)


def learn(recorder: Recorder, masking: Masking, *more: Mapping[str, object]) -> None:
    """Looks at all that was recorded. ``more``: variables and claims."""
    for each in more:
        learned(masking, "", "", each)
    for exchange in recorder.http_exchanges:
        for name, said in exchange.asked.query:
            masking.learn(exchange.source, name, said)
        masking.look(unquote(exchange.asked.path))
        _learn_body(masking, exchange.source, exchange.asked.body)
        if exchange.reply is not None:
            _learn_reply(masking, exchange)
    for statement in recorder.statement_exchanges:
        names = [column for _, column in statement.columns]
        for row in statement.rows:
            for name, value in zip(names, row, strict=False):
                learned(masking, statement.source, name, _bare(to_plain(value)), names)
        for name, given in zip(statement.names, statement.values, strict=True):
            learned(masking, statement.source, name, _bare(to_plain(given)), statement.names)


def sources_of(
    recorder: Recorder, masking: Masking, served: Mapping[str, Collection[str]]
) -> dict[str, dict[str, object]]:
    """What each source answers, as a scene says it. ``served``: source → headers of replies that are served."""
    found: dict[str, dict[str, Any]] = {}
    for exchange in recorder.http_exchanges:
        answers = found.setdefault(exchange.source, {}).setdefault("answers", [])
        answers.append(_answer(exchange, masking, tuple(served.get(exchange.source, ()))))
    for statement in recorder.statement_exchanges:
        found.setdefault(statement.source, {}).setdefault("statements", []).append(_statement(statement, masking))
    return found


def as_yaml(value: object) -> str:
    """The text of a file: strings that might be read as something else stand in quotation marks."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, default_flow_style=False)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  # the signature is PyYAML's
        return True


class _Line(list[object]):
    """A list that is written on one line."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style: str | None = None if _PLAIN.fullmatch(text) and text == text.strip() else '"'
    if text.startswith("<") or ("\n" in text and not re.search(r"[^\S\n]\n|^\s|\r|\t", text)):
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _line(dumper: yaml.SafeDumper, items: _Line) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)


_Dumper.add_representer(_Line, _line)
_Dumper.add_representer(str, _text)


def masked(masking: Masking, source: str, name: str, node: object, beside: Collection[str] = ()) -> Any:
    """Plain data, with what stands for its values."""
    if isinstance(node, Mapping):
        inside = bool(name) and bool(masking.kind(source, name, beside))
        return {
            masking.member(str(key)): masked(masking, source, name if inside else str(key), value, node)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [masked(masking, source, name, item, beside) for item in node]
    return masking.value(source, name, node, beside)


def learned(masking: Masking, source: str, name: str, node: object, beside: Collection[str] = ()) -> None:
    """Takes note of the values of plain data."""
    if isinstance(node, Mapping):
        inside = bool(name) and bool(masking.kind(source, name, beside))
        for key, value in node.items():
            masking.look(str(key))
            learned(masking, source, name if inside else str(key), value, node)
    elif isinstance(node, list):
        for item in node:
            learned(masking, source, name, item, beside)
    else:
        masking.learn(source, name, node, beside)


def _bare(plain: Any) -> Any:
    """A value without the mark of its type."""
    if isinstance(plain, dict) and len(plain) == 1 and next(iter(plain)).startswith("$"):
        return next(iter(plain.values()))
    return plain


def _learn_body(masking: Masking, source: str, body: object) -> None:
    if isinstance(body, str) and body.lstrip().startswith("<"):
        for name, text, beside in _leaves(etree.fromstring(body)):
            masking.learn(source, name, text, beside)
    elif isinstance(body, str):
        masking.look(body)
    else:
        learned(masking, source, "", body)


def _learn_reply(masking: Masking, exchange: HttpExchange) -> None:
    kind, value = _content(exchange)
    if kind == "json":
        learned(masking, exchange.source, "", value)
    elif kind in {"xml", "text"}:
        _learn_body(masking, exchange.source, value)


def _answer(exchange: HttpExchange, masking: Masking, served: Sequence[str]) -> dict[str, object]:
    said: dict[str, object] = {"operation": exchange.operation} if exchange.operation else {}
    said |= told_as(_asked(exchange.asked, masking))
    if exchange.reply is None:
        return {**said, "fails": exchange.fails}
    if exchange.reply.status != 200:  # what a scene means without saying it
        said["status"] = exchange.reply.status
    kind, value = _content(exchange)
    headers = {name: masking.text(each) for name, each in headers_of(exchange.reply, served).items()}
    home = urlsplit(exchange.home)
    if "link" in headers:  # a page is asked for where the source will be when the scene is played
        headers["link"] = headers["link"].replace(f"{home.scheme}://{home.netloc}", "")
    media = headers.get("content-type", "").partition(";")[0].strip()
    if (kind, media) == ("json", "application/json") or kind == "xml":
        headers.pop("content-type", None)
    if headers:
        said["headers"] = headers
    if kind == "json":
        said["json"] = masked(masking, exchange.source, "", value)
    elif kind == "xml":
        said["xml"] = _masked_xml(masking, exchange.source, str(value))
    elif kind:
        said[kind] = masking.text(str(value)) if kind == "text" else value
    return said


def _asked(made: Asked, masking: Masking) -> Asked:
    """What the gateway will ask when the scene is played: it has values from masked answers and variables."""
    path = "/".join(quote(str(masking.anywhere(unquote(part))), safe="!$&'()*+,;=:@~") for part in made.path.split("/"))
    query = tuple((name, str(masking.anywhere(value))) for name, value in made.query)
    body = made.body
    if isinstance(body, str):
        body = _anywhere_xml(masking, body) if body.lstrip().startswith("<") else masking.text(body)
    elif body is not None:
        body = _anywhere(masking, body)
    return Asked(made.method, path if path != made.path else made.path, query, body)


def _anywhere(masking: Masking, node: object) -> object:
    if isinstance(node, Mapping):
        return {masking.member(str(key)): _anywhere(masking, value) for key, value in node.items()}
    if isinstance(node, list):
        return [_anywhere(masking, item) for item in node]
    return masking.anywhere(node)


def _statement(exchange: StatementExchange, masking: Masking) -> dict[str, object]:
    names = [column for _, column in exchange.columns]
    rows = [
        _Line(
            _masked_value(masking, exchange.source, name, value, names) for name, value in zip(names, row, strict=False)
        )
        for row in exchange.rows
    ]
    values = _Line(_anywhere(masking, to_plain(value)) for value in exchange.values)
    said: dict[str, object] = {"sql": " ".join(exchange.text.split()), "values": values}
    if exchange.affected is not None:
        return {**said, "affected": exchange.affected}
    return {**said, "columns": _Line(names), "rows": rows}


def _masked_value(masking: Masking, source: str, name: str, value: object, beside: Sequence[str]) -> object:
    plain = to_plain(value)
    if isinstance(plain, dict) and len(plain) == 1:
        ((mark, inner),) = plain.items()
        if mark == "$bytes":
            return plain
        return {mark: masked(masking, source, name, inner, beside)}
    return masked(masking, source, name, plain, beside)


def _content(exchange: HttpExchange) -> tuple[str, object]:
    """How the body of a reply is written down, and as what."""
    assert exchange.reply is not None
    body = exchange.reply.body
    media = next((value for name, value in exchange.reply.headers.items() if name.lower() == "content-type"), "")
    if not body:
        return "", None
    try:
        if "json" in media:
            return "json", json.loads(body)
        if "xml" in media and not media.startswith("multipart/"):
            return "xml", _inner(body)
        return "text", body.decode()
    except (ValueError, etree.XMLSyntaxError):
        return "base64", base64.b64encode(body).decode()


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def _inner(body: bytes) -> str:
    """What lies in the body of an envelope; its header is left out. Other XML as it is."""
    root = etree.fromstring(body, _parser())
    if etree.QName(root).localname == "Envelope":
        inner = next((each for each in root if etree.QName(each).localname == "Body"), None)
        if inner is not None and len(inner) == 1:
            root = deepcopy(inner[0])
        for header in [each for each in root if etree.QName(each).localname == "Header"]:
            root.remove(header)
    root.tail = None
    if not any(_TYPE in node.attrib for node in root.iter(etree.Element)):  # the name of a type may need a prefix
        etree.cleanup_namespaces(root)
    etree.indent(root)
    return str(etree.tostring(root, encoding="unicode"))


def _attributes(node: Any) -> Iterator[tuple[str, str]]:
    """Those that say something of somebody, and not how the XML is to be read."""
    for name, value in node.attrib.items():
        if etree.QName(name).namespace != _INSTANCE:
            yield str(name), str(value)


def _leaves(root: Any) -> Iterator[tuple[str, str, list[str]]]:
    """Name, text and the names beside it, of every attribute and every element without others inside."""
    for node in root.iter(etree.Element):
        names = [etree.QName(child).localname for child in node.iterchildren(etree.Element)]
        for name, value in _attributes(node):
            yield etree.QName(name).localname, value, names
        if not names and node.text:
            parent = node.getparent()
            beside = (
                [] if parent is None else [etree.QName(each).localname for each in parent.iterchildren(etree.Element)]
            )
            yield etree.QName(node).localname, node.text, beside


def _beside(node: Any) -> list[str]:
    parent = node.getparent()
    return [] if parent is None else [etree.QName(each).localname for each in parent.iterchildren(etree.Element)]


def _masked_xml(masking: Masking, source: str, text: str) -> str:
    root = etree.fromstring(text.encode(), _parser())
    for node in root.iter(etree.Element):
        children = [etree.QName(child).localname for child in node.iterchildren(etree.Element)]
        for name, value in _attributes(node):
            node.set(name, str(masking.value(source, etree.QName(name).localname, value, children)))
        if not children and node.text:
            parent = node.getparent()
            beside = (
                [] if parent is None else [etree.QName(each).localname for each in parent.iterchildren(etree.Element)]
            )
            node.text = str(masking.value(source, etree.QName(node).localname, node.text, beside))
    return str(etree.tostring(root, encoding="unicode"))


def _anywhere_xml(masking: Masking, text: str) -> str:
    root = etree.fromstring(text.encode(), _parser())
    for node in root.iter(etree.Element):
        for name, value in _attributes(node):
            node.set(name, masking.text(value))
        if node.text and node.text.strip():
            node.text = masking.text(node.text)
    return str(etree.tostring(root, encoding="unicode"))
