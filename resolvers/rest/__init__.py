"""REST sources: OpenAPI 3.0, 3.1 and Swagger 2.0 described, JSON over HTTP. Import from here."""

from resolvers.rest.client import RestSource, open_rest
from resolvers.rest.settings import RestSettings

__all__ = ["RestSettings", "RestSource", "open_rest"]
