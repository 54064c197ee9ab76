"""All documents of a WSDL: itself and what it imports or includes, through whoever may fetch. It understands no more
of them than where they refer to (WSDL 1.1, section 2.1.1; XML Schema part 1, section 4.2).
"""

from __future__ import annotations

import asyncio
import posixpath
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urljoin, urlsplit

from resolvers.documents import DescriptionError, DescriptionOutside, Document, Documents
from resolvers.soap.builtins import WSDL, XSD
from resolvers.soap.documents.standard import STANDARD
from resolvers.xml import UnsafeXml, parse

MAX_DOCUMENTS = 500
IMPORTS = (f"{{{WSDL}}}import", f"{{{XSD}}}import", f"{{{XSD}}}include", f"{{{XSD}}}redefine", f"{{{XSD}}}override")

_REFERRING = re.compile(rb"<(?:[^\s<>:]{1,100}:)?(?:import|include|redefine|override)[\s/>]")
"""What a document that refers to another holds; others need no look inside, which large ones are spared."""


async def gather(documents: Documents, location: str) -> Mapping[str, Document]:
    """The WSDL at ``location`` and all that it imports or includes, by location, in breadth.

    A document that cannot be fetched or parsed is absent; ``read`` reports it where it was wanted. A standard schema
    on another host is not asked for: we have our own reference of it.

    Raises:
        DescriptionError: the WSDL itself cannot be had.
    """
    found: dict[str, Document] = {location: await documents.read(location)}
    waiting = [location]
    tried = {location}
    while waiting:
        here = waiting.pop(0)
        for namespace, reference in await asyncio.to_thread(_references, found[here].content):
            wanted = resolve(here, reference)
            if wanted in tried or len(found) >= MAX_DOCUMENTS:
                continue
            tried.add(wanted)
            if namespace in STANDARD and not _same_host(here, wanted):
                continue
            document = await _fetched(documents, here, reference, wanted)
            if document is not None:
                found[wanted] = document
                waiting.append(wanted)
    return found


async def _fetched(documents: Documents, here: str, reference: str, wanted: str) -> Document | None:
    """The document, or the one that lies beside a local file under the name that its server has for it."""
    for each in (wanted, *_beside(here, reference)):
        try:
            # Whatever a fetched document says, it is seen from there: never as a path on this machine.
            return await documents.read(each, here if "://" in each + here else None, referred=True)
        except DescriptionOutside:
            raise
        except DescriptionError:
            continue
    return None


def _beside(here: str, reference: str) -> Iterator[str]:
    """``Service?xsd=types.xsd``: a schema that was saved with its WSDL lies beside it as ``types.xsd``."""
    name = reference.partition("?")[2].rpartition("=")[2]
    if name and "://" not in here and "://" not in reference:
        yield resolve(here, posixpath.basename(name))


def _same_host(here: str, wanted: str) -> bool:
    try:
        return urlsplit(here).netloc == urlsplit(wanted).netloc
    except ValueError:  # an address that is none (``http://[::1``)
        return False


def resolve(base: str, reference: str) -> str:
    """Where ``reference`` points to, seen from the document at ``base``: a URL or a path."""
    if "://" in reference:
        return reference
    if "://" in base:
        try:
            return urljoin(base, reference)
        except ValueError:
            return reference
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), reference))


def _references(content: bytes) -> list[tuple[str, str]]:
    """The namespace and the location of each document that this one refers to; none where it is no XML."""
    if b"\0" not in content[:200] and not _REFERRING.search(content):  # zeros: an encoding of two bytes
        return []
    try:
        root = parse(content)
    except UnsafeXml:
        return []
    references = ((node, node.get("location") or node.get("schemaLocation")) for node in root.iter(*IMPORTS))
    return [(node.get("namespace", ""), reference) for node, reference in references if reference]
