"""Rules on rows: who sees which rows of a type, whatever source they come from and by whatever route."""

from schema.access.rows.coordinates import read_row_rules
from schema.access.rows.guards import Guards
from schema.access.rows.parts import Parts
from schema.access.rows.reading import LinkTo, Reader
from schema.access.rows.rules import RowRules

__all__ = ["Guards", "LinkTo", "Parts", "Reader", "RowRules", "read_row_rules"]
