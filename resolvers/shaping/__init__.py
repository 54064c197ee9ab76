"""What the values of a source mean: codes, formats and types that its description does not say, or says wrongly."""

from resolvers.shaping.coding import Coding
from resolvers.shaping.reshape import reshaped
from resolvers.shaping.settings import ShapeSettings
from resolvers.shaping.shapes import Shaping, Slot, Stated, at
from resolvers.shaping.source import Shaped

__all__ = ["Coding", "ShapeSettings", "Shaped", "Shaping", "Slot", "Stated", "at", "reshaped"]
