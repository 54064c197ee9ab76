"""How many examples of each law are tried: enough to meet a change that breaks it, in the time of a suite.

``--hypothesis-profile=deep`` tries far more of all of them. How long an example takes proves nothing on a busy machine.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("suite", max_examples=50, deadline=None)
settings.register_profile("deep", max_examples=1000, deadline=None)
settings.load_profile("suite")
