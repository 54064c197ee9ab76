"""Which web pages of other origins may read answers (Fetch standard, CORS protocol): none, unless they are listed.

Credentials are never allowed to come along: tokens are sent in a header by the page itself, and cookies mean nothing.
"""

from __future__ import annotations

import re

from pydantic import Field, field_validator
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from resolvers import HeaderName, Settings

PREFLIGHTED = ("graphql-require-preflight", "apollo-require-preflight", "x-requested-with")
"""A page of another origin can send one of these only after the server has agreed to it (Fetch section 3.2.2)."""

_ORIGIN = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_ASKED_WITH = (
    "Accept", "Authorization", "Content-Type", "GraphQL-Cost", "GraphQL-Freshness", "Idempotency-Key", "X-Client-Name",
    "X-Request-Id", "X-Request-Timeout",
    # What clients of GraphQL send by themselves: uploads need one of the first, Apollo's client says its name.
    *PREFLIGHTED, "Apollographql-Client-Name", "Apollographql-Client-Version",
)  # fmt: skip
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class CorsSettings(Settings):
    origins: tuple[str, ...] = Field(
        min_length=1, description='Origins of web pages that may ask, compared exactly; "*" alone: every origin.'
    )
    headers: tuple[HeaderName, ...] = Field(
        (), description="Further headers that these pages may send: of API keys, or what a source is sent on."
    )
    max_age_s: int = Field(600, ge=0, le=86_400, description="How long browsers keep a preflight's answer, in seconds.")

    @field_validator("origins")
    @classmethod
    def _as_browsers_write_them(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        if origins == ("*",):
            return origins
        for origin in origins:
            # Browsers leave the default port out, so an origin that names it would never match.
            default = _DEFAULT_PORTS.get(origin.partition(":")[0], "")
            if not _ORIGIN.fullmatch(origin) or origin.endswith(default):
                message = (
                    f'"{origin}" is no origin as browsers send it: scheme, host in lower case, and the port '
                    "unless it is the default one, like https://app.example.com"
                )
                raise ValueError(message)
        return origins


def cors(settings: CorsSettings) -> Middleware:
    """The middleware that answers preflights and names the allowed origin in every answer to it."""
    return Middleware(
        CORSMiddleware,
        allow_origins=settings.origins,
        allow_methods=("GET", "POST"),
        allow_headers=(*_ASKED_WITH, *settings.headers),
        allow_credentials=False,
        expose_headers=("RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"),
        max_age=settings.max_age_s,
    )
