"""What a source is told of its callers, as the settings say: who is told apart there shares no answers here. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from resolvers.forwarding import claim_at
from resolvers.http_settings import HttpSettings
from resolvers.lifetime import Scope
from resolvers.settings import SourceSettings
from resolvers.source import Context


@dataclass(frozen=True, slots=True)
class Told:
    """``token``: the caller's own token is sent on, or another is got for it. ``claims``: paths of those that are sent
    on; ``headers``: names of the caller's own that are, in lower case.
    """

    token: bool = False
    claims: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()

    @classmethod
    def by(cls, settings: SourceSettings) -> Self:
        """What ``settings`` say."""
        auth = settings.auth if isinstance(settings, HttpSettings) else None
        if auth is None:
            return cls()
        forward = auth.forward
        if forward is None:
            return cls(token=auth.exchange is not None)
        names = tuple(sorted(name.lower() for name in forward.headers))
        return cls(forward.token or auth.exchange is not None, tuple(sorted(forward.claims.values())), names)

    @property
    def who(self) -> bool:
        """Whether the source may know who asks, so that nothing of it is ever shared."""
        return self.token or bool(self.claims)

    def owner(self, context: Context, scope: Scope | None) -> str:
        """Whose an answer is; empty for everybody's. Two callers have one owner only where no source could tell
        them apart, or the settings say that it does not.
        """
        if not self.who and not self.headers:
            return context.credential_class if scope == "caller" else ""
        caller = context.caller
        headers = [f"{name}={caller.headers.get(name)!r}" for name in self.headers]
        if not self.who and scope == "shared":
            return "\n".join(headers)
        parts = [context.credential_class, *headers]
        parts += [f"{path}={claim_at(caller.claims, path)!r}" for path in self.claims]
        if self.token:  # another token of the same caller may have other rights
            parts.append(sha256(caller.token.encode()).hexdigest())
        return "\n".join(parts)
