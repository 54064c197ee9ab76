"""What is other in one environment: ``isthmus.prod.yaml`` laid over ``isthmus.yaml`` and all that it includes.

Mappings are merged key by key, lists and single values are replaced, ``null`` takes away. What the keys mean is not
known here; nothing is expanded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from gateway.file.parts import INCLUDE, UnreadableFile, Whole, overlay_of, overlays, text_of
from gateway.file.places import Found, Part, Place, Places, Where
from resolvers import Problem, Yaml, YamlError, nearest

VARIABLE = "ISTHMUS_ENV"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def in_environment(whole: Whole, env: str) -> Whole:
    """The whole as it is in an environment.

    Raises:
        UnreadableFile: there is no such file, or it is no mapping.
    """
    first = whole.places.first
    if _NAME.fullmatch(env) is None:
        raise UnreadableFile(f'"{env}" is no name of an environment\n  mend: use letters, digits, - and _', whole.files)
    path = overlay_of(first.path, env)
    files = whole.files | {path}
    if not path.is_file():
        known = overlays(first.path)
        there = f"there is {', '.join(each.name for each in known.values())}" if known else "there is none for any"
        mend = nearest(env, known) or f"write it, or leave --env and {VARIABLE} out"
        end = "?" if mend.startswith("did you mean") else ""
        what = f"there is no {path.name} for the environment {env}; {there}"
        raise UnreadableFile(f"{first.name}\n  {what}\n  mend: {mend}{end}", files)
    part = Part(path, Path(first.name).with_name(path.name).as_posix(), len(whole.parts))
    text = text_of(path)
    try:
        yaml = Yaml(text)
        lines = yaml.lines()
    except YamlError as error:
        raise UnreadableFile(f"{Place(part, error.line or 0)}\n  {error}", files) from error
    if not isinstance(yaml.value, dict):
        raise UnreadableFile(f"{part.name}\n  it must be a mapping of what is other than in {first.name}", files)
    laid = _Laid(part, lines, first.name)
    raw = laid.over(whole.raw, yaml.value, ())
    access = raw.get("access")
    closed = isinstance(access, dict) and access.get("default", "deny") == "deny"
    for where, place in laid.taken:
        if _opens(where, closed=closed):
            what = "what keeps callers from something elsewhere is taken away in this environment"
            laid.cautions.append((place, Problem(what, where, "isthmus access, with --env, tells who sees what now")))
    return replace(
        whole,
        raw=raw,
        places=Places(first, laid.marks(whole.places.marks)),
        parts=(*whole.parts, part),
        files=files,
        found=(*whole.found, *laid.found),
        cautions=(*whole.cautions, *laid.cautions),
    )


@dataclass(slots=True)
class _Laid:
    part: Part
    lines: Mapping[Where, int]
    below: str
    gone: set[Where] = field(default_factory=set)
    stated: set[Where] = field(default_factory=set)
    found: list[Found] = field(default_factory=list)
    cautions: list[Found] = field(default_factory=list)
    taken: list[tuple[Where, Place]] = field(default_factory=list)

    def over(self, base: Mapping[str, object], top: Mapping[str, object], where: Where) -> dict[str, object]:
        merged = dict(base)
        for key, value in top.items():
            here = (*where, str(key))
            place = Place(self.part, self.lines.get(here, 0))
            if here == (INCLUDE,):
                mend = f"write it in {self.below}, or state here what is other"
                self.found.append((place, Problem("what is laid over a file includes nothing", here, mend)))
            elif value is None:
                if key in merged:
                    del merged[key]
                    self.gone.add(here)
                    self.taken.append((here, place))
                else:
                    mend = nearest(str(key), map(str, base)) or "leave it out"
                    self.found.append((place, Problem("null takes away, and this is not there", here, mend)))
            elif key in merged and isinstance(value, dict) and isinstance(earlier := merged[key], dict):
                merged[key] = self.over(earlier, value, here)
                if not value:
                    what = "it is empty and changes nothing: mappings are merged key by key"
                    self.cautions.append((place, Problem(what, here, "write null to take it away")))
            else:
                if key in merged and _same(merged[key], value):
                    what = "it changes nothing: the same is said already"
                    self.cautions.append((place, Problem(what, here, "leave it out")))
                merged[key] = value
                self.gone.add(here)
                self.stated.add(here)
        return merged

    def marks(self, before: Mapping[Where, Place]) -> dict[Where, Place]:
        """Where everything stands now."""
        kept = {where: place for where, place in before.items() if not _below(where, self.gone)}
        new = {w: Place(self.part, line) for w, line in self.lines.items() if _below(w, self.stated)}
        return {**kept, **new}


def _opens(where: Where, *, closed: bool) -> bool:
    """Whether something may be open to more callers without what stood there. ``closed``: whatever has no rule is."""
    return where[:2] == ("access", "rules") and (len(where) > 3 or not closed)  # access.rules.COORDINATE.rows


def _below(where: Where, some: set[Where]) -> bool:
    return any(where[:length] in some for length in range(1, len(where) + 1))


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other
