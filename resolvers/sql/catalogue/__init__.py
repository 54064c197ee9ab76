"""The catalogue of a database, read into the neutral model."""

from resolvers.sql.catalogue.declared import declare, searches
from resolvers.sql.catalogue.kept import kept_catalogue
from resolvers.sql.catalogue.model import Access, Catalogue, Served
from resolvers.sql.catalogue.pinned import PinnedCatalogue, read_written, written_catalogue
from resolvers.sql.catalogue.reflected import PackedType, Reflected, pack_type, unpack_type
from resolvers.sql.catalogue.reflection import reflect
from resolvers.sql.catalogue.tables import read_catalogue

__all__ = [
    "Access",
    "Catalogue",
    "PackedType",
    "PinnedCatalogue",
    "Reflected",
    "Served",
    "declare",
    "kept_catalogue",
    "pack_type",
    "read_catalogue",
    "read_written",
    "reflect",
    "searches",
    "unpack_type",
    "written_catalogue",
]
