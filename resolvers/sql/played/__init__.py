"""A database that is not there: its kept catalogue says what is served, and what was written down answers."""

from resolvers.sql.played.opening import open_played, played

__all__ = ["open_played", "played"]
