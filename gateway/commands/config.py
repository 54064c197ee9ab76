"""``isthmus config``: the file as it is after parts and environment, each value with the place that it comes from.

Values that stand in the environment or in files are printed as they are written, secrets as ``***``.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from gateway.commands.opening import DEFAULT, Env, environment, fail
from gateway.file.config import UnreadableFile, read, read_file
from gateway.file.parts import Whole
from gateway.file.places import Where
from gateway.file.problems import dotted
from gateway.file.shown import shown
from gateway.scenes.rehearsal import placeholder
from resolvers import Problem, load

_PLAIN = re.compile(r"[A-Za-z_][\w./-]*")
_UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What JSON writes as it is, and YAML takes for an end of line or does not take at all (YAML 1.2 section 5.1)."""
_LONGEST = 80
"""Longest list that is written on one line, in characters."""


def config(
    file: Annotated[Path, typer.Argument(help="The configuration file.")] = Path(DEFAULT),
    *,
    env: Env = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print for programs.")] = False,
) -> None:
    """Print the file with its parts and its environment in one, and where each value comes from."""
    chosen = environment(env)
    try:
        whole = read_file(file, chosen)
        read(file, env=chosen, absent=_absent)  # in a file that is not sound, nobody knows what is a secret
    except UnreadableFile as error:
        fail(error.text)
    made = shown(whole, os.environ)
    if as_json:
        typer.echo(orjson.dumps(_for_programs(whole, made, chosen), option=orjson.OPT_NON_STR_KEYS).decode())
    else:
        typer.echo("\n".join([f"# {', '.join(part.name for part in whole.parts)}", *written(made, whole)]))


def _absent(where: Where) -> str | None:
    """What stands for a value of the environment that is not set: nothing of it is printed, nor used."""
    return placeholder(where) or "postgresql://database.invalid/name"


def _for_programs(whole: Whole, made: dict[str, Any], env: str) -> dict[str, object]:
    places = {dotted(Problem("", where)): str(place) for where, place in whole.places.marks.items()}
    return {"env": env, "files": [part.name for part in whole.parts], "configuration": made, "places": places}


def written(made: dict[str, Any], whole: Whole) -> Iterator[str]:
    """The lines of the mapping as YAML, each value with its place behind it."""
    yield from _lines(made, (), "", whole)


def _lines(value: object, where: Where, indent: str, whole: Whole) -> Iterator[str]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _entry(f"{indent}{_scalar(key)}:", below, (*where, str(key)), indent, whole)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            here = (*where, index)
            if isinstance(below, dict | list) and below:
                first, *rest = _lines(below, here, f"{indent}  ", whole)
                yield f"{indent}- {first[len(indent) + 2 :]}"
                yield from rest
            else:
                yield from _entry(f"{indent}-", below, here, indent, whole)


def _entry(head: str, value: object, where: Where, indent: str, whole: Whole) -> Iterator[str]:
    line = _on_one_line(value)
    if isinstance(value, list) and len({str(whole.places.of((*where, n))) for n in range(len(value))}) > 1:
        line = ""
    if line:
        yield f"{head} {line}  # {whole.places.of(where)}"
    else:
        yield head
        yield from _lines(value, where, f"{indent}  ", whole)


def _on_one_line(value: object) -> str:
    """The value in one line, empty where it needs several."""
    if isinstance(value, dict):
        return "" if value else "{}"
    if not isinstance(value, list):
        return _scalar(value)
    if any(isinstance(item, dict | list) for item in value):
        return ""
    line = f"[{', '.join(map(_scalar, value))}]"
    return line if len(line) <= _LONGEST else ""


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _scalar(value: object) -> str:
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) is not None and isinstance(load(value), str)
        return value if plain else _UNSEEN.sub(_escaped, json.dumps(value, ensure_ascii=False))
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    return json.dumps(value)
