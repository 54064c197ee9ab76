"""REST sources: OpenAPI 3.0 and 3.1 described, JSON over HTTP. Import from here."""

from resolvers.rest.client import RestSource, open_rest
from resolvers.rest.settings import RestSettings

__all__ = ["RestSettings", "RestSource", "open_rest"]
