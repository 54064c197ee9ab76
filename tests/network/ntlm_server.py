"""A server that asks for NTLM as IIS does: the proof of a connection counts for all that follows on it.

It is written by [MS-NLMP] alone, version 2 of the protocol; nothing of it comes from a library, and curl gets in.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import secrets
import struct
from dataclasses import dataclass, field

from tests.raw_server import Answer, Heard, reply

USER, DOMAIN, PASSWORD = "Übersee", "CONTOSO", "Password"  # the one of the specification
NT_HASH = bytes.fromhex("a4f49c406510bdcab6824ee7c30fd852")
"""Of the password: [MS-NLMP] section 4.2.2.1.2."""
FLAGS = 0xA08A8205


@dataclass
class NtlmServer:
    """``then`` answers what is proven. ``closes``: every 401 is the end of its connection, as of a poor proxy."""

    then: Answer
    closes: bool = False
    lasting: bool = True
    user: str = USER
    proven: set[int] = field(default_factory=set)
    challenges: dict[int, bytes] = field(default_factory=dict)
    steps: list[tuple[int, str, int]] = field(default_factory=list)
    """Connection, what was done with the request, and the bytes of its body."""

    async def __call__(self, heard: Heard, writer: asyncio.StreamWriter) -> None:
        kind, _, token = heard.headers.get("authorization", "").partition(" ")
        message = base64.b64decode(token) if kind == "NTLM" else b""
        number = heard.connection
        if message[8:12] == b"\x01\0\0\0":
            self.proven.discard(number)
            self.challenges[number] = secrets.token_bytes(8)
            offer = base64.b64encode(_challenge(self.challenges[number])).decode()
            self._refuse(heard, writer, "challenged", f"NTLM {offer}")
        elif message[8:12] == b"\x03\0\0\0" and self._is_true(message, self.challenges.pop(number, b"")):
            self.proven.add(number)
            await self._let_in(heard, writer)
        elif not message and number in self.proven and self.lasting:
            await self._let_in(heard, writer)
        else:
            self._refuse(heard, writer, "refused", "Negotiate", "NTLM")

    async def _let_in(self, heard: Heard, writer: asyncio.StreamWriter) -> None:
        self.steps.append((heard.connection, "let in", len(heard.body)))
        await self.then(heard, writer)

    def _refuse(self, heard: Heard, writer: asyncio.StreamWriter, step: str, *offers: str) -> None:
        self.steps.append((heard.connection, step, len(heard.body)))
        headers = [f"WWW-Authenticate: {offer}" for offer in offers]
        if self.closes:
            headers.append("Connection: close")
        writer.write(reply(b"<p>401</p>", *headers, status="401 Unauthorized", media="text/html"))
        if self.closes:
            writer.close()

    def _is_true(self, message: bytes, challenge: bytes) -> bool:
        """Section 3.3.2: the response is that of the account to this very challenge."""

        def part(at: int) -> bytes:
            length, _, offset = struct.unpack_from("<HHI", message, at)
            return message[offset : offset + length]

        response, domain, user = part(20), part(28).decode("utf-16-le"), part(36).decode("utf-16-le")
        if (domain, user) != (DOMAIN, self.user) or len(response) <= 24 or not challenge:
            return False
        owner = hmac.digest(NT_HASH, (user.upper() + domain).encode("utf-16-le"), "md5")
        return hmac.compare_digest(response[:16], hmac.digest(owner, challenge + response[16:], "md5"))


def _challenge(challenge: bytes) -> bytes:
    """Section 2.2.1.2."""
    target = DOMAIN.encode("utf-16-le")
    pairs = b"".join(
        struct.pack("<HH", kind, len(value)) + value
        for kind, value in ((2, target), (1, "IIS".encode("utf-16-le")), (0, b""))
    )
    head = b"NTLMSSP\0" + struct.pack("<IHHII", 2, len(target), len(target), 56, FLAGS) + challenge + bytes(8)
    head += struct.pack("<HHI", len(pairs), len(pairs), 56 + len(target)) + b"\x0a\0\x63\x45\0\0\0\x0f"
    return head + target + pairs
