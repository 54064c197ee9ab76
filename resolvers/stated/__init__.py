"""What the user states about operations is laid over a source's model: effect, place of the result, keys, writes.

Pure: a model and settings in, a model and problems out. What descriptions say of themselves is the readers' business.
"""

from resolvers.stated.applying import apply
from resolvers.stated.choice import WRITES_ARE_OFF
from resolvers.stated.keys import keyed

__all__ = ["WRITES_ARE_OFF", "apply", "keyed"]
