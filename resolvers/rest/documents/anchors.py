"""``$id`` and ``$anchor`` of JSON Schema 2020-12: which references they answer. It reads no files.

``$dynamicRef`` is resolved as a ``$ref`` to the ``$dynamicAnchor`` of its own resource: what a dynamic scope would add
depends on who asks, and a type of the schema is one for all (JSON Schema 2020-12 section 8.2.3.2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote, urldefrag, urljoin

from resolvers.rest.documents.pointers import token
from resolvers.yaml12 import Yaml

_IDENTIFIED = re.compile(r"""\$(?:id|anchor|dynamicAnchor)["']?\s*:""")
_VALUES = frozenset({"example", "examples", "default", "enum", "const"})


class Anchors:
    """The identified schemas of some files; false when there are none, so that nobody need ask."""

    def __init__(self, files: Mapping[str, Yaml]) -> None:
        self._resources: dict[str, str] = {}
        """``$id`` resolved → pointer of its schema."""
        self._scopes: dict[str, str] = {}
        """Pointer of a schema with an ``$id`` → the ``$id`` resolved."""
        self._anchors: dict[tuple[str, str], str] = {}
        """(scope, name) → pointer; the scope is an ``$id``, or the address of a file."""
        for address, file in files.items():
            if _IDENTIFIED.search(file.text):
                self._collect(file.value, f"{address}#", address)

    def __bool__(self) -> bool:
        return bool(self._resources or self._anchors)

    def target(self, reference: str, pointer: str) -> str | None:
        """The pointer that a reference at ``pointer`` means, if it is one of these."""
        scope = self._scope(pointer)
        address, fragment = urldefrag(reference)
        fragment = unquote(fragment)
        resource = urljoin(scope, address) if address else scope
        if fragment and not fragment.startswith("/"):
            return self._anchors.get((resource, fragment))
        at = self._resources.get(resource)
        return None if at is None else at + fragment

    def _scope(self, pointer: str) -> str:
        head = pointer
        while head and self._scopes:
            if head in self._scopes:
                return self._scopes[head]
            head = head.rpartition("/")[0]
        return pointer.partition("#")[0]

    def _collect(self, root: object, pointer: str, scope: str) -> None:
        waiting = [(root, pointer, scope)]
        while waiting:
            node, where, base = waiting.pop()
            if isinstance(node, dict):
                identifier = node.get("$id")
                if isinstance(identifier, str):
                    base = urljoin(base, urldefrag(identifier)[0])
                    self._resources.setdefault(base, where)
                    self._scopes[where] = base
                for word in ("$anchor", "$dynamicAnchor"):
                    name = node.get(word)
                    if isinstance(name, str):
                        self._anchors.setdefault((base, name), where)
                waiting += [
                    (value, f"{where}/{token(key)}", base)
                    for key, value in node.items()
                    if isinstance(value, dict | list) and key not in _VALUES
                ]
            elif isinstance(node, list):
                waiting += [(value, f"{where}/{index}", base) for index, value in enumerate(node)]
