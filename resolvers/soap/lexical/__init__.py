"""Values to the text of XML Schema part 2 and back, exactly. Import from here."""

from resolvers.soap.lexical.forms import KEPT
from resolvers.soap.lexical.reading import Convert, reads, value_of
from resolvers.soap.lexical.writing import Spell, Unfit, legal, spells, written

__all__ = ["KEPT", "Convert", "Spell", "Unfit", "legal", "reads", "spells", "value_of", "written"]
