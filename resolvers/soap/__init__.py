"""SOAP sources: WSDL 1.1 described, SOAP 1.1 and 1.2 over HTTP. Import from here."""

from resolvers.soap.client import SoapSource, open_soap
from resolvers.soap.settings import SoapSettings

__all__ = ["SoapSettings", "SoapSource", "open_soap"]
