"""Settings become the client that a source of any HTTP kind sends its calls by."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from resolvers.authorized import AuthorizedClient
from resolvers.credentials import credentials_of, origin
from resolvers.deadline_header import DeadlineClient
from resolvers.documents import Documents
from resolvers.exchanged import ExchangedTokens
from resolvers.http import Balanced, Http, HttpClient, Several
from resolvers.http_settings import HttpSettings, NetworkSettings, Ntlm, OAuth2
from resolvers.nearby import is_near, must_be_far
from resolvers.network import Network, open_network
from resolvers.ntlm import handshakes
from resolvers.ntlm_client import NtlmClient
from resolvers.problem import ConfigurationError, Problem
from resolvers.stage import Stage
from resolvers.tally import Standing
from resolvers.tokens import MAX_REPLY_BYTES, ClientCredentials


@dataclass(frozen=True, slots=True)
class Told:
    """How the log calls a source, and where its replicas stand. ``faults``: as in ``Several``; ``stage``: as in
    ``open_all``.
    """

    name: str
    standing: Standing
    faults: bool = False
    stage: Stage | None = None


async def connect(settings: HttpSettings, documents: Documents, home: str, location: str, told: Told) -> Http:
    """As ``_connected``; a source that is to be told the deadline of each call is told it."""
    if told.stage is None:
        http = await _connected(settings, documents, home, location, told)
    else:
        real = None if told.stage.plays else await _connected(settings, documents, home, location, told)
        http = told.stage.http(told.name, home, real)
    return http if settings.deadline_header is None else DeadlineClient(http, settings.deadline_header)


async def _connected(settings: HttpSettings, documents: Documents, home: str, location: str, told: Told) -> Http:
    """The client of a source; ``home`` is its address: credentials reach the host in it, or in an address that the
    settings list, and no other.

    ``location``: where its description lies, which decides what addresses the names in it may lead to. ``told``: how
    the log calls the source, and where its replicas stand.

    Raises:
        ConfigurationError: a file that the settings of its authorization server name cannot be used; NTLM through a
            proxy that would share its connections, or without its library.
    """
    several = _several(settings, told)
    client = partial(
        HttpClient,
        documents.network,
        credentials=credentials_of(settings),
        max_reply_bytes=settings.max_reply_bytes,
        far=settings.url is None and not settings.allowed_servers and must_be_far(location),
        connect_s=settings.connect_timeout_s,
        resends=False,  # what is made again is decided in one place alone, which counts it: resilience/
    )
    if settings.auth is not None and settings.auth.ntlm is not None:
        if several is None:
            return await _by_ntlm(settings.auth.ntlm, documents, home, client)
        # What is proven is a connection, and so each replica has connections of its own.
        ways = {url: await _by_ntlm(settings.auth.ntlm, documents, url, client) for _, url in several.addresses}
        return Balanced(several, ways.__getitem__)
    http = client(origin(home), concurrency=settings.concurrency, several=several)
    auth = settings.auth
    if auth is not None and auth.oauth2 is not None:
        endpoint = await _endpoint(auth.oauth2, documents, "oauth2")
        return AuthorizedClient(http, ClientCredentials(auth.oauth2, endpoint, timeout_s=settings.timeout_s))
    if auth is not None and auth.exchange is not None:
        endpoint = await _endpoint(auth.exchange, documents, "exchange")
        return AuthorizedClient(http, ExchangedTokens(auth.exchange, endpoint, timeout_s=settings.timeout_s))
    return http


def _several(settings: HttpSettings, told: Told) -> Several | None:
    """The replicas that the settings list; none where there is one address alone."""
    replicas = settings.replicas
    if len(replicas) < 2:
        return None
    addresses = tuple((each.name or str(number), each.url) for number, each in enumerate(replicas, 1))
    return Several(told.name, addresses, settings.timeout_s, told.standing, settings.breaker, faults=told.faults)


async def _by_ntlm(ntlm: Ntlm, documents: Documents, home: str, client: Callable[..., HttpClient]) -> NtlmClient:
    """The client of one address that asks for a Windows account.

    Raises:
        ConfigurationError: through a proxy that would share its connections, or without its library.
    """
    if documents.network.proxy is not None and not home.startswith("https:"):
        what = "NTLM proves a connection, and a proxy shares those that it makes for http"
        raise ConfigurationError([Problem(what, ("auth", "ntlm"), "set url to an https address, or leave proxy out")])
    begin = await asyncio.to_thread(handshakes, ntlm, urlsplit(home).hostname or "")
    return NtlmClient(partial(client, origin(home), concurrency=1, resends=True), begin)  # it knows what it may


def cautions(settings: HttpSettings, home: str) -> tuple[str, ...]:
    """What is unwise in how a source at ``home`` is reached: its credentials can be read on their way there."""
    ways = [urlsplit(each.url) for each in settings.replicas] or [urlsplit(home)]
    open_ways = [way.hostname or "" for way in ways if way.scheme == "http" and not is_near(way.hostname or "")]
    if not open_ways:
        return ()
    auth, keys = settings.auth, ("bearer", "basic", "oauth2", "exchange")
    sent = [] if auth is None else [name for name in keys if getattr(auth, name) is not None]
    if auth is not None and auth.api_key:
        sent.append("api_key")
    if auth is not None and auth.forward is not None and auth.forward.token:
        sent.append("forward.token")
    if not sent:
        return ()
    return (f"auth.{' and auth.'.join(sent)} can be read by whoever is on the way to {open_ways[0]}: use https",)


async def _endpoint(settings: OAuth2, documents: Documents, key: str) -> HttpClient:
    """The client of a token endpoint, whose settings stand at ``key``."""
    network = await _network(settings, documents, key)
    return HttpClient(network, origin(settings.token_url), max_reply_bytes=MAX_REPLY_BYTES)


async def _network(oauth2: OAuth2, documents: Documents, key: str) -> Network:
    """The way to the token endpoint: that of the source, unless the settings state one of its own."""
    if not NetworkSettings.model_fields.keys() & oauth2.model_fields_set:
        return documents.network
    try:
        return await asyncio.to_thread(open_network, oauth2, documents.base)
    except ConfigurationError as error:
        raise ConfigurationError(problem.under("auth", key) for problem in error.problems) from error
