"""Global declarations of XML Schema, of all documents of a WSDL together, and what can be asked of them by name.

It follows XML Schema 1.0 part 1, chapters 3 and 4. What is declared is kept as it was read: shapes are made elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from resolvers.model import Place
from resolvers.soap.builtins import XML, XSD
from resolvers.soap.documents.standard import STANDARD
from resolvers.xml import Element, line_of, local, namespace_of, parse, text_inside

NESTING = 60
"""Groups and derivations nest at most so deep; a description that goes further is circular or an attack."""

_KINDS = {"complexType": "type", "simpleType": "type"} | {
    kind: kind for kind in ("element", "group", "attribute", "attributeGroup")
}
_DOCUMENTATION = f"{{{XSD}}}annotation/{{{XSD}}}documentation"
_CONTENT = (f"{{{XSD}}}complexContent", f"{{{XSD}}}simpleContent")
_DERIVATIONS = (f"{{{XSD}}}extension", f"{{{XSD}}}restriction")
_ORIGINAL = "~original"
"""Stands behind the name of what ``xs:redefine`` changed; no name of XML holds it."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What a schema document says once for all its declarations."""

    namespace: str
    document: str
    qualified: bool
    attributes_qualified: bool


Found: TypeAlias = "tuple[Element, Schema]"


class Declarations:
    """Every global declaration by its kind and its tag; a kind is ``type`` or the local name of its element.

    Of a namespace that no document declares, our own reference is taken, where there is one.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Found] = {}
        self._declared: set[str] = set()
        self._members: dict[str, list[str]] = {}
        self._derived: dict[str, list[str]] | None = None

    def add(self, node: Element, document: str, namespace: str | None = None) -> None:
        """Takes in an ``xs:schema``; ``namespace`` is the including schema's, for one that has none of its own."""
        schema = Schema(
            namespace=node.get("targetNamespace") or namespace or "",
            document=document,
            qualified=node.get("elementFormDefault") == "qualified",
            attributes_qualified=node.get("attributeFormDefault") == "qualified",
        )
        for child in node:
            kind, name = _kind(child), child.get("name")
            if kind and name:
                self._declared.add(schema.namespace)
                self._keep(kind, _tag(schema, name), child, schema, again=False)

    def redefine(self, node: Element, document: str, namespace: str) -> None:
        """Applies the changes of ``xs:redefine`` (section 4.2.2) or ``xs:override`` to what they name.

        What ``xs:redefine`` changes is based on what it was before, which stays under a name of its own.
        """
        above = node.getparent()
        schema = Schema(
            namespace=namespace,
            document=document,
            qualified=above is not None and above.get("elementFormDefault") == "qualified",
            attributes_qualified=above is not None and above.get("attributeFormDefault") == "qualified",
        )
        for child in node:
            kind, name = _kind(child), child.get("name")
            if not kind or not name:
                continue
            tag = _tag(schema, name)
            before = self._found.get((kind, tag))
            if before is not None and before[0] is not child and local(node.tag) == "redefine":
                self._found[kind, tag + _ORIGINAL] = before
                for inner in child.iter():
                    for attribute in ("base", "ref"):
                        written = inner.get(attribute)
                        if written is not None and qname(inner, written, namespace) == tag:
                            inner.set(attribute, written + _ORIGINAL)
            self._keep(kind, tag, child, schema, again=True)

    def _keep(self, kind: str, tag: str, node: Element, schema: Schema, *, again: bool) -> None:
        if (kind, tag) in self._found and not again:
            return
        self._found[kind, tag] = node, schema
        self._derived = None
        head = node.get("substitutionGroup")
        if head and kind == "element":
            self._members.setdefault(qname(node, head, schema.namespace), []).append(tag)

    def find(self, kind: str, tag: str) -> Found | None:
        """The global declaration of a kind, where there is one."""
        found = self._found.get((kind, tag))
        if found is None and self._take_standard(namespace_of(tag)):
            found = self._found.get((kind, tag))
        return found

    def _take_standard(self, namespace: str) -> bool:
        """Takes our own reference of a namespace that no document declares, once."""
        if namespace in self._declared or namespace not in STANDARD:
            return False
        self.add(parse(STANDARD[namespace].encode()), f"the standard {namespace}")
        self._declared.add(namespace)
        return True

    def substitutes(self, head: str) -> list[str]:
        """The elements that may stand for this one, through all levels and itself first; none where only itself can.

        Abstract ones are left out (XML Schema part 1, section 3.3.6).
        """
        if head not in self._members:
            return []
        found = [tag for tag in _closure(head, self._members) if not self._is_abstract("element", tag)]
        return [] if found == [head] else found

    def derived(self, tag: str) -> list[str]:
        """The types that are derived from this one, through all levels, those that are abstract left out."""
        if self._derived is None:
            self._derived = {}
            for (kind, name), (node, schema) in list(self._found.items()):
                base = base_of(node, schema) if kind == "type" and not name.endswith(_ORIGINAL) else ""
                if base:
                    self._derived.setdefault(base, []).append(name)
        if tag not in self._derived:
            return []
        return [name for name in _closure(tag, self._derived)[1:] if not self._is_abstract("type", name)]

    def _is_abstract(self, kind: str, tag: str) -> bool:
        found = self._found.get((kind, tag))
        return found is not None and is_true(found[0].get("abstract"))


def _closure(start: str, below: dict[str, list[str]]) -> list[str]:
    """What lies below, ``start`` first, in the order of the documents, each once."""
    found = dict.fromkeys([start])
    waiting = [start]
    while waiting:
        for name in below.get(waiting.pop(0), ()):
            if name not in found:
                found[name] = None
                waiting.append(name)
    return list(found)


def derivation(node: Element) -> Element | None:
    """The extension or restriction inside a complexType that says what it is derived from."""
    for content in node.iterchildren(*_CONTENT):
        for inner in content.iterchildren(*_DERIVATIONS):
            return inner
    return None


def base_of(node: Element, schema: Schema) -> str:
    """The tag of the type that a complexType is derived from; empty where it says none."""
    inner = derivation(node) if local(node.tag) == "complexType" else None
    written = inner.get("base") if inner is not None else None
    return qname(inner, written, schema.namespace) if inner is not None and written else ""


def _kind(node: Element) -> str:
    return _KINDS.get(local(node.tag), "") if namespace_of(node.tag) == XSD else ""


def _tag(schema: Schema, name: str) -> str:
    return f"{{{schema.namespace}}}{name}" if schema.namespace else name


def text_of(node: Element) -> str:
    """The documentation of a schema component, with white space collapsed."""
    return " ".join(text_inside(found) for found in node.iterfind(_DOCUMENTATION)) if len(node) else ""


def qname(node: Element, written: str, default: str = "") -> str:
    """A prefixed name as ``{namespace}local``; ``default`` is the namespace of names that no prefix or xmlns covers."""
    prefix, colon, name = written.strip().rpartition(":")
    if prefix == "xml":  # is bound without being declared (Namespaces in XML, section 3)
        return f"{{{XML}}}{name}"
    namespace = node.nsmap.get(prefix if colon else None) or ("" if colon else default)
    return f"{{{namespace}}}{name}" if namespace else name


def place_of(node: Element, schema: Schema) -> Place:
    name = node.get("name")
    return Place(schema.document, f"{local(node.tag)} {name}" if name else local(node.tag), line_of(node))


def is_true(written: str | None) -> bool:
    return written in {"true", "1"}
