"""What a WSDL says of its operations' messages (WSDL 1.1, sections 2 and 3), read without the gateway's reader.

For rpc/literal it makes the elements around the parts, so that instances of them can be made and judged like others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from tests.soap_interop.schemas import WSDL, XSD, Home, Node, Schemas, qname

SOAP11 = "{http://schemas.xmlsoap.org/wsdl/soap/}"
SOAP12 = "{http://schemas.xmlsoap.org/wsdl/soap12/}"
_NOWHERE = Home("", qualified=False, attributes_qualified=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation of a port: the tags of the elements in its bodies, of its header blocks and its faults' details.

    ``style``: as ``document/literal``; ``reply``: empty for an operation that answers nothing.
    """

    name: str
    port: int
    style: str
    action: str
    request: str
    reply: str
    headers: tuple[str, ...] = ()
    faults: tuple[str, ...] = field(default=())
    version: str = "1.1"


def operations(schemas: Schemas) -> list[Asked]:
    """The operations of every SOAP port whose messages are one element each, by the first port that has them."""
    found: dict[str, Asked] = {}
    for index, (binding, version) in enumerate(_ports(schemas)):
        for one in _bound(schemas, binding, version, index):
            found.setdefault(one.name, one)
    return list(found.values())


def _ports(schemas: Schemas) -> Iterator[tuple[Node, str]]:
    for root in schemas.wsdls:
        for port in root.iterfind(f"{WSDL}service/{WSDL}port"):
            binding = _named(schemas, "binding", qname(port, port.get("binding", ""), _NOWHERE))
            if binding is None:
                continue
            for space, version in ((SOAP11, "1.1"), (SOAP12, "1.2")):
                if binding.find(f"{space}binding") is not None:
                    yield binding, version


def _named(schemas: Schemas, kind: str, tag: str) -> Node | None:
    name = etree.QName(tag)
    for root in schemas.wsdls:
        if (root.get("targetNamespace") or None) == name.namespace:
            for node in root.iterfind(f"{WSDL}{kind}"):
                if node.get("name") == name.localname:
                    return node
    return None


def _bound(schemas: Schemas, binding: Node, version: str, index: int) -> Iterator[Asked]:
    space = SOAP11 if version == "1.1" else SOAP12
    port_type = _named(schemas, "portType", qname(binding, binding.get("type", ""), _NOWHERE))
    soap = binding.find(f"{space}binding")
    assert soap is not None
    for node in binding.iterfind(f"{WSDL}operation"):
        name = node.get("name", "")
        abstract = next(
            (item for item in (port_type if port_type is not None else ()) if item.get("name") == name), None
        )
        details = node.find(f"{space}operation")
        given = details if details is not None else soap
        style = given.get("style", soap.get("style", "document"))
        body = node.find(f"{WSDL}input/{space}body")
        use = body.get("use", "literal") if body is not None else "literal"
        if abstract is None or abstract.find(f"{WSDL}input") is None:
            continue
        request = _body(schemas, node, abstract, "input", style, space)
        reply = _body(schemas, node, abstract, "output", style, space)
        if request is not None and reply is not None and use == "literal":
            headers = tuple(
                _element(schemas, item.get("message", ""), item, item.get("part"))
                for item in node.iterfind(f"{WSDL}input/{space}header")
            )
            faults = tuple(
                _element(schemas, item.get("message", ""), item) for item in abstract.iterfind(f"{WSDL}fault")
            )
            action = details.get("soapAction", "") if details is not None else ""
            yield Asked(
                name, index, f"{style}/{use}", action, request, reply, headers, tuple(filter(None, faults)), version
            )


def _body(schemas: Schemas, bound: Node, abstract: Node, direction: str, style: str, space: str) -> str | None:
    """The tag of the one element in a body; empty where there is no message, ``None`` where it is not one element."""
    said = abstract.find(f"{WSDL}{direction}")
    if said is None:
        return ""
    message = _named(schemas, "message", qname(said, said.get("message", ""), _NOWHERE))
    if message is None:
        return None
    body = bound.find(f"{WSDL}{direction}/{space}body")
    only = body.get("parts") if body is not None else None
    parts = [part for part in message.iterfind(f"{WSDL}part") if only is None or part.get("name") in only.split()]
    if style == "rpc":
        name = bound.get("name", "") + ("Response" if direction == "output" else "")
        return _wrapped(schemas, name, body.get("namespace", "") if body is not None else "", parts)
    if len(parts) != 1 or not parts[0].get("element"):
        return None
    tag = qname(parts[0], parts[0].get("element", ""), _NOWHERE)
    return tag if ("element", tag) in schemas.declared else None


def _element(schemas: Schemas, written: str, node: Node, part: str | None = None) -> str:
    message = _named(schemas, "message", qname(node, written, _NOWHERE))
    for item in message.iterfind(f"{WSDL}part") if message is not None else ():
        if item.get("element") and part in {None, item.get("name")}:
            return qname(item, item.get("element", ""), _NOWHERE)
    return ""


def _wrapped(schemas: Schemas, name: str, space: str, parts: list[Node]) -> str:
    """The element around the parts of an rpc message (SOAP 1.1, section 7.1), declared for the judges alone."""
    tag = f"{{{space}}}{name}" if space else name
    if ("element", tag) not in schemas.declared:
        names = [etree.QName(qname(part, part.get("type", part.get("element", "")), _NOWHERE)) for part in parts]
        spaces = sorted({named.namespace for named in names if named.namespace} - {XSD[1:-1]})
        prefixes = {"xs": XSD[1:-1], **{f"p{index}": used for index, used in enumerate(spaces)}}
        root = etree.Element(f"{XSD}schema", {"targetNamespace": space} if space else {}, nsmap=prefixes)
        element = etree.SubElement(root, f"{XSD}element", {"name": name})
        sequence = etree.SubElement(etree.SubElement(element, f"{XSD}complexType"), f"{XSD}sequence")
        for part, named in zip(parts, names, strict=True):
            prefix = next((prefix for prefix, used in prefixes.items() if used == named.namespace), "")
            typed = f"{prefix}:{named.localname}" if prefix else named.localname
            etree.SubElement(sequence, f"{XSD}element", {"name": part.get("name", ""), "type": typed})
        schemas.take(root)
    return tag
