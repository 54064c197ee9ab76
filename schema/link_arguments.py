"""What a link says of arguments: constants, and a list whose arguments filter the same rows.

How keys become arguments is decided in ``links.py``.
"""

from __future__ import annotations

from resolvers import Operation, nearest, unwrapped
from schema.constants import Unfit, constant
from schema.crossing import same_rows
from schema.link_settings import Fault, LinkSettings
from schema.plan.arguments import present
from schema.source_types import SourceTypes
from schema.types import TypeBuilder


def constants_of(
    types: TypeBuilder, made: SourceTypes, operation: Operation, settings: LinkSettings, filled: set[str]
) -> dict[str, object]:
    """The constant arguments by the source's names. ``filled``: arguments that the keys fill.

    Raises:
        Fault: one that is not there, is filled, or does not fit its type.
    """
    spelled = {shown: name for name, shown in made.argument_names[operation.name].items()}
    constants: dict[str, object] = {}
    for name, value in settings.with_.items():
        if name not in spelled:
            raise Fault(f'"{operation.name}" has no argument "{name}"', "with", name, mend=nearest(name, spelled))
        if spelled[name] in filled:
            raise Fault(f'argument "{name}" is filled by the match already', "with", name)
        try:
            typed = types.input_type(made, operation.arguments[spelled[name]])
            constants[spelled[name]] = constant(typed, value)
        except Unfit as unfit:
            raise Fault(unfit.what, "with", name, *unfit.where, mend=unfit.mend) from None
    return present(constants, operation.arguments, made.model)


def listing_of(made: SourceTypes, operation: Operation, settings: LinkSettings) -> Operation | None:
    """The list by whose arguments a filter can be answered, if any.

    Raises:
        Fault: what ``filter_by`` names is none.
    """
    if settings.filter_by is None:
        return operation
    source, _, name = settings.filter_by.partition(".")
    if source != made.model.name:
        raise Fault(f'"{source}" is not the source of {settings.target}', "filter_by")
    found = made.model.operations.get(name)
    if found is None:
        raise Fault(
            f'source "{source}" has no operation "{name}"', "filter_by", mend=nearest(name, made.model.operations)
        )
    if not found.filters:
        mend = f"state operations.{name}.filters at the source"
        raise Fault(f'nothing says by which arguments "{settings.filter_by}" filters', "filter_by", mend=mend)
    if settings.with_:
        raise Fault("a link with constant arguments is filtered by its own operation", "filter_by", mend="remove it")
    if not same_rows(made, operation, found):
        raise Fault(f'"{settings.filter_by}" gives other rows than {settings.target}', "filter_by")
    return unwrapped(found)
