"""What a model does not say and shows by signs: envelopes, pages and batches, each with its evidence. Pure.

What the user states stands; what the user switches off is not looked for. Databases say all themselves; of SOAP only
batches are looked for.
"""

from __future__ import annotations

from dataclasses import replace

from resolvers.collection.batches import key_of, keys_of
from resolvers.collection.envelope import inside_of, signals_of
from resolvers.collection.paging import paging_of
from resolvers.collection.wrapped import wrapped_keys
from resolvers.model import Effect, Operation, SourceModel, unwrapped
from resolvers.settings import OperationSettings, SourceSettings

_NOTHING = OperationSettings()


def recognise(model: SourceModel, settings: SourceSettings) -> SourceModel:
    """The model with what its operations show; ``evidence`` says of each by which signs."""
    if model.has_tables or not settings.recognise:
        return model
    operations = {
        name: _recognised(model, operation, settings.operations.get(name, _NOTHING))
        for name, operation in model.operations.items()
    }
    return replace(model, operations=operations)


def _recognised(model: SourceModel, operation: Operation, stated: OperationSettings) -> Operation:
    effect = stated.effect or operation.effect
    if not stated.recognise or operation.result is None or effect is not Effect.READ:
        return operation
    if model.kind == "wsdl":
        return operation if stated.keys or stated.by or stated.at else wrapped_keys(model, operation)
    signals = signals_of(model, operation)
    evidence = []
    found = inside_of(model, operation, signals)
    if found is not None:
        operation = replace(operation, inside=found[0])
        if stated.at is None:
            evidence.append(found[1])
    opened = unwrapped(operation)
    assert opened.result is not None
    # What is stated is no longer recognised; at another place than that of the signs it has them forgotten, too.
    elsewhere = stated.at is not None and opened.at != (*operation.at, *stated.at.split("."))
    paged = paging_of(model, operation, opened.result, opened.at, signals)
    if paged is not None:
        operation = replace(operation, paging=paged[0])
        if stated.page is None and not elsewhere:
            evidence.append(paged[1])
    if stated.keys is None and stated.by is None and operation.keys is None:
        operation, signs = _keyed(model, operation, elsewhere=elsewhere)
        evidence += signs
    return replace(operation, evidence=tuple(evidence)) if evidence else operation


def _keyed(model: SourceModel, operation: Operation, *, elsewhere: bool) -> tuple[Operation, list[str]]:
    """The operation with the keys that it shows. ``elsewhere``: those of a list are not those of the stated place."""
    evidence = []
    many = keys_of(model, operation)
    if many is not None:
        operation = replace(operation, keys=many[0])
        if not elsewhere:
            evidence.append(many[1])
    one = key_of(model, operation) if not operation.by else None
    if one is not None:
        operation = replace(operation, by=one[0])
        evidence.append(one[1])
    return operation, evidence
