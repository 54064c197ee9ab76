"""Systems that are not there: answers that were written down are given in their place. Nothing here opens a socket."""

from resolvers.played.answers import Answer, Asked, Made, asked, told_as
from resolvers.played.calls import Noted, Watched, call_of
from resolvers.played.recorder import HttpExchange, Recorder, StatementExchange, headers_of
from resolvers.played.stage import MissedStatement, Played, StatementAnswer

__all__ = [
    "Answer",
    "Asked",
    "HttpExchange",
    "Made",
    "MissedStatement",
    "Noted",
    "Played",
    "Recorder",
    "StatementAnswer",
    "StatementExchange",
    "Watched",
    "asked",
    "call_of",
    "headers_of",
    "told_as",
]
