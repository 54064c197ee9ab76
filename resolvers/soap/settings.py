"""The settings of a SOAP source. What every HTTP source takes is inherited; nothing here reads a description."""

from __future__ import annotations

from pydantic import Field

from resolvers.http_settings import HttpSettings


class SoapSettings(HttpSettings):
    """A source that a WSDL describes."""

    wsdl: str = Field(min_length=1, description="The WSDL 1.1 document: a path beside the file, or a URL.")
