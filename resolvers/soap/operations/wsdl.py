"""WSDL 1.1 documents read into a ``SourceModel`` and the codecs of its operations (WSDL 1.1, SOAP 1.1 binding)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from resolvers.documents import DescriptionError, Document
from resolvers.model import Argument, Effect, LeftOut, NamedRef, Operation, Place, ScalarRef, SourceModel
from resolvers.problem import Problem
from resolvers.soap.builtins import WSDL, XSD
from resolvers.soap.documents.gather import IMPORTS, resolve
from resolvers.soap.schemas.members import settle
from resolvers.soap.schemas.neutral import Neutral, unwritable, written
from resolvers.soap.schemas.types import Types, qname
from resolvers.soap.shapes import Complex, Member, OperationCodec
from resolvers.xml import Element, UnsafeXml, line_of, local, parse, text_inside

SOAP = "http://schemas.xmlsoap.org/wsdl/soap/"
SOAP12 = "http://schemas.xmlsoap.org/wsdl/soap12/"
MIME = "http://schemas.xmlsoap.org/wsdl/mime/"
HTTP_TRANSPORT = "http://schemas.xmlsoap.org/soap/http"

_READ = re.compile(
    r"(get|list|find|search|read|query|fetch|lookup|retrieve|check|is|has|count|describe)(?!(?-i:[a-z]))", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Description:
    """A WSDL as read: the neutral model, how each operation travels, and the address of its first port."""

    model: SourceModel
    codecs: Mapping[str, OperationCodec]
    address: str


class _Refused(Exception):
    """An operation that is not served, and why."""

    def __init__(self, reason: str, node: Element | None = None) -> None:
        super().__init__(reason)
        self.node = node


def read(name: str, documents: Mapping[str, Document], root: str) -> Description:
    """The model and codecs of the WSDL at ``root``; ``documents`` is what ``gather`` gave.

    Raises:
        DescriptionError: it is no WSDL 1.1 document, or not XML that is accepted.
    """
    return _Reader(name, documents, root).read()


def effect_of(name: str) -> Effect:
    """``READ`` only where the operation's name begins with a reading verb as a whole word."""
    match = _READ.match(name)
    if match is None:
        return Effect.WRITE
    verb = match.group()
    whole = verb[1:].islower() or (verb.isupper() and not name[match.end() : match.end() + 1].isupper())
    return Effect.READ if whole else Effect.WRITE


@dataclass(frozen=True, slots=True)
class _Bound:
    """One operation of one binding, with the port that offers it."""

    name: str
    node: Element
    binding: Element
    document: str
    address: str


