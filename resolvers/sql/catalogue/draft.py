"""A catalogue while it is being read."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Table

from resolvers.model import EnumType, LeftOut, ObjectType, Operation, Place, Relation
from resolvers.sql.catalogue.model import Access, Served


@dataclass(slots=True)
class Draft:
    """A catalogue while it is being read. ``enum_names``: schema and name of an enumerated type → name in the model."""

    document: str
    tables: dict[Table, Served] = field(default_factory=dict)
    types: dict[str, ObjectType] = field(default_factory=dict)
    enums: dict[str, EnumType] = field(default_factory=dict)
    enum_names: dict[tuple[str | None, str], str] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    """Table → the operation that gives its rows."""
    access: dict[str, Access] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def place(self, table: Table) -> Place:
        return Place(self.document, table.fullname)
