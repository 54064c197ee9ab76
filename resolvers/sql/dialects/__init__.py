"""The databases there are, a room for each. A new one is a folder and an entry in ``address.DIALECTS``."""

from resolvers.sql.dialects.address import DIALECTS, address
from resolvers.sql.dialects.dialect import ESCAPE, Address, Database, Dialect, Nulls, Plain

__all__ = ["DIALECTS", "ESCAPE", "Address", "Database", "Dialect", "Nulls", "Plain", "address"]
