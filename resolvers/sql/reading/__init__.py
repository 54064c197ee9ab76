"""Reading: a call becomes one SELECT."""

from resolvers.sql.reading.aggregates import Aggregate, aggregate, read_groups
from resolvers.sql.reading.compiled import CompiledStatements
from resolvers.sql.reading.conditions import Rules, condition, fit, of_rule, visible
from resolvers.sql.reading.rows import named_rows
from resolvers.sql.reading.search import trial
from resolvers.sql.reading.statements import Statement, Stretch, beyond, counted, part, statement

__all__ = [
    "Aggregate",
    "CompiledStatements",
    "Rules",
    "Statement",
    "Stretch",
    "aggregate",
    "beyond",
    "condition",
    "counted",
    "fit",
    "named_rows",
    "of_rule",
    "part",
    "read_groups",
    "statement",
    "trial",
    "visible",
]
