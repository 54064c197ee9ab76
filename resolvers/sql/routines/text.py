"""Text with places for arguments becomes a statement in which every value is a bound parameter.

Nothing that a caller says ever becomes a part of the text; how a value is brought to its type is ``parameters.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlalchemy import TextClause, bindparam, text, types

from resolvers.sql.routines.parameters import Parameter

_COLON = re.compile(":")


@dataclass(frozen=True, slots=True)
class Mark:
    """The place of an argument; ``within``: it is all that stands inside ``IN (…)``, and is the place of the whole."""

    name: str
    within: Literal["", "in", "not in"] = ""


Pieces: TypeAlias = "tuple[str | Mark, ...]"


def written(pieces: Sequence[str | Mark], parameters: Mapping[str, Parameter], *, arrays: bool) -> TextClause:
    """The statement. ``arrays``: a list is one parameter, and not one for each of its values.

    The parameter of an argument is called as ``bound_names`` says.
    """
    names = bound_names(parameters)
    used: dict[str, None] = {}
    made: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            # SQLAlchemy takes a colon for the beginning of a parameter unless it is escaped.
            made.append(_COLON.sub(r"\\:", piece))
            continue
        used[piece.name] = None
        parameter = parameters[piece.name]
        place = parameter.place(names[piece.name])
        if not piece.within:
            made.append(f" {place} ")
        elif not parameter.many:
            made.append(f"{piece.within} ( {place} )")
        elif arrays:
            made.append(f" OPERATOR(=) ANY ({place})" if piece.within == "in" else f" OPERATOR(<>) ALL ({place})")
        else:
            made.append(f"{piece.within} :{names[piece.name]} ")
    bound = [
        bindparam(names[name], type_=types.NullType(), expanding=parameters[name].many and not arrays) for name in used
    ]
    return text("".join(made)).bindparams(*bound)


def bound_names(parameters: Iterable[str]) -> dict[str, str]:
    """Argument → the name of its parameter, which no text has."""
    return {name: f"isthmus_{index}" for index, name in enumerate(parameters)}
