"""All that is stated of a source is laid over its model, one key of an operation after the other."""

from __future__ import annotations

from dataclasses import replace

from resolvers.exposed import with_headers
from resolvers.model import READ_BECAUSE, Effect, LeftOut, Operation, SourceModel
from resolvers.problem import Problem, nearest
from resolvers.settings import OperationSettings, SourceSettings
from resolvers.stated.choice import NOT_AMONG_WRITES, not_served, unmatched
from resolvers.stated.fault import Fault
from resolvers.stated.filters import filtered
from resolvers.stated.keys import compared, with_keys
from resolvers.stated.place import paged, placed


def apply(model: SourceModel, settings: SourceSettings) -> tuple[SourceModel, list[Problem]]:
    """The model as it is served, and every statement that does not fit it.

    Paths of problems start at the source's own settings. An operation with a faulty statement keeps what its
    description says; what is not served is named in ``left_out``.
    """
    problems: list[Problem] = []
    operations = dict(model.operations)
    types = dict(model.types)
    own = set(model.made)
    for name, stated in settings.operations.items():
        if name not in operations:
            what = f'source "{model.name}" has no operation "{name}"'
            problems.append(Problem(what, ("operations", name), _nearest_operation(name, model)))
            continue
        operation = operations[name]
        misplaced: set[str] = set()
        for step in (_effect, placed, paged, with_keys, compared, filtered, _http):
            try:
                operation = step(model, operation, stated)
            except Fault as fault:
                # Fields of the key cannot be found in a result whose place is wrong: that has one cause.
                if not (fault.problem.where[:1] in {("by",), ("compare",)} and misplaced & {"at", "by"}):
                    problems.append(fault.problem.under("operations", name))
                misplaced.add(str(fault.problem.where[0]))
        if stated.reply_headers and not problems:
            operation, made = with_headers(operation, stated.reply_headers, types.keys() | model.inputs.keys())
            types |= {item.name: item for item in made}
            own |= {item.name for item in made}
        operations[name] = operation
    problems += unmatched(model, settings)
    left_out = list(model.left_out)
    declared = model.declared
    for name, operation in list(operations.items()):
        reason = not_served(operation, settings)
        if not reason:
            continue
        del operations[name]
        if operation.change is not None and reason == NOT_AMONG_WRITES:
            declared -= 1  # a database declares none of its changes, so one that nobody wants is not missing
        else:
            left_out.append(LeftOut(name, reason, operation.place))
    made_so = replace(
        model,
        operations=operations,
        types=types,
        made=frozenset(own),
        left_out=tuple(left_out),
        declared=declared,
    )
    return made_so, problems


def _nearest_operation(name: str, model: SourceModel) -> str:
    return nearest(name, model.operations) or "see the operations with: isthmus inspect"


def _effect(_: SourceModel, operation: Operation, stated: OperationSettings) -> Operation:
    if operation.change is not None and stated.effect not in {None, operation.effect}:
        raise Fault("what changes rows of a table is a write", "effect", mend="remove it")
    if stated.effect is not None:
        signs = tuple(sign for sign in operation.evidence if not sign.startswith(READ_BECAUSE))
        operation = replace(operation, effect=stated.effect, evidence=signs)
    return operation


def _http(model: SourceModel, operation: Operation, stated: OperationSettings) -> Operation:
    """What only the replies of HTTP sources have, or of REST sources."""
    for key, given, kinds, of in (
        ("error_detail", stated.error_detail is not None, {"openapi", "wsdl"}, "an OpenAPI document or a WSDL"),
        ("reply_headers", bool(stated.reply_headers), {"openapi"}, "an OpenAPI document"),
        ("idempotency_key", stated.idempotency_key is not None, {"openapi", "wsdl"}, "an OpenAPI document or a WSDL"),
    ):
        if given and model.kind not in kinds:
            raise Fault(f"only operations of {of} take {key}", key, mend="remove it")
    if stated.idempotency_key and operation.effect is Effect.READ:
        raise Fault(
            f'"{operation.name}" changes nothing, and may be made again anyway', "idempotency_key", mend="remove it"
        )
    if stated.reply_headers and operation.paging is not None:
        what = "it pages, and each page has headers of its own"
        raise Fault(what, "reply_headers", mend="remove it, or write recognise: false")
    if stated.reply_headers and (stated.at or stated.keys or stated.by):
        what = "the headers lie beside the whole result, which at, keys and by would take apart"
        raise Fault(what, "reply_headers", mend="remove it, or at, keys and by")
    return operation
