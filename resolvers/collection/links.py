"""Addresses by which a source says where its next page is: ``Link`` headers (RFC 8288) and members of replies.

Of such an address only the parameters that tell where to go on are taken, once it is seen to lead to the same path:
where the next call goes is never the source's to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, unquote, urlsplit

from resolvers.errors import SourceBadResponse

_LINK = re.compile(
    r'\s*<([^<>]*)>((?:\s*;\s*[\w!#$%&\'*+.^`|~-]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]+))?)*)\s*(?:,|$)'
)
_PARAMETER = re.compile(r';\s*([\w!#$%&\'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]+)))?')
_ABOUT_PAGES = frozenset({"next", "prev", "previous", "first", "last"})
_LONGEST = 2048


def next_of(header: str) -> tuple[bool | None, str]:
    """Whether a ``Link`` header says that there is a next page, ``None`` where it says nothing of pages; its address.

    Raises:
        SourceBadResponse: the header cannot be read.
    """
    place = 0
    about, address = False, ""
    while place < len(header.rstrip()):
        found = _LINK.match(header, place)
        if found is None:
            raise SourceBadResponse("a Link header that cannot be read")
        place = found.end()
        relations: set[str] = set()
        for name, quoted, token in _PARAMETER.findall(found[2]):
            if name.lower() == "rel" and not relations:  # RFC 8288 section 3.3: later ones are ignored
                relations = {word.lower() for word in (quoted or token).split()}
        about = about or bool(relations & _ABOUT_PAGES)
        if "next" in relations and not address:
            address = found[1]
    return (bool(address) if about else None), address


def is_address(text: str) -> bool:
    """Whether a text is an address, rather than a token that stands for a position."""
    return text.startswith(("http://", "https://", "/", "?"))


def parameters(address: str, target: str, allowed: Callable[[str], bool]) -> tuple[tuple[str, str], ...]:
    """The parameters of the address that tell where to go on. ``target``: the path that was asked, where it is known.

    Raises:
        SourceBadResponse: it leads elsewhere, or says nothing of where to go on.
    """
    try:
        parts = urlsplit(address)
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=100)
    except ValueError as error:
        raise SourceBadResponse("an address of the next page that cannot be read") from error
    if target and not _same(unquote(parts.path), unquote(target)):
        raise SourceBadResponse("the address of the next page has another path")
    found = tuple(sorted({name: value for name, value in pairs if allowed(name)}.items()))
    if not found or any(len(value) > _LONGEST for _, value in found):
        raise SourceBadResponse("the address of the next page does not say where it begins; state page.position")
    return found


def _same(path: str, target: str) -> bool:
    """Whether two paths are one, whatever prefix a proxy puts before either."""
    if not path:
        return True
    longer, shorter = sorted((path.rstrip("/"), target.rstrip("/")), key=len, reverse=True)
    return longer == shorter or longer.endswith(f"/{shorter.lstrip('/')}")
