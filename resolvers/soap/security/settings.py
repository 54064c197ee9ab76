"""The settings of WS-Security: what a request proves itself by, and whose signature a reply must bear.

Nothing is read or signed here; the files that the settings name are read when the source is opened.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from resolvers.http_settings import Certificate, FileName
from resolvers.settings import Settings


class Signing(Certificate):
    """The certificate that requests are signed with, and its private key."""

    sha1: bool = Field(
        False, description="true: RSA-SHA1 and SHA-1, for services that know nothing newer; SHA-256 otherwise."
    )


class Verification(Settings):
    """Whose signature a reply must bear. Body and timestamp must be signed; header blocks that are not are not read."""

    trusted: FileName = Field(
        min_length=1,
        description="PEM file of certificates: a reply is signed with one of them, or with one that an authority "
        "among them issued itself.",
    )
    max_age_s: int = Field(300, gt=0, le=86_400, description="How old the timestamp of a reply may be, in seconds.")
    clock_skew_s: int = Field(60, ge=0, le=3600, description="How far the clocks may be apart, in seconds.")
    sha1: bool = Field(False, description="true: signatures over SHA-1 are accepted too.")


def _signing(given: object) -> object:
    return {"file": given} if isinstance(given, str) else given


def _verification(given: object) -> object:
    return {"trusted": given} if isinstance(given, str) else given


class WsSecurity(Settings):
    """The ``wsse:Security`` header (WS-Security 1.1.1). Paths start at the folder of the configuration file."""

    username: str | None = Field(None, min_length=1, description="The user of the UsernameToken.")
    password: SecretStr | None = Field(None, description="Its password; without one the user's name alone is sent.")
    digest: bool = Field(
        True,
        description="true: the password travels as a digest with nonce and time (UsernameToken Profile 1.1); "
        "false: as text.",
    )
    allow_plain_http: bool = Field(
        False, description="true: a password travels as text over http too, where everyone on the way can read it."
    )
    timestamp_s: int | None = Field(
        None,
        gt=0,
        le=86_400,
        description="A Timestamp is sent that expires after so many seconds; none when absent, 300 where sign stands.",
    )
    must_understand: bool = Field(True, description="false: the header may be ignored by a service that is without it.")
    actor: str | None = Field(
        None, min_length=1, description="Whom the header is for: the actor of SOAP 1.1, the role of SOAP 1.2."
    )
    sign: Annotated[Signing, BeforeValidator(_signing, json_schema_input_type=FileName | Signing)] | None = Field(
        None,
        description="Body, header blocks and tokens of requests are signed with this certificate: a PEM file that "
        "holds its key too. Needs isthmus[wss].",
    )
    verify: (
        Annotated[Verification, BeforeValidator(_verification, json_schema_input_type=FileName | Verification)] | None
    ) = Field(
        None,
        description="Replies must be signed: a PEM file of the certificates that are trusted. Needs isthmus[wss].",
    )

    @model_validator(mode="after")
    def _some_way(self) -> WsSecurity:
        if self.password is not None and self.username is None:
            raise ValueError("a password needs its username")
        if self.username is None and self.timestamp_s is None and self.sign is None and self.verify is None:
            raise ValueError("ws_security needs at least one of username, timestamp_s, sign and verify")
        return self

    @property
    def sent_timestamp_s(self) -> int | None:
        """A signature without a timestamp could be sent again by anybody for ever."""
        return 300 if self.timestamp_s is None and self.sign is not None else self.timestamp_s
