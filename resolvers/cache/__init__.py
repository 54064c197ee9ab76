"""Answers of sources, kept for a while and shared by those who may share them."""

from resolvers.cache.canonical import Unwritable
from resolvers.cache.canonical import text as canonical
from resolvers.cache.opening import MAX_BYTES, Caching, cached
from resolvers.cache.packed import Corrupt, pack, unpack
from resolvers.cache.source import Cached
from resolvers.cache.stated import revealed
from resolvers.cache.store import Found, Kept, MemoryStore, Stamp, Store

__all__ = [
    "MAX_BYTES",
    "Cached",
    "Caching",
    "Corrupt",
    "Found",
    "Kept",
    "MemoryStore",
    "Stamp",
    "Store",
    "Unwritable",
    "cached",
    "canonical",
    "pack",
    "revealed",
    "unpack",
]
