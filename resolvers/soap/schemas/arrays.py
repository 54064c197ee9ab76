"""Arrays of SOAP's encoding (SOAP 1.1, section 5.4.2) and Apache's maps, told by their declaration.

What their items are is asked of ``types.py``; no value is read here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from resolvers.soap.builtins import APACHE, SOAP_ENCODINGS, WSDL, XSD
from resolvers.soap.schemas.declarations import Schema, derivation, place_of, qname
from resolvers.soap.shapes import Array, Member, Opaque, Shape
from resolvers.xml import Element, local, namespace_of

if TYPE_CHECKING:
    from resolvers.soap.schemas.types import Types

_ARRAY_TYPE = f"{{{WSDL}}}arrayType"
_WRITTEN = re.compile(r"\s*([^\[\]\s]+)\s*((?:\[[\d,\s]*\])+)\s*")


class Arrays:
    """Makes the shape of whatever type is an array; what an item is, ``types`` says."""

    def __init__(self, types: Types) -> None:
        self._types = types
        self._standard: dict[str, Array] = {}

    def standard(self, tag: str) -> Array | None:
        """The array types that SOAP's encoding and Apache's declare themselves: of anything, and maps."""
        namespace, name = namespace_of(tag), local(tag)
        if not (namespace in SOAP_ENCODINGS and name == "Array") and not (
            namespace == APACHE and name in {"Map", "Vector"}
        ):
            return None
        made = self._standard.get(tag)
        if made is None:
            if name == "Map":
                entry = self._types.type_named(f"{{{APACHE}}}mapItem")
                made = Array(Member("item", "item", entry))
            else:
                made = Array(Member("item", "item", Opaque(), nillable=True), f"{{{XSD}}}anyType")
            self._standard[tag] = made
        return made

    def of(self, node: Element, schema: Schema) -> Array | None:
        """The array that a complexType is; ``None`` for any other type."""
        inner = derivation(node)
        if inner is None or inner.get("base") is None:
            return None
        base = qname(inner, inner.get("base", ""), schema.namespace)
        if namespace_of(base) not in SOAP_ENCODINGS or local(base) != "Array":
            return None
        for attribute in inner.iter(f"{{{XSD}}}attribute"):
            written = attribute.get(_ARRAY_TYPE)
            found = _WRITTEN.fullmatch(written or "")
            if found is not None:
                tag = qname(attribute, found[1], schema.namespace)
                return self._array(tag, re.findall(r"\[([^\]]*)\]", found[2]), node, schema)
        for element in inner.iter(f"{{{XSD}}}element"):
            return self._sequence(element, schema)
        return Array(Member("item", "item", Opaque(), nillable=True, place=place_of(node, schema)), f"{{{XSD}}}anyType")

    def _array(self, tag: str, brackets: list[str], node: Element, schema: Schema) -> Array:
        """``xsd:int[][,]`` is a table of lists of numbers: the last brackets are the array's own."""
        *before, last = brackets
        shape: Shape = self._types.type_named(tag)
        ranks = ""
        for inner in before:
            item = Member("item", "item", shape, nillable=True, type_tag=tag, place=place_of(node, schema))
            shape = Array(item, tag, ranks, inner.count(",") + 1)
            ranks += f"[{',' * inner.count(',')}]"
        item = Member(
            "item", "item", shape, nillable=True, type_tag="" if before else tag, place=place_of(node, schema)
        )
        return Array(item, tag, ranks, last.count(",") + 1)

    def _sequence(self, element: Element, schema: Schema) -> Array:
        """The form in which the one repeated element says what an item is."""
        reference = element.get("ref")
        if reference is not None:
            known = self._types.element(qname(element, reference, schema.namespace))
            if known is not None:
                return Array(known, known.type_tag)
        name = element.get("name", "item")
        written = element.get("type")
        tag = qname(element, written, schema.namespace) if written else ""
        shape = self._types.shape_of_element(element, schema, name, None)
        return Array(Member(name, name, shape, nillable=True, type_tag=tag, place=place_of(element, schema)), tag)
