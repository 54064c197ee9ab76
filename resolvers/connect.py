"""Settings become the client that a source of any HTTP kind sends its calls by."""

from __future__ import annotations

from resolvers.credentials import credentials_of, origin
from resolvers.http import HttpClient
from resolvers.http_settings import HttpSettings
from resolvers.network import Network


def connect(settings: HttpSettings, network: Network, home: str) -> HttpClient:
    """The client of a source; ``home`` is its address: credentials reach the host in it and no other."""
    return HttpClient(
        network,
        origin(home),
        credentials_of(settings),
        concurrency=settings.concurrency,
        max_reply_bytes=settings.max_reply_bytes,
    )
