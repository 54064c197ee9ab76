"""What the file says of the audit log (``server.audit``): where it goes, what is recorded, and how openly.

How a record is made stands in ``auditor.py``, how it is written in ``writer.py`` and ``sinks.py``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from resolvers import Settings
from schema import Recording

WHERE = ("server", "audit")
_ADDRESS = re.compile(r"(?:(?:udp|tcp)://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\]):[0-9]{1,5})|/[^\s]+")


def _listed(given: object) -> object:
    return (given,) if isinstance(given, str) else given


Names = Annotated[tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | tuple[str, ...])]


class AuditSettings(Settings):
    to: Literal["file", "stdout", "syslog"] = Field(description="Where records go, one line of JSON each.")
    path: Path | None = Field(
        None, description="The file: it is appended to, opened anew when it was moved, mode 0600."
    )
    address: str | None = Field(
        None, description="Of syslog (RFC 5424): a socket (/dev/log), udp://host:514 or tcp://host:601."
    )
    coordinates: Names | None = Field(
        None, description="What is recorded: coordinates, types, patterns, tags; absent: whatever has a rule."
    )
    keys: dict[str, Names] = Field(
        default_factory=dict, description="Type → its fields that tell its objects apart, where no description says so."
    )
    claims: Names = Field((), description="Claims that are recorded with the caller, by their paths.")
    subject: Literal[True, "hash"] = Field(True, description="The caller's name as it is, or hash: an HMAC of it.")
    ids: Literal[True, False, "hash"] = Field(
        True, description="Keys of the objects: as they are, hash: an HMAC of each, or false: objects are counted only."
    )
    max_ids: int = Field(100, gt=0, le=10_000, description="Most objects of a type that one record names.")
    arguments: Literal[False, "masked"] = Field(
        False, description="masked: also which variables were given, by their names; a value is never recorded."
    )
    client_claims: Names = Field(("azp", "client_id"), description="Claims that name the client; the first one counts.")
    client_header: str = Field(
        "x-client-name", description="The header in which a client says its name, where no claim does: unverified."
    )
    hash_key: SecretStr | None = Field(None, min_length=16, description="Key of hashes; equal values have equal ones.")
    max_waiting: int = Field(10_000, gt=0, le=1_000_000, description="Most records that wait to be written.")
    on_failure: Literal["serve", "refuse"] = Field(
        "serve",
        description="While records cannot be written: serve, what finds no room is counted; or refuse, whoever asks"
        " for what is recorded gets 503.",
    )
    unauthenticated: bool = Field(
        True, description="Whether requests are recorded whose credential was refused: from which address, and why."
    )
    fsync: bool = Field(False, description="Whether each batch is on the disk (fsync) before the next is written.")

    @model_validator(mode="after")
    def _fits(self) -> AuditSettings:
        if (self.to == "file") != (self.path is not None):
            raise ValueError("path says which file: it is needed with to: file, and means nothing otherwise")
        if self.address is not None and self.to != "syslog":
            raise ValueError("address is that of syslog")
        if self.address is not None and _ADDRESS.fullmatch(self.address) is None:
            raise ValueError("an address is a path such as /dev/log, udp://host:514 or tcp://host:601")
        if self.hash_key is None and "hash" in {self.subject, self.ids}:
            raise ValueError('hash needs a key: add hash_key: "${env:ISTHMUS_AUDIT_KEY}", 16 letters or more')
        if self.subject == "hash" and "sub" in self.claims:
            raise ValueError("the claim sub would tell the subject that is hashed")
        if self.fsync and self.to != "file":
            raise ValueError("fsync is for files")
        return self

    def placed(self, base: Path) -> AuditSettings:
        """The settings with the path seen from ``base``, the folder of the file."""
        return self if self.path is None else self.model_copy(update={"path": base / self.path})

    @property
    def recording(self) -> Recording:
        """What the graph is to tell."""
        return Recording(self.coordinates, self.keys, WHERE)
