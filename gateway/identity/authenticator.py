"""``Authenticator``: who asks, by the token, the API key or the certificate that a request carries.

Each kind is judged by its own module. A credential that is not valid is never taken for none, and two are never one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from gateway.identity.api_keys import ApiKeys
from gateway.identity.bearer import BearerTokens
from gateway.identity.certificates import Certificates, thumbprint
from gateway.identity.keys import Keys
from gateway.identity.proxied import ProxiedCertificates
from gateway.identity.revocation import Revocation
from gateway.request.asked import Asked
from gateway.watched import Looked, watching
from resolvers import Unauthenticated
from schema import ANONYMOUS, Principal


class Authenticator:
    """What is ``None`` is not configured: what a request carries of that kind is refused, or means nothing."""

    def __init__(
        self,
        tokens: BearerTokens | None = None,
        api_keys: ApiKeys | None = None,
        certificates: Certificates | None = None,
        proxied: ProxiedCertificates | None = None,
        revocation: Revocation | None = None,
    ) -> None:
        self._tokens = tokens
        self._api_keys = api_keys
        self._certificates = certificates
        self._proxied = proxied
        self._revocation = revocation
        self._watching: asyncio.Task[None] | None = None

    @property
    def identifies(self) -> bool:
        """Whether anybody can be more than anonymous."""
        return any(each is not None for each in (self._tokens, self._api_keys, self._certificates, self._proxied))

    def known(self, asked: Asked) -> Principal | None:
        """Who asks, where that can be said at once; ``principal`` says it otherwise, or why nobody does."""
        try:
            found = self._at_once(asked)
        except Unauthenticated:
            return None
        if found is None or found is ANONYMOUS or self._revocation is None:
            return found
        return found if self._revocation.clears(found) else None

    async def principal(self, asked: Asked) -> Principal:
        """Who asks; without any credential that is ``ANONYMOUS``.

        Raises:
            Unauthenticated: there is a credential and it is not valid, whatever its fault, or there are two.
            CannotVerify: what it would be verified by is away.
        """
        found = self._at_once(asked)
        if found is None:
            assert self._tokens is not None
            found = await self._tokens.principal(asked.headers["authorization"], thumbprint(self._shown(asked)))
        if self._revocation is not None and found is not ANONYMOUS:
            await self._revocation.check(found)
        return found

    def _at_once(self, asked: Asked) -> Principal | None:
        """Who asks, or ``None`` where a token is to be verified first.

        A token or a key of the request comes before a certificate; one that a proxy tells of before the proxy's own.

        Raises:
            Unauthenticated: as ``principal``.
        """
        tokens = asked.headers.getlist("authorization")
        keys = () if self._api_keys is None else asked.headers.getlist(self._api_keys.header)
        if len(tokens) + len(keys) > 1:
            raise Unauthenticated("more than one credential")
        if tokens:
            if self._tokens is None:
                # A token that nobody verifies is not a valid one, and an invalid one never counts as none.
                raise Unauthenticated("a token came, but server.jwt is not configured")
            return self._tokens.known(tokens[0], thumbprint(self._shown(asked)))
        if self._api_keys is not None and keys:
            return self._api_keys.principal(keys[0])
        told = None if self._proxied is None else self._proxied.shown(asked)
        if self._proxied is not None and told is not None:
            return self._proxied.principal(told)
        certificate = asked.connection.certificate
        if certificate is None or self._certificates is None:
            return ANONYMOUS
        return self._certificates.principal(certificate)

    def _shown(self, asked: Asked) -> bytes | None:
        """The certificate of who asks, as DER, whoever he then is. Raises Unauthenticated."""
        told = None if self._proxied is None else self._proxied.shown(asked)
        return asked.connection.certificate if told is None else told

    @property
    def ready(self) -> bool:
        """False while of all issuers none has a key set; to ask has one fetched again where it is due."""
        if self._tokens is None or not self._tokens.issuers:
            return True
        for issuer in self._tokens.issuers.values():
            issuer.keys.freshen()
        return any(issuer.keys.usable for issuer in self._tokens.issuers.values())

    @property
    def degraded(self) -> Mapping[str, str]:
        """Issuer → why its tokens are not accepted now."""
        issuers = self._tokens.issuers.values() if self._tokens is not None else ()
        return {each.name: "its key set cannot be fetched" for each in issuers if not each.keys.usable}

    @property
    def key_sets(self) -> Mapping[str, Keys]:
        """Issuer → its keys."""
        return {} if self._tokens is None else {name: each.keys for name, each in self._tokens.issuers.items()}

    def start(self) -> None:
        """Fetches key sets and begins to look at files, in the background."""
        for issuer in self._tokens.issuers.values() if self._tokens is not None else ():
            issuer.keys.freshen()
        files: Sequence[Looked | None] = (self._api_keys, self._revocation)
        self._watching = asyncio.create_task(watching([file for file in files if file is not None]))

    async def close(self) -> None:
        """Ends what goes on in the background."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        for issuer in self._tokens.issuers.values() if self._tokens is not None else ():
            await issuer.keys.close()
