"""The catalogue of a database, read into the neutral model."""

from resolvers.sql.catalogue.model import Access, Catalogue, Served
from resolvers.sql.catalogue.reflection import reflect

__all__ = ["Access", "Catalogue", "Served", "reflect"]
