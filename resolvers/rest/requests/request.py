"""Arguments become an HTTP request (OpenAPI 3.1 sections 4.8.10 to 4.8.14). Pure: nothing here opens a socket.

The host is the configuration's or the document's, never a value's: whatever a caller hands in is one segment of the
path, one value of the query, one header, one cookie or a part of the body, and the target that comes out is checked
against its template once more. Everything about an operation that no value changes is worked out once, in
``Encoder``; how values are spelled is in ``styles.py`` and ``bodies.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, unquote

from resolvers.errors import BadRequest
from resolvers.http import Request
from resolvers.rest.requests.bodies import Write, body_writer
from resolvers.rest.requests.given import Inputs, json_value
from resolvers.rest.requests.plain import quoted
from resolvers.rest.requests.styles import Encode, for_cookie, for_header, for_path, for_query
from resolvers.rest.shapes import Location, Parameter, RequestShape

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_LITERAL = "/:@!$&'()*+,;=~%"
_DOTS = re.compile(r"/\.\.?(?=[/;]|$)")
_FILLED = {"simple": "[A-Za-z0-9_.~%,=-]+", "label": r"\.[A-Za-z0-9_.~%,=-]+", "matrix": "(?:;[A-Za-z0-9_.~%,=-]+)+"}
"""What a filled placeholder can look like, by its style: no slash, no question mark, nothing that ends the path."""


class Encoder:
    """Makes the requests of one operation. ``kept``: names of the query that the configuration itself fills."""

    __slots__ = (
        "_body",
        "_cookies",
        "_filled",
        "_headers",
        "_inputs",
        "_literal",
        "_path",
        "_query",
        "_static",
        "_template",
        "shape",
    )

    def __init__(self, shape: RequestShape, inputs: Inputs, kept: frozenset[str] = frozenset()) -> None:
        self.shape = shape
        self._inputs = inputs
        target, self._static = split(shape.path)
        by_name = {item.name: item for item in shape.parameters if item.location == "path"}
        self._path: list[str | tuple[str, Encode]] = []
        template = ""
        for index, piece in enumerate(PLACEHOLDER.split(target)):
            if index % 2:
                item = by_name[piece]
                self._path.append((item.argument, self._typed(item, for_path(item))))
                template += _FILLED[item.encoding.style]
            elif piece:
                literal = quote(piece, safe=_LITERAL)
                self._path.append(literal)
                template += re.escape(literal)
        self._template = re.compile(template)
        literal = "".join(piece for piece in self._path if isinstance(piece, str))
        fixed = all(isinstance(piece, str) for piece in self._path) and _DOTS.search(literal) is None
        self._literal = literal if fixed else None
        """The path, where there is nothing to be filled in."""
        names = {
            at: frozenset(item.name for item in shape.parameters if item.location == at) for at in ("query", "cookie")
        }
        taken = names["query"] | kept | {unquote(pair.partition("=")[0]) for pair in self._static.split("&")}
        self._query = self._given("query", lambda item: for_query(item, taken - {item.name}))
        self._headers = self._given("header", for_header)
        self._cookies = self._given("cookie", lambda item: for_cookie(item, names["cookie"] - {item.name}))
        filled = [(f"{{{name}}}", item) for name, item in by_name.items() if f"{{{name}}}" in self._static]
        self._filled = [(mark, item.argument) for mark, item in filled]
        self._body: Write | None = None if shape.body is None else body_writer(shape.body)

    def _given(self, location: Location, make: Callable[[Parameter], Encode]) -> list[tuple[Parameter, Encode]]:
        return [(item, self._typed(item, make(item))) for item in self.shape.parameters if item.location == location]

    def _typed(self, item: Parameter, encode: Encode) -> Encode:
        ref, inputs, as_text = item.type, self._inputs, item.text
        return encode if ref is None else lambda value: encode(json_value(value, ref, inputs, text=as_text))

    def encode(self, server: str, arguments: Mapping[str, object]) -> Request:
        """The request that asks for the operation; ``server`` is the address that the path is put behind.

        Raises:
            BadRequest: a value that a path, a header or a body cannot carry, or a required one that is missing.
        """
        shape = self.shape
        target = self._target(arguments) if self._literal is None else self._literal
        query = [self._fixed(arguments)] if self._static else []
        for item, spell in self._query:
            value = arguments.get(item.argument)
            # No text says null: it is a value not given, save where the description allows an empty one.
            if value is not None or (item.empty and item.argument in arguments):
                query.append(spell(value))
        if query:
            sent = "&".join(filter(None, query))
            if sent:
                target = f"{target}?{sent}"
        headers = {"Accept": shape.accept}
        for item, spell in self._headers:
            value = arguments.get(item.argument)
            text = "" if value is None else spell(value)
            if text:
                headers[item.name] = text
        if self._cookies:
            given = ((arguments.get(item.argument), spell) for item, spell in self._cookies)
            cookies = "; ".join(filter(None, [spell(value) for value, spell in given if value is not None]))
            if cookies:
                headers["Cookie"] = cookies
        content = self._content(arguments, headers) if shape.body is not None else None
        return Request(shape.method, server.rstrip("/") + target, headers, content)

    def _content(self, arguments: Mapping[str, object], headers: dict[str, str]) -> bytes | None:
        """The bytes of the body; their type joins the headers."""
        body = self.shape.body
        assert body is not None
        assert self._body is not None
        if "body" not in arguments:
            if body.required:
                raise BadRequest("the body is required")
            return None
        value = json_value(arguments["body"], body.type, self._inputs, text=body.text)
        headers["Content-Type"], content = self._body(value)
        return content

    def _target(self, arguments: Mapping[str, object]) -> str:
        pieces = [piece if isinstance(piece, str) else piece[1](arguments.get(piece[0])) for piece in self._path]
        path = "".join(pieces)
        if not self._template.fullmatch(path) or _DOTS.search(path):
            raise BadRequest("a value in the path would lead to another address")
        return path

    def _fixed(self, arguments: Mapping[str, object]) -> str:
        """The query that stands in the template itself, its placeholders filled."""
        text = self._static
        for mark, argument in self._filled:
            text = text.replace(mark, quoted(arguments.get(argument)))
        return text


def split(template: str) -> tuple[str, str]:
    """A path of a description as the path that is asked and the query that always goes with it.

    A fragment is never sent (RFC 9110 section 7.1); documents use it to tell operations on one path apart.
    """
    path, _, query = template.partition("#")[0].partition("?")
    pieces = PLACEHOLDER.split(query)
    pieces = [
        f"{{{piece}}}" if index % 2 else quote(piece, safe="=&%[]:/,@!$'()*~") for index, piece in enumerate(pieces)
    ]
    return path, "".join(pieces)


def encode(shape: RequestShape, server: str, arguments: Mapping[str, object], inputs: Inputs) -> Request:
    """One request of an operation that is asked but once; see ``Encoder``."""
    return Encoder(shape, inputs).encode(server, arguments)
