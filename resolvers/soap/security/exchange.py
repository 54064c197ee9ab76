"""What WS-Security and WS-Addressing do to one exchange: to its request before it is sent, to its reply before it is
read. It opens no connection; a password leaves for the host of the source alone.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from resolvers.credentials import origin
from resolvers.errors import OutcomeUnknown, SourceBadResponse
from resolvers.problem import ConfigurationError, Problem
from resolvers.soap.security.addressing import action_of, address, check_relation
from resolvers.soap.security.header import header_of, security_of
from resolvers.soap.security.settings import WsSecurity
from resolvers.soap.security.timestamp import Clock, add_timestamp, now
from resolvers.soap.security.username import add_username
from resolvers.soap.shapes import OperationCodec
from resolvers.xml import Element, namespace_of

if TYPE_CHECKING:
    from resolvers.soap.security.signing import Signer
    from resolvers.soap.security.verifying import Verifier


class Security:
    """Of one source; ``home`` is the origin (``https://host/``) that hears our name, password and signature."""

    def __init__(
        self,
        settings: WsSecurity | None,
        home: str,
        *,
        addressing: bool | None,
        signer: Signer | None = None,
        verifier: Verifier | None = None,
        clock: Clock = now,
    ) -> None:
        self._settings = settings
        self._home = home
        self._addressing = addressing
        self._signer = signer
        self._verifier = verifier
        self._clock = clock

    def exchange(self, codec: OperationCodec, url: str) -> Exchange:
        """One call of an operation at ``url``."""
        addressed = codec.addressing if self._addressing is None else self._addressing
        return Exchange(self, codec, url, addressed=addressed)

    def prove(self, envelope: Element, url: str) -> None:
        """Puts the security header into a request; every other header block that is there is signed with the body."""
        settings = self._settings
        if settings is None or not (f"{url}/" == self._home or url.startswith(self._home)):
            return
        life, moment = settings.sent_timestamp_s, self._clock()
        if life is None and settings.username is None and self._signer is None:
            return
        parts = list(header_of(envelope))
        block = security_of(envelope, actor=settings.actor, must_understand=settings.must_understand)
        if life is not None:
            parts.append(add_timestamp(block, moment, life))
        if settings.username is not None:
            password = None if settings.password is None else settings.password.get_secret_value()
            parts.append(add_username(block, settings.username, password, moment, digest=settings.digest))
        if self._signer is not None:
            body = envelope.find(f"{{{namespace_of(envelope.tag)}}}Body")
            assert body is not None
            self._signer.sign(block, [*parts, body])

    def believe(self, envelope: Element) -> None:
        """Raises:
        SourceBadResponse: replies must be signed, and this one is not, or not as it must be.
        """
        if self._verifier is not None:
            self._verifier.verify(envelope)

    @property
    def signs(self) -> bool:
        return self._signer is not None

    @property
    def verifies(self) -> bool:
        return self._verifier is not None


class Exchange:
    """The state of one call: the identifier of its message, and whether its reply was looked at."""

    def __init__(self, security: Security, codec: OperationCodec, url: str, *, addressed: bool) -> None:
        self._security = security
        self._codec = codec
        self._url = url
        self._addressed = addressed
        self._message = ""
        self._believed = False

    def on_request(self, envelope: Element) -> None:
        """Adds the header blocks; the last thing that is done to an envelope before it is written out."""
        if self._addressed:
            self._message = address(envelope, self._codec, self._url)
        self._security.prove(envelope, self._url)

    def on_reply(self, envelope: Element, *, several: bool = False) -> None:
        """``several``: the reply has parts beside the envelope (MTOM, attachments), which no signature covers.

        Raises:
            SourceBadResponse: the reply is not to be believed, or answers another request.
        """
        if several and self._security.verifies:
            raise SourceBadResponse("the reply is not signed as verify asks: it has parts that no signature covers")
        try:
            self._security.believe(envelope)
        except SourceBadResponse as error:
            raise SourceBadResponse(f"{error.detail}{_as_fault(envelope)}") from error
        if self._message:
            check_relation(envelope, self._message)
        self._believed = True

    def finish(self, *, repeatable: bool) -> None:
        """Looks whether a reply that was taken for an answer was an envelope at all; ``repeatable``: a read.

        Raises:
            SourceBadResponse: it was empty, and so nobody has signed it. OutcomeUnknown: as an answer to a write.
        """
        if self._security.verifies and not self._believed and not self._codec.one_way:
            detail = "the reply is not signed as verify asks: it is empty"
            raise SourceBadResponse(detail) if repeatable else OutcomeUnknown(detail)


def open_security(
    settings: WsSecurity | None,
    base: Path,
    home: str,
    codecs: Iterable[OperationCodec],
    *,
    addressing: bool | None,
    others: Iterable[str] = (),
    clock: Clock = now,
) -> Security | None:
    """Reads the files that ``settings`` name, seen from ``base``; ``None`` where nothing is to be done.

    ``others``: where requests made out to ``home`` may go in its place.

    Raises:
        ConfigurationError: what is stated cannot be done, or would tell a password to everyone on the way.
    """
    wanted = [codec for codec in codecs if (codec.addressing if addressing is None else addressing)]
    nameless = [codec.name for codec in wanted if not action_of(codec)]
    if nameless:
        what = f"the description names no action for {nameless[0]}, which WS-Addressing needs"
        raise ConfigurationError([Problem(what, ("addressing",), "set addressing: false")])
    if settings is None:
        return Security(None, origin(home), addressing=addressing) if wanted else None
    for way in (home, *others):
        _check_way(settings, origin(way))
    signer: Signer | None = None
    verifier: Verifier | None = None
    try:
        if settings.sign is not None:
            from resolvers.soap.security.certificates import read_identity  # noqa: PLC0415  # where it is asked for
            from resolvers.soap.security.signing import Signer  # noqa: PLC0415

            signer = Signer(read_identity(settings.sign, base), sha1=settings.sign.sha1)
        if settings.verify is not None:
            from resolvers.soap.security.certificates import read_trusted  # noqa: PLC0415
            from resolvers.soap.security.verifying import Verifier  # noqa: PLC0415

            verifier = Verifier(settings.verify, read_trusted(settings.verify.trusted, base), clock)
    except ConfigurationError as error:
        raise ConfigurationError(problem.under("ws_security") for problem in error.problems) from error
    return Security(settings, origin(home), addressing=addressing, signer=signer, verifier=verifier, clock=clock)


def _check_way(settings: WsSecurity, home: str) -> None:
    parts = urlsplit(home)
    told = settings.password is not None and not settings.digest and not settings.allow_plain_http
    if told and parts.scheme != "https" and not _is_this_machine(parts.hostname or ""):
        what = "the password would travel as text over http, where everyone on the way can read it"
        mend = "set url to an https address, digest: true, or allow_plain_http: true"
        raise ConfigurationError([Problem(what, ("ws_security", "password"), mend)])


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _as_fault(envelope: Element) -> str:
    """What a fault that nobody signed says, for the log: services often cannot sign what went wrong."""
    space = namespace_of(envelope.tag)
    fault = envelope.find(f"{{{space}}}Body/{{{space}}}Fault")
    if fault is None:
        return ""
    said = " ".join(text for item in fault.iter() if (text := " ".join((item.text or "").split())))
    return f"; it is a fault: {said[:_LOGGED]}"


_LOGGED = 500
