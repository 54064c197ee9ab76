"""What a description asks of messages beside their content: WS-Addressing and MTOM, by policies or extensions.

It reads no message and knows no shape.
"""

from __future__ import annotations

from dataclasses import dataclass

from resolvers.soap.builtins import WSDL
from resolvers.soap.operations.bindings import Bound
from resolvers.soap.operations.definitions import Definitions
from resolvers.xml import Element, local, namespace_of

_METADATA = "http://www.w3.org/2007/05/addressing/metadata"
_BINDING = "http://www.w3.org/2006/05/addressing/wsdl"
_OLD = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_ADDRESSING = {f"{{{_METADATA}}}Addressing", f"{{{_BINDING}}}UsingAddressing"}
_MTOM = {
    "{http://schemas.xmlsoap.org/ws/2004/09/policy/optimizedmimeserialization}OptimizedMimeSerialization",
    "{http://www.w3.org/2007/08/soap12-mtom-policy}MTOM",
    "{http://www.w3.org/2007/08/soap11-mtom-policy}MTOM",
}
_IDENTITY = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a binding asks for."""

    addressing: bool = False
    mtom: bool = False


class Policies:
    """Reads what bindings say themselves and by the policies that they refer to (WS-PolicyAttachment, section 4)."""

    def __init__(self, definitions: Definitions) -> None:
        self._named: dict[str, Element] = {}
        self._ports: dict[str, list[Element]] = {}
        self._known: dict[tuple[Element, str], Asked] = {}
        for root, _ in definitions.roots:
            for node in root:
                if local(node.tag) == "Policy":
                    self._named[node.get(_IDENTITY, "")] = node
            for port in root.iterfind(f"{{{WSDL}}}service/{{{WSDL}}}port"):
                self._ports.setdefault(port.get("name", ""), []).append(port)

    def of(self, bound: Bound) -> Asked:
        """What the binding and the port of an operation ask for."""
        key = (bound.binding, bound.port)
        if key not in self._known:
            found: set[str] = set()
            for child in (*bound.binding, *(inner for port in self._ports.get(bound.port, ()) for inner in port)):
                if namespace_of(child.tag) != WSDL:
                    found |= self._assertions(child)
            self._known[key] = Asked(bool(found & _ADDRESSING), bool(found & _MTOM))
        return self._known[key]

    def _assertions(self, node: Element) -> set[str]:
        if local(node.tag) == "PolicyReference":
            named = self._named.get(node.get("URI", "").removeprefix("#"))
            return set() if named is None else {each.tag for each in named.iter()}
        return {each.tag for each in node.iter()}


def action_of(abstract: Element, soap_action: str) -> str:
    """The action of a request (WS-Addressing 1.0, WSDL binding, section 4.4): as it is said, or made of names."""
    given = abstract.find(f"{{{WSDL}}}input")
    for namespace in (_METADATA, _BINDING, _OLD):
        said = given.get(f"{{{namespace}}}Action") if given is not None else None
        if said:
            return said
    if soap_action:
        return soap_action
    port_type = abstract.getparent()
    above = port_type.getparent() if port_type is not None else None
    space = above.get("targetNamespace", "") if above is not None else ""
    joint = ":" if space.startswith("urn:") else "/"
    name = given.get("name") if given is not None else None
    parts = (port_type.get("name", "") if port_type is not None else "", name or f"{abstract.get('name', '')}Request")
    return space.rstrip(joint) + joint + joint.join(parts)
