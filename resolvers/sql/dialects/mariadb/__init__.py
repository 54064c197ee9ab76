"""MariaDB and MySQL, over asyncmy."""

from resolvers.sql.dialects.mariadb.dialect import MariaDb

__all__ = ["MariaDb"]
