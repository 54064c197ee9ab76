"""``Need``: what a coordinate asks of whoever uses it, as clauses that must all be met. It knows nothing of a schema.

A clause is one entry of the file's rules, or the default: any one of its alternatives is enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from schema.access.callers import holds_for
from schema.access.masks import Mask
from schema.access.principal import Principal
from schema.access.settings import Refused, RuleSettings

_STRICTEST: dict[Refused, int] = {"null": 0, "request": 1, "hidden": 2}


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that is asked. No alternatives: nobody has it.

    ``refused``, ``mask``: what whoever lacks it is given in place of a field. ``origin``: its key in ``access.rules``;
    empty: the default. ``whole``: rules on rows, none of which may hold for the caller: what is asked for tells of all
    rows, or changes them.
    """

    alternatives: tuple[RuleSettings, ...]
    refused: Refused = "null"
    mask: Mask | None = None
    origin: str = field(default="", compare=False)
    whole: tuple[RuleSettings, ...] = ()

    def met_by(self, principal: Principal) -> bool:
        """True when the principal has what is asked."""
        if self.whole and (principal.is_anonymous or any(holds_for(rule, principal) for rule in self.whole)):
            return False
        if len(self.alternatives) == 1:
            return meets(principal, self.alternatives[0])
        # Of several, one that does not hold for the caller lets nobody in: it says nothing of the caller.
        return any(holds_for(rule, principal) and meets(principal, rule) for rule in self.alternatives)

    @property
    def is_default(self) -> bool:
        return not self.origin

    @property
    def asks_for_a_token(self) -> bool:
        """True when a token is asked for, and nothing else."""
        if self.whole or self.opens:
            return False
        single = len(self.alternatives) == 1
        always = [rule for rule in self.alternatives if single or (rule.when is None and rule.unless is None)]
        return any(not (rule.scopes or rule.roles) for rule in always)

    @property
    def opens(self) -> bool:
        """True when nobody lacks it."""
        return not self.whole and any(rule.anonymous for rule in self.alternatives)

    def unmasked(self) -> Clause:
        """The same, where no mask can stand for what is refused."""
        return self if self.mask is None else replace(self, mask=None)


def meets(principal: Principal, rule: RuleSettings) -> bool:
    """Whether a principal has what one rule asks."""
    if rule.anonymous:
        return True
    if principal.is_anonymous:
        return False
    if not holds_for(rule, principal):
        return True
    if not set(rule.scopes) <= principal.scopes:
        return False
    return not rule.roles or bool(principal.roles & set(rule.roles))


@dataclass(frozen=True, slots=True)
class Need:
    """What one coordinate needs: every one of ``clauses``."""

    clauses: tuple[Clause, ...] = ()

    @property
    def ruled(self) -> bool:
        """True when a rule stands here, and not the default alone."""
        return any(not clause.is_default for clause in self.clauses)

    def met_by(self, principal: Principal) -> bool:
        """True when the principal may use the coordinate."""
        return all(clause.met_by(principal) for clause in self.clauses)

    def covers(self, other: Need) -> bool:
        """True when whoever meets this need surely meets ``other``'s rules, and has a token where they need one."""
        single = [clause.alternatives[0] for clause in self.clauses if len(clause.alternatives) == 1]
        return all(
            self._implies(clause, single) for clause in other.clauses if clause.alternatives or not clause.is_default
        )

    def _implies(self, wanted: Clause, single: list[RuleSettings]) -> bool:
        """Whether one clause follows from all of these; ``single``: rules that whoever meets this need meets."""
        if wanted.whole:
            return wanted in self.clauses
        if not wanted.alternatives:
            return any(not clause.alternatives for clause in self.clauses)
        if wanted.opens or wanted in self.clauses:
            return True
        held = [_always(rule) for rule in single]
        return any(
            all(_some_follows(wanted, [_always(rule), *held]) for rule in clause.alternatives)
            for clause in self.clauses
        )


def _always(rule: RuleSettings) -> RuleSettings:
    """What a rule asks of everyone, whomever it holds for."""
    return rule if rule.when is None and rule.unless is None else RuleSettings()


def _some_follows(wanted: Clause, held: list[RuleSettings]) -> bool:
    """Whether who meets all of ``held`` meets a clause."""
    several = len(wanted.alternatives) > 1
    return any(
        _follows(wish, held)
        for wish in wanted.alternatives
        if not several or (wish.when is None and wish.unless is None)
    )


def _follows(wish: RuleSettings, held: list[RuleSettings]) -> bool:
    """Whether who meets all of ``held`` meets ``wish``."""
    if all(rule.anonymous for rule in held):
        return False
    if not set(wish.scopes) <= {scope for rule in held for scope in rule.scopes}:
        return False
    return not wish.roles or any(rule.roles and set(rule.roles) <= set(wish.roles) for rule in held)


def strictest(unmet: Iterable[Clause]) -> Refused | Mask:
    """What is given to whoever lacks all of ``unmet``: a mask only where each of them says the same one."""
    clauses = list(unmet)
    masks = {clause.mask for clause in clauses}
    if len(masks) == 1 and (mask := masks.pop()) is not None:
        return mask
    return max((clause.refused for clause in clauses), key=_STRICTEST.__getitem__)
