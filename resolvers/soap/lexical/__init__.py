"""Values to the text of XML Schema part 2 and back, exactly. Import from here."""

from resolvers.soap.lexical.forms import KEPT
from resolvers.soap.lexical.reading import Convert, reads, value_of
from resolvers.soap.lexical.writing import Spell, Unfit, is_simple, legal, spells, takes_any_text, written

__all__ = [
    "KEPT",
    "Convert",
    "Spell",
    "Unfit",
    "is_simple",
    "legal",
    "reads",
    "spells",
    "takes_any_text",
    "value_of",
    "written",
]
