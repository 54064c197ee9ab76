"""GraphQL: names, types, links, access and execution. This is the storey's front door; import from here."""

from schema.access.classes import Caller
from schema.access.principal import ANONYMOUS, Principal
from schema.access.reach import Held
from schema.access.report import Access, Asked, Change, Line, changes
from schema.access.settings import AccessSettings, RuleSettings
from schema.build import Built, GraphSettings, build, type_count
from schema.entity_settings import EntitySettings
from schema.explained import Step
from schema.extension import Extension
from schema.graph import Executor, Graph, MutationOverGet
from schema.limits import OperationLimits
from schema.link_settings import LinkSettings
from schema.namer import model_places
from schema.naming import Pins
from schema.plan.recorded import Objects, Outcome, Trail, Unrecorded
from schema.recording import Recording
from schema.renamed import Rename
from schema.request import Answer, Fresh, GraphQLRequest, Outline
from schema.responses import Responses
from schema.suggested import Offer, offers
from schema.worded import COST

__all__ = [
    "ANONYMOUS",
    "COST",
    "Access",
    "AccessSettings",
    "Answer",
    "Asked",
    "Built",
    "Caller",
    "Change",
    "EntitySettings",
    "Executor",
    "Extension",
    "Fresh",
    "Graph",
    "GraphQLRequest",
    "GraphSettings",
    "Held",
    "Line",
    "LinkSettings",
    "MutationOverGet",
    "Objects",
    "Offer",
    "OperationLimits",
    "Outcome",
    "Outline",
    "Pins",
    "Principal",
    "Recording",
    "Rename",
    "Responses",
    "RuleSettings",
    "Step",
    "Trail",
    "Unrecorded",
    "build",
    "changes",
    "model_places",
    "offers",
    "type_count",
]
