"""A model and what is said of its values become the model that is served: types in, types out.

What is said of which place is gathered in ``draft.py``, what cannot be is told by ``checks.py``, and what becomes of
the model is decided in ``served.py``.
"""

from __future__ import annotations

from collections.abc import Sequence

from resolvers.model import SourceModel
from resolvers.problem import Problem
from resolvers.shaping.checks import check
from resolvers.shaping.draft import Draft
from resolvers.shaping.served import Served
from resolvers.shaping.shapes import Shaping, Stated


def reshaped(model: SourceModel, stated: Sequence[Stated]) -> tuple[SourceModel, Shaping, list[Problem]]:
    """The model as it is served, what leads from the one to the other, and what does not fit."""
    draft = Draft(model)
    for each in stated:
        if each.settings.recodes:
            draft.code(each)
        elif each.settings.flatten is not None or each.settings.take is not None:
            draft.lift(each)
        elif each.settings.nullable is not None:
            draft.nullable[each.place] = each.settings.nullable
    draft.spread()
    check(draft)
    return Served(draft).model(), Shaping(model, draft.codings, draft.lifts), draft.problems
