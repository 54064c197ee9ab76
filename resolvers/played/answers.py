"""Answers that were written down, and which request each of them answers. Nothing here sends or reads a file.

Of a request its method, its path and query below the source's address, and its body tell it from others. Headers do
not: those that differ are credentials, or belong to one request alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit

from resolvers.http import Request
from resolvers.xml import Element, UnsafeXml, local, parse

Failure: TypeAlias = Literal["away", "timeout"]
_SOAP = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
_SEVERAL = "multipart/"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it is told from others. ``body``: plain data of JSON, or text; ``None``: it has none."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: object = None

    @property
    def line(self) -> str:
        """``GET /orders?limit=2``."""
        return f"{self.method} {self.path}{'?' if self.query else ''}{urlencode(self.query)}"


def asked(line: str, body: object = None) -> Asked:
    """What ``GET /orders?limit=2`` asks.

    Raises:
        ValueError: it is none of these.
    """
    method, _, target = line.strip().partition(" ")
    target = target.strip()
    if not method.isalpha() or not target.startswith("/"):
        raise ValueError('a request is written as its method and its path: "GET /orders?limit=2"')
    parts = urlsplit(f"http://source{target}")
    return Asked(method.upper(), parts.path, tuple(parse_qsl(parts.query, keep_blank_values=True)), body)


def asked_of(request: Request, home: str) -> Asked:
    """What a request to the source at ``home`` asks; what is at another address keeps its whole path."""
    parts, base = urlsplit(request.url), urlsplit(home)
    path = parts.path
    below = base.path.rstrip("/")
    if parts.netloc == base.netloc and (path == below or path.startswith(f"{below}/")):
        path = path[len(below) :]
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    return Asked(request.method, path or "/", query, _body(request))


def told_as(made: Asked) -> dict[str, object]:
    """A request as it is written down."""
    return {"request": made.line, **({"body": made.body} if made.body is not None else {})}


@dataclass(slots=True)
class Answer:
    """What one request is answered with. ``number``: its place among those of its source, counted from 0.

    ``operation``: the one that it belongs to; empty: any. ``asked``: absent: any request of the operation. ``times``:
    how often it answers; ``None``: as often as it is asked. ``fails``: what happens in place of an answer. ``xml``:
    ``content`` is XML; that of a SOAP source may be what lies in the body of an envelope.
    """

    number: int
    operation: str = ""
    asked: Asked | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    times: int | None = 1
    fails: Failure | None = None
    xml: bool = False
    given: int = 0

    def fits(self, operation: str, made: Asked) -> bool:
        """Whether it answers this request; nothing is said of how often it may."""
        if self.operation and self.operation != operation:
            return False
        if self.asked is None:
            return bool(self.operation)
        mine = self.asked
        if (mine.method, mine.path) != (made.method, made.path) or Counter(mine.query) != Counter(made.query):
            return False
        return mine.body is None or same_body(mine.body, made.body)

    @property
    def spent(self) -> bool:
        """Whether it has answered as often as it does."""
        return self.times is not None and self.given >= self.times

    @property
    def title(self) -> str:
        """What it answers, for readers."""
        return self.asked.line if self.asked is not None else self.operation


@dataclass(frozen=True, slots=True)
class Made:
    """A request for which there was no answer. ``near``: what the nearest answer is for; empty: none is near."""

    source: str
    operation: str
    asked: Asked
    near: str = ""


def chosen(answers: Iterable[Answer], operation: str, made: Asked) -> Answer | None:
    """The first answer that fits and is not spent."""
    return next((each for each in answers if not each.spent and each.fits(operation, made)), None)


def closest(answers: Sequence[Answer], operation: str, made: Asked) -> str:
    """Why there is no answer, as far as an answer is near; otherwise empty."""
    if any(each.fits(operation, made) for each in answers):
        return "the answer to it was given already; times says how often it is"
    lines = {each.asked.line: each for each in answers if each.asked is not None}
    near = get_close_matches(made.line, lines, 1, 0.5)
    if not near:
        return ""
    if near[0] == made.line:
        return "there is an answer to this request with another body"
    return f"the nearest answer is to {near[0]}"


def same_body(one: object, other: object) -> bool:
    """Whether two bodies say the same: JSON by value, XML by its elements, whatever their prefixes."""
    if isinstance(one, str) and isinstance(other, str) and one.lstrip().startswith("<"):
        try:
            return _content(one) == _content(other)
        except UnsafeXml:
            return one == other
    return one == other


def enveloped(content: bytes, media: str) -> bytes:
    """What lies in the body of a SOAP envelope, in an envelope of the version that the request was of."""
    if local(str(parse(content).tag)) == "Envelope":
        return content
    namespace = _SOAP["application/soap+xml" in media.lower()]
    return b'<s:Envelope xmlns:s="%b"><s:Body>%b</s:Body></s:Envelope>' % (namespace.encode(), content)


def _body(request: Request) -> object:
    if not request.body:
        return None
    media = next((value for name, value in request.headers.items() if name.lower() == "content-type"), "").lower()
    if "json" in media:
        try:
            found: object = json.loads(request.body)
        except ValueError:
            return request.body.decode(errors="replace")
        return found
    if "xml" in media and not media.startswith(_SEVERAL):
        return _inside(request.body)
    return request.body.decode(errors="replace")


def _inside(body: bytes) -> str:
    """What lies in the body of a SOAP envelope: its header holds credentials, times and ids. Other XML as it is."""
    from lxml import etree  # noqa: PLC0415  # only where there is XML

    try:
        root = parse(body)
    except UnsafeXml:
        return body.decode(errors="replace")
    if local(str(root.tag)) == "Envelope":
        inner = next((each for each in root if local(str(each.tag)) == "Body"), None)
        root = deepcopy(inner[0]) if inner is not None and len(inner) else root
        etree.cleanup_namespaces(root)
    return str(etree.tostring(root, encoding="unicode", with_tail=False))


def _content(text: str) -> object:
    return _element(parse(text.encode()))


def _element(node: Element) -> object:
    text = " ".join("".join([node.text or "", *(child.tail or "" for child in node)]).split())
    return str(node.tag), sorted(map(tuple, node.attrib.items())), text, [_element(child) for child in node]
