"""The databases there are, a room for each. A new one is a folder and an entry in ``address.DIALECTS``."""

from resolvers.sql.dialects.address import DIALECTS, address
from resolvers.sql.dialects.dialect import ESCAPE, Address, Database, Dialect, Nulls, Plain
from resolvers.sql.dialects.failures import reason
from resolvers.sql.dialects.replicas import Replica, Replicas
from resolvers.sql.dialects.search import Searched, Term, Texts, Wanted
from resolvers.sql.dialects.violations import Clash, Forbidden, Unkept, Violation, identifiers

__all__ = [
    "DIALECTS",
    "ESCAPE",
    "Address",
    "Clash",
    "Database",
    "Dialect",
    "Forbidden",
    "Nulls",
    "Plain",
    "Replica",
    "Replicas",
    "Searched",
    "Term",
    "Texts",
    "Unkept",
    "Violation",
    "Wanted",
    "address",
    "identifiers",
    "reason",
]
