"""The files that settings name: certificates, keys and the like, which are read when a source is opened.

Descriptions are not among them: what read them knows which those are. Nothing is opened here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel

from resolvers.http_settings import HttpSettings

_LONGEST = 4096
_DESCRIPTIONS = frozenset({"openapi", "wsdl", "overlays"})


def named_files(settings: BaseModel, base: Path) -> frozenset[Path]:
    """The files there are under paths that stand in the settings of a source over HTTP.

    Databases and folders of rows are not looked at: they change all the time, and are read when they are asked.
    """
    if not isinstance(settings, HttpSettings):
        return frozenset()
    values = {name: value for name, value in settings.__dict__.items() if name not in _DESCRIPTIONS}
    return frozenset(base / text for text in _texts(values) if _is_file(base, text))


def _texts(value: object) -> Iterator[str]:
    """Every plain text in a value; secrets are none."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, BaseModel):
        yield from _texts(value.__dict__)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _texts(each)


def _is_file(base: Path, text: str) -> bool:
    if not text or len(text) > _LONGEST or "\n" in text:
        return False
    try:
        return (base / text).is_file()
    except (OSError, ValueError):
        return False