class _Reader:
    def __init__(self, name: str, documents: Mapping[str, Document], root: str) -> None:
        self._name = name
        self._documents = documents
        self._root = root
        self._types = Types()
        self._neutral = Neutral()
        self._definitions: list[tuple[Element, str]] = []
        self._parts: dict[tuple[str, str], tuple[Element, str]] = {}
        self._left_out: list[LeftOut] = []
        self._seen: set[tuple[str, str]] = set()

    def read(self) -> Description:
        try:
            top = parse(self._documents[self._root].content)
        except UnsafeXml as error:
            raise DescriptionError(Problem(f"the WSDL cannot be read: {error}", document=self._root)) from None
        if top.tag != f"{{{WSDL}}}definitions":
            raise DescriptionError(
                Problem(
                    "the document is not a WSDL 1.1 description",
                    document=self._root,
                    mend="name a document whose root is wsdl:definitions",
                )
            )
        self._take_wsdl(top, self._root)
        operations: dict[str, Operation] = {}
        codecs: dict[str, OperationCodec] = {}
        declared = 0
        for operation, bounds in self._bound().items():
            declared += self._serve(operation, bounds, operations, codecs)
        left_out = (*self._left_out, *self._types.degraded)
        model = SourceModel(
            self._name,
            "wsdl",
            operations,
            self._neutral.types,
            self._neutral.inputs,
            self._neutral.enums,
            left_out=left_out,
            declared=declared,
            description=_documentation(top),
        )
        address = next((codec.address for codec in codecs.values() if codec.address), "")
        return Description(model, codecs, address)

    # --- documents ---------------------------------------------------------------------------------------------

    def _take_wsdl(self, root: Element, document: str) -> None:
        self._definitions.append((root, document))
        self._seen.add((document, ""))
        space = root.get("targetNamespace", "")
        for child in root:
            if local(child.tag) in {"message", "portType", "binding"} and child.get("name"):
                tag = f"{{{space}}}{child.get('name')}" if space else child.get("name", "")
                self._parts.setdefault((local(child.tag), tag), (child, document))
        for schema in root.iterfind(f"{{{WSDL}}}types/{{{XSD}}}schema"):
            self._take_schema(schema, document, None)
        for node in root.iterfind(f"{{{WSDL}}}import"):
            self._follow(node, node.get("location"), document, None)

    def _take_schema(self, node: Element, document: str, namespace: str | None) -> None:
        self._types.add(node, document, namespace)
        own = node.get("targetNamespace") or namespace
        for child in node:
            if child.tag in IMPORTS:
                included = local(child.tag) != "import"
                self._follow(child, child.get("schemaLocation"), document, own if included else None)
                if local(child.tag) in {"redefine", "override"}:
                    self._miss(f"xs:{local(child.tag)}", "its changes are not applied", child, document)

    def _follow(self, node: Element, reference: str | None, document: str, namespace: str | None) -> None:
        if not reference:
            return
        location = resolve(document, reference)
        if (location, namespace or "") in self._seen:
            return
        self._seen.add((location, namespace or ""))
        found = self._documents.get(location)
        if found is None:
            self._miss(reference, "the document could not be fetched", node, document)
            return
        try:
            root = parse(found.content)
        except UnsafeXml as error:
            self._miss(reference, f"the document cannot be read: {error}", node, document)
            return
        if root.tag == f"{{{WSDL}}}definitions":
            self._take_wsdl(root, location)
        elif root.tag == f"{{{XSD}}}schema":
            self._take_schema(root, location, namespace)
        else:
            self._miss(reference, "the document is neither a WSDL nor an XML Schema", node, document)

    def _miss(self, what: str, reason: str, node: Element, document: str) -> None:
        self._left_out.append(LeftOut(what, reason, _place(node, document), degraded=True))

    # --- operations --------------------------------------------------------------------------------------------

    def _bound(self) -> dict[str, list[_Bound]]:
        """Every operation by name: first as ports offer it, then as bindings and port types merely declare it."""
        found: dict[str, list[_Bound]] = {}
        for binding, document, address in self._bindings():
            for node in binding.iterfind(f"{{{WSDL}}}operation"):
                name = node.get("name", "")
                found.setdefault(name, []).append(_Bound(name, node, binding, document, address))
        for (kind, _), (port_type, document) in self._parts.items():
            for node in port_type.iterfind(f"{{{WSDL}}}operation") if kind == "portType" else ():
                name = node.get("name", "")
                if name not in found:
                    found[name] = [_Bound(name, node, port_type, document, "")]
        return found

    def _bindings(self) -> Iterator[tuple[Element, str, str]]:
        offered: set[str] = set()
        for root, document in self._definitions:
            for port in root.iterfind(f"{{{WSDL}}}service/{{{WSDL}}}port"):
                tag = qname(port, port.get("binding", ""), root.get("targetNamespace", ""))
                found = self._parts.get(("binding", tag))
                if found is None:
                    reason = f"its binding {local(tag)} is declared nowhere"
                    self._miss(port.get("name", "port"), reason, port, document)
                    continue
                offered.add(tag)
                at = port.find(f"{{{SOAP}}}address")
                yield found[0], found[1], at.get("location", "") if at is not None else ""
        for (kind, tag), (node, document) in self._parts.items():
            if kind == "binding" and tag not in offered:
                yield node, document, ""

    def _serve(
        self, name: str, bounds: list[_Bound], operations: dict[str, Operation], codecs: dict[str, OperationCodec]
    ) -> int:
        """Serves the first binding of the operation that can be served; gives how many operations this declared."""
        refused: list[LeftOut] = []
        other: dict[tuple[object, ...], LeftOut] = {}
        for bound in bounds:
            try:
                codec = self._codec(bound)
                if name not in operations:
                    operations[name] = self._operation(codec, bound)
                    codecs[name] = codec
                elif _signature(codec) != _signature(codecs[name]):
                    reason = "another operation of this name was read before"
                    other[_signature(codec)] = LeftOut(name, reason, _place(bound.node, bound.document))
            except _Refused as error:
                node = bound.node if error.node is None else error.node
                note = LeftOut(name, str(error), _place(node, bound.document))
                if bound.binding.find(f"{{{SOAP}}}binding") is not None:
                    refused.insert(0, note)
                else:
                    refused.append(note)
        self._left_out.extend(other.values())
        if name not in operations:
            self._left_out.append(refused[0])
        return 1 + len(other)

    def _codec(self, bound: _Bound) -> OperationCodec:
        details = bound.node.find(f"{{{SOAP}}}operation")
        soap = _soap_binding(bound)
        style = (details.get("style") if details is not None else None) or soap.get("style", "document")
        if style != "document":
            raise _Refused(f"style {style}: only document/literal is served", details)
        abstract, document = self._abstract(bound)
        inputs = self._message(bound, abstract, "input")
        output = self._message(bound, abstract, "output") if abstract.find(f"{{{WSDL}}}output") is not None else []
        if abstract.find(f"{{{WSDL}}}input") is None:
            raise _Refused("it is sent by the service, not by a client", abstract)
        if len(output) > 1:
            raise _Refused("its reply has several parts", abstract)
        faults = self._faults(abstract, document)
        settle(self._types)
        wrapper, parts = _arguments(bound.name, inputs)
        for part in parts:
            reason = unwritable(part)
            if reason:
                raise _Refused(reason, abstract)
        named: dict[str, Member] = {}
        for part in parts:
            if part.name in named:
                raise _Refused("two parts of its message have the same name", abstract)
            named[part.name] = part
        action = details.get("soapAction", "") if details is not None else ""
        return OperationCodec(
            bound.name,
            action,
            bound.address,
            wrapper,
            named,
            output[0] if output else None,
            faults,
        )

    def _abstract(self, bound: _Bound) -> tuple[Element, str]:
        """The operation of the port type that a binding's operation stands for (WSDL 1.1, sections 2.4 and 2.5)."""
        tag = qname(bound.binding, bound.binding.get("type", ""))
        found = self._parts.get(("portType", tag))
        if found is None:
            raise _Refused(f"the port type {local(tag)} is declared nowhere", bound.binding)
        same = [node for node in found[0].iterfind(f"{{{WSDL}}}operation") if node.get("name") == bound.name]
        for node in same:
            if len(same) == 1 or _input_name(node) == _input_name(bound.node):
                return node, found[1]
        raise _Refused("its port type does not declare it", bound.node)

    def _message(self, bound: _Bound, abstract: Element, direction: str) -> list[Member]:
        said = bound.node.find(f"{{{WSDL}}}{direction}")
        only: list[str] | None = None
        if said is not None:
            if any(child.tag.startswith(f"{{{MIME}}}") for child in said):
                raise _Refused(f"its {direction} has attachments", said)
            if direction == "input" and said.find(f"{{{SOAP}}}header") is not None:
                raise _Refused("its request needs a SOAP header", said)
            body = said.find(f"{{{SOAP}}}body")
            if body is not None and body.get("use", "literal") != "literal":
                raise _Refused("use encoded: only document/literal is served", body)
            if body is not None and body.get("parts") is not None:
                only = body.get("parts", "").split()
        node = abstract.find(f"{{{WSDL}}}{direction}")
        if node is None:
            return []
        tag = qname(node, node.get("message", ""))
        message = self._parts.get(("message", tag))
        if message is None:
            raise _Refused(f"the message {local(tag)} is declared nowhere", node)
        parts = [part for part in message[0].iterfind(f"{{{WSDL}}}part") if only is None or part.get("name") in only]
        return [self._part(part) for part in parts]

    def _part(self, part: Element) -> Member:
        written_as = part.get("element")
        if written_as is None:
            raise _Refused(f"the part {part.get('name')} has a type, not an element, in document style", part)
        tag = qname(part, written_as)
        member = self._types.element(tag)
        if member is None:
            raise _Refused(f"the element {local(tag)} is declared nowhere", part)
        return member

    def _faults(self, abstract: Element, document: str) -> dict[str, Member]:
        faults: dict[str, Member] = {}
        for node in abstract.iterfind(f"{{{WSDL}}}fault"):
            message = self._parts.get(("message", qname(node, node.get("message", ""))))
            part = message[0].find(f"{{{WSDL}}}part") if message is not None else None
            tag = qname(part, part.get("element", "")) if part is not None else ""
            member = self._types.element(tag) if tag else None
            if member is None:
                self._miss(node.get("name", "fault"), "the detail of this fault is declared nowhere", node, document)
            else:
                faults[member.tag] = member
        return faults

    def _operation(self, codec: OperationCodec, bound: _Bound) -> Operation:
        arguments = {name: self._neutral.argument(part) for name, part in codec.parts.items()}
        result = None if codec.result is None else self._neutral.result(codec.result)
        errors = []
        for fault in codec.faults.values():
            reached = self._neutral.result(fault)
            if isinstance(reached, NamedRef) and reached.name in self._neutral.types:
                errors.append(reached.name)
        effect = effect_of(codec.name)
        by: dict[str, str] = {}
        if effect is Effect.READ and isinstance(result, NamedRef) and result.name in self._neutral.types:
            fields = self._neutral.types[result.name].fields
            by = {name: name for name, argument in arguments.items() if _answers(argument, fields)}
        abstract, _ = self._abstract(bound)
        return Operation(
            codec.name,
            effect,
            arguments,
            result,
            by=by,
            errors=tuple(dict.fromkeys(errors)),
            description=_documentation(abstract) or _documentation(bound.node),
            place=_place(bound.node, bound.document),
        )


