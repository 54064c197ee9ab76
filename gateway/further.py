"""All that is wrong with a file in one run: what is wrong is taken out of it, and the rest is looked at again.

A problem that may only come of one that is told already is not told, and neither is what cannot be looked at without
a source: one sentence says what that concerns. Nothing that is built here is served.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.assembly import attempt, check_edge, graph_settings
from gateway.file.config import Configuration
from gateway.file.places import Where
from gateway.file.problems import dotted
from gateway.file.sound import statement
from gateway.file.statements import without
from resolvers import ConfigurationError, Problem, Source
from schema import Extension

_ROUNDS = 20
_SECTIONS = ("links", "entities", "shape", "rename", "hide", "access", "describe", "deprecate", "cache")
"""Those that name what sources give."""
_ALONE = frozenset({"describe", "deprecate", "cache", "hide", "server", "limits"})
"""Sections that nothing in the graph hangs on."""
_QUOTED = re.compile(r'"([^"]*)"|(\w+(?:\.\w+)+)')
_WORD = re.compile(r"\w+")
_SHOWN = 5


def refusal(
    configuration: Configuration,
    sources: Mapping[str, Source],
    failed: Mapping[str, Problem],
    statements: Sequence[Problem] = (),
    told: Sequence[Problem] = (),
) -> ConfigurationError:
    """Everything that is wrong. ``failed``: why sources are not there; ``statements``: what is wrong with those at
    sources; ``told``: what was found first, those included.
    """
    looked = _Look(configuration, sources, failed, statements)
    if sources:
        looked.all(told)
    else:
        looked.found |= dict.fromkeys(told)
    return ConfigurationError(looked.found, failed.values(), looked.unseen())


def unseen(configuration: Configuration, sources: Mapping[str, Source], failed: Mapping[str, Problem]) -> str:
    """What could not be looked at without sources that are not there, as a sentence; the rest is sound."""
    return _Look(configuration, sources, failed).unseen()


@dataclass
class _Look:
    configuration: Configuration
    sources: Mapping[str, Source]
    failed: Mapping[str, Problem]
    statements: Sequence[Problem] = ()
    found: dict[Problem, None] = field(default_factory=dict)
    taken: dict[Where, frozenset[str] | None] = field(default_factory=dict)
    """What is not in the file any more → the names that it concerns; ``None``: anything may hang on it."""
    causes: dict[Where, None] = field(default_factory=dict)
    """Statements that something was not told of, since it may come of them."""
    blocked: bool = False
    """Whether something that is wrong cannot be taken out, so that what comes after was not looked at."""

    def __post_init__(self) -> None:
        for where in self.configuration.taken:
            self.taken[where] = self._names(where)
            if self.taken[where] is None:
                self.causes[where] = None

    def all(self, told: Sequence[Problem]) -> None:
        """Looks for everything, after what was ``told``."""
        current, fresh = self.configuration, [*told]
        extensions = self._extensions(fresh)
        for _ in range(_ROUNDS):
            self._tell(fresh)
            if fresh:
                smaller = without(current, [problem.where for problem in fresh])
                if smaller is None:
                    break
                current = smaller
            again = self._faults(current, extensions)
            fresh = [problem for problem in again if problem not in self.found]
            if not fresh:
                self.blocked = bool(again)
                return
        self.blocked = True

    def _extensions(self, fresh: list[Problem]) -> Sequence[Extension]:
        """Those of the file; none where one of them is wrong, which ``fresh`` then says."""
        if any(problem.where[:1] == ("extensions",) and len(problem.where) > 1 for problem in fresh):
            return ()
        try:
            return self.configuration.extensions()
        except ConfigurationError as error:
            fresh += error.problems
            return ()

    def _tell(self, fresh: Iterable[Problem]) -> None:
        """Tells what does not come of anything else, and takes all of it out of the file."""
        later = bool(self.taken)
        for problem in fresh:
            self.taken.setdefault(statement(problem.where), self._names(statement(problem.where)))
        for problem in fresh:
            own = statement(problem.where)
            # What stands side by side in a section does not hang on one another.
            others = {where: names for where, names in self.taken.items() if where[:-1] != own[:-1]}
            causes = [where for where, names in others.items() if _concerns(names, problem)]
            if problem in self.statements or not (causes or (later and not problem.where)):
                self.found[problem] = None
                if self.taken[own] is None:
                    self.causes[own] = None
            else:
                self.causes |= {where: None for where in causes if self._is_told(where)}

    def _is_told(self, where: Where) -> bool:
        return where in self.configuration.taken or any(statement(each.where) == where for each in self.found)

    def _names(self, where: Where) -> frozenset[str] | None:
        match where:
            case ("rename", str(key)) if key in self.configuration.settings.rename:
                return frozenset({self.configuration.settings.rename[key].to})
            case ("links" | "shape", str(key)):
                return frozenset(_WORD.findall(key))
            case ("access", "rules" | "tags", str(key)):
                return frozenset(_WORD.findall(key.partition("(")[0]))
        section = where[0] if where else "sources"
        return frozenset() if section in _ALONE or section in {"sources", "access"} else None

    def _faults(self, current: Configuration, extensions: Sequence[Extension]) -> Sequence[Problem]:
        """What is wrong with the graph that is made of what is left."""
        missing = {**self.failed, **{name: Problem("") for name in self._wrong()}}
        if None in self.taken.values():
            missing[""] = Problem("")  # as a source that may give anything
        try:
            settings = replace(graph_settings(current, missing, extensions), partial=bool(self.taken))
            built, problems = attempt(self.sources, settings, self.statements)
            if built is not None:
                check_edge(current.settings.server, built.graph, incomplete=bool(missing))
        except ConfigurationError as error:
            return error.problems
        return problems

    def _wrong(self) -> list[str]:
        """The sources that the file says wrongly."""
        return [str(where[1]) for where in self.configuration.taken if where[:1] == ("sources",) and len(where) > 1]

    def unseen(self) -> str:
        """What was not looked at; empty where everything was."""
        settings, taken = self.configuration.settings, {where[0] for where in self.taken if where}
        stated = [name for name in _SECTIONS if name in settings.model_fields_set | taken]
        if stated == ["access"] and not (settings.access.rules or settings.access.tags or settings.access.views):
            stated = []
        sections, lost = _listed(stated), [*self.failed, *self._wrong()]
        if not stated:
            return ""
        if not self.sources:
            return f"Not looked at until a source can be read: {sections}."
        if self.blocked:
            return f"Not looked at to the end until that is mended: {sections}."
        things = [f"what {sections} say{'s' if len(stated) == 1 else ''} of {_listed(lost)}"] if lost else []
        if self.causes:
            things.append(f"what hangs on {_listed([_called(where) for where in self.causes])}")
        return f"Not looked at until that is mended: {', and '.join(things)}." if things else ""


def _concerns(names: frozenset[str] | None, problem: Problem) -> bool:
    """Whether a problem is about what has one of these names, all of which are needed where there are several."""
    if not names:
        return False
    spoken = [problem.lacks, *(quoted or plain for quoted, plain in _QUOTED.findall(problem.what))]
    words = set(_WORD.findall(" ".join(spoken)))
    return all(name in words or any(word.startswith(name) and name[:1].isupper() for word in words) for name in names)


def _called(where: Where) -> str:
    return "what is included" if where[:1] == ("include",) else dotted(Problem("", where))


def _listed(things: Sequence[str]) -> str:
    shown = [*dict.fromkeys(things)]
    if len(shown) > _SHOWN:
        shown = [*shown[:_SHOWN], f"{len(shown) - _SHOWN} more"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
