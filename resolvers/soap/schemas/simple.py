"""Simple types: what text may be, with facets, enumerations, lists and unions (XML Schema 1.0 part 2).

It makes shapes of declarations; how a value of them is read or written is ``lexical.py``'s.
"""

from __future__ import annotations

from dataclasses import replace

from resolvers.model import Scalar
from resolvers.naming import Naming
from resolvers.soap.builtins import BUILTINS, LISTS, SOAP_ENCODINGS, XSD, XSDS
from resolvers.soap.schemas.declarations import NESTING, Declarations, Schema, place_of, qname, text_of
from resolvers.soap.schemas.names import TypeNames, inner_naming, naming_of
from resolvers.soap.shapes import NO_FACETS, Facets, Simple
from resolvers.xml import Element, local, namespace_of

TEXT = Simple(Scalar.STRING, "string")
_BUILT = {name: Simple(scalar, name, many=name in LISTS) for name, scalar in BUILTINS.items()}
_LENGTHS = {"minLength": "least_length", "maxLength": "most_length", "totalDigits": "total_digits",
            "fractionDigits": "fraction_digits"}  # fmt: skip
_BOUNDS = {
    "minInclusive": ("least", False), "minExclusive": ("least", True),
    "maxInclusive": ("most", False), "maxExclusive": ("most", True),
}  # fmt: skip


def built_in(tag: str) -> Simple | None:
    """The shape of a built-in type, or of the type of SOAP's encoding that bears its name (SOAP 1.1, section 5.1)."""
    namespace, name = namespace_of(tag), local(tag)
    if namespace in XSDS:
        return _BUILT.get(name)
    if namespace in SOAP_ENCODINGS:
        return _BUILT.get("base64Binary" if name == "base64" else name)
    return None


class SimpleTypes:
    """The shapes of simple types, each made once."""

    def __init__(self, declarations: Declarations, names: TypeNames) -> None:
        self._declarations = declarations
        self._names = names
        self._made: dict[Element, Simple] = {}
        self._plain: dict[Element, Simple] = {}
        """What global types are before an enumeration has its name; a type that is being read is text in itself."""

    def of(self, node: Element, schema: Schema, hint: str, naming: Naming | None) -> Simple:
        """The shape of a simpleType; ``hint``: what an enumeration may be called."""
        made = self._made.get(node)
        if made is None:
            made = self._named(self._simple(node, schema, 0), node, schema, hint, naming)
            self._made[node] = made
        return made

    def _named(self, simple: Simple, node: Element, schema: Schema, hint: str, naming: Naming | None) -> Simple:
        """An enumeration under a name of its own, unless it bears that of the type it restricts."""
        if not simple.values or simple.scalar is not Scalar.STRING or simple.name:
            return simple
        return replace(
            simple,
            name=self._names.take(hint, schema.namespace),
            naming=naming,
            place=place_of(node, schema),
            description=text_of(node),
        )

    def of_content(self, node: Element, schema: Schema, owner: str, naming: Naming | None) -> Simple:
        """The text of a complexType with simpleContent, whose own name is ``owner``."""
        found = self._of_complex(node, schema, 0)
        inner = inner_naming(naming, owner, "value")
        return self._named(found, node, schema, f"{owner}Value", inner)

    def _simple(self, node: Element, schema: Schema, depth: int) -> Simple:
        """A simpleType, or the restriction inside a simpleContent."""
        if depth > NESTING:
            return TEXT
        for child in node:
            match local(child.tag):
                case "restriction":
                    return self._restriction(child, schema, depth)
                case "list":
                    return replace(self._base(child, schema, "itemType", depth), many=True)
                case "union":
                    return self._union(child, schema, depth)
        return TEXT

    def _restriction(self, node: Element, schema: Schema, depth: int) -> Simple:
        base = self._base(node, schema, "base", depth)
        values = tuple(dict.fromkeys(child.get("value", "") for child in node if local(child.tag) == "enumeration"))
        facets = base.facets if base.many else _facets(node, base.facets)
        if facets is not base.facets:
            base = replace(base, facets=facets)
        if not values or base.many or base.scalar is not Scalar.STRING:
            return base
        if base.values:  # what the base does not allow cannot be allowed here
            values = tuple(value for value in values if value in base.values) or values
        return replace(base, values=values, name="", union=())

    def _base(self, node: Element, schema: Schema, attribute: str, depth: int) -> Simple:
        written = node.get(attribute)
        if written is not None:
            return self._by_name(node, schema, written, depth)
        inner = node.find(f"{{{XSD}}}simpleType")
        return TEXT if inner is None else self._simple(inner, schema, depth + 1)

    def _by_name(self, node: Element, schema: Schema, written: str, depth: int) -> Simple:
        tag = qname(node, written, schema.namespace)
        built = built_in(tag)
        if built is not None or depth > NESTING:
            return built or TEXT
        found = self._declarations.find("type", tag)
        if found is None:
            return TEXT
        if local(found[0].tag) == "complexType":
            return self._of_complex(*found, depth + 1)
        plain = self._plain.get(found[0])
        if plain is None:
            self._plain[found[0]] = TEXT
            plain = self._plain[found[0]] = self._simple(*found, depth + 1)
        return self.of(*found, local(tag), naming_of(tag)) if plain.values else plain

    def _of_complex(self, node: Element, schema: Schema, depth: int) -> Simple:
        inner = node.find(f"{{{XSD}}}simpleContent")
        for child in inner if inner is not None and depth <= NESTING else ():
            kind = local(child.tag)
            if kind == "restriction" and child.find(f"{{{XSD}}}simpleType") is not None:
                return self._base(child, schema, "itself", depth)
            if kind == "restriction":
                return self._restriction(child, schema, depth)
            if kind == "extension":
                return self._base(child, schema, "base", depth)
        return TEXT

    def _union(self, node: Element, schema: Schema, depth: int) -> Simple:
        """Enumerations alone become one; types of one scalar are that; others are text that is any of them."""
        members = [self._by_name(node, schema, written, depth + 1) for written in node.get("memberTypes", "").split()]
        members += [self._simple(child, schema, depth + 1) for child in node if local(child.tag) == "simpleType"]
        if members and all(member.values and not member.many for member in members):
            values = tuple(dict.fromkeys(value for member in members for value in member.values))
            return Simple(Scalar.STRING, "token", values=values)
        scalars = {(member.scalar, member.builtin, member.many) for member in members}
        if len(scalars) == 1 and not members[0].many and members[0].scalar is not Scalar.STRING:
            return replace(members[0], values=(), name="", facets=NO_FACETS)
        flat = (inner for member in members for inner in (member.union or (member,)))
        return replace(TEXT, union=tuple(dict.fromkeys(flat)))


def _facets(node: Element, base: Facets) -> Facets:
    """What a restriction allows: what it says itself, else what its base says."""
    said: dict[str, object] = {}
    patterns = []
    for child in node:
        kind, value = local(child.tag), child.get("value", "")
        if kind in _LENGTHS or kind == "length":
            number = int(value) if value.strip().isdecimal() else None
            for field in ("least_length", "most_length") if kind == "length" else (_LENGTHS[kind],):
                said[field] = number
        elif kind in _BOUNDS:
            field, exclusive = _BOUNDS[kind]
            said |= {field: value, f"{field}_exclusive": exclusive}
        elif kind == "pattern":
            patterns.append(value)
    if patterns:
        said["patterns"] = tuple(patterns)
    return replace(base, **said) if said else base  # type: ignore[arg-type]  # the names and kinds are those above
