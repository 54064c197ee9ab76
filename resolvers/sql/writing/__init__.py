"""Writing: the operations that change rows, and the one transaction that each call of them becomes."""

from resolvers.sql.writing.conflicts import clashed, refused
from resolvers.sql.writing.offers import Offers, no_offers, offers
from resolvers.sql.writing.target import Target
from resolvers.sql.writing.work import Prepared, prepare

__all__ = ["Offers", "Prepared", "Target", "clashed", "no_offers", "offers", "prepare", "refused"]
