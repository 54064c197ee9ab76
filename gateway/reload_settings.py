"""``server.reload``: what is looked at while the server runs, and which keys of ``server`` need no restart.

How it is looked at and what becomes of it is ``reloading.py``'s business.
"""

from __future__ import annotations

from pydantic import Field

from resolvers import Settings


class ReloadSettings(Settings):
    files: bool = Field(
        True,  # a file is changed by whoever runs the gateway, and only what is sound is taken over
        description="Whether the configuration file and what it names are looked at every 2 seconds, and taken over "
        "where they changed and are sound. SIGHUP has them looked at in any case.",
    )
    descriptions_s: float | None = Field(
        None,  # others' systems would decide when this graph shows something new
        ge=5,  # more often would be load on others for what changes a few times a day
        description="How often, in seconds, descriptions that come by the network and catalogues of databases are "
        "looked at anew; absent: only at SIGHUP, so that nothing new is shown that nobody asked for.",
    )


APPLIED = frozenset({
    "jwt", "api_keys", "client_cert", "revocation", "limits", "hosts", "documents", "rate_limits", "uploads", "get",
    "explorer", "executor", "reload",
})  # fmt: skip
"""Keys of ``server`` that are obeyed at once. Any other stays as it was when the server started."""

CONNECTIONS = frozenset({
    "max_header_bytes", "max_url_bytes", "max_headers", "header_timeout_s", "body_timeout_s", "send_timeout_s",
    "max_connections", "max_connections_per_address",
})  # fmt: skip
"""Keys of ``server.limits`` that are about connections, which know only those that they were opened with."""
