"""What of verified claims (RFC 7519 section 4) says who asks and what he may: claims in, a ``Principal`` out.

Whether the claims may be believed was settled before; a shape that is not the expected one gives nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import BeforeValidator, Field

from resolvers import Settings
from schema import Principal

Path = str | tuple[str, ...]


class ClaimPath(Settings):
    """Where words lie in the claims, and which of them count."""

    path: Annotated[Path, Field(min_length=1)] = Field(
        description="The claim's own name, or a path of names joined by dots; a list where a name itself holds dots."
    )
    prefix: str = Field("", description="Only words that begin with it count, and it is cut off.")
    words: bool = Field(False, description="The claim may also be one text of words with spaces between.")


def _paths(given: object) -> object:
    listed = given if isinstance(given, list | tuple) else [given]
    return [{"path": each} if isinstance(each, str) else each for each in listed]


Paths = Annotated[
    tuple[ClaimPath, ...],
    BeforeValidator(_paths, json_schema_input_type=str | ClaimPath | tuple[str | ClaimPath, ...]),
]


class ClaimSettings(Settings):
    subject: Annotated[Path, Field(min_length=1)] = Field(
        "sub", description="Path of the claim that names the caller: a text. A token needs its sub all the same."
    )
    scopes: Paths = Field(
        (ClaimPath(path="scope", words=True),),
        validate_default=False,
        description="Paths of the claims with scopes: words in a text, or a list of texts.",
    )
    roles: Paths = Field(
        (ClaimPath(path="roles"),),
        validate_default=False,
        description="Paths of the claims with roles: a list of texts (words in a text, where the path says words).",
    )


def at(claims: Mapping[str, object], path: Path) -> object:
    """What lies at a path; ``None`` where nothing does. A name that holds dots is found by itself first."""
    if isinstance(path, str):
        if path in claims:
            return claims[path]
        path = tuple(path.split("."))
    value: object = claims
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def principal_of(claims: Mapping[str, object], where: ClaimSettings) -> Principal | None:
    """The caller whose verified claims these are; ``None`` where they name nobody."""
    subject = at(claims, where.subject)
    if not isinstance(subject, str) or not subject:
        return None
    return Principal(
        subject,
        _words(claims, where.scopes, split=True),
        _words(claims, where.roles, split=False),
        claims,
    )


def _words(claims: Mapping[str, object], paths: Sequence[ClaimPath], *, split: bool) -> frozenset[str]:
    found: set[str] = set()
    for place in paths:
        value = at(claims, place.path)
        if isinstance(value, str) and (split or place.words):
            value = [word for word in value.split(" ") if word]
        if isinstance(value, list) and all(isinstance(word, str) for word in value):
            found.update(word.removeprefix(place.prefix) for word in value if word.startswith(place.prefix))
    return frozenset(found - {""})
