"""Rules that do nothing: nobody meets them, nobody gets to where they stand, or the default says the same already.

What each caller can get at is told by ``schema``; here it is only looked through.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from gateway.doctor.finding import Finding
from gateway.file.config import Configuration
from gateway.snapshot import Snapshot
from schema import RuleSettings

_SHOWN = 5


def of_access(chosen: Configuration, current: Snapshot) -> Iterator[Finding]:
    """Everything, in the order of the rules."""
    access = chosen.settings.access
    roles, scopes = _given(chosen)
    for key in access.rules:
        place = chosen.place("access", "rules", key)
        alternatives = access.alternatives(key)
        if all(_same(rule, access.default) for rule in alternatives):
            what = f"it asks nothing that the default ({access.default}) does not ask already"
            yield Finding("note", "rule-idle", key, what, "leave it out", place)
        missing = [lack for rule in alternatives if (lack := _lacks(rule, roles, scopes))]
        if missing and len(missing) == len(alternatives):
            what = f"nobody can meet it: nothing gives {missing[0]}"
            mend = "give it in server.api_keys or by certificates, or add server.jwt"
            yield Finding("warning", "rule-never", key, what, mend, place)
    used = {key.removeprefix("#") for key in access.rules if key.startswith("#")}
    used |= {
        name.removeprefix("#")
        for view in access.views.values()
        for name in (*view.include, *view.exclude)
        if name.startswith("#")
    }
    for tag in access.tags.keys() - used:
        what, place = f'no rule and no view is at "#{tag}"', chosen.place("access", "tags", tag)
        yield Finding("note", "tag-idle", f"#{tag}", what, "add a rule, or leave the tag out", place)
    yield from _nobody(chosen, current)
    for argument, field in current.graph.access(access).narrowing():
        what = f"it has no rule, and {field} has: who may not see the field may narrow down by it what it holds"
        mend = f'add "{argument}" to access.rules, with the rule of {field}; {{}} where anybody may ask by it'
        yield Finding("warning", "access", argument, what, mend, chosen.place("access", "rules"))


def _nobody(chosen: Configuration, current: Snapshot) -> Iterator[Finding]:
    """Coordinates that not even a caller with every role and scope gets to, by the rule that stands there."""
    closed: dict[str, list[str]] = defaultdict(list)
    for line in current.graph.access(chosen.settings.access).lines():
        if not any(held.level for held in line.held.values()):
            origin = next((each.origin for each in line.asks if each.origin), "")
            closed[origin].append(str(line.coordinate))
    for origin, coordinates in closed.items():
        shown = ", ".join(coordinates[:_SHOWN])
        more = f" and {len(coordinates) - _SHOWN} more" if len(coordinates) > _SHOWN else ""
        what = f"nobody can get to {shown}{more}"
        if origin:
            place = chosen.place("access", "rules", origin)
            mend = f"isthmus access why {coordinates[0]} says what stands before it"
        else:
            place, mend = chosen.place("access", "default"), "add rules for what is meant to be used, or hide the rest"
        yield Finding("warning", "nobody", origin or "access.default", what, mend, place, len(coordinates))


def _same(rule: RuleSettings, default: str) -> bool:
    plain = RuleSettings.model_validate({"anonymous": True} if default == "anonymous" else {})
    return default != "deny" and rule == plain


def _given(chosen: Configuration) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    """The roles and the scopes that callers may have; ``None``: whatever a token or a file of keys says."""
    server = chosen.settings.server
    keys = server.api_keys
    certificates = server.client_cert is not None or (server.tls is not None and server.tls.client_ca is not None)
    if server.jwt or certificates or (keys is not None and keys.file is not None):
        return None, None
    listed = () if keys is None else keys.keys
    return frozenset(role for key in listed for role in key.roles), frozenset(
        scope for key in listed for scope in key.scopes
    )


def _lacks(rule: RuleSettings, roles: frozenset[str] | None, scopes: frozenset[str] | None) -> str:
    """What of a rule nobody has; empty where somebody may have it all."""
    if rule.anonymous:
        return ""
    if roles is not None and rule.roles and roles.isdisjoint(rule.roles):
        return f"the role {' or '.join(rule.roles)}"
    absent = [] if scopes is None else [scope for scope in rule.scopes if scope not in scopes]
    return f"the scope {absent[0]}" if absent else ""
