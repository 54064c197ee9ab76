"""Faults as errors: SOAP 1.1, section 4.4; SOAP 1.2 part 1, section 5.4."""

from __future__ import annotations

from resolvers.errors import SourceBadResponse, SourceFault
from resolvers.soap.builtins import SOAP12
from resolvers.soap.replies.elements import read_element
from resolvers.soap.shapes import OperationCodec
from resolvers.xml import Element, namespace_of

_CODES = frozenset({"Client", "Server", "VersionMismatch", "MustUnderstand", "Sender", "Receiver"})
_LOGGED = 2000


def fault_of(codec: OperationCodec, fault: Element) -> SourceFault:
    """A fault of SOAP 1.1 (section 4.4) or 1.2 (part 1, section 5.4) as an error."""
    space = namespace_of(fault.tag)
    if space == SOAP12:
        code = fault.findtext(f"{{{space}}}Code/{{{space}}}Value", "")
        text = fault.findtext(f"{{{space}}}Reason/{{{space}}}Text", "")
        detail = fault.find(f"{{{space}}}Detail")
    else:
        code, text, detail = fault.findtext("faultcode", ""), fault.findtext("faultstring", ""), fault.find("detail")
    extensions: dict[str, object] = {}
    short = code.strip().rpartition(":")[2].partition(".")[0]
    if short in _CODES:
        extensions["faultCode"] = short
    said = f"fault {short}: {' '.join(text.split())}"
    for child in detail if detail is not None else ():
        member = codec.faults.get(child.tag)
        if member is not None:
            extensions["fault"] = member.name
            try:
                said += f"; {member.name}: {read_element(child, member, member.name)}"
            except SourceBadResponse:
                said += f"; {member.name}: does not fit its declaration"
            break
    return SourceFault(said[:_LOGGED], extensions=extensions)
