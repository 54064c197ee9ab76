"""Systems that are not there: answers that were written down are given in their place. Nothing here opens a socket."""

from resolvers.played.answers import Answer, Asked, Made, asked, told_as
from resolvers.played.calls import Noted, Watched, call_of
from resolvers.played.stage import MissedStatement, Played, StatementAnswer

__all__ = [
    "Answer",
    "Asked",
    "Made",
    "MissedStatement",
    "Noted",
    "Played",
    "StatementAnswer",
    "Watched",
    "asked",
    "call_of",
    "told_as",
]
