"""The sources: what can be asked, and how it is asked. This is the storey's front door; import from here."""

from resolvers.batch import Column, Match, Outcome, execute
from resolvers.errors import (
    BadRequest,
    CallerError,
    Code,
    Conflict,
    DeadlineExceeded,
    Forbidden,
    IsthmusError,
    LimitExceeded,
    LinkAmbiguous,
    OutcomeUnknown,
    RateLimited,
    SourceBadResponse,
    SourceError,
    SourceFault,
    SourceRejected,
    SourceTimeout,
    SourceUnavailable,
    Unauthenticated,
)
from resolvers.keys import KeyPart, agree
from resolvers.loader import Loaders
from resolvers.model import (
    TYPE_KEY,
    Argument,
    Effect,
    EnumType,
    EnumValue,
    Field,
    InputType,
    InterfaceType,
    LeftOut,
    ListRef,
    ManyKeys,
    NamedRef,
    ObjectType,
    Operation,
    OutputType,
    Place,
    Relation,
    Rows,
    Scalar,
    ScalarRef,
    SourceModel,
    TypeRef,
    UnionType,
)
from resolvers.predicate import And, Compare, In, IsNull, Not, Operator, Or, Order, Page, Predicate
from resolvers.problem import ConfigurationError, Key, Problem, nearest
from resolvers.resilience import Resilient
from resolvers.settings import Settings, SourceSettings
from resolvers.source import EVERYTHING, LEAF, Call, CallRecord, Context, Journal, Selection, Source

__all__ = [
    "EVERYTHING", "LEAF", "TYPE_KEY", "And", "Argument", "BadRequest", "Call", "CallRecord", "CallerError", "Code",
    "Column", "Compare", "ConfigurationError", "Conflict", "Context", "DeadlineExceeded", "Effect", "EnumType",
    "EnumValue", "Field", "Forbidden", "In", "InputType", "InterfaceType", "IsNull", "IsthmusError", "Journal", "Key",
    "KeyPart", "LeftOut", "LimitExceeded", "LinkAmbiguous", "ListRef", "Loaders", "ManyKeys", "Match", "NamedRef",
    "Not", "ObjectType", "Operation", "Operator", "Or", "Order", "Outcome", "OutcomeUnknown", "OutputType", "Page",
    "Place", "Predicate", "Problem", "RateLimited", "Relation", "Resilient", "Rows", "Scalar", "ScalarRef",
    "Selection", "Settings", "Source", "SourceBadResponse", "SourceError", "SourceFault", "SourceModel",
    "SourceRejected", "SourceSettings", "SourceTimeout", "SourceUnavailable", "TypeRef", "Unauthenticated",
    "UnionType", "agree", "execute", "nearest",
]
