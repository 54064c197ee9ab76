"""How problems are printed: place, what is wrong, how to mend it. What was put in from the environment is never shown.

Finding problems is the business of whoever reads; where a path of keys stands in the file is ``config.py``'s.
"""

from __future__ import annotations

from collections.abc import Mapping

from resolvers import Problem

SHORTEST_HIDDEN = 4
"""Shorter values ("on", "80") are no secrets, and hiding them would garble the text."""


def dotted(problem: Problem) -> str:
    """The path of keys as it is read aloud: ``sources.shop.timout_s``, ``hide[0]``."""
    text = ""
    for key in problem.where:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else str(key)
    return text


def render(problem: Problem, place: str, hidden: Mapping[str, str]) -> str:
    """Two or three lines. ``place``: ``file:line``; ``hidden``: what must not be printed → what is printed instead."""
    where = "  ".join(part for part in (place, dotted(problem)) if part)
    lines = [where] if where else []
    lines.append(f"  {problem.what}")
    if problem.document:
        lines.append(f"  in {problem.document}")
    lines += mended(problem.mend)
    return hide("\n".join(lines), hidden)


def mended(mend: str) -> list[str]:
    """The line that says how to mend something, where there is something to say."""
    end = "?" if mend.startswith("did you mean") and not mend.endswith("?") else ""
    return [f"  mend: {mend}{end}"] if mend else []


def hide(text: str, hidden: Mapping[str, str]) -> str:
    """The text with everything that was expanded written again as the file wrote it."""
    for value in sorted(hidden, key=len, reverse=True):
        if len(value) >= SHORTEST_HIDDEN:
            text = text.replace(value, hidden[value])
    return text
