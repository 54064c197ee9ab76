"""Descriptions as bytes: read from files or fetched from the network, never parsed here.

Documents are fetched with httpx once at start; calls to sources go through ``http/``.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from resolvers.credentials import NONE, Credentials
from resolvers.network import Network, direct, refusal
from resolvers.ntlm import Handshake, NtlmRefused
from resolvers.problem import Problem

logging.getLogger("httpx").setLevel(logging.WARNING)
"""Below that it writes addresses as they are sent, with the key that may stand in their query."""


@dataclass(frozen=True, slots=True)
class Document:
    """``location``: the absolute path or URL that was read."""

    location: str
    content: bytes


class DescriptionError(Exception):
    """A description that cannot be read or understood; the source is not served."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


class Documents:
    """Reads the descriptions of one source.

    ``base``: the folder that relative paths start from. ``credentials`` are shown only to the origin of the document
    that is read first, and ``begin`` begins NTLM there alone: where it refers to others, their hosts never see them.
    ``network``: the way to the source, that its documents are fetched by too. ``keep``: the folder where what was read
    may be kept.
    """

    def __init__(
        self,
        base: Path,
        *,
        credentials: Credentials = NONE,
        begin: Callable[[], Handshake] | None = None,
        timeout_s: float = 10.0,
        max_bytes: int = 67_108_864,
        network: Network | None = None,
        keep: Path | None = None,
    ) -> None:
        self.base = base
        self.keep = keep
        self._credentials = credentials
        self._begin = begin
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self.network = network or direct()
        self._trusted: tuple[str, str] | None = None
        self._hashes: set[bytes] = set()

    @property
    def digest(self) -> str:
        """The hash of all that was read so far, wherever it lay and in whatever order it was read."""
        return f"sha256:{sha256(b''.join(sorted(self._hashes))).hexdigest()}"

    async def read(self, location: str, relative_to: str | None = None) -> Document:
        """The document at a path or an http(s) URL, seen from ``relative_to`` (the location of another document).

        Raises:
            DescriptionError: it cannot be read, is too large, or lies on another host than the document naming it.
        """
        found = await self._read(location, relative_to)
        self._hashes.add(await asyncio.to_thread(lambda: sha256(found.content).digest()))
        return found

    async def _read(self, location: str, relative_to: str | None) -> Document:
        if self._trusted is None:
            self._trusted = _origin(location)
        if relative_to is not None and _is_url(relative_to):
            try:
                target = urljoin(relative_to, location)
                near = urlsplit(target).netloc == urlsplit(relative_to).netloc
            except ValueError as error:
                raise DescriptionError(Problem(f"{location} is no address")) from error
            if not near:
                raise DescriptionError(Problem(f"{location} lies on another host and is not fetched"))
            return await self._fetch(target)
        if _is_url(location):
            if relative_to is not None:
                raise DescriptionError(Problem(f"{location} is on the network and is not fetched from a local file"))
            return await self._fetch(location)
        start = self.base if relative_to is None else Path(relative_to).parent
        path = start / location.removeprefix("file://")
        return Document(str(path), await asyncio.to_thread(self._load, path))

    def _load(self, path: Path) -> bytes:
        try:
            about = path.stat()
            if not stat.S_ISREG(about.st_mode):  # a pipe would hold the start, and /dev/zero has no end
                raise DescriptionError(Problem(f"{path} is no file", mend="check the path"))
            if about.st_size > self._max_bytes:
                raise DescriptionError(Problem(f"{path.name} is larger than {self._max_bytes} bytes"))
            return path.read_bytes()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise DescriptionError(Problem(f"{path} cannot be read: {reason}", mend="check the path")) from error

    async def _fetch(self, url: str) -> Document:
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                httpx.AsyncClient(
                    trust_env=False, follow_redirects=False, verify=self.network.tls, proxy=_proxy(self.network)
                ) as client,
            ):
                reply, content = await self._ask(client, url)
        except NtlmRefused as error:
            raise DescriptionError(Problem(f"{url} cannot be fetched: {error}", mend="check auth")) from error
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            what = f"{url} cannot be fetched: {refusal(error) or type(error).__name__}"
            raise DescriptionError(Problem(what, mend="check the address, or name a local file")) from error
        if reply.status_code != httpx.codes.OK:
            raise DescriptionError(Problem(f"{url} answered {reply.status_code}"))
        return Document(url, content)

    async def _ask(self, client: httpx.AsyncClient, url: str) -> tuple[httpx.Response, bytes]:
        if _origin(url) != self._trusted:
            return await self._get(client, url, {})
        target, headers = self._credentials.on(url, {})
        if self._begin is None:
            return await self._get(client, target, headers)
        # The client is this document's alone, and so is its connection.
        handshake = self._begin()
        reply, content = await self._get(client, target, {**headers, "Authorization": handshake.hello})
        if reply.status_code != httpx.codes.UNAUTHORIZED:
            return reply, content
        proof = handshake.answer(reply.headers)
        return await self._get(client, target, {**headers, "Authorization": proof})

    async def _get(
        self, client: httpx.AsyncClient, url: str, headers: Mapping[str, str]
    ) -> tuple[httpx.Response, bytes]:
        chunks: list[bytes] = []
        size = 0
        async with client.stream("GET", url, headers=headers) as reply:
            async for chunk in reply.aiter_bytes():
                size += len(chunk)
                if size > self._max_bytes:
                    raise DescriptionError(Problem(f"{url.partition('?')[0]} is larger than {self._max_bytes} bytes"))
                chunks.append(chunk)
        return reply, b"".join(chunks)


def _proxy(network: Network) -> httpx.Proxy | None:
    if network.proxy is None:
        return None
    return httpx.Proxy(network.proxy, auth=network.proxy_login, ssl_context=_proxy_tls(network))


def _proxy_tls(network: Network) -> ssl.SSLContext | None:
    return network.tls if network.proxy is not None and network.proxy.startswith("https://") else None


def _is_url(location: str) -> bool:
    return location.startswith(("http://", "https://"))


def _origin(location: str) -> tuple[str, str]:
    """Scheme and authority of an address; empty for a file, which is of no origin that could be sent a header.

    Raises:
        DescriptionError: it is no address.
    """
    try:
        parts = urlsplit(location if _is_url(location) else "")
    except ValueError as error:
        raise DescriptionError(Problem(f"{location} is no address", mend="check the address")) from error
    return parts.scheme, parts.netloc
