"""How the documents of an issuer are fetched: small ones, over a way on which nobody changes them, no redirects.

When that is due is ``fetched_keys.py``'s, and what a key set means is ``keys.py``'s.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from gateway.identity.issuers import unchanged_on_its_way
from gateway.identity.keys import MAX_SET_BYTES
from gateway.request.body import strict_json
from resolvers import BadRequest

FAILURES = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, TimeoutError, ValueError)
"""What a fetch may end with; whoever asks for a document is told no more than that there is none."""


class IssuerHost:
    """Where an issuer's documents are. ``ca``: the authorities that vouch for it, in place of the usual ones.

    Raises:
        OSError: ``ca`` cannot be read.
        ssl.SSLError: it holds no certificates.
    """

    def __init__(self, ca: Path | None = None) -> None:
        self._trust = None if ca is None else ssl.create_default_context(cafile=ca)

    async def get(self, url: str) -> bytes:
        """The document there.

        Raises:
            One of FAILURES: it cannot be had, or is larger than a key set may be.
        """
        if self._trust is None:
            # Reading all the authorities there are takes 20 ms and more, which others need not wait for.
            self._trust = await asyncio.to_thread(httpx.create_ssl_context, trust_env=False)
        data = bytearray()
        async with (
            httpx.AsyncClient(trust_env=False, verify=self._trust) as client,
            client.stream("GET", url, headers={"accept": "application/json", "accept-encoding": "identity"}) as reply,
        ):
            reply.raise_for_status()
            async for chunk in reply.aiter_raw():
                data += chunk
                if len(data) > MAX_SET_BYTES:
                    raise ValueError("the document is too large")
        return bytes(data)


class KeySetAt:
    """The key set at an address."""

    def __init__(self, host: IssuerHost, url: str) -> None:
        self._host = host
        self._url = url

    async def fetch(self) -> bytes:
        """The set. Raises: one of FAILURES."""
        return await self._host.get(self._url)


class Discovered:
    """The key set that an issuer's metadata name: OpenID Connect Discovery 1.0 section 4, or else RFC 8414."""

    def __init__(self, host: IssuerHost, issuer: str) -> None:
        self._host = host
        self._issuer = issuer

    async def fetch(self) -> bytes:
        """The set, found anew: an issuer that moves it says so in its metadata.

        Raises:
            One of FAILURES: the metadata or the set cannot be had, or the metadata are not this issuer's.
        """
        parts = urlsplit(self._issuer)
        path = parts.path.rstrip("/")
        try:
            data = await self._host.get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        except httpx.HTTPStatusError:
            origin = f"{parts.scheme}://{parts.netloc}"
            data = await self._host.get(f"{origin}/.well-known/oauth-authorization-server{path}")
        return await self._host.get(self._key_set(data))

    def _key_set(self, data: bytes) -> str:
        try:
            metadata = strict_json(data)
        except BadRequest as error:
            raise ValueError("the metadata are not JSON") from error
        said = metadata if isinstance(metadata, dict) else {}
        if said.get("issuer") != self._issuer:  # OpenID Connect Discovery 4.3, RFC 8414 section 3.3: exactly
            raise ValueError("the metadata name another issuer")
        url = said.get("jwks_uri")
        near = urlsplit(self._issuer).scheme == "http"
        if not isinstance(url, str) or not unchanged_on_its_way(url) or (url.startswith("http:") and not near):
            raise ValueError("the metadata name no key set that can be trusted")
        return url
