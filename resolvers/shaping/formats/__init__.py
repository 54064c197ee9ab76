"""Formats: what a sample such as ``YYYYMMDD``, ``1.234,56`` or ``Y/N`` says of how values are written.

Pure. A value is read only where it is written exactly so; whoever allows more loses filters, for the source would no
longer find what is equal.
"""

from resolvers.shaping.formats.sample import formatted
from resolvers.shaping.formats.scales import counted, scaled
from resolvers.shaping.formats.zones import moments, zoned

__all__ = ["counted", "formatted", "moments", "scaled", "zoned"]
