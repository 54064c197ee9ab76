"""Whether an address can be listened on, asked before any description is read; it is the server that then listens."""

from __future__ import annotations

import errno
import socket

from gateway.commands.opening import fail

NOT_HERE = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


def check_address(host: str, port: int, mend: str = "") -> None:
    """Ends the command with a sentence where the server could not listen; ``mend``: by what another is named."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        said = mend or "name another with --host"
        fail(f"Isthmus cannot listen on {host}: there is no such address.\n  mend: {said}")
    refused = [error for error in (_refusal(*entry) for entry in dict.fromkeys(found)) if error is not None]
    # "localhost" is ::1 too, also on a machine without IPv6: one address that is here is enough.
    if len(refused) < len(found):
        refused = [error for error in refused if error.errno not in NOT_HERE]
    for error in refused:
        taken = error.errno == errno.EADDRINUSE
        said = mend or ("name another port with --port" if taken else "name another address or port")
        fail(f"Isthmus cannot listen on {host}:{port}: {(error.strerror or str(error)).lower()}.\n  mend: {said}")


def _refusal(
    family: int, kind: int, protocol: int, _name: str, address: tuple[str, int] | tuple[str, int, int, int]
) -> OSError | None:
    with socket.socket(family, kind, protocol) as trial:
        try:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                trial.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            trial.bind(address)
        except OSError as error:
            return error
    return None
