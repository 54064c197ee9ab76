"""What stands between the loaders and a client, so that a system's bad day stays its own."""

from resolvers.resilience.allowance import AllowanceAway, Rate, SharedAllowance, Turn
from resolvers.resilience.source import Resilient

__all__ = ["AllowanceAway", "Rate", "Resilient", "SharedAllowance", "Turn"]
