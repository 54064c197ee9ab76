"""A file that a caller handed up: bytes that remember how they were called. It is read and sent elsewhere."""

from __future__ import annotations

from typing import Self


class File(bytes):
    """``filename`` and ``media`` are the caller's words: empty when not said, never trusted as a path or a type."""

    filename: str
    media: str

    def __new__(cls, content: bytes, filename: str = "", media: str = "") -> Self:
        made = super().__new__(cls, content)
        made.filename, made.media = filename, media
        return made
