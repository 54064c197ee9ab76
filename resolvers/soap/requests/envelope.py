"""Requests: arguments written into an envelope of SOAP 1.1 or 1.2, and what it is sent as.

A caller's values are never quoted by an error, and always escaped.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote

from lxml import etree

from resolvers.errors import BadRequest
from resolvers.soap.builtins import SOAP11, SOAP12, SOAP12_ENCODING, SOAP_ENCODING
from resolvers.soap.lexical import Unfit
from resolvers.soap.requests.elements import Write, Writers
from resolvers.soap.requests.multipart import related
from resolvers.soap.requests.sheet import Prefixes, Sheet
from resolvers.soap.shapes import OperationCodec
from resolvers.xml import Element

Prepare = Callable[[Element], None]
"""Is given the envelope before it is made bytes, and may add header blocks to it, or sign it."""


class Sent(NamedTuple):
    """A request without its address. ``headers``: all that its media type and SOAP's version ask for."""

    headers: Mapping[str, str]
    body: bytes


class Encoders:
    """The encoders of one source, made when they are first needed."""

    def __init__(self) -> None:
        self._prefixes = Prefixes()
        self._writers: dict[tuple[bool, bool], Writers] = {}
        self._known: dict[str, Encoder] = {}

    def of(self, codec: OperationCodec) -> Encoder:
        known = self._known.get(codec.name)
        if known is None:
            kind = (codec.encoded, codec.version == "1.2")
            if kind not in self._writers:
                self._writers[kind] = Writers(self._prefixes, encoded=kind[0], soap12=kind[1])
            known = self._known[codec.name] = Encoder(codec, self._writers[kind])
        return known


def encode(codec: OperationCodec, arguments: Mapping[str, object], prepare: Prepare | None = None) -> Sent:
    """One request by an encoder that nobody keeps; see ``Encoder.encode``."""
    return Encoders().of(codec).encode(arguments, prepare)


class Encoder:
    """Makes the requests of one operation."""

    def __init__(self, codec: OperationCodec, writers: Writers) -> None:
        self._codec = codec
        self._soap = SOAP12 if codec.version == "1.2" else SOAP11
        self._declared = writers.prefixes.declared(codec)
        self._headers: list[Write] = [writers.content(member) for member in codec.headers.values()]
        self._parts: list[Write] = [writers.content(content) for content in codec.parts.values()]
        self._names = {*codec.parts, *codec.headers, *codec.attachments}
        if any(not content.name for content in codec.parts.values()):
            self._names |= {branch.name for part in codec.parts.values() for branch in getattr(part, "branches", ())}

    def encode(self, arguments: Mapping[str, object], prepare: Prepare | None = None) -> Sent:
        """The headers and the body of a request, in UTF-8.

        Raises:
            BadRequest: a required member is missing, a value does not fit its type, or XML cannot carry it.
        """
        unknown = arguments.keys() - self._names
        if unknown:
            raise BadRequest(f"{self._codec.name} has no argument {min(unknown)}")
        sheet = Sheet(optimized=self._codec.mtom)
        envelope = self._envelope(arguments, sheet)
        attached = self._attached(arguments) if self._codec.attachments else {}
        if prepare is not None:
            prepare(envelope)
        content = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        headers = self._http_headers()
        if self._codec.mtom or attached:
            headers["Content-Type"], content = related(
                content, headers["Content-Type"], {**sheet.files, **attached}, xop=self._codec.mtom
            )
        return Sent(headers, content)

    def _envelope(self, arguments: Mapping[str, object], sheet: Sheet) -> Element:
        envelope = etree.Element(f"{{{self._soap}}}Envelope", nsmap=self._declared)
        header = etree.SubElement(envelope, f"{{{self._soap}}}Header") if self._headers else None
        body = etree.SubElement(envelope, f"{{{self._soap}}}Body")
        parent = etree.SubElement(body, self._codec.wrapper) if self._codec.wrapper else body
        if self._codec.encoded:
            style = SOAP12_ENCODING if self._codec.version == "1.2" else SOAP_ENCODING
            for node in (parent,) if self._codec.wrapper else ():
                node.set(f"{{{self._soap}}}encodingStyle", style)
        try:
            for write in self._headers:
                assert header is not None
                write(header, arguments, sheet)
            for write in self._parts:
                write(parent, arguments, sheet)
        except Unfit as error:
            raise BadRequest(f"{error.path}: {error.reason}" if error.path else error.reason) from None
        if header is not None and not len(header):
            envelope.remove(header)
        return envelope

    def _attached(self, arguments: Mapping[str, object]) -> dict[str, bytes]:
        """Attachments by content id, which begins with the part's name (WS-I Attachments Profile 1.0, R2933)."""
        found: dict[str, bytes] = {}
        for name, attachment in self._codec.attachments.items():
            value = arguments.get(name)
            if isinstance(value, str):
                try:
                    value = base64.b64decode(value, validate=True)
                except ValueError:
                    raise BadRequest(f"{name}: not a value of type Base64") from None
            if isinstance(value, bytes):
                found[f"{quote(attachment.part, safe='')}={len(found) + 1}@isthmus"] = value
            elif value is not None:
                raise BadRequest(f"{name}: not a value of type Base64")
            elif attachment.required:
                raise BadRequest(f"{name}: it is required")
        return found

    def _http_headers(self) -> dict[str, str]:
        """SOAP 1.1, section 6.1.1, quoted as Basic Profile 1.1 R1109 asks; SOAP 1.2 part 2, section 7.1.4."""
        action = self._codec.action
        if self._codec.version == "1.1":
            return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"', "Accept": _ACCEPT11}
        said = f'; action="{action}"' if action else ""
        return {"Content-Type": f"application/soap+xml; charset=utf-8{said}", "Accept": _ACCEPT12}


_ACCEPT11 = "text/xml, multipart/related"
_ACCEPT12 = "application/soap+xml, multipart/related"
