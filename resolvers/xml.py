"""Parsing of XML that others wrote. No document type, entity, network access or XInclude ever takes part in it.

It knows nothing of SOAP or schemas; whoever calls it turns ``UnsafeXml`` into an error of its own.
"""

from __future__ import annotations

import codecs
import re
from typing import Any, TypeAlias

from lxml import etree
from lxml.etree import _Element

Element: TypeAlias = _Element
"""lxml has no public name for the type of its elements."""

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 100

# What may stand before the root element: a declaration, comments, processing instructions. The possessive
# quantifiers keep a long prolog from being tried in more than one way.
_DOCTYPE = re.compile(rb"(?:\s++|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE", re.DOTALL | re.IGNORECASE)
_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")")


class UnsafeXml(Exception):
    """The bytes are not XML, or XML of a kind that is refused; the text never quotes them."""


def parse(content: bytes, *, max_bytes: int = MAX_BYTES, charset: str | None = None) -> Element:
    """The root element, without comments and processing instructions.

    ``charset``: what came with the media type. A byte order mark is worth more than it, and it is worth more than the
    document's own declaration (RFC 7303, section 3).

    Raises:
        UnsafeXml: not well-formed, a document type declaration, larger than ``max_bytes`` or deeper than 100 elements,
            or an encoding that nobody knows.
    """
    if len(content) > max_bytes:
        raise UnsafeXml(f"the document has more than {max_bytes} bytes")
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        prolog = content.decode("utf-16", errors="replace").encode("utf-8", errors="replace")
    else:
        prolog = content.removeprefix(b"\xef\xbb\xbf")
    if _DOCTYPE.match(prolog):
        raise UnsafeXml("a document type declaration is not accepted")
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"))
    try:
        root = etree.fromstring(content, _parser(_encoding(charset) if charset and not marked else None))
    except (etree.XMLSyntaxError, ValueError) as error:
        line = error.lineno if isinstance(error, etree.XMLSyntaxError) else None
        raise UnsafeXml(f"not well-formed XML (line {line})" if line else "not well-formed XML") from None
    docinfo: Any = root.getroottree().docinfo
    if docinfo.doctype or docinfo.internalDTD is not None:
        raise UnsafeXml("a document type declaration is not accepted")
    if _TOO_DEEP(root):
        raise UnsafeXml(f"elements lie deeper than {MAX_DEPTH}")
    return root


def _parser(encoding: str | None) -> etree.XMLParser:
    try:
        return etree.XMLParser(
            encoding=encoding,
            resolve_entities=False,
            no_network=True,
            huge_tree=False,
            load_dtd=False,
            dtd_validation=False,
            attribute_defaults=False,
            remove_comments=True,
            remove_pis=True,
        )
    except LookupError:  # Python knows it, libxml2 does not
        raise UnsafeXml("the encoding is not known") from None


def _encoding(charset: str) -> str:
    """The encoding's name, if its bytes can be looked through for a document type before they are parsed."""
    try:
        name = codecs.lookup(charset).name
        transparent = "<!DOCTYPE".encode(name) == b"<!DOCTYPE"
    except (LookupError, ValueError):
        transparent = False
    if not transparent:
        raise UnsafeXml("the encoding is not known") from None
    return name.replace("_", "-")  # as IANA and libxml2 spell them: EUC-JP, not euc_jp


def line_of(node: Element) -> int | None:
    """The line of the document on which the element stands, counted from 1."""
    line: Any = node.sourceline
    return int(line) if line else None


def text_inside(node: Element) -> str:
    """All text inside the element, with white space collapsed."""
    return " ".join("".join(str(text) for text in node.itertext()).split())


def namespace_of(tag: str) -> str:
    """The namespace of a name written ``{namespace}local``; empty for none."""
    return tag[1:].partition("}")[0] if tag.startswith("{") else ""


def local(tag: str) -> str:
    """The local part of a name written ``{namespace}local``."""
    return tag.rpartition("}")[2]
