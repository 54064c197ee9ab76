"""SOAP sources: WSDL 1.1 described, document/literal over HTTP. Import from here."""

from resolvers.soap.client import SoapSource, open_soap
from resolvers.soap.settings import SoapSettings

__all__ = ["SoapSettings", "SoapSource", "open_soap"]
