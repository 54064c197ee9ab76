"""Which operations there are, and by which ports and bindings each is offered (WSDL 1.1, sections 2.5 to 2.7).

SOAP 1.1 comes before SOAP 1.2, ports before bindings that no port offers; a port or version that is asked for comes
alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from resolvers.documents import DescriptionError
from resolvers.problem import Problem, nearest
from resolvers.soap.builtins import WSDL
from resolvers.soap.operations.definitions import Definitions
from resolvers.soap.schemas.declarations import qname
from resolvers.xml import Element, local, namespace_of

SOAP = "http://schemas.xmlsoap.org/wsdl/soap/"
SOAP12 = "http://schemas.xmlsoap.org/wsdl/soap12/"
_TRANSPORTS = frozenset({
    "http://schemas.xmlsoap.org/soap/http", "http://www.w3.org/2003/05/soap/bindings/HTTP/",
    "http://schemas.xmlsoap.org/soap/http/",
})  # fmt: skip
_OPERATION = f"{{{WSDL}}}operation"

Version: TypeAlias = Literal["1.1", "1.2"]


class RefusedError(Exception):
    """An operation that is not served, and why."""

    def __init__(self, reason: str, node: Element | None = None) -> None:
        super().__init__(reason)
        self.node = node


@dataclass(frozen=True, slots=True)
class Bound:
    """One operation of one binding, with the address of the port that offers it."""

    name: str
    node: Element
    binding: Element
    document: str
    address: str
    port: str = ""

    @property
    def soap(self) -> Element:
        """The SOAP binding.

        Raises:
            RefusedError: there is none, or it is of another transport than HTTP.
        """
        if local(self.binding.tag) == "portType":
            raise RefusedError("no binding says how it is sent")
        found = extension(self.binding, "binding")
        if found is None:
            http = any("/wsdl/http/" in namespace_of(child.tag) for child in self.binding)
            raise RefusedError(f"no SOAP binding{', only one of plain HTTP' if http else ''}", self.node)
        transport = found.get("transport", "")
        if transport and transport not in _TRANSPORTS:
            raise RefusedError("a transport other than HTTP", found)
        return found

    @property
    def version(self) -> Version:
        """The version of SOAP that the binding is of."""
        found = extension(self.binding, "binding")
        return "1.2" if found is not None and namespace_of(found.tag) == SOAP12 else "1.1"


def extension(node: Element, name: str) -> Element | None:
    """What the SOAP bindings add to a definition, of either version."""
    return next(iter(node.iterchildren(f"{{{SOAP}}}{name}", f"{{{SOAP12}}}{name}")), None)


def bound(definitions: Definitions, port: str | None, version: str | None) -> dict[str, list[Bound]]:
    """Every operation by name: as ports offer it, then as bindings and port types merely declare it.

    Raises:
        DescriptionError: no port has the name asked for, or none is of the version asked for.
    """
    offers = sorted(_offers(definitions), key=lambda item: _rank(item[0]))
    if port is not None:
        offers = _of_port(offers, port)
    if version is not None:
        kept = [item for item in offers if _version_of(item[0]) == version]
        if not kept:
            mend = "leave soap_version out, or choose the other"
            raise DescriptionError(Problem(f"the WSDL has no binding of SOAP {version}", ("soap_version",), mend))
        offers = kept
    found: dict[str, list[Bound]] = {}
    for binding, document, address, name_of_port in offers:
        for node in binding.iterchildren(_OPERATION):
            name = node.get("name", "")
            found.setdefault(name, []).append(Bound(name, node, binding, document, address, name_of_port))
    if port is None and version is None:
        for _, port_type, document in definitions.all("portType"):
            for node in port_type.iterchildren(_OPERATION):
                name = node.get("name", "")
                if name not in found:
                    found[name] = [Bound(name, node, port_type, document, "")]
    return found


_Offer: TypeAlias = "tuple[Element, str, str, str]"


def _of_port(offers: list[_Offer], port: str) -> list[_Offer]:
    kept = [item for item in offers if item[3] == port]
    if kept:
        return kept
    names = list(dict.fromkeys(name for *_, name in offers if name))
    mend = nearest(port, names) or f"its ports are {', '.join(names) or 'none'}"
    raise DescriptionError(Problem(f'the WSDL has no port "{port}"', ("port",), mend))


def _version_of(binding: Element) -> str:
    found = extension(binding, "binding")
    if found is None:
        return ""
    return "1.2" if namespace_of(found.tag) == SOAP12 else "1.1"


def _rank(binding: Element) -> int:
    return {"1.1": 0, "1.2": 1}.get(_version_of(binding), 2)


def _offers(definitions: Definitions) -> Iterator[_Offer]:
    """Bindings as the ports offer them, then those that none offers: element, document, address, port."""
    offered: set[Element] = set()
    for root, document in definitions.roots:
        for port in root.iterfind(f"{{{WSDL}}}service/{{{WSDL}}}port"):
            name = port.get("name", "port")
            tag = qname(port, port.get("binding", ""), root.get("targetNamespace", ""))
            found = definitions.find("binding", tag)
            if found is None:
                definitions.miss(name, f"its binding {local(tag)} is declared nowhere", port, document)
                continue
            offered.add(found[0])
            at = extension(port, "address")
            yield found[0], found[1], at.get("location", "").strip() if at is not None else "", name
    for _, node, document in definitions.all("binding"):
        if node not in offered:
            yield node, document, "", ""
