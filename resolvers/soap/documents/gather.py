"""All documents of a WSDL: itself and what it imports or includes, through whoever may fetch. It understands no more
of them than where they refer to (WSDL 1.1, section 2.1.1; XML Schema part 1, section 4.2).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from urllib.parse import urljoin

from resolvers.documents import DescriptionError, Document, Documents
from resolvers.soap.builtins import WSDL, XSD
from resolvers.xml import Element, UnsafeXml, parse

MAX_DOCUMENTS = 500
IMPORTS = (f"{{{WSDL}}}import", f"{{{XSD}}}import", f"{{{XSD}}}include", f"{{{XSD}}}redefine", f"{{{XSD}}}override")


async def gather(documents: Documents, location: str) -> Mapping[str, Document]:
    """The WSDL at ``location`` and all that it imports or includes, by location, in breadth.

    A document that cannot be fetched or parsed is absent; ``read`` reports it where it was wanted.

    Raises:
        DescriptionError: the WSDL itself cannot be had.
    """
    found: dict[str, Document] = {location: await documents.read(location)}
    waiting = [location]
    tried = {location}
    while waiting:
        here = waiting.pop(0)
        try:
            root = parse(found[here].content)
        except UnsafeXml:
            continue
        for wanted in (resolve(here, reference) for _, reference in _references(root)):
            if wanted in tried or len(found) >= MAX_DOCUMENTS:
                continue
            tried.add(wanted)
            try:
                found[wanted] = await documents.read(wanted)
            except DescriptionError:
                continue
            waiting.append(wanted)
    return found


def resolve(base: str, reference: str) -> str:
    """Where ``reference`` points to, seen from the document at ``base``: a URL or a path."""
    if "://" in reference:
        return reference
    if "://" in base:
        return urljoin(base, reference)
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), reference))


def _references(root: Element) -> Iterator[tuple[Element, str]]:
    for node in root.iter(*IMPORTS):
        reference = node.get("location") or node.get("schemaLocation")
        if reference:
            yield node, reference
