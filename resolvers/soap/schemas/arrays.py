"""Arrays of SOAP's encoding (SOAP 1.1, section 5.4.2) and Apache's maps, told by their declaration.

What their items are is asked of ``types.py``; no value is read here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from resolvers.soap.builtins import APACHE, SOAP_ENCODINGS, WSDL, XSD
from resolvers.soap.schemas.declarations import Schema, base_of, derivation, place_of, qname
from resolvers.soap.shapes import Array, Member, Opaque, Shape
from resolvers.xml import Element, local, namespace_of

if TYPE_CHECKING:
    from resolvers.soap.schemas.types import Types

_ARRAY_TYPE = f"{{{WSDL}}}arrayType"
_WRITTEN = re.compile(r"\s*([^\[\]\s]+)\s*((?:\[[\d,\s]*\])+)\s*")

_MOST_DIMENSIONS = 16
"""Arrays in arrays beyond that are arrays of anything: GraphQL has no list so deep, and the reading no end."""


def standard_array(types: Types, tag: str) -> Array | None:
    """The array types that SOAP's encoding and Apache's declare themselves: of anything, and maps."""
    namespace, name = namespace_of(tag), local(tag)
    if namespace == APACHE and name == "Map":
        return Array(Member("item", "item", types.type_named(f"{{{APACHE}}}mapItem")))
    if (namespace in SOAP_ENCODINGS and name == "Array") or (namespace == APACHE and name == "Vector"):
        return Array(Member("item", "item", Opaque(), nillable=True), f"{{{XSD}}}anyType")
    return None


def array_of(types: Types, node: Element, schema: Schema) -> Array | None:
    """The array that a complexType is; ``None`` for any other type."""
    inner = derivation(node)
    if inner is None or not is_array(node, schema):
        return None
    for attribute in inner.iter(f"{{{XSD}}}attribute"):
        written = attribute.get(_ARRAY_TYPE)
        found = _WRITTEN.fullmatch(written or "")
        if found is not None and found[2].count("[") + found[2].count(",") <= _MOST_DIMENSIONS:
            tag = qname(attribute, found[1], schema.namespace)
            return _array(types, tag, re.findall(r"\[([^\]]*)\]", found[2]), node, schema)
    for element in inner.iter(f"{{{XSD}}}element"):
        return _sequence(types, element, schema)
    return Array(Member("item", "item", Opaque(), nillable=True, place=place_of(node, schema)), f"{{{XSD}}}anyType")


def is_array(node: Element, schema: Schema) -> bool:
    """Whether a complexType is derived from the array of SOAP's encoding."""
    base = base_of(node, schema)
    return namespace_of(base) in SOAP_ENCODINGS and local(base) == "Array"


def _array(types: Types, tag: str, brackets: list[str], node: Element, schema: Schema) -> Array:
    """``xsd:int[][,]`` is a table of lists of numbers: the last brackets are the array's own."""
    *before, last = brackets
    shape: Shape = types.type_named(tag)
    typed, ranks = tag, ""
    for inner in before:
        item = Member("item", "item", shape, nillable=True, type_tag=typed, place=place_of(node, schema))
        shape, typed = Array(item, tag, ranks, inner.count(",") + 1), ""
        ranks += f"[{',' * inner.count(',')}]"
    item = Member("item", "item", shape, nillable=True, type_tag=typed, place=place_of(node, schema))
    return Array(item, tag, ranks, last.count(",") + 1)


def _sequence(types: Types, element: Element, schema: Schema) -> Array:
    """The form in which the one repeated element says what an item is."""
    reference = element.get("ref")
    known = types.element(qname(element, reference, schema.namespace)) if reference is not None else None
    if known is not None:
        return Array(known, known.type_tag)
    name = element.get("name", "item")
    written = element.get("type")
    tag = qname(element, written, schema.namespace) if written else ""
    shape = types.shape_of_element(element, schema, name, None)
    return Array(Member(name, name, shape, nillable=True, type_tag=tag, place=place_of(element, schema)), tag)
