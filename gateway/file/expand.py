"""``${env:NAME}``, ``${env:NAME:-default}`` and ``${file:PATH}`` in the values of the configuration file.

Values are put in before anything is checked; what was put in is remembered only so that it is never printed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from resolvers import Key, Problem, nearest

MAX_FILE_BYTES = 1_048_576
REFERENCE = re.compile(r"(\$?)\$\{([^{}]*)\}")


@dataclass(slots=True)
class Expansion:
    """Expands the whole of the file. ``hidden``: what was put in → how the file wrote it.

    ``problems`` grows as values are missing. ``folder``: the one that relative paths at a path of keys start from.
    ``absent``: gives what stands for something that is not there, by its place; by default that is a problem. ``$${…}``
    stands for a literal ``${…}``.
    """

    environment: Mapping[str, str]
    folder: Callable[[tuple[Key, ...]], Path]
    absent: Callable[[tuple[Key, ...]], str | None] | None = None
    hidden: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    files: set[Path] = field(default_factory=set)
    """Those that were read, or should have been."""

    def expand(self, value: object, where: tuple[Key, ...] = ()) -> object:
        """The value with every reference in its strings replaced; keys of mappings stay as they are."""
        if isinstance(value, dict):
            return {key: self.expand(item, (*where, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.expand(item, (*where, index)) for index, item in enumerate(value)]
        if isinstance(value, str):
            return REFERENCE.sub(lambda match: self._one(match, where), value)
        return value

    def _one(self, match: re.Match[str], where: tuple[Key, ...]) -> str:
        escaped, reference = match.groups()
        if escaped:
            return match.group()[1:]
        scheme, colon, rest = reference.partition(":")
        if scheme == "env" and rest:
            return self._remember(self._environment(rest, where), match.group())
        if scheme == "file" and rest:
            return self._remember(self._file(rest, where), match.group())
        mend = "write ${env:NAME} or ${file:PATH}, or $${ for a plain ${"
        self.problems.append(Problem(f'"${{{scheme}{colon}…}}" is not understood', where, mend))
        return ""

    def _remember(self, found: str, written: str) -> str:
        # A default stands in the file already: it is no secret.
        if found and not written.endswith(f":-{found}}}"):
            self.hidden[found] = written
        return found

    def _environment(self, reference: str, where: tuple[Key, ...]) -> str:
        name, marked, default = reference.partition(":-")
        found = self.environment.get(name, "")
        if found:
            return found
        if marked:
            return default
        instead = None if self.absent is None else self.absent(where)
        if instead is not None:
            return instead
        if name not in self.environment:
            mend = nearest(name, self.environment) or f"set it, or write ${{env:{name}:-default}}"
            self.problems.append(Problem(f'the environment variable "{name}" is not set', where, mend))
        else:
            self.problems.append(Problem(f'the environment variable "{name}" is empty', where, "give it a value"))
        return ""

    def _file(self, path: str, where: tuple[Key, ...]) -> str:
        file = self.folder(where) / path
        self.files.add(file)
        try:
            with file.open("rb") as opened:
                content = opened.read(MAX_FILE_BYTES + 1)
            text = content.decode()
        except OSError as error:
            instead = None if self.absent is None else self.absent(where)
            if instead is not None:
                return instead
            what = f'the file "{path}" cannot be read: {(error.strerror or "unknown reason").lower()}'
            self.problems.append(Problem(what, where, "paths start at the folder of the file that names them"))
            return ""
        except UnicodeDecodeError:
            self.problems.append(Problem(f'the file "{path}" is not UTF-8 text', where))
            return ""
        if len(content) > MAX_FILE_BYTES:
            self.problems.append(Problem(f'the file "{path}" is larger than {MAX_FILE_BYTES} bytes', where))
            return ""
        return text.rstrip("\r\n")
