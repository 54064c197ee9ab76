"""The settings of a SOAP source. What every HTTP source takes is inherited; nothing here reads a description."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from resolvers.http_settings import FileName, HttpSettings
from resolvers.soap.security.settings import WsSecurity


class SoapSettings(HttpSettings):
    """A source that a WSDL describes."""

    wsdl: FileName = Field(min_length=1, description="The WSDL 1.1 document: a path beside the file, or a URL.")
    references: Literal["files", "anywhere"] = Field(
        "files",
        description="Which files a WSDL on disk may import: those below its own folder or that of the configuration, "
        "or anywhere: all.",
    )
    port: str | None = Field(
        None, min_length=1, description="The one port of the WSDL whose operations are served; every port by default."
    )
    soap_version: Literal["1.1", "1.2"] | None = Field(
        None, description="The one version of SOAP that is spoken; 1.1 comes first where the WSDL offers both."
    )
    ws_security: WsSecurity | None = Field(
        None, description="WS-Security: a user's name and password, a timestamp, signatures."
    )
    addressing: bool | None = Field(
        None,
        description="Whether requests bear the header blocks of WS-Addressing 1.0; as the WSDL says when absent.",
    )
