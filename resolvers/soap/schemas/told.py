"""Facets and defaults in a short line for the reader of a description. They are told and never enforced here."""

from __future__ import annotations

from resolvers.soap.shapes import NO_FACETS, Facets, Shape, Simple

_LONGEST = 120
"""Letters of a pattern or value; what is longer tells a reader nothing."""


def with_facets(words: str, shape: Shape, default: str | None, fixed: str | None) -> str:
    """A description, and behind it what its type allows and what the source takes when nothing is given."""
    told = []
    if fixed is not None:
        told.append(f'Always "{fixed[:_LONGEST]}"')
    elif default is not None:
        told.append(f'Default of the source: "{default[:_LONGEST]}"')
    if isinstance(shape, Simple) and shape.facets is not NO_FACETS:
        told += _limits(shape.facets)
    if not told:
        return words
    line = "; ".join(told)
    return f"{words.rstrip()}\n\n{line}" if words.strip() else line


def _limits(facets: Facets) -> list[str]:
    said = [_lengths(facets), _bounds(facets)]
    if facets.total_digits is not None:
        said.append(f"at most {facets.total_digits} digits")
    if facets.fraction_digits is not None:
        said.append(f"at most {facets.fraction_digits} behind the point")
    said += [f"pattern {pattern}" for pattern in facets.patterns if len(pattern) <= _LONGEST]
    return [each for each in said if each]


def _lengths(facets: Facets) -> str:
    least, most = facets.least_length, facets.most_length
    if least is not None and least == most:
        return _counted(least)
    if least and most is not None:
        return f"{least} to {most} letters"
    if most is not None:
        return f"at most {_counted(most)}"
    return f"at least {_counted(least)}" if least else ""


def _counted(letters: int) -> str:
    return "1 letter" if letters == 1 else f"{letters} letters"


def _bounds(facets: Facets) -> str:
    least = "" if facets.least is None else f"{'more than' if facets.least_exclusive else 'at least'} {facets.least}"
    most = "" if facets.most is None else f"{'less than' if facets.most_exclusive else 'at most'} {facets.most}"
    return f"{least}, {most}" if least and most else least or most
