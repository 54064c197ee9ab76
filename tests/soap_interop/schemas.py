"""The XML Schemas of a WSDL as written, gathered without the gateway's reader, and lxml's own validator of them.

Nothing here imports the gateway: it is the other side's view of a WSDL. A document that is not there is passed over.
"""

from __future__ import annotations

import copy
import json
import posixpath
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

from lxml import etree

from tests.corpus.measure import CORPUS

Node: TypeAlias = "etree._Element"

XSD = "{http://www.w3.org/2001/XMLSchema}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_KINDS = {"element", "complexType", "simpleType", "group", "attribute", "attributeGroup"}
_REFERS = {f"{XSD}import", f"{XSD}include", f"{XSD}redefine"}
PARSER = etree.XMLParser(remove_comments=True, remove_pis=True, no_network=True, resolve_entities=False)


@dataclass(frozen=True, slots=True)
class Home:
    """What a schema document says for all its declarations."""

    space: str
    qualified: bool
    attributes_qualified: bool

    def tag(self, name: str) -> str:
        return f"{{{self.space}}}{name}" if self.space else name


Declared: TypeAlias = tuple[Node, Home]


@dataclass
class Schemas:
    """All schema documents of a WSDL: ``documents`` by the namespace that they are read for."""

    wsdls: list[Node] = field(default_factory=list)
    documents: list[tuple[str, Node]] = field(default_factory=list)
    declared: dict[tuple[str, str], Declared] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def take(self, root: Node, space: str | None = None) -> None:
        home = Home(
            root.get("targetNamespace") or space or "",
            root.get("elementFormDefault") == "qualified",
            root.get("attributeFormDefault") == "qualified",
        )
        self.documents.append((home.space, root))
        for child in root:
            kind, name = etree.QName(child).localname, child.get("name")
            if kind in _KINDS and name:
                kind = "type" if kind.endswith("Type") else kind
                self.declared.setdefault((kind, home.tag(name)), (child, home))

    @cached_property
    def substitutes(self) -> dict[str, list[Declared]]:
        """The elements that say directly that they may stand for another, by that other's tag."""
        found: dict[str, list[Declared]] = {}
        for (kind, _), (node, home) in self.declared.items():
            if kind == "element" and node.get("substitutionGroup"):
                found.setdefault(qname(node, node.get("substitutionGroup", ""), home), []).append((node, home))
        return found

    @cached_property
    def heads(self) -> dict[str, list[str]]:
        """The elements that another may stand for, by its tag, the nearest first."""
        found: dict[str, list[str]] = {}
        for (kind, tag), (node, home) in self.declared.items():
            here = node, home
            while kind == "element" and here[0].get("substitutionGroup"):
                head = qname(here[0], here[0].get("substitutionGroup", ""), here[1])
                if head in found.setdefault(tag, []) or ("element", head) not in self.declared:
                    break
                found[tag].append(head)
                here = self.declared["element", head]
        return found

    @cached_property
    def derived(self) -> dict[str, list[tuple[str, Declared]]]:
        """The complex types with a name that are derived directly from another, by that other's tag."""
        found: dict[str, list[tuple[str, Declared]]] = {}
        for (kind, tag), (node, home) in self.declared.items():
            content = node.find(f"{XSD}complexContent") if kind == "type" else None
            for step in content if content is not None else ():
                if step.get("base"):
                    found.setdefault(qname(step, step.get("base", ""), home), []).append((tag, (node, home)))
        return found

    @cached_property
    def validator(self) -> etree.XMLSchema:
        """The schemas as libxml2 compiles them; it adds defaults to what it looks at.

        Raises:
            XMLSchemaParseError: it does not accept them.
        """
        with tempfile.TemporaryDirectory() as folder:
            made: Any = etree.XMLSchema  # its stubs do not know the parameter
            compiled: etree.XMLSchema = made(etree.parse(self._written(Path(folder))), attribute_defaults=True)
            return compiled

    def _written(self, folder: Path) -> Path:
        """Every document as a file, and one that imports them all: libxml2 reads one import for each namespace."""
        spaces = list(dict.fromkeys(space for space, _ in self.documents))
        drivers = {space: f"all{index}.xsd" for index, space in enumerate(spaces)}
        files: dict[str, list[str]] = {space: [] for space in spaces}
        for index, (space, root) in enumerate(self.documents):
            prefixes: Any = root.nsmap
            made = etree.Element(
                root.tag, {str(name): str(text) for name, text in root.attrib.items()}, prefixes
            )  # prefixes that only types name are kept
            made.extend(copy.deepcopy(child) for child in root if child.tag not in _REFERS)
            uses = {used for used in drivers if used != space}
            for position, used in enumerate(sorted(uses)):
                made.insert(position, _import(used, drivers[used]))
            name = f"part{index}.xsd"
            files[space].append(name)
            (folder / name).write_bytes(etree.tostring(made))
        for space, names in files.items():
            driver = etree.Element(f"{XSD}schema", {"targetNamespace": space} if space else {})
            for name in names:
                etree.SubElement(driver, f"{XSD}include", {"schemaLocation": name})
            (folder / drivers[space]).write_bytes(etree.tostring(driver))
        top = etree.Element(f"{XSD}schema", {"targetNamespace": "urn:everything"}, {"xs": XSD[1:-1]})
        # lxml adds the defaults of attributes only where the document itself declares one.
        etree.SubElement(top, f"{XSD}attribute", {"name": "here", "type": "xs:string", "default": "here"})
        top[:0] = [_import(space, drivers[space]) for space in spaces]
        path = folder / "top.xsd"
        path.write_bytes(etree.tostring(top))
        return path


