"""How one operation travels: its messages, by the binding that was chosen, as the codec that requests and replies obey.

What an operation is called in the neutral form, and whether all that it needs can be written, is said in ``wsdl.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from resolvers.model import LeftOut
from resolvers.soap.builtins import WSDL
from resolvers.soap.operations.bindings import Bound, RefusedError, extension
from resolvers.soap.operations.definitions import Definitions, place_in
from resolvers.soap.operations.messages import Message, Messages, attached_field
from resolvers.soap.operations.policies import Policies, action_of
from resolvers.soap.schemas.families import Families
from resolvers.soap.schemas.types import Types
from resolvers.soap.shapes import Attachment, Complex, Content, Member, OperationCodec
from resolvers.xml import Element, local


class Codecs:
    """Makes codecs. ``degraded``: what they do not carry; ``fallbacks``: replies that are JSON without need."""

    def __init__(self, definitions: Definitions, types: Types, families: Families) -> None:
        self._families = families
        self._messages = Messages(definitions, types)
        self._policies = Policies(definitions)
        self.degraded: list[LeftOut] = []
        self.fallbacks = self._messages.fallbacks

    def of(self, each: Bound, abstract: Element, document: str) -> OperationCodec:
        """The codec of an operation; ``abstract``: the operation of its port type, in ``document``.

        Raises:
            RefusedError: it cannot be served.
        """
        soap = each.soap
        details = extension(each.node, "operation")
        rpc = ((details.get("style") if details is not None else None) or soap.get("style", "document")) == "rpc"
        if abstract.find(f"{{{WSDL}}}input") is None:
            raise RefusedError("it is sent by the service, not by a client", abstract)
        given = self._messages.read(each, abstract, "input", rpc=rpc)
        answered = self._messages.read(each, abstract, "output", rpc=rpc)
        faults = [*self._messages.faults(abstract, document), *given.faults, *answered.faults]
        self._families.settle()
        wrapper, parts = _arguments(each.name, given, rpc=rpc)
        named: dict[str, Content] = {}
        for part in parts:
            if part.name in named:
                raise RefusedError("two parts of its message have the same name", abstract)
            named[part.name] = part
        headers = {}
        for name, header in given.headers.items():
            free = name if name not in named else f"{name}Header"
            headers[free] = replace(header, name=free)
        for name in answered.headers:
            reason = f"the header {name} of its reply is not served"
            self.degraded.append(LeftOut(each.name, reason, place_in(each.node, each.document), degraded=True))
        action = details.get("soapAction", "") if details is not None else ""
        asked = self._policies.of(each)
        result, attachments = self._result(each, abstract, answered, rpc=rpc)
        return OperationCodec(
            each.name,
            action,
            each.address,
            wrapper,
            named,
            result,
            {fault.tag: fault for fault in faults},
            version=each.version,
            rpc=rpc,
            encoded=given.encoded or answered.encoded,
            headers=headers,
            reply_wrapper=_tag(answered.namespace, f"{each.name}Response") if rpc and result is not None else "",
            one_way=abstract.find(f"{{{WSDL}}}output") is None,
            attachments=given.attachments,
            reply_attachments=attachments,
            addressing=asked.addressing,
            wsa_action=action_of(abstract, action),
            mtom=asked.mtom,
        )

    def _result(
        self, each: Bound, abstract: Element, answered: Message, *, rpc: bool
    ) -> tuple[Member | None, Mapping[str, Attachment]]:
        """What the body of a reply is read as: its one element, or a type made of its parts and attachments."""
        if len(answered.parts) == 1 and not rpc and not answered.attachments:
            return answered.parts[0], {}
        parts: dict[str, Member] = {}
        for part in answered.parts:
            name = part.name
            while name in parts:  # one element may stand in the body twice
                name += "Again"
            parts[name] = replace(part, name=name)
        parts |= {name: attached_field(attachment) for name, attachment in answered.attachments.items()}
        if not parts:
            return None, {}
        node = abstract.find(f"{{{WSDL}}}output")
        name = local((node.get("message", "") if node is not None else "").replace(":", "}")) or f"{each.name}Response"
        shape = self._messages.together(name, parts, each.node, each.document)
        return Member(name, "", shape, place=shape.place), answered.attachments


def _arguments(name: str, given: Message, *, rpc: bool) -> tuple[str, list[Content]]:
    """The wrapper's tag and its children in RPC and by the wrapped convention, else the parts themselves."""
    parts: list[Content] = [*given.parts]
    if rpc:
        return _tag(given.namespace, name), parts
    if len(given.parts) == 1 and not given.attachments:
        only = given.parts[0]
        shape = only.shape
        if (
            local(only.tag) == name
            and not only.nillable
            and not only.substitutes
            and isinstance(shape, Complex)
            and not shape.derived
            and not shape.abstract
            and all(member.kind in {"element", "any"} for member in shape.members)
            and all(content.name for content in shape.content)
        ):
            return only.tag, list(shape.content)
    return "", parts


def _tag(namespace: str, name: str) -> str:
    return f"{{{namespace}}}{name}" if namespace else name
