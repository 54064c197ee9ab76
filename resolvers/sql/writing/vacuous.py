"""Whether a condition holds for every row whatever stands in it: a change with such a condition is none that is meant.

It looks at the form of a condition alone; ``like: "%"`` is one that someone wrote.
"""

from __future__ import annotations

from resolvers.predicate import And, In, Not, Or, Predicate, Related


def holds_always(predicate: Predicate) -> bool:
    return _constant(predicate) is True


def _constant(predicate: Predicate) -> bool | None:
    """What it always is; ``None`` where that hangs on the row."""
    match predicate:
        case And(parts):
            known = [_constant(part) for part in parts]
            return False if False in known else None if None in known else True
        case Or(parts):
            known = [_constant(part) for part in parts]
            return True if True in known else None if None in known else False
        case Not(part):
            inner = _constant(part)
            return None if inner is None else not inner
        case In(_, values):
            return None if values else False
        case Related(_, quantifier, part):
            inner = _constant(part)
            always = quantifier == "every" and inner is True
            return True if always or (quantifier == "none" and inner is False) else None
        case _:
            return None
