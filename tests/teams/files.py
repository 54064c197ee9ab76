"""Files of several teams, written into a folder; what is read of them, and what is told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from gateway.file.config import Configuration, UnreadableFile, read

MAIN = """\
include: [teams/]
sources:
  stock: { database: "sqlite:///stock.db" }
access:
  default: deny
"""


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Writes the files; the path of ``isthmus.yaml``."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), "utf-8")
    return folder / "isthmus.yaml"


def chosen(folder: Path, files: Mapping[str, str], env: str = "", **variables: str) -> Configuration:
    return read(write(folder, files), variables, env)


def refusal(folder: Path, files: Mapping[str, str], env: str = "", **variables: str) -> str:
    with pytest.raises(UnreadableFile) as raised:
        read(write(folder, files), variables, env)
    return raised.value.text
