"""Lists of what was taken back: their entries, and what of a caller's credential they are held against.

Who is asked beside a list, and what follows, is ``revocation.py``'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import AwareDatetime, Field, TypeAdapter, model_validator

from gateway.identity.listed import watched_list
from gateway.watched import Watched
from resolvers import Settings
from schema import Principal

FOR_EVER = float("inf")


class Revoked(Settings):
    """One entry: a token by ``jti``, or a caller by ``sub``."""

    iss: str | None = Field(None, description="Only tokens of this issuer; absent: of whichever.")
    jti: str | None = Field(None, min_length=1, description="The id of a token.")
    sub: str | None = Field(None, min_length=1, description="A caller: of a token, a certificate or an API key.")
    before: AwareDatetime | None = Field(
        None, description="Only what was issued before (iat), as 2027-01-01T00:00:00Z; absent: whatever he shows."
    )

    @model_validator(mode="after")
    def _one(self) -> Revoked:
        if (self.jti is None) == (self.sub is None):
            raise ValueError("an entry needs exactly one of jti and sub")
        if self.before is not None and self.sub is None:
            raise ValueError("before goes with sub")
        return self


_FILE: TypeAdapter[tuple[Revoked, ...]] = TypeAdapter(tuple[Revoked, ...])


@dataclass(frozen=True, slots=True)
class RevokedList:
    """Keys are (iss, name), with ``None`` for every issuer; subjects → until when what was issued is refused."""

    tokens: frozenset[tuple[str | None, str]] = frozenset()
    subjects: Mapping[tuple[str | None, str], float] = field(default_factory=dict)

    def holds(self, shown: Shown) -> bool:
        for issuer in (None, shown.issuer):
            if shown.token and (issuer, shown.token) in self.tokens:
                return True
            if any(shown.issued < self.subjects.get((issuer, name), 0.0) for name in shown.subjects):
                return True
        return False


@dataclass(frozen=True, slots=True)
class Shown:
    """What a caller's credential says of itself; ``issued`` is 0 where it does not say when."""

    issuer: str
    subjects: tuple[str, ...]
    token: str
    issued: float


def shown_by(principal: Principal) -> Shown:
    claims = principal.claims
    token, issued, subject = claims.get("jti"), claims.get("iat"), claims.get("sub")
    names = dict.fromkeys(name for name in (principal.subject, subject) if isinstance(name, str))
    return Shown(
        str(claims.get("iss", "")),
        tuple(names),
        token if isinstance(token, str) else "",
        float(issued) if isinstance(issued, int | float) else 0.0,
    )


def _list(entries: Iterable[Revoked]) -> RevokedList:
    tokens: set[tuple[str | None, str]] = set()
    subjects: dict[tuple[str | None, str], float] = {}
    for entry in entries:
        if entry.jti is not None:
            tokens.add((entry.iss, entry.jti))
        if entry.sub is not None:
            key = (entry.iss, entry.sub)
            until = FOR_EVER if entry.before is None else entry.before.timestamp()
            subjects[key] = max(until, subjects.get(key, 0.0))
    return RevokedList(frozenset(tokens), subjects)


def watched_revoked(path: Path) -> Watched[RevokedList]:
    return watched_list(path, _FILE, _list, ("server", "revocation", "file"), "revocation_not_read")
