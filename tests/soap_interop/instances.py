"""Random instances of the elements that schemas declare, as XML. It holds no expectation of what becomes of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

from tests.soap_interop.schemas import XSD, Declared, Home, Node, Schemas, qname
from tests.soap_interop.texts import LISTS, Facets, text_of

XS = "http://www.w3.org/2001/XMLSchema"
XML = "http://www.w3.org/XML/1998/namespace"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
NIL = f"{{{XSI}}}nil"
TYPE = f"{{{XSI}}}type"
DEEP = 7
"""From here on nothing optional is made, so that recursive types end."""
TOO_DEEP = 40
_PARTICLES = {f"{XSD}{name}" for name in ("sequence", "all", "choice", "group", "element", "any")}


class Unmade(Exception):
    """There is no instance that the generator knows how to make; the reason is its text."""


class Instances:
    """Instances by one random generator.

    ``wildcards``: whether elements that nothing declares fill ``xs:any``. ``derived``: whether types and elements that
    may stand for others do. ``zones``: whether days may be said to be of a time zone.
    """

    def __init__(
        self, schemas: Schemas, rng: random.Random, *, wildcards: bool = False, derived: bool = True, zones: bool = True
    ) -> None:
        self._schemas = schemas
        self._rng = rng
        self._wildcards = wildcards
        self._derived = derived
        self._zones = zones
        self.lists: set[str] = set()
        """The tags of elements and attributes whose text was made of items parted by white space."""
        spaces = sorted({space for space, _ in schemas.documents} - {"", XS, XML})
        self._prefixes = {"xs": XS, "xsi": XSI, **{f"s{index}": space for index, space in enumerate(spaces)}}

    def of_element(self, tag: str) -> Node:
        """An instance of a global element.

        Raises:
            Unmade: one cannot be made.
        """
        found = self._schemas.declared.get(("element", tag))
        if found is None:
            raise Unmade(f"{tag} is not declared")
        return self._element(None, *found, 0, tag)

    # --- elements ----------------------------------------------------------------------------------------------

    def _element(self, parent: Node | None, node: Node, home: Home, depth: int, tag: str = "") -> Node:
        if depth > TOO_DEEP:
            raise Unmade("a type that must hold itself")
        if node.get("ref"):
            tag = qname(node, node.get("ref", ""), home)
            found = self._schemas.declared.get(("element", tag))
            if found is None:
                raise Unmade(f"{tag} is not declared")
            node, home = found
        if tag or node.getparent() is None or node.getparent().tag == f"{XSD}schema":  # type: ignore[union-attr]  # tested before
            tag, node, home = self._substituted(tag or home.tag(node.get("name", "")), node, home)
        else:
            form = node.get("form", "qualified" if home.qualified else "unqualified")
            tag = home.tag(node.get("name", "")) if form == "qualified" else node.get("name", "")
        made = etree.Element(tag, nsmap=self._prefixes) if parent is None else etree.SubElement(parent, tag)
        if node.get("nillable") in {"true", "1"} and (depth > DEEP or self._rng.random() < 0.15):
            made.set(NIL, "true")
            self._nil(made, node, home)
        elif node.get("fixed") is not None:
            made.text = node.get("fixed")
        else:
            self._typed(made, node, home, depth)
        return made

    def _nil(self, made: Node, node: Node, home: Home) -> None:
        """A nil element has its required attributes all the same."""
        found = self._type(node, home)
        if found is not None and found[0].tag == f"{XSD}complexType":
            self._attributes(made, *found, only_required=True)

    def _substituted(self, tag: str, node: Node, home: Home) -> tuple[str, Node, Home]:
        options = [(tag, node, home)] if node.get("abstract") not in {"true", "1"} else []
        if self._derived or not options:
            waiting, seen = [tag], set()
            while waiting:
                head = waiting.pop()
                for other, its_home in self._schemas.substitutes.get(head, ()):
                    its_tag = its_home.tag(other.get("name", ""))
                    if its_tag not in seen:
                        seen.add(its_tag)
                        waiting.append(its_tag)
                        if other.get("abstract") not in {"true", "1"}:
                            options.append((its_tag, other, its_home))
        if not options:
            raise Unmade(f"{tag} is abstract and nothing stands for it")
        if options[0][0] == tag and self._rng.random() < 0.5:
            return options[0]
        return self._rng.choice(options)

    def _type(self, node: Node, home: Home) -> Declared | None:
        """The declaration of an element's type; ``None`` for a built-in one or xs:anyType."""
        written = node.get("type")
        if written is None:
            for child in node:
                if child.tag in {f"{XSD}complexType", f"{XSD}simpleType"}:
                    return child, home
            head = node.get("substitutionGroup")
            found = self._schemas.declared.get(("element", qname(node, head, home))) if head else None
            return None if found is None else self._type(*found)
        tag = qname(node, written, home)
        if tag.startswith(XSD):
            return None
        found = self._schemas.declared.get(("type", tag))
        if found is None:
            raise Unmade(f"the type {tag} is not declared")
        return found

    def _typed(self, made: Node, node: Node, home: Home, depth: int) -> None:
        found = self._type(node, home)
        if found is None:
            self._builtin(made, node, home)
        elif found[0].tag == f"{XSD}simpleType":
            made.text = self._text(self._simple(*found), made.tag)
        else:
            written = node.get("type")
            tag = qname(node, written, home) if written else ""
            self._complex(made, *self._chosen(made, tag, found), depth)

    def _builtin(self, made: Node, node: Node, home: Home) -> None:
        tag = qname(node, node.get("type", ""), home) if node.get("type") else f"{XSD}anyType"
        name = tag.removeprefix(XSD)
        if name == "anyType":
            if self._wildcards:
                made.set(TYPE, "xs:string")
                made.text = text_of(Facets("token"), self._rng) or "x"
            return
        made.text = self._text(Facets(name), made.tag)

    def _chosen(self, made: Node, tag: str, found: Declared) -> Declared:
        """The type itself, or one derived from it, which xsi:type then names."""
        abstract = found[0].get("abstract") in {"true", "1"}
        if not tag or not (abstract or (self._derived and self._rng.random() < 0.4)):
            return found
        if not abstract and not any(True for _ in found[0].iter(f"{XSD}element", f"{XSD}group", f"{XSD}simpleContent")):
            return found  # what holds anything is served as JSON, which keeps no xsi:type
        options: list[tuple[str, Declared]] = []
        waiting, seen = [tag], {tag}
        while waiting:
            for other, declared in self._schemas.derived.get(waiting.pop(), ()):
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
                    if declared[0].get("abstract") not in {"true", "1"}:
                        options.append((other, declared))
        if not options:
            if abstract:
                raise Unmade(f"{tag} is abstract and nothing is derived from it")
            return found
        chosen, declared = self._rng.choice(options)
        name = etree.QName(chosen)
        prefix = next((prefix for prefix, space in self._prefixes.items() if space == name.namespace), "")
        made.set(TYPE, f"{prefix}:{name.localname}" if prefix else name.localname)
        return declared

    # --- complex types -----------------------------------------------------------------------------------------

    def _complex(self, made: Node, node: Node, home: Home, depth: int) -> None:
        self._attributes(made, node, home)
        simple = node.find(f"{XSD}simpleContent")
        if simple is not None:
            made.text = text_of(self._content_text(node, home), self._rng)
            return
        for particle, its_home in self._particles(node, home):
            self._particle(made, particle, its_home, depth)

    def _particles(self, node: Node, home: Home) -> Iterator[Declared]:
        """The groups that a complexType consists of, those of its bases first."""
        for child in node:
            if child.tag in _PARTICLES:
                yield child, home
            elif child.tag == f"{XSD}complexContent":
                for step in child:
                    base = self._schemas.declared.get(("type", qname(step, step.get("base", ""), home)))
                    if step.tag == f"{XSD}extension" and base is not None:
                        yield from self._particles(*base)
                    yield from ((inner, home) for inner in step if inner.tag in _PARTICLES)

    def _particle(self, made: Node, node: Node, home: Home, depth: int) -> None:
        least = int(node.get("minOccurs", "1"))
        written = node.get("maxOccurs", "1")
        most = least + 2 if written == "unbounded" else min(int(written), least + 2)
        if depth > DEEP or (least == 0 and self._rng.random() < 0.35):
            most = least
        for _ in range(self._rng.randint(least, max(least, most))):
            self._once(made, node, home, depth)

    def _once(self, made: Node, node: Node, home: Home, depth: int) -> None:  # noqa: C901 - a table of particles
        kind = etree.QName(node).localname
        children = [child for child in node if child.tag in _PARTICLES]
        if kind == "element":
            self._element(made, node, home, depth + 1)
        elif kind == "any":
            self._any(made, node)
        elif kind == "group":
            found = self._schemas.declared.get(("group", qname(node, node.get("ref", ""), home)))
            if found is None:
                raise Unmade("a group that is not declared")
            for child in found[0]:
                if child.tag in _PARTICLES:
                    self._particle(made, child, found[1], depth)
        elif kind == "choice":
            if children:
                self._branch(made, children, home, depth)
        else:
            if kind == "all":
                self._rng.shuffle(children)
            for child in children:
                self._particle(made, child, home, depth)

    def _branch(self, made: Node, children: list[Node], home: Home, depth: int) -> None:
        """One way of a choice; near the end of what is allowed the first that ends."""
        self._rng.shuffle(children)
        for position, child in enumerate(children):
            before = len(made)
            try:
                self._particle(made, child, home, depth)
            except Unmade:
                if position + 1 == len(children):
                    raise
                del made[before:]
            else:
                return

    def _any(self, made: Node, node: Node) -> None:
        if node.get("processContents", "strict") == "strict" or node.get("namespace", "##any") not in {
            "##any",
            "##other",
        }:
            if node.get("minOccurs", "1") != "0":
                raise Unmade("a wildcard that must be an element of the schemas")
            return
        if self._wildcards or node.get("minOccurs", "1") != "0":
            etree.SubElement(made, "{urn:others}thing", nsmap={"o": "urn:others"}).text = "1 & <2>"

    # --- attributes --------------------------------------------------------------------------------------------

    def _attributes(self, made: Node, node: Node, home: Home, *, only_required: bool = False) -> None:
        for attribute, its_home in self._declared_attributes(node, home):
            required = attribute.get("use") == "required"
            if attribute.get("use") == "prohibited" or (not required and (only_required or self._rng.random() < 0.4)):
                continue
            declared, context = attribute, its_home
            if attribute.get("ref"):
                tag = qname(attribute, attribute.get("ref", ""), its_home)
                found = self._schemas.declared.get(("attribute", tag))
                if found is None:
                    continue
                declared, context = found
            else:
                qualified = attribute.get("form", "qualified" if its_home.attributes_qualified else "") == "qualified"
                tag = its_home.tag(attribute.get("name", "")) if qualified else attribute.get("name", "")
            fixed = attribute.get("fixed") or declared.get("fixed")
            made.set(tag, fixed if fixed is not None else self._text(self._text_type(declared, context), tag))

    def _declared_attributes(self, node: Node, home: Home) -> Iterator[Declared]:
        """Those of a type, a derivation or a group: those of the base first, each once."""
        found: dict[str, Declared] = {}
        for child in node:
            kind = etree.QName(child).localname
            if kind == "attribute":
                found[child.get("name", child.get("ref", ""))] = (child, home)
            elif kind == "attributeGroup":
                group = self._schemas.declared.get(("attributeGroup", qname(child, child.get("ref", ""), home)))
                for item in self._declared_attributes(*group) if group is not None else ():
                    found.setdefault(item[0].get("name", item[0].get("ref", "")), item)
            elif kind in {"complexContent", "simpleContent"}:
                for step in child:
                    base = self._schemas.declared.get(("type", qname(step, step.get("base", ""), home)))
                    for item in self._declared_attributes(*base) if base is not None else ():
                        found.setdefault(item[0].get("name", item[0].get("ref", "")), item)
                    for item in self._declared_attributes(step, home):
                        found[item[0].get("name", item[0].get("ref", ""))] = item
        yield from found.values()

    # --- simple types ------------------------------------------------------------------------------------------

    def _text(self, facets: Facets, tag: str) -> str:
        if facets.many is not None or facets.builtin in LISTS:
            self.lists.add(tag)
        text = text_of(facets, self._rng)
        return text if self._zones or facets.builtin != "date" else text[:10]

    def _text_type(self, node: Node, home: Home) -> Facets:
        """The simple type that an attribute has, or that ``node`` declares inside itself."""
        written = node.get("type")
        if written is not None:
            return self._named(node, home, written)
        inner = node.find(f"{XSD}simpleType")
        return Facets("string") if inner is None else self._simple(inner, home)

    def _named(self, node: Node, home: Home, written: str) -> Facets:
        tag = qname(node, written, home)
        if tag.startswith(XSD):
            return Facets(tag.removeprefix(XSD))
        found = self._schemas.declared.get(("type", tag))
        if found is None:
            raise Unmade(f"the type {tag} is not declared")
        return self._simple(*found) if found[0].tag == f"{XSD}simpleType" else self._content_text(*found)

    def _content_text(self, node: Node, home: Home) -> Facets:
        for step in node.iterfind(f"{XSD}simpleContent/*"):
            if step.tag == f"{XSD}extension":
                return self._named(step, home, step.get("base", ""))
            if step.tag == f"{XSD}restriction":
                return self._narrowed(step, home)
        return Facets("string")

    def _simple(self, node: Node, home: Home) -> Facets:
        for child in node:
            kind = etree.QName(child).localname
            if kind == "restriction":
                return self._narrowed(child, home)
            if kind == "list":
                item = child.get("itemType")
                return Facets(many=self._named(child, home, item) if item else self._text_type(child, home))
            if kind == "union":
                named = [self._named(child, home, written) for written in child.get("memberTypes", "").split()]
                return Facets(union=[*named, *(self._simple(one, home) for one in child.iterfind(f"{XSD}simpleType"))])
        return Facets("string")

    def _narrowed(self, node: Node, home: Home) -> Facets:
        inner = node.find(f"{XSD}simpleType")
        base = self._simple(inner, home) if inner is not None else self._named(node, home, node.get("base", ""))
        found = replace(base)
        said: dict[str, list[str]] = {}
        for child in node:
            said.setdefault(etree.QName(child).localname, []).append(child.get("value", ""))
        found.values = said.get("enumeration", base.values)
        found.patterns = said.get("pattern", base.patterns)
        for name, attribute in _NUMBERS.items():
            if name in said:
                setattr(found, attribute, int(said[name][0]))
        for name, attribute in _BOUNDS.items():
            if name in said:
                setattr(found, attribute, said[name][0])
        return found


_NUMBERS = {
    "length": "length",
    "minLength": "min_length",
    "maxLength": "max_length",
    "totalDigits": "total_digits",
    "fractionDigits": "fraction_digits",
}
_BOUNDS = {"minInclusive": "least", "maxInclusive": "most", "minExclusive": "above", "maxExclusive": "below"}
