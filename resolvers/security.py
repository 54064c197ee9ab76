"""What a description asks of those who call: the ways to prove oneself, and which operations want which of them.

It tells and checks nothing; what the settings send is ``credentials.py``'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

SchemeKind: TypeAlias = Literal["api_key", "basic", "bearer", "oauth2", "mutual_tls", "other"]


@dataclass(frozen=True, slots=True)
class SecurityScheme:
    """A way for callers of a source to prove themselves, as the description has it.

    ``words`` say it in a few words. ``location`` (``header``, ``query``, ``cookie``) and ``parameter`` are those of an
    API key. ``settings``: the keys of the source's settings that do it, to be shown; empty where none can.
    """

    name: str
    kind: SchemeKind
    words: str
    settings: Mapping[str, object] = field(default_factory=dict)
    location: str = ""
    parameter: str = ""


@dataclass(frozen=True, slots=True)
class SecurityNeed:
    """What ``operations`` ask for: all schemes of any one of the ``alternatives``. ``met``: the settings have them."""

    alternatives: tuple[tuple[str, ...], ...]
    operations: tuple[str, ...]
    met: bool = True