def _soap_binding(bound: _Bound) -> Element:
    if local(bound.binding.tag) == "portType":
        raise _Refused("no binding says how it is sent")
    soap = bound.binding.find(f"{{{SOAP}}}binding")
    if soap is None:
        has12 = bound.binding.find(f"{{{SOAP12}}}binding") is not None
        raise _Refused("only a SOAP 1.2 binding" if has12 else "no SOAP 1.1 binding")
    if soap.get("transport", HTTP_TRANSPORT) != HTTP_TRANSPORT:
        raise _Refused("a transport other than HTTP", soap)
    return soap


def _arguments(name: str, inputs: list[Member]) -> tuple[str, list[Member]]:
    """The wrapper's tag and its children for the wrapped convention, else the parts themselves."""
    if len(inputs) == 1 and local(inputs[0].tag) == name and not inputs[0].nillable:
        shape = inputs[0].shape
        if isinstance(shape, Complex) and all(member.kind == "element" for member in shape.members):
            return inputs[0].tag, list(written(shape))
    return "", inputs


def _answers(argument: Argument, fields: Mapping[str, object]) -> bool:
    return isinstance(argument.type, ScalarRef) and argument.name in fields


def _signature(codec: OperationCodec) -> tuple[object, ...]:
    bare = () if codec.wrapper else codec.parts.values()
    parts = tuple(part.tag for part in bare if isinstance(part, Member))
    return codec.wrapper, parts, codec.result.tag if codec.result is not None else ""


def _input_name(node: Element) -> str | None:
    found = node.find(f"{{{WSDL}}}input")
    return found.get("name") if found is not None else None


def _documentation(node: Element) -> str:
    found = node.find(f"{{{WSDL}}}documentation")
    return "" if found is None else text_inside(found)


def _place(node: Element, document: str) -> Place:
    name = node.get("name")
    return Place(document, f"{local(node.tag)} {name}" if name else local(node.tag), line_of(node))
