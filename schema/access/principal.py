"""``Principal``: who asks. Made by the edge from what it verified; nothing here reads or verifies a credential."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Principal:
    """``claims`` are the verified claims as JSON values; ``iss`` among them says who vouches for ``subject``."""

    subject: str | None
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    claims: Mapping[str, object] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """Tells callers apart whoever vouches for them: two issuers may name different people alike."""
        return "anonymous" if self.subject is None else f"subject:{self.claims.get('iss')!r}:{self.subject}"

    @property
    def is_anonymous(self) -> bool:
        return self.subject is None


ANONYMOUS = Principal(None)
