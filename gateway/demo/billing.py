"""The demo company's billing: a SOAP 1.1 service, document/literal wrapped, as ``billing.wsdl`` describes it.

It behaves as old systems do: some numbers come back padded with spaces, replies are sorted its own way, and one
invoice makes it answer with a fault. It reads XML with a parser that follows no entity and refuses every DOCTYPE.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from lxml import etree
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.demo.folder import trading_folder
from gateway.demo.journal import Entry, Journal
from gateway.demo.records import DAMAGED_INVOICE, balances, invoices, orders

SPACE = "urn:trading:billing"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
MAX_NUMBERS = 200
MAX_BODY_BYTES = 1_000_000
WRITTEN_ADDRESS = "http://127.0.0.1:8102/billing"
"""Where the WSDL says the service is; the WSDL that the service itself hands out says where it really is."""

Element: TypeAlias = "etree._Element"  # noqa: SLF001  # lxml has no public name for the type


class _Fault(Exception):
    """``code`` without its prefix (SOAP 1.1 section 4.4.1); ``detail`` is the declared element, if any."""

    def __init__(self, code: str, text: str, detail: Element | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.detail = detail


def app(journal: Journal | None = None) -> Starlette:
    """The server; ``app.state.journal`` is ``journal``, or a new one. Its data is its own and dies with it."""
    billing = _Billing(journal if journal is not None else [])
    routes = [
        Route("/billing", billing.answer, methods=["POST"]),
        Route("/billing", billing.description, methods=["GET"]),
        Route("/billing.xsd", billing.types),
    ]
    made = Starlette(routes=routes)
    made.state.journal = billing.journal
    return made


class _Billing:
    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        every = orders()
        self.invoices = {invoice["number"]: invoice for invoice in invoices(every)}
        self.balances = balances(every)
        self.operations: Mapping[str, Callable[[Element], Element]] = {
            "GetInvoices": self.get_invoices,
            "GetBalance": self.get_balance,
            "PayInvoice": self.pay_invoice,
        }

    async def description(self, request: Request) -> Response:
        text = (trading_folder() / "billing.wsdl").read_text("utf-8")
        return Response(text.replace(WRITTEN_ADDRESS, str(request.url.replace(query=""))), media_type="text/xml")

    async def types(self, _: Request) -> Response:
        return Response((trading_folder() / "billing.xsd").read_bytes(), media_type="text/xml")

    async def answer(self, request: Request) -> Response:
        try:
            wrapper = _wrapper(await request.body())
            content, status = self.operation(wrapper)(wrapper), 200
        except _Fault as fault:
            content, status = _fault(fault), 500
        envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP, "b": SPACE})
        etree.SubElement(envelope, f"{{{SOAP}}}Body").append(content)
        body = etree.tostring(envelope, encoding="utf-8", xml_declaration=True)
        return Response(body, status, media_type="text/xml")

    def operation(self, wrapper: Element) -> Callable[[Element], Element]:
        name = etree.QName(wrapper)
        found = self.operations.get(name.localname)
        if found is None or name.namespace != SPACE:
            raise _Fault("Client", "there is no such operation")
        return found

    def get_invoices(self, wrapper: Element) -> Element:
        numbers = [(item.text or "").strip() for item in wrapper.iterfind(f"{{{SPACE}}}numbers/{{{SPACE}}}item")]
        self._note("GetInvoices", ",".join(numbers))
        if len(numbers) > MAX_NUMBERS:
            raise _Fault("Client", f"at most {MAX_NUMBERS} numbers")
        if DAMAGED_INVOICE in numbers:
            raise _Fault("Server", "ARCH-17: page checksum mismatch in /var/billing/archive.0")
        reply, place = _reply("GetInvoices")
        for number in sorted(set(numbers), reverse=True):
            if number in self.invoices:
                place.append(_invoice(self.invoices[number], "item"))
        return reply

    def get_balance(self, wrapper: Element) -> Element:
        customer = _text(wrapper, "customerId")
        self._note("GetBalance", customer)
        found = self.balances.get(customer)
        reply, place = _reply("GetBalance")
        if found is None:
            reply.remove(place)
            return reply
        _add(place, "customerId", customer)
        _add(place, "balance", found["balance"])
        _add(place, "overdue", found["overdue"])
        return reply

    def pay_invoice(self, wrapper: Element) -> Element:
        number, text = _text(wrapper, "number"), _text(wrapper, "amount")
        self._note("PayInvoice", f"{number} {text}")
        try:
            amount = Decimal(text)
        except InvalidOperation:
            raise _Fault("Client", "amount is not a number") from None
        invoice = self.invoices.get(number)
        if invoice is None:
            detail = etree.Element(f"{{{SPACE}}}UnknownInvoice")
            _add(detail, "number", number)
            raise _Fault("Client", "no invoice of that number", detail)
        if amount >= invoice["amount"]:
            invoice |= {"paid": True, "status": "paid"}
        reply = etree.Element(f"{{{SPACE}}}PayInvoiceResponse")
        reply.append(_invoice(invoice, "return"))
        return reply

    def _note(self, operation: str, detail: str) -> None:
        self.journal.append(Entry("POST", operation, detail))


def _wrapper(body: bytes) -> Element:
    """The one element in the body of the envelope."""
    if len(body) > MAX_BODY_BYTES:
        raise _Fault("Client", "the request is too large")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        raise _Fault("Client", "the request is not XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _Fault("Client", "a DOCTYPE is not accepted")
    if root.tag != f"{{{SOAP}}}Envelope":
        raise _Fault("VersionMismatch", "only SOAP 1.1 is spoken here")
    found = root.find(f"{{{SOAP}}}Body/*")
    if found is None:
        raise _Fault("Client", "the body is empty")
    return found


def _reply(operation: str) -> tuple[Element, Element]:
    reply = etree.Element(f"{{{SPACE}}}{operation}Response")
    return reply, etree.SubElement(reply, f"{{{SPACE}}}return")


def _fault(fault: _Fault) -> Element:
    made = etree.Element(f"{{{SOAP}}}Fault")
    etree.SubElement(made, "faultcode").text = f"soap:{fault.code}"
    etree.SubElement(made, "faultstring").text = str(fault)
    if fault.detail is not None:
        etree.SubElement(made, "detail").append(fault.detail)
    return made


def _invoice(invoice: Mapping[str, Any], name: str) -> Element:
    made = etree.Element(f"{{{SPACE}}}{name}", {"status": invoice["status"]})
    number = invoice["number"]
    _add(made, "number", f"{number:<12}" if int(number[-2:]) % 3 == 0 else number)
    if invoice["orderId"] is not None:
        _add(made, "orderId", invoice["orderId"])
    _add(made, "amount", invoice["amount"])
    _add(made, "currency", invoice["currency"])
    _add(made, "dueDate", invoice["dueDate"])
    _add(made, "paid", "true" if invoice["paid"] else "false")
    if invoice["note"] is None:
        etree.SubElement(made, f"{{{SPACE}}}note", {f"{{{XSI}}}nil": "true"}, nsmap={"xsi": XSI})
    else:
        _add(made, "note", invoice["note"])
    for line in invoice["lines"]:
        place = etree.SubElement(made, f"{{{SPACE}}}line")
        for member in ("text", "quantity", "amount"):
            _add(place, member, line[member])
    return made


def _add(parent: Element, name: str, value: object) -> None:
    etree.SubElement(parent, f"{{{SPACE}}}{name}").text = str(value)


def _text(wrapper: Element, name: str) -> str:
    found = wrapper.findtext(f"{{{SPACE}}}{name}")
    if found is None or not found.strip():
        raise _Fault("Client", f"{name} is missing")
    return found.strip()
