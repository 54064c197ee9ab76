"""``CannotVerify``: whether a caller is who he says cannot be told just now. Why, and how long, is said elsewhere."""

from __future__ import annotations


class CannotVerify(Exception):
    """A key set or a list that is needed is away: the server's trouble, not the credential's, and told as such."""
