"""The databases there are, a room for each. A new one is a folder and an entry in ``address.DIALECTS``."""

from resolvers.sql.dialects.address import DIALECTS, address
from resolvers.sql.dialects.dialect import ESCAPE, VIEW, Address, Database, Dialect, KeyedText, Nulls, Plain
from resolvers.sql.dialects.failures import reason
from resolvers.sql.dialects.violations import Clash, Forbidden, Unkept, Violation, identifiers

__all__ = [
    "DIALECTS",
    "ESCAPE",
    "VIEW",
    "Address",
    "Clash",
    "Database",
    "Dialect",
    "Forbidden",
    "KeyedText",
    "Nulls",
    "Plain",
    "Unkept",
    "Violation",
    "address",
    "identifiers",
    "reason",
]
