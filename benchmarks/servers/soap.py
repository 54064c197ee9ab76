"""The request of the product service, written by hand for the competitors that have no SOAP of their own."""

from __future__ import annotations

from collections.abc import Iterable

SPACE = "urn:shop:products"
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"urn:shop:products#GetProducts"'}


def envelope(skus: Iterable[str]) -> bytes:
    """A SOAP 1.1 envelope that asks for these products; the keys hold nothing that XML would escape."""
    items = "".join(f"<p:item>{sku}</p:item>" for sku in skus)
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:p="urn:shop:products"><s:Body>'
        f"<p:GetProducts><p:skus>{items}</p:skus></p:GetProducts></s:Body></s:Envelope>"
    ).encode()
