"""The definitions of a WSDL and of all that it imports: messages, port types, bindings, services, schemas.

Documents come as bytes from whoever fetched them; what could not be had is told in ``left_out``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from resolvers.documents import DescriptionError, Document
from resolvers.model import LeftOut, Place
from resolvers.problem import Problem
from resolvers.soap.builtins import WSDL, XSD
from resolvers.soap.documents.gather import IMPORTS, resolve
from resolvers.soap.documents.standard import STANDARD
from resolvers.soap.schemas.declarations import Declarations
from resolvers.xml import Element, UnsafeXml, line_of, local, parse, text_inside

_DEFINITIONS = f"{{{WSDL}}}definitions"
_SCHEMA = f"{{{XSD}}}schema"
_NAMED = {f"{{{WSDL}}}{kind}": kind for kind in ("message", "portType", "binding")}


class Definitions:
    """Everything that is defined by name. ``top``: the root of the first document."""

    def __init__(self, documents: Mapping[str, Document], root: str) -> None:
        """Reads all documents.

        Raises:
            DescriptionError: the first is no WSDL 1.1 document, or not XML that is accepted.
        """
        self.declarations = Declarations()
        self.left_out: list[LeftOut] = []
        self.roots: list[tuple[Element, str]] = []
        self._documents = documents
        self._named: dict[tuple[str, str], tuple[Element, str]] = {}
        self._seen: set[tuple[str, str]] = set()
        try:
            self.top = parse(documents[root].content)
        except UnsafeXml as error:
            raise DescriptionError(Problem(f"the WSDL cannot be read: {error}", document=root)) from None
        if self.top.tag != _DEFINITIONS:
            raise DescriptionError(
                Problem(
                    "the document is not a WSDL 1.1 description",
                    document=root,
                    mend="name a document whose root is wsdl:definitions",
                )
            )
        self._take_wsdl(self.top, root)

    def find(self, kind: str, tag: str) -> tuple[Element, str] | None:
        """A message, portType or binding by its tag, and the document in which it stands.

        A name without a namespace, as careless hands write it, finds the one thing that bears it.
        """
        found = self._named.get((kind, tag))
        if found is None:
            same = [each for (of, name), each in self._named.items() if of == kind and local(name) == local(tag)]
            return same[0] if len(same) == 1 else None
        return found

    def all(self, kind: str) -> Iterator[tuple[str, Element, str]]:
        """Everything of a kind: tag, element, document."""
        for (of, tag), (node, document) in list(self._named.items()):
            if of == kind:
                yield tag, node, document

    def miss(self, what: str, reason: str, node: Element, document: str) -> None:
        """Remembers what is missing without which something is served as less."""
        note = LeftOut(what, reason, place_in(node, document), degraded=True)
        if note not in self.left_out:
            self.left_out.append(note)

    def _take_wsdl(self, root: Element, document: str) -> None:
        self.roots.append((root, document))
        self._seen.add((document, ""))
        space = root.get("targetNamespace", "")
        for child in root:
            kind, name = _NAMED.get(child.tag), child.get("name")
            if kind is not None and name:
                self._named.setdefault((kind, f"{{{space}}}{name}" if space else name), (child, document))
        for types in root.iterchildren(f"{{{WSDL}}}types"):
            for schema in types.iterchildren(_SCHEMA):
                self._take_schema(schema, document, None)
        for node in root.iterchildren(f"{{{WSDL}}}import"):
            self._follow(node, node.get("location"), document, None)

    def _take_schema(self, node: Element, document: str, namespace: str | None) -> None:
        self.declarations.add(node, document, namespace)
        own = node.get("targetNamespace") or namespace
        for child in node.iterchildren(*IMPORTS):
            included = local(child.tag) != "import"
            self._follow(child, child.get("schemaLocation"), document, own if included else None)
            if local(child.tag) in {"redefine", "override"}:
                self.declarations.redefine(child, document, own or "")

    def _follow(self, node: Element, reference: str | None, document: str, namespace: str | None) -> None:
        if not reference:
            return
        location = resolve(document, reference)
        if (location, namespace or "") in self._seen:
            return
        self._seen.add((location, namespace or ""))
        found = self._documents.get(location)
        if found is None:
            if node.get("namespace") not in STANDARD:
                self.miss(reference, "the document could not be fetched", node, document)
            return
        try:
            root = parse(found.content)
        except UnsafeXml as error:
            self.miss(reference, f"the document cannot be read: {error}", node, document)
            return
        if root.tag == _DEFINITIONS:
            self._take_wsdl(root, location)
        elif root.tag == _SCHEMA:
            self._take_schema(root, location, namespace)
        else:
            self.miss(reference, "the document is neither a WSDL nor an XML Schema", node, document)


def place_in(node: Element, document: str) -> Place:
    """Where an element of a document stands."""
    name = node.get("name")
    return Place(document, f"{local(node.tag)} {name}" if name else local(node.tag), line_of(node))


def documentation(node: Element) -> str:
    """What a definition says of itself, with white space collapsed."""
    found = node.find(f"{{{WSDL}}}documentation")
    return "" if found is None else text_inside(found)
