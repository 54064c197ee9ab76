"""Lists that stand in a file of their own and are read again when it changes: what is wrong with one, in words.

What the entries of a list mean is told by those whose list it is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from gateway.watched import Watched
from resolvers import ConfigurationError, Key, Problem, YamlError, load

T = TypeVar("T")


def watched_list(
    path: Path, entries: TypeAdapter[Any], made: Callable[[Any], T], where: tuple[Key, ...], event: str
) -> Watched[T]:
    """What ``made`` makes of the entries of a YAML file. ``where``: the setting that names it.

    Raises:
        ConfigurationError: it cannot be read, or holds something else.
    """

    def parse(content: bytes) -> T:
        try:
            return made(entries.validate_python(load(content) or ()))
        except YamlError as error:
            raise ValueError(f"line {error.line}: {error}" if error.line else str(error)) from error
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            what = first["msg"].removeprefix("Value error, ")
            raise ValueError(f"{place}: {what}" if place else what) from error

    try:
        return Watched(path, parse, event)
    except OSError as error:
        what = f"{path} cannot be read: {(error.strerror or type(error).__name__).lower()}"
        problem = Problem(what, where, "paths start at the folder of the file that names them")
        raise ConfigurationError([problem]) from error
    except ValueError as error:
        raise ConfigurationError([Problem(f"{path} cannot be used: {error}", where)]) from error