def _import(space: str, location: str) -> Node:
    node = etree.Element(f"{XSD}import", {"schemaLocation": location})
    if space:
        node.set("namespace", space)
    return node


def gathered(path: Path) -> Schemas:
    """The schemas of the WSDL at ``path``, with all that it imports from beside it or from the corpus' catalogue."""
    found = Schemas()
    catalogue = json.loads((CORPUS / "wsdl" / "_catalog" / "catalog.json").read_text()) if CORPUS.is_dir() else {}
    seen: set[tuple[Path, str]] = set()
    waiting: list[tuple[Path, str]] = [(path, "")]
    while waiting:
        here, space = waiting.pop(0)
        if (here, space) in seen:
            continue
        seen.add((here, space))
        if not here.is_file():
            found.missing.append(here.name)
            continue
        root = etree.parse(here, PARSER).getroot()
        schemas = [root] if root.tag == f"{XSD}schema" else list(root.iterfind(f"{WSDL}types/{XSD}schema"))
        if root.tag == f"{WSDL}definitions":
            found.wsdls.append(root)
            waiting += [(at, "") for at in _places(here, root, catalogue, "location")]
        for schema in schemas:
            found.take(schema, space)
            own = schema.get("targetNamespace") or space
            for child in schema:
                if child.tag in _REFERS and child.get("schemaLocation"):
                    at = _place(here, child.get("schemaLocation", ""), catalogue)
                    waiting.append((at, "" if child.tag == f"{XSD}import" else own))
            for child in schema.iterfind(f"{XSD}import"):
                named = catalogue.get(child.get("namespace", ""))
                if named and not child.get("schemaLocation"):
                    waiting.append((CORPUS / "wsdl" / "_catalog" / named, ""))
    return found


def _places(here: Path, root: Node, catalogue: dict[str, str], attribute: str) -> Iterator[Path]:
    for node in root.iterfind(f"{WSDL}import"):
        if node.get(attribute):
            yield _place(here, node.get(attribute, ""), catalogue)


def _place(here: Path, reference: str, catalogue: dict[str, str]) -> Path:
    if reference in catalogue:
        return CORPUS / "wsdl" / "_catalog" / catalogue[reference]
    return Path(posixpath.normpath(here.parent / unquote(reference)))


def qname(node: Node, written: str, home: Home) -> str:
    """A prefixed name as ``{namespace}local``.

    A name that no prefix and no default covers is in no namespace; in a document without a namespace of its own that
    was included, it is in the including one's (part 1, section 4.2.1).
    """
    prefix, colon, name = written.strip().rpartition(":")
    space = node.nsmap.get(prefix if colon else None)
    if space is None and not colon:
        above = next((item for item in (node, *node.iterancestors()) if item.tag == f"{XSD}schema"), node)
        space = "" if above.get("targetNamespace") else home.space
    return f"{{{space}}}{name}" if space else name
