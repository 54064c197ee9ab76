"""``LinkSettings``: what the configuration says of one link, and what became of it.

It is read by ``links.py``, which makes fields of links.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field, model_validator

from resolvers import Key, Problem, Settings


class LinkSettings(Settings):
    """One link: exactly one of ``one`` and ``many`` names the target as ``source.operation``."""

    one: str | None = Field(None, description="The operation that answers one object, as source.operation.")
    many: str | None = Field(None, description="The operation that answers a list, as source.operation.")
    match: dict[str, str] = Field(
        min_length=1, description="Field of the parent → field of the result; several make a composite key."
    )
    with_: dict[str, object] = Field(default_factory=dict, alias="with", description="Constant arguments.")
    take: str | None = Field(None, description="The one field of the result that is lifted onto the parent.")
    declassify: bool = Field(
        False, description="The link may be used by callers who may not read the fields it matches by."
    )
    filter_keys: int | None = Field(
        None,
        gt=0,
        le=10_000,
        description="Most different keys by which a filter on the link is answered; limits.filter_keys when absent, "
        "and no more than 100 where every key costs a call.",
    )
    filter_by: str | None = Field(
        None,
        description="A list of the same rows, as source.operation, whose operations.NAME.filters says by which "
        "arguments it filters; the target itself when absent.",
    )
    description: str = Field("", description="What the field means, for readers of the schema.")

    @model_validator(mode="after")
    def _one_target(self) -> LinkSettings:
        if (self.one is None) == (self.many is None):
            raise ValueError("a link needs exactly one of one and many")
        return self

    @property
    def target(self) -> str:
        """The target as ``source.operation``."""
        return self.one or self.many or ""


@dataclass(frozen=True, slots=True)
class Joined:
    """A link that was made: its coordinate, and the coordinates whose values it compares or lifts. ``written``: where
    it stands in the configuration, empty for a join that a description declares.
    """

    coordinate: str
    compares: tuple[str, ...]
    written: str = ""
    declassify: bool = False


@dataclass(frozen=True, slots=True)
class Filtered:
    """Whether filters go through a link: ``reason`` why not, empty where they do. ``note``: what else a reader of
    ``check`` should know of the link.
    """

    coordinate: str
    reason: str = ""
    note: str = ""


class Fault(Exception):
    """What is wrong with a link, and at which of its keys."""

    def __init__(self, what: str, *where: Key, mend: str = "", lacks: str = "") -> None:
        super().__init__(what)
        self.problem = Problem(what, where, mend, lacks=lacks)
