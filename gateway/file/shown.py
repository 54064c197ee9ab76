"""The whole configuration as anybody may read it: parts and overlay in one, secrets masked, references as written.

What is given can be loaded again in the place of the first file: paths are seen from its folder. No value that a
reference stands for is in it, and no literal secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.file.config import FileSettings
from gateway.file.expand import REFERENCE, Expansion
from gateway.file.leaves import Leaf, leaves
from gateway.file.parts import Whole, name_from
from gateway.file.places import Where
from resolvers import LOGIN, PROOF

MASK = "***"
_DATABASE = re.compile(r"(?:sqlite|postgres\w*|mariadb|mysql|rediss?)(?:\+\w+)?://")
_PASSWORD = re.compile(r"(?<=://)([^/@:]*):(.*)(?=@)", re.DOTALL)
_QUERY = re.compile(r"(?<=[?&])(\w*(?:pass|pwd|secret|token|key)\w*=)([^&]*)", re.IGNORECASE)


def shown(whole: Whole, environment: Mapping[str, str]) -> dict[str, Any]:
    """The mapping to print. ``environment`` only tells whether a reference stands for an absolute path."""
    known = leaves(FileSettings, whole.raw)
    base = whole.places.first.path.parent

    def one(value: object, where: Where) -> object:
        if isinstance(value, dict):
            return {key: one(item, (*where, str(key))) for key, item in value.items()}
        if isinstance(value, list):
            return [one(item, (*where, index)) for index, item in enumerate(value)]
        if not isinstance(value, str):
            return MASK if value is not None and where in known and known[where].secret else value
        folder = whole.places.folder(where)
        text = _moved(value, known.get(where), where, folder, base, environment)
        leaf = known.get(where)
        return _masked(text) if leaf is not None and leaf.secret else _plain(text)

    made = one(whole.raw, ())
    assert isinstance(made, dict)
    return made


def _moved(text: str, leaf: Leaf | None, where: Where, folder: Path, base: Path, environment: Mapping[str, str]) -> str:
    """The text with its paths, and those of ``${file:…}``, seen from the folder of the first file."""
    if folder == base:
        return text
    if leaf is not None and leaf.located is not None:
        expanded = Expansion(environment, lambda _: folder).expand(text, where)
        if leaf.located.moved(str(expanded), folder, base) != expanded:
            text = leaf.located.moved(text, folder, base)
    return REFERENCE.sub(lambda found: _from(found, folder, base), text)


def _from(found: re.Match[str], folder: Path, base: Path) -> str:
    scheme, _, path = found[2].partition(":")
    if found[1] or scheme != "file" or Path(path).is_absolute():
        return found[0]
    return f"${{file:{name_from(base, folder / path)}}}"


def _masked(text: str) -> str:
    """A secret: references stay, whatever is literal does not; of a URL only what proves something."""
    if _DATABASE.match(text):
        text = _PASSWORD.sub(_login, text)
        return _QUERY.sub(lambda found: found[1] + _literal(found[2]), text) if "?" in text else text
    return _literal(text)


def _plain(text: str) -> str:
    """What is no secret; an address that holds one is printed without it."""
    if "://" not in text:
        return text
    return PROOF.sub(lambda found: found[1] + _literal(found[2]), LOGIN.sub(_login, text))


def _login(found: re.Match[str]) -> str:
    return f"{found[1]}:{_literal(found[2])}"


def _literal(text: str) -> str:
    """``***`` for what is literal; defaults of references are, too."""
    if not text:
        return ""
    pieces, end = [], 0
    for found in REFERENCE.finditer(text):
        if found.start() > end:
            pieces.append(MASK)
        name, marked, _ = found[2].partition(":-")
        escaped = bool(found[1])
        pieces.append(MASK if escaped else f"${{{name}:-{MASK}}}" if marked else found[0])
        end = found.end()
    return "".join([*pieces, MASK] if end < len(text) else pieces)
