"""What stands between the loaders and a client, so that a system's bad day stays its own."""

from resolvers.resilience.source import Resilient

__all__ = ["Resilient"]
