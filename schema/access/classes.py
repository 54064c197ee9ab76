"""Classes of callers: the fewest scopes, roles and claims by which rules tell one caller from another.

They are for reports. No request is decided by them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice, product

from schema.access.need import Need
from schema.access.principal import ANONYMOUS, Principal
from schema.access.settings import AccessSettings, Claim, ConditionSettings, RuleSettings

_MOST = 200
_MOST_OF_A_NEED = 16


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller who has just this. ``anonymous``: no token. ``everything``: all that rules name."""

    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    claims: frozenset[tuple[str, Claim]] = field(default_factory=frozenset)
    anonymous: bool = False
    everything: bool = False

    @property
    def label(self) -> str:
        """As a reader of a report knows it: ``role hr + scope pii``."""
        if self.anonymous:
            return "anonymous"
        if self.everything:
            return "every role and scope"
        words = [f"role {role}" for role in sorted(self.roles)] + [f"scope {scope}" for scope in sorted(self.scopes)]
        words += sorted(f"claim {path}={value}" for path, value in self.claims)
        return " + ".join(words) or "any token"

    @property
    def principal(self) -> Principal:
        return ANONYMOUS if self.anonymous else Principal("caller", self.scopes, self.roles, dict(self.claims))

    def __add__(self, other: Caller) -> Caller:
        return Caller(self.scopes | other.scopes, self.roles | other.roles, self.claims | other.claims)


ANYBODY, ANY_TOKEN = Caller(anonymous=True), Caller()


def callers(settings: AccessSettings, needs: Iterable[Need]) -> list[Caller]:
    """Those without a token, those with any, whoever just meets a need or a condition, and who has it all."""
    found = dict.fromkeys([ANYBODY, ANY_TOKEN])
    for key in settings.rules:
        for rule in settings.alternatives(key):
            found |= dict.fromkeys([*_of(rule), *_of(rule.when), *_of(rule.unless)])
    for need in dict.fromkeys(needs):
        choices = [[each for rule in clause.alternatives for each in _of(rule)] for clause in need.clauses]
        for parts in islice(product(*choices), _MOST_OF_A_NEED):
            together = ANY_TOKEN
            for part in parts:
                together += part
            found[together] = None
    roles = frozenset(role for each in found for role in each.roles)
    scopes = frozenset(scope for each in found for scope in each.scopes)
    claims = dict(claim for each in found for claim in each.claims)
    some = sorted(islice(found, _MOST), key=lambda each: (not each.anonymous, len(each.roles) + len(each.scopes)))
    whole = Caller(scopes, roles, frozenset(claims.items()), everything=True)
    return [*some, whole] if len(roles) + len(scopes) + len(claims) > 1 else some


def _of(asked: RuleSettings | ConditionSettings | None) -> Iterator[Caller]:
    """Whoever has just what is asked: one for each of its roles."""
    if asked is None:
        return
    claims = asked.claims if isinstance(asked, ConditionSettings) else {}
    first = frozenset((path, values[0]) for path, values in claims.items())
    for roles in [{role} for role in asked.roles] or [set()]:
        yield Caller(frozenset(asked.scopes), frozenset(roles), first)
