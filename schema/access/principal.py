"""``Principal``: who asks. Made by the edge from a verified token; nothing here reads or verifies one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Principal:
    """``claims`` are the verified claims of the token as JSON values; scopes and roles were taken from them."""

    subject: str | None
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    claims: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_anonymous(self) -> bool:
        return self.subject is None


ANONYMOUS = Principal(None)
