"""JSON pointers (RFC 6901) as this room writes them: the address of a file, ``#``, and the pointer inside it."""

from __future__ import annotations

from collections.abc import Mapping


def token(name: str) -> str:
    """A name as one token of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1") if "~" in name or "/" in name else name


def split(pointer: str) -> tuple[str, str]:
    """The address of the file, empty for the main document, and the pointer inside it with ``#`` in front."""
    address, _, inside = pointer.partition("#")
    return address, f"#{inside}"


def parts(pointer: str) -> tuple[str, ...]:
    """The names and indices that a pointer inside a file leads through."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def origin(pointer: str, moved: Mapping[str, str]) -> str:
    """Where a part of a changed document stood before: its nearest ancestor that moved decides.

    ``moved``: pointer now → pointer before.
    """
    head = pointer if moved else ""
    while head:
        if head in moved:
            return moved[head] + pointer[len(head) :]
        head = head.rpartition("/")[0]
    return pointer
