"""``Rates``: which limits a request counts for, in whose buckets, and what its answer tells of them.

Buckets do not know whom they belong to; names that a stranger chooses are in no log and in no key as they are.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.rates.buckets import Buckets, Rate, Take, Taken
from gateway.rates.settings import RateLimitSettings, RateSettings
from gateway.rates.shared import SharedBuckets
from gateway.redis import Redis, RedisAway
from gateway.request.addresses import Networks, caller_address
from gateway.request.asked import Asked
from gateway.request.replies import Refusal
from resolvers import Code
from schema import ANONYMOUS, Outline, Principal

Headers = tuple[tuple[str, str], ...]
LONGEST_WAIT_S = 86_400


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    settings: RateSettings
    rate: Rate
    policy: str


class Rates:
    """The limits of one server."""

    def __init__(
        self,
        settings: RateLimitSettings,
        trusted: Networks,
        redis: Redis | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._trusted = trusted
        self._clock = clock
        self.buckets = Buckets(settings.max_entries)
        self._shared = SharedBuckets(redis) if redis is not None and settings.store == "redis" else None
        rules = [_rule(name, each) for name, each in settings.rules.items()]
        self._early = [rule for rule in rules if _needs_nobody(rule.settings)]
        self._priced = [rule for rule in rules if rule.settings.cost is not None]
        self._late = [rule for rule in rules if rule not in self._early and rule not in self._priced]
        self.weighs = bool(self._priced)
        """Whether anything is counted by what an operation costs."""
        self.reads_operations = any(
            each.operations or each.fields or "operation" in each.per for each in settings.rules.values()
        )
        """Whether an operation must be read to know what counts."""
        self.refused: Counter[str] = Counter()
        """Requests that were over a limit, by the name of the rule."""

    def take_over(self, before: Rates) -> None:
        """Goes on counting where other limits stood: a rule that is called the same keeps what callers have used."""
        if before._settings.max_entries == self._settings.max_entries:
            self.buckets = before.buckets

    async def enter(self, request: Asked) -> Headers:
        """As ``take``, for the limits that need not know who asks, or what: whoever guesses tokens is counted too.

        Raises:
            Refusal: as ``take``.
        """
        return await self._counted(self._early, request, ANONYMOUS, None) if self._early else ()

    async def take(self, request: Asked, principal: Principal, outline: Outline | None) -> Headers:
        """Counts a request for the other limits, and gives the headers that tell what is left.

        ``outline``: of its operation, where ``reads_operations``; ``None`` for one that is refused anyway.

        Raises:
            Refusal: 429, a bucket has not enough; 503, nobody can count.
        """
        return await self._counted(self._late, request, principal, outline) if self._late else ()

    async def charge(self, request: Asked, principal: Principal, outline: Outline | None, cost: int) -> Headers:
        """As ``take``, for the limits on what operations cost; every one that runs costs 1 at least.

        Raises:
            Refusal: as ``take``; 400, no bucket ever holds so much.
        """
        most = [rule for rule in self._priced if _tokens(rule.settings, outline, cost) > rule.rate.burst]
        if any(_is_of(rule.settings, principal) for rule in most):
            message = "The operation costs more than a full allowance holds: ask for less."
            raise Refusal(400, Code.LIMIT_EXCEEDED, message)
        return await self._counted(self._priced, request, principal, outline, max(1, cost))

    async def _counted(
        self, given: Sequence[_Rule], request: Asked, principal: Principal, outline: Outline | None, each: int = 1
    ) -> Headers:
        takes: list[Take] = []
        rules: list[_Rule] = []
        for rule in given:
            tokens = _tokens(rule.settings, outline, each)
            if tokens and _is_of(rule.settings, principal):
                rules.append(rule)
                takes.append(Take(self._key(rule, request, principal, outline), rule.rate, tokens))
        if not takes:
            return ()
        taken = await self._taken(takes)
        if taken is None:
            return ()
        headers = _headers(rules, takes, taken) if self._settings.headers else ()
        if not taken.allowed:
            self.refused.update(rule.name for rule, over in zip(rules, taken.wait, strict=True) if over > 0)
            wait = min(LONGEST_WAIT_S, max(1, math.ceil(max(taken.wait))))
            retry = (("retry-after", str(wait)), *headers)
            raise Refusal(429, Code.RATE_LIMITED, "Too many requests. Retry-After says when to come back.", retry)
        return headers

    async def _taken(self, takes: Sequence[Take]) -> Taken | None:
        """``None``: nobody counts."""
        if self._shared is not None:
            try:
                return await self._shared.take(takes)
            except RedisAway:
                if self._settings.on_failure == "allow":
                    return None
                if self._settings.on_failure == "refuse":
                    retry = (("retry-after", "1"),)
                    message = "The server cannot take the request now."
                    raise Refusal(503, Code.LIMIT_EXCEEDED, message, retry) from None
        return self.buckets.take(takes, self._clock())

    def _key(self, rule: _Rule, request: Asked, principal: Principal, outline: Outline | None) -> str:
        parts = [rule.name]
        for kind in rule.settings.per:
            if kind == "operation":
                parts.append(f"o{(outline.name if outline is not None else None) or ''}")
            elif kind == "address":
                parts.append(self._address(request))
            elif kind == "client":
                parts.append(self._client(request, principal))
            else:
                parts.append(self._caller(request, principal))
        # Whatever was sent, a key is short, holds no name of a person, and no two are one.
        return hashlib.blake2b(repr(parts).encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()

    def _address(self, request: Asked) -> str:
        forwarded = request.headers.getlist("x-forwarded-for") if self._trusted else ()
        return f"a{caller_address(request.peer, forwarded, self._trusted)}"

    def _caller(self, request: Asked, principal: Principal) -> str:
        return self._address(request) if principal.subject is None else f"s{principal.identity}"

    def _client(self, request: Asked, principal: Principal) -> str:
        for claim in self._settings.client_claims if principal.subject is not None else ():
            value = principal.claims.get(claim)
            if isinstance(value, str) and value:
                return f"c{_issuer(principal)}:{value}"
        name = request.headers.get(self._settings.client_header.lower())
        return f"n{name}" if name in self._settings.clients else self._caller(request, principal)


def _issuer(principal: Principal) -> str:
    return repr(principal.claims.get("iss"))


def _needs_nobody(settings: RateSettings) -> bool:
    chosen = settings.operations or settings.fields or settings.callers != "all" or settings.cost is not None
    return set(settings.per) <= {"address"} and not chosen


def _rule(name: str, settings: RateSettings) -> _Rule:
    burst = settings.burst or settings.allowed
    interval = settings.per_s / settings.allowed
    unit = "" if settings.cost is None else ';qu="cost"'
    return _Rule(name, settings, Rate(interval, burst), f'"{name}";q={burst}{unit};w={math.ceil(interval * burst)}')


def _is_of(settings: RateSettings, principal: Principal) -> bool:
    """Whether requests of the caller count."""
    return settings.callers in {"all", "anonymous" if principal.is_anonymous else "known"}


def _tokens(settings: RateSettings, outline: Outline | None, each: int) -> int:
    """``each``: what one operation takes."""
    if settings.operations:
        named = outline is not None and not {outline.name, outline.document_id}.isdisjoint(settings.operations)
        return each if named else 0
    if settings.fields:
        standing: Mapping[str, int] = Counter(outline.fields if outline is not None else ())
        return sum(standing[name] for name in settings.fields)
    return each


def _headers(rules: Sequence[_Rule], takes: Sequence[Take], taken: Taken) -> Headers:
    """RateLimit header fields for HTTP (draft-ietf-httpapi-ratelimit-headers-09): ``t`` is when it will be full."""
    left: Iterator[str] = (
        f'"{rule.name}";r={each};t={math.ceil(take.rate.window - each * take.rate.interval)}'
        for rule, take, each in zip(rules, takes, taken.left, strict=True)
    )
    return (("ratelimit-policy", ", ".join(rule.policy for rule in rules)), ("ratelimit", ", ".join(left)))
