"""Settings become clauses: what an entry of ``access.rules``, the default and the edge of a view ask.

Where they stand in a schema is decided in ``rules.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from resolvers import Problem
from schema.access.coordinates import Places
from schema.access.masks import mask_of
from schema.access.need import Clause
from schema.access.settings import AccessSettings, ConditionSettings, RuleSettings

_DEFAULTS: dict[str, list[tuple[RuleSettings, ...]]] = {
    "deny": [()],
    "authenticated": [(RuleSettings(),)],
    "anonymous": [],
}


def clause_at(settings: AccessSettings, key: str) -> Clause:
    """What the entry of ``access.rules`` under ``key`` asks. It must have been checked."""
    rules = settings.alternatives(key)
    stated = next((rule for rule in rules if rule.mask is not None or rule.refused is not None), rules[0])
    # Which rows there are is decided elsewhere; here a rule on rows asks for what else it says.
    asked = tuple(rule.model_copy(update={"rows": None}) for rule in rules)
    return Clause(asked, stated.refused or settings.refused, mask_of(stated, settings), key)


def default_clause(settings: AccessSettings) -> list[Clause]:
    """What is asked where no rule stands; nothing where the default is open to everyone."""
    return [Clause(alternatives, settings.refused) for alternatives in _DEFAULTS[settings.default]]


def outside() -> Clause:
    """What is asked of whatever lies outside of a view."""
    return Clause((), "hidden", origin="view")


def check_clauses(settings: AccessSettings, masked: Callable[[Places], bool]) -> list[Problem]:
    """Entries whose rules contradict each other, and masks that nothing can wear.

    ``masked``: whether a mask could stand for the values of any field at these places.
    """
    problems = []
    for key in settings.rules:
        rules, where = settings.alternatives(key), ("access", "rules", key)
        if len({(rule.refused, str(rule.mask)) for rule in rules if _says(rule)}) > 1:
            what = "its rules do not agree what is given to callers that none of them lets in"
            problems.append(Problem(what, where, "say refused or mask in one of them"))
        if len(rules) > 1 and any(rule.rows is not None or rule.min_group is not None for rule in rules):
            what = "a rule on rows, or on groups of them, cannot be one of several"
            problems.append(Problem(what, where, "say when or unless in the rule, and lay the others elsewhere"))
        if all(rule.mask is None for rule in rules):
            continue
        if any(rule.mask == "hash" for rule in rules) and settings.hash_key is None:
            mend = 'add access.hash_key: "${env:ISTHMUS_HASH_KEY}", 16 letters or more'
            problems.append(Problem("the mask hash needs a key, or anyone could try values", where, mend))
        if not masked(Places([key], settings.tags, {})):
            what = "a mask stands for texts that are read from a source's rows, and there is none here"
            problems.append(Problem(what, where, "say refused: null, request or hidden in place of mask"))
    return problems


def _says(rule: RuleSettings) -> bool:
    return rule.refused is not None or rule.mask is not None


def stated(rules: Sequence[RuleSettings]) -> str:
    """Alternatives in words: ``scope pii and role hr, or role boss``; empty for none."""
    return ", or ".join(map(_words, rules))


def _words(rule: RuleSettings) -> str:
    if rule.anonymous:
        return "everyone"
    words = _of(rule) or "any token"
    if rule.when is not None:
        words = f"{words} when {_of(rule.when)}"
    return words if rule.unless is None else f"{words} unless {_of(rule.unless)}"


def _of(rule: RuleSettings | ConditionSettings) -> str:
    words = [f"scope {scope}" for scope in rule.scopes]
    if rule.roles:
        words.append(f"role {' or '.join(rule.roles)}")
    if isinstance(rule, ConditionSettings):
        words += [f"claim {path} = {' or '.join(map(str, values))}" for path, values in rule.claims.items()]
    return " and ".join(words)
