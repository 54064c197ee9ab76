"""The narrow seam to HTTP sources: a request out, a reply back, one deadline, no state between callers."""

from resolvers.http.balanced import Balanced, Several
from resolvers.http.client import HttpClient
from resolvers.http.exchange import Http, Reply, Request, keyed

__all__ = ["Balanced", "Http", "HttpClient", "Reply", "Request", "Several", "keyed"]
