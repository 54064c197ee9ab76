"""Which web pages of other origins may read answers (Fetch standard, CORS protocol): none, unless they are listed.

Credentials are never allowed to come along: tokens are sent in a header by the page itself, and cookies mean nothing.
"""

from __future__ import annotations

import re

from pydantic import Field, field_validator
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from resolvers import Settings

_ORIGIN = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_ASKED_WITH = (
    "Accept", "Authorization", "Content-Type", "GraphQL-Cost", "Idempotency-Key", "X-Client-Name", "X-Request-Id",
    "X-Request-Timeout",
)  # fmt: skip
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class CorsSettings(Settings):
    origins: tuple[str, ...] = Field(
        min_length=1, description='Origins of web pages that may ask, compared exactly; "*" alone: every origin.'
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
        allow_headers=_ASKED_WITH,
        allow_credentials=False,
        expose_headers=("RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"),
        max_age=settings.max_age_s,
    )
