"""``RegisteredDocuments``: an id becomes the text it stands for, and where only those count all else is refused.

What a text means is the graph's business. Ids that callers register are hashes, so nobody can put one text for another.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

from gateway.registered.manifest import Registered, read_manifests
from gateway.registered.settings import DocumentSettings
from gateway.request.replies import Refusal
from resolvers import BadRequest, Code
from schema import GraphQLRequest, Principal

NOT_FOUND = "PersistedQueryNotFound"
NOT_SUPPORTED = "PersistedQueryNotSupported"
"""What clients with automatic persisted queries look for, to send the text next."""

_ALIVE = re.compile(r"\s*(?:query\s*)?\{\s*__typename\s*\}\s*")
_OVERHEAD = 200
"""Bytes that an entry takes beside its text."""


class RegisteredDocuments:
    """The operations of the manifests, and those that callers registered."""

    def __init__(self, settings: DocumentSettings, registered: Mapping[str, Registered]) -> None:
        self._only = settings.only
        self._unless = settings.unless
        self.names = tuple(each.name for each in registered.values())
        """The names of the operations that the manifests hold, or their ids."""
        self._texts = {key: each.text for key, each in registered.items()}
        self._ids = {each.text: key for key, each in registered.items()}
        self._automatic: OrderedDict[str, str] | None = OrderedDict() if settings.automatic is not None else None
        self._most = settings.automatic.max_bytes if settings.automatic is not None else 0
        self.bytes_held = 0

    def find(self, request: GraphQLRequest, principal: Principal) -> GraphQLRequest | None:
        """The request with its text; ``None`` where its id is not known.

        Raises:
            Refusal: 403, it is not registered and nothing else is served to this caller; the same whatever it is.
            BadRequest: the text has another hash than the request says.
        """
        key, text = request.document_id, request.query
        if text or key is None:
            if self._only and not self._is_free(principal):
                self._check(key, text)
            elif key is not None:
                self._register(key, text, principal)
            return replace(request, document_id=self._ids.get(text))
        known = self._texts.get(key)
        if known is None and self._automatic is not None and key in self._automatic:
            self._automatic.move_to_end(key)
            return replace(request, query=self._automatic[key], document_id=None)
        if known is None:
            if self._only and not self._is_free(principal):
                raise _refused()
            return None
        return replace(request, query=known)

    def _is_free(self, principal: Principal) -> bool:
        return self._unless is not None and self._unless.holds_for(principal)

    def _check(self, key: str | None, text: str) -> None:
        if text not in self._ids and not (key is None and _ALIVE.fullmatch(text)):
            raise _refused()

    def _register(self, key: str, text: str, principal: Principal) -> None:
        if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != key:
            raise BadRequest("the hash is not that of the query")
        if self._automatic is None or principal.is_anonymous or key in self._texts:
            return
        if key not in self._automatic:
            self.bytes_held += _weight(text)
        self._automatic[key] = text
        self._automatic.move_to_end(key)
        while self.bytes_held > self._most:
            _, gone = self._automatic.popitem(last=False)
            self.bytes_held -= _weight(gone)


def _weight(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass")) + _OVERHEAD


def _refused() -> Refusal:
    return Refusal(403, Code.FORBIDDEN, "Only operations that were registered are served.")


def registered_of(settings: DocumentSettings | None) -> RegisteredDocuments | None:
    """The documents that the settings name, where they name any.

    Raises:
        ConfigurationError: a manifest cannot be read.
    """
    return None if settings is None else RegisteredDocuments(settings, read_manifests(settings.manifest))
