"""The settings that sources of every kind share: how patient we are, what of them is served.

Each kind adds its own in ``<kind>/settings.py``, those reached over HTTP share ``http_settings.py``. Descriptions of
the fields are the reference text that ``isthmus json-schema`` prints.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from resolvers.model import Comparison, Effect
from resolvers.origin import HOST_AND_PORT, has_odd_port, names_a_user


class Settings(BaseModel):
    """The root of every settings model: frozen, unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _fits(pattern: str, needed: str) -> AfterValidator:
    """Checks a string against a pattern; ``needed`` says in words what it is, since nobody reads patterns."""

    def check(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError(needed)
        return text

    return AfterValidator(check)


_LETTERS = r"^[A-Za-z]*$"
_ADDRESS = rf"^https?://{HOST_AND_PORT}(/[^?#\s]*)?$"
_ADDRESS_NEEDED = "an address such as https://host/path is needed, without user, query and fragment"
Letters = Annotated[
    str, _fits(_LETTERS, "it is made of the letters A to Z only"), Field(json_schema_extra={"pattern": _LETTERS})
]


def _address(url: str) -> str:
    if names_a_user(url):
        mend = "write them under auth: { basic: { username: …, password: … } }"
        raise PydanticCustomError("address", "an address holds no user and no password", {"mend": mend})
    if has_odd_port(url):
        mend = "correct the port, or leave it out for the scheme's own"
        raise PydanticCustomError("address", "a port is a number from 1 to 65535", {"mend": mend})
    if re.fullmatch(_ADDRESS, url) is None:
        raise PydanticCustomError("address", _ADDRESS_NEEDED)
    return url


Address = Annotated[str, AfterValidator(_address), Field(json_schema_extra={"pattern": _ADDRESS})]


class OperationSettings(Settings):
    """What a description does not say about an operation, or says wrongly."""

    effect: Effect | None = Field(None, description="read (a Query field), idempotent or write (Mutation fields).")
    at: str | None = Field(None, description="Path to the value inside the reply, members joined by dots.")
    keys: str | None = Field(None, description="Path to the argument that takes many keys, members joined by dots.")
    by: str | dict[str, str] | None = Field(
        None,
        description="Result field that holds the key, or a mapping of result fields to parts of the key "
        "(or, where the operation takes one key, to its arguments).",
    )
    max_keys: int | None = Field(None, gt=0, description="Most keys in one call.")
    compare: tuple[Comparison, ...] = Field(
        (), description="How keys of this system are compared: trim, casefold, number."
    )


class SourceSettings(Settings):
    """The keys that every source takes, whatever its kind."""

    timeout_s: float = Field(
        10.0, gt=0, le=300, description="Longest time for one call, in seconds, from connecting to the last byte."
    )
    concurrency: int = Field(
        20, gt=0, le=1000, description="Most calls under way at once; further ones wait their turn."
    )
    include: tuple[str, ...] = Field(
        (), description="Only these operations are served (shell patterns); empty: all of them."
    )
    exclude: tuple[str, ...] = Field((), description="These operations are not served (shell patterns).")
    prefix: Letters = Field("", description="Put before every type and root field of the source.")
    writes: Annotated[
        bool | tuple[str, ...],
        Field(description="false: only reads are served; true: writes too; a list: only these writes."),
    ] = False
    operations: dict[str, OperationSettings] = Field(
        default_factory=dict, description="What the description does not say, by operation."
    )


Kind = Literal["openapi", "wsdl", "database"]
