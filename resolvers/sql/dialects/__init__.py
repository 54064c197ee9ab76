"""The databases there are, a room for each. A new one is a folder and an entry in ``address.DIALECTS``."""

from resolvers.sql.dialects.address import DIALECTS, address
from resolvers.sql.dialects.declared import DeclaredArgument, DeclaredRoutine
from resolvers.sql.dialects.described import Described, NotTaken, TypeName
from resolvers.sql.dialects.dialect import ESCAPE, MOST, VIEW, Address, Database, Dialect, KeyedText, Nulls, Plain
from resolvers.sql.dialects.failures import is_away, reason
from resolvers.sql.dialects.grammar import Grammar
from resolvers.sql.dialects.replicas import Replica, Replicas
from resolvers.sql.dialects.search import Searched, Term, Texts, Wanted
from resolvers.sql.dialects.sqlite import Sqlite
from resolvers.sql.dialects.violations import Clash, Forbidden, Unkept, Violation, identifiers

__all__ = [
    "DIALECTS",
    "ESCAPE",
    "MOST",
    "VIEW",
    "Address",
    "Clash",
    "Database",
    "DeclaredArgument",
    "DeclaredRoutine",
    "Described",
    "Dialect",
    "Forbidden",
    "Grammar",
    "KeyedText",
    "NotTaken",
    "Nulls",
    "Plain",
    "Replica",
    "Replicas",
    "Searched",
    "Sqlite",
    "Term",
    "Texts",
    "TypeName",
    "Unkept",
    "Violation",
    "Wanted",
    "address",
    "identifiers",
    "is_away",
    "reason",
]
