"""Which of the alternatives of a union a JSON value is. Pure: facts of the description in, one alternative out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from resolvers.rest.shapes import Choice, JsonKind, Variant


def choose(
    choice: Choice, kind: JsonKind, members: Mapping[str, object], value_of: Callable[[object], object]
) -> Variant | None:
    """The alternative that a value is, ``None`` when it fits none.

    ``members``: those of an object, in whatever form ``value_of`` turns into values: few of them are looked at.
    The discriminator decides. Without one, of the alternatives that the value fits, the one that knows most of its
    members, and the earlier one of equals.
    """
    candidates = [item for item in choice.variants if item.kind == kind or item.kind is None]
    if kind != "object":
        return candidates[0] if candidates else None
    if choice.discriminator in members:
        named = choice.mapping.get(str(value_of(members[choice.discriminator])))
        for item in candidates:
            if item.type == named:
                return item
    fitting = [item for item in candidates if _fits(item, members, value_of)]
    if len(fitting) < 2:
        return fitting[0] if fitting else None
    return max(fitting, key=lambda item: len(item.known & members.keys()))


def _fits(variant: Variant, members: Mapping[str, object], value_of: Callable[[object], object]) -> bool:
    if not variant.required <= members.keys():
        return False
    for name, values in variant.fixed.items():
        if name in members:
            value = value_of(members[name])
            if value is not None and (isinstance(value, dict | list) or value not in values):
                return False
    return True
