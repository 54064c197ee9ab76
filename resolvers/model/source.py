"""``SourceModel``: all that one source offers, its declared joins, and what of its description is not served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from resolvers.model.operation import Operation, is_view
from resolvers.model.types import NOWHERE, EnumType, InputType, OutputType, Place
from resolvers.security import SecurityNeed, SecurityScheme


@dataclass(frozen=True, slots=True)
class Relation:
    """A join that the description itself declares (a foreign key): a field on ``type`` answered by ``operation``.

    ``match``: field of ``type`` → field of the result, in the order of the key.
    """

    type: str
    name: str
    operation: str
    match: tuple[tuple[str, str], ...]
    many: bool
    required: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Hint:
    """A join that the description mentions (a ``links`` object of OpenAPI): it is suggested and never made.

    ``match``: argument of ``target`` → path of the member of the reply of ``operation`` that it takes.
    """

    name: str
    operation: str
    target: str
    match: tuple[tuple[str, tuple[str, ...]], ...]
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something the description declares and the model does not serve, or serves as less than it says."""

    operation: str
    """The operation's name, or the coordinate of the type or field that was degraded."""
    reason: str
    place: Place = NOWHERE
    degraded: bool = False
    """True: still served, but as less than the description says (a field as JSON)."""


@dataclass(frozen=True, slots=True)
class SourceModel:
    """All that a source offers. Names are the source's own; mappings keep the order of the description."""

    name: str
    kind: Literal["openapi", "wsdl", "database", "files"]
    operations: Mapping[str, Operation]
    types: Mapping[str, OutputType] = field(default_factory=dict)
    inputs: Mapping[str, InputType] = field(default_factory=dict)
    enums: Mapping[str, EnumType] = field(default_factory=dict)
    made: frozenset[str] = frozenset()
    """The types and inputs that no description declares: the gateway made them to say what it says in its own way."""
    relations: tuple[Relation, ...] = ()
    hints: tuple[Hint, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    fallbacks: tuple[LeftOut, ...] = ()
    """Fields, arguments and results, by coordinate, that are JSON although the description says more."""
    declared: int = 0
    """How many operations the description declares, served or not."""
    description: str = ""
    schemes: Mapping[str, SecurityScheme] = field(default_factory=dict)
    needs: tuple[SecurityNeed, ...] = ()
    digest: str = ""
    """The hash of the description as it was read, or of a database's catalogue; no part of what is served."""
    stale: str = ""
    """Why this is a description that was kept, and not what the source says now; empty where it is that."""
    cautions: tuple[str, ...] = ()
    """What whoever runs the gateway should know of how the source is reached."""
    address: str = ""
    """Where the source is called, if that is one place, as its settings or else its description say."""

    @property
    def has_tables(self) -> bool:
        """Whether its operations give rows of tables, so that nothing need be recognised of them."""
        return self.kind in {"database", "files"}


def served(model: SourceModel) -> int:
    """How many operations that the description declares are served; other views of one of them do not count."""
    return sum(1 for operation in model.operations.values() if not is_view(operation))
