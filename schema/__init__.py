"""GraphQL: names, types, links, access and execution. This is the storey's front door; import from here."""

from schema.access.principal import ANONYMOUS, Principal
from schema.access.settings import AccessSettings, RuleSettings
from schema.links import LinkSettings
from schema.request import Answer, GraphQLRequest

__all__ = ["ANONYMOUS", "AccessSettings", "Answer", "GraphQLRequest", "LinkSettings", "Principal", "RuleSettings"]
