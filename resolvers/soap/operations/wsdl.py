"""WSDL 1.1 documents read into a ``SourceModel`` and the codecs of its operations, for SOAP 1.1 and SOAP 1.2.

Which bindings are obeyed, what messages hold and what shapes look like is decided in the rooms that this one calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from resolvers.documents import Document
from resolvers.model import Argument, Effect, LeftOut, NamedRef, Operation, Scalar, ScalarRef, SourceModel
from resolvers.soap.builtins import WSDL
from resolvers.soap.operations.bindings import Bound, RefusedError, bound, extension
from resolvers.soap.operations.codecs import Codecs
from resolvers.soap.operations.definitions import Definitions, documentation, place_in
from resolvers.soap.operations.effects import effect_of, evidence_of
from resolvers.soap.schemas.declarations import qname
from resolvers.soap.schemas.families import Families
from resolvers.soap.schemas.neutral import Neutral
from resolvers.soap.schemas.types import Types
from resolvers.soap.schemas.written import Written
from resolvers.soap.shapes import Attachment, Content, Member, OperationCodec
from resolvers.xml import Element, local

__all__ = ["Description", "effect_of", "read"]


@dataclass(frozen=True, slots=True)
class Description:
    """A WSDL as read: the neutral model, how each operation travels, and the address of its first port."""

    model: SourceModel
    codecs: Mapping[str, OperationCodec]
    address: str


@dataclass(frozen=True, slots=True)
class _Draft:
    """An operation whose shapes are read, before it is known whether all that it needs can be written."""

    codec: OperationCodec
    bound: Bound
    abstract: Element


def read(
    name: str, documents: Mapping[str, Document], root: str, *, port: str | None = None, version: str | None = None
) -> Description:
    """The model and codecs of the WSDL at ``root``; ``documents`` is what ``gather`` gave.

    ``port``, ``version``: the one port, the one version of SOAP whose operations are wanted.

    Raises:
        DescriptionError: it is no WSDL 1.1 document, or not XML that is accepted; no such port, or none of the version.
    """
    definitions = Definitions(documents, root)
    return _Reader(name, definitions).read(bound(definitions, port, version))


class _Reader:
    def __init__(self, name: str, definitions: Definitions) -> None:
        self._name = name
        self._definitions = definitions
        self._types = Types(definitions.declarations)
        self._families = Families(self._types)
        self._codecs = Codecs(definitions, self._types, self._families)
        self._abstracts: dict[Element, dict[str, list[Element]]] = {}
        """The operations of each port type by name."""
        self._left_out: list[LeftOut] = []
        self._degraded: list[LeftOut] = []

    def read(self, found: Mapping[str, list[Bound]]) -> Description:
        drafts: dict[str, _Draft] = {}
        declared = 0
        for name, bounds in found.items():
            declared += self._draft(name, bounds, drafts)
        self._families.settle()
        written = Written(missing=self._types.missing)
        neutral = Neutral(self._types.names, written)
        operations: dict[str, Operation] = {}
        codecs: dict[str, OperationCodec] = {}
        for name, draft in drafts.items():
            try:
                codecs[name] = self._writable(draft, written)
            except RefusedError as error:
                self._left_out.append(LeftOut(name, str(error), place_in(draft.bound.node, draft.bound.document)))
                continue
            operations[name] = self._operation(codecs[name], draft, neutral)
        neutral.finish()
        left_out = (
            *self._left_out,
            *self._definitions.left_out,
            *self._codecs.degraded,
            *self._degraded,
            *self._types.degraded,
            *neutral.degraded,
        )
        model = SourceModel(
            self._name,
            "wsdl",
            operations,
            neutral.types,
            neutral.inputs,
            neutral.enums,
            left_out=left_out,
            fallbacks=(*self._codecs.fallbacks, *dict.fromkeys(self._types.fallbacks)),
            declared=declared,
            description=documentation(self._definitions.top),
        )
        address = next((codec.address for codec in codecs.values() if codec.address), "")
        return Description(model, codecs, address)

    def _draft(self, name: str, bounds: list[Bound], drafts: dict[str, _Draft]) -> int:
        """Drafts the first binding of the operation that can be served; gives how many operations this declared."""
        refused: list[tuple[int, LeftOut]] = []
        others: dict[tuple[object, ...], LeftOut] = {}
        for each in bounds:
            try:
                abstract, document = self._abstract(each)
                known = drafts.get(name)
                if known is not None and known.abstract is abstract:
                    each.soap  # noqa: B018 - that it is bound to SOAP at all
                    continue
                draft = _Draft(self._codecs.of(each, abstract, document), each, abstract)
                if known is None:
                    drafts[name] = draft
                elif _signature(draft.codec) != _signature(known.codec):
                    reason = "another operation of this name was read before"
                    others[_signature(draft.codec)] = LeftOut(name, reason, place_in(each.node, each.document))
            except RefusedError as error:
                node = each.node if error.node is None else error.node
                soap = extension(each.binding, "binding") is not None
                refused.append((int(not soap), LeftOut(name, str(error), place_in(node, each.document))))
        self._left_out.extend(others.values())
        if name not in drafts:
            self._left_out.append(min(refused, key=lambda item: item[0])[1])
        return 1 + len(others)

    def _abstract(self, each: Bound) -> tuple[Element, str]:
        """The operation of the port type that a binding's operation stands for (WSDL 1.1, sections 2.4 and 2.5)."""
        if local(each.binding.tag) == "portType":
            each.soap  # noqa: B018 - refuses it
        tag = qname(each.binding, each.binding.get("type", ""))
        found = self._definitions.find("portType", tag)
        if found is None:
            raise RefusedError(f"the port type {local(tag)} is declared nowhere", each.binding)
        if found[0] not in self._abstracts:
            by_name = self._abstracts.setdefault(found[0], {})
            for node in found[0].iterchildren(f"{{{WSDL}}}operation"):
                by_name.setdefault(node.get("name", ""), []).append(node)
        same = self._abstracts[found[0]].get(each.name, [])
        for node in same:
            if len(same) == 1 or _input_name(node) == _input_name(each.node):
                return node, found[1]
        raise RefusedError("its port type does not declare it", each.node)

    def _writable(self, draft: _Draft, written: Written) -> OperationCodec:
        """The codec without the optional parts that cannot be written.

        Raises:
            RefusedError: a part that is needed cannot be written.
        """
        codec = draft.codec
        kept: dict[str, Content] = {}
        for name, part in codec.parts.items():
            reason = written.reason(part)
            if not reason:
                kept[name] = part
            elif part.required:
                raise RefusedError(reason)
            else:
                note = LeftOut(f"{codec.name}({name}:)", f"it is never sent: {reason}", part.place, degraded=True)
                self._degraded.append(note)
        headers = {name: part for name, part in codec.headers.items() if not written.reason(part)}
        return replace(codec, parts=kept, headers=headers)

    def _operation(self, codec: OperationCodec, draft: _Draft, neutral: Neutral) -> Operation:
        arguments = {name: neutral.argument(part) for name, part in codec.parts.items()}
        arguments |= {name: neutral.argument(part) for name, part in codec.headers.items()}
        arguments |= {name: _attachment(part) for name, part in codec.attachments.items()}
        result = None if codec.result is None else neutral.result(codec.result)
        errors = []
        for fault in codec.faults.values():
            reached = neutral.result(fault)
            if isinstance(reached, NamedRef) and reached.name in neutral.types:
                errors.append(reached.name)
        effect = effect_of(codec.name)
        by: dict[str, str] = {}
        if effect is Effect.READ and isinstance(result, NamedRef) and result.name in neutral.types:
            fields = getattr(neutral.types[result.name], "fields", {})
            by = {name: name for name, argument in arguments.items() if _answers(argument, fields)}
        bound_by = draft.bound
        return Operation(
            codec.name,
            effect,
            arguments,
            result,
            by=by,
            evidence=tuple(filter(None, (evidence_of(codec.name),))),
            errors=tuple(dict.fromkeys(errors)),
            description=documentation(draft.abstract) or documentation(bound_by.node),
            place=place_in(bound_by.node, bound_by.document),
        )


def _attachment(attachment: Attachment) -> Argument:
    told = f"An attachment: {', '.join(attachment.media)}" if attachment.media else "An attachment"
    return Argument(attachment.name, ScalarRef(Scalar.BASE64), required=attachment.required, description=told)


def _answers(argument: Argument, fields: Mapping[str, object]) -> bool:
    return isinstance(argument.type, ScalarRef) and argument.name in fields


def _signature(codec: OperationCodec) -> tuple[object, ...]:
    bare = () if codec.wrapper and not codec.rpc else codec.parts.values()
    parts = tuple((part.tag, part.type_tag) for part in bare if isinstance(part, Member))
    return codec.wrapper, parts, codec.result.tag if codec.result is not None else ""


def _input_name(node: Element) -> str | None:
    found = node.find(f"{{{WSDL}}}input")
    return found.get("name") if found is not None else None
