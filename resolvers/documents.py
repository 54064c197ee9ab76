"""Descriptions as bytes: read from files or fetched from the network, never parsed here.

Documents are fetched with httpx when a source is opened and when it is asked whether they changed; calls to sources go
through ``http/``.
"""

from __future__ import annotations

import asyncio
import logging
import os.path
import posixpath
import socket
import ssl
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from resolvers.credentials import NONE, Credentials
from resolvers.keep import Keep
from resolvers.network import Network, direct, refusal
from resolvers.ntlm import Handshake, NtlmRefused
from resolvers.pinned import BESIDE, Pinned, Pulled
from resolvers.problem import Problem, nearest

_log = logging.getLogger("isthmus.sources")
_AWAY_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""What a host answers that is not well now; any other refusal stays one until somebody mends it."""
_PULL = "run isthmus pull"
KEPT = "its description cannot be fetched; the one that was fetched last is served"

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


class DescriptionOutside(DescriptionError):
    """A description refers to a file that whoever wrote it should not make the gateway read."""


class DescriptionAway(DescriptionError):
    """Nobody answered, or nobody who is well: it may come without anybody mending anything here."""


Sign = tuple[int, ...]


def sign_of(path: Path) -> Sign:
    """What tells that a file is another, through links; empty where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_dev


@dataclass(frozen=True, slots=True)
class Seen:
    """A document as it was read. ``sign``: of a file; ``asking``: headers that ask whether it changed (RFC 9110).
    ``copied_to``: the file that was read in the place of what was fetched once.
    """

    digest: bytes = b""
    sign: Sign = ()
    asking: Mapping[str, str] = field(default_factory=dict)
    copied_to: str = ""


class Documents:
    """Reads the descriptions of one source.

    ``base``: the folder that relative paths start from. ``credentials`` are shown only to the origin of the document
    that is read first, and ``begin`` begins NTLM there alone: where it refers to others, their hosts never see them.
    ``network``: the way to the source, that its documents are fetched by too. ``keep``: the folder where what was read
    may be kept. ``fresh``: what was kept is not taken for what is away. ``offline``: nothing is fetched. ``pinned``:
    what lies under version control, in whose place nothing is fetched. ``pulled``: takes down what is read.
    ``anywhere``: files on disk may refer to any other; else to those below their own folder or ``base``.
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
        fresh: bool = False,
        offline: bool = False,
        pinned: Pinned | None = None,
        pulled: Pulled | None = None,
        anywhere: bool = False,
    ) -> None:
        self.base = base
        self._anywhere = anywhere
        self.keep = keep
        self.seen: dict[str, Seen] = {}
        self.stale = ""
        self._fresh = fresh
        self._offline = offline
        self._credentials = credentials
        self._begin = begin
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self.network = network or direct()
        self._pinned = pinned
        self._pulled = pulled
        self._copies: dict[str, str] = {}
        self._trusted: tuple[str, str] | None = None
        self._main = ""

    @property
    def digest(self) -> str:
        """The hash of all that was read so far, wherever it lay and in whatever order it was read."""
        hashes = {each.digest for each in self.seen.values()}
        return f"sha256:{sha256(b''.join(sorted(hashes))).hexdigest()}"

    @property
    def remote(self) -> bool:
        """Whether any of it came by the network."""
        return any(_is_url(location) for location in self.seen)

    @property
    def files(self) -> frozenset[Path]:
        """The files that were read, or looked for."""
        return frozenset(Path(location) for location in self.seen if not _is_url(location))

    def touched(self) -> bool:
        """Whether a file that was read, or was looked for, is another now. Looks at files; meant for a thread."""
        return any(sign_of(Path(at)) != each.sign for at, each in self.seen.items() if not _is_url(at))

    async def changed(self) -> bool:
        """Whether anything that was read has other content now, asking hosts for no more than they must send.

        Raises:
            DescriptionError: a host does not say.
        """
        if not self.seen or await asyncio.to_thread(self.touched):
            return True
        for location, each in list(self.seen.items()):
            if not _is_url(location):
                continue
            reply, content = await self._fetched(location, each.asking)
            if reply.status_code == httpx.codes.NOT_MODIFIED:
                continue
            if await asyncio.to_thread(_digest, content) != each.digest:
                return True
        return False

    def named(self, location: str) -> str:
        """The file in which somebody finds what counts as lying at a location: the copy, where that was read."""
        return self._copies.get(location, location)

    async def read(self, location: str, relative_to: str | None = None, *, referred: bool = False) -> Document:
        """The document at a path or an http(s) URL, seen from ``relative_to`` (the location of another document).
        ``referred``: a document names it, and not the configuration.

        Raises:
            DescriptionError: it cannot be read, is too large, or lies on another host than the document naming it.
            DescriptionOutside: it lies outside of the folders that documents may name files of.
        """
        if self._trusted is None:
            self._trusted = _origin(location)
            self._main = location
        found, seen = await self._read(location, relative_to, referred=referred)
        digest = await asyncio.to_thread(_digest, found.content)
        self.seen[seen.copied_to or found.location] = replace(seen, digest=digest)
        if self._pulled is not None:
            self._pulled.put(self._address(found.location), found.content)
        return found

    async def _read(self, location: str, relative_to: str | None, *, referred: bool) -> tuple[Document, Seen]:
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
        if referred and not await asyncio.to_thread(self._may_name, path):
            what = f"{location} lies outside of the folders of the description and of the file"
            raise DescriptionOutside(Problem(f"{what}: references: anywhere allows it"))
        # A file that changes while it is read is another one when it is looked at next.
        seen = self.seen[str(path)] = Seen(sign=await asyncio.to_thread(sign_of, path))
        content = await asyncio.to_thread(self._load, path)
        if self._pinned is not None and not self._pinned.fits(self._address(str(path)), content):
            raise DescriptionError(Problem(f"{path.name} is not among the descriptions that were pulled", mend=_PULL))
        return Document(str(path), content), seen

    def _may_name(self, path: Path) -> bool:
        """Whether a document on disk may make a file be read: through links, it must lie where documents do."""
        folders = (self.base, (self.base / self._main.removeprefix("file://")).parent)
        real = path.resolve()
        return self._anywhere or any(real.is_relative_to(folder.resolve()) for folder in folders)

    def _address(self, location: str) -> str:
        """As in ``Pulled``."""
        if not _is_url(location):
            return BESIDE + Path(os.path.relpath(location, self.base)).as_posix()
        if location == self._main:
            return ""
        main, here = urlsplit(self._main), urlsplit(location)
        path = posixpath.relpath(here.path or "/", posixpath.dirname(main.path) or "/")
        return f"{path}?{here.query}" if here.query else path

    async def _copied(self, pinned: Pinned, url: str) -> tuple[Document, Seen]:
        """What was pulled of a URL. It still counts as lying there: what it refers to is seen from there."""
        copy = pinned.copy(self._address(url))
        if copy is None:
            name = url if url == self._main else self._address(url)
            raise DescriptionError(Problem(f"{name} is not among the descriptions that were pulled", mend=_PULL))
        self._copies[url] = copy.file
        sign = await asyncio.to_thread(sign_of, copy.path)
        return Document(url, copy.content), Seen(sign=sign, copied_to=str(copy.path))

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
            mend = _beside_it(path) if isinstance(error, FileNotFoundError) else ""
            raise DescriptionError(
                Problem(f"{path} cannot be read: {reason}", mend=mend or "check the path")
            ) from error

    async def _fetch(self, url: str) -> tuple[Document, Seen]:
        if self._pinned is not None:
            return await self._copied(self._pinned, url)
        kept = None if self.keep is None else Keep(_beside(self.keep, url), (url.encode(),))
        try:
            reply, content = await self._fetched(url, {})
        except DescriptionAway as error:
            known = None if kept is None or self._fresh else await asyncio.to_thread(kept.load)
            if known is None:
                raise
            if not self._offline:
                _log.warning("%s", error.problem.what)
                self.stale = KEPT
            return Document(url, known), Seen()
        if kept is not None:
            await asyncio.to_thread(kept.save, content)
        asking = {
            header: value
            for header, told in (("if-none-match", "etag"), ("if-modified-since", "last-modified"))
            if (value := reply.headers.get(told))
        }
        return Document(url, content), Seen(asking=asking)

    async def _fetched(self, url: str, asking: Mapping[str, str]) -> tuple[httpx.Response, bytes]:
        """The reply and its content, which is empty where it is what ``asking`` knows.

        Raises:
            DescriptionError: it cannot be had. DescriptionAway: now.
        """
        if self._offline:
            what = f"{url} is not fetched here, and no copy of it is kept"
            raise DescriptionAway(Problem(what, mend="run isthmus check once where it can be reached"))
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                httpx.AsyncClient(
                    trust_env=False, follow_redirects=False, verify=self.network.tls, proxy=_proxy(self.network)
                ) as client,
            ):
                reply, content = await self._ask(client, url, asking)
        except NtlmRefused as error:
            raise DescriptionError(Problem(f"{url} cannot be fetched: {error}", mend="check auth")) from error
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            said = refusal(error)
            what = f"{url} cannot be fetched: {said or _why(error)}"
            mends = bool(said) or isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol)
            raise (DescriptionError if mends else DescriptionAway)(
                Problem(what, mend="check the address, or name a local file")
            ) from error
        if asking and reply.status_code == httpx.codes.NOT_MODIFIED:
            return reply, b""
        if reply.status_code != httpx.codes.OK:
            kind = DescriptionAway if reply.status_code in _AWAY_STATUSES else DescriptionError
            raise kind(Problem(f"{url} answered {reply.status_code}"))
        return reply, content

    async def _ask(
        self, client: httpx.AsyncClient, url: str, asking: Mapping[str, str]
    ) -> tuple[httpx.Response, bytes]:
        if _origin(url) != self._trusted:
            return await self._get(client, url, asking)
        target, headers = self._credentials.on(url, dict(asking))
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


def _why(error: Exception) -> str:
    """Why a host did not answer, in words of whoever wrote its address and knows no library of ours."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return "the name of its host is not known"
        if isinstance(cause, ConnectionRefusedError):
            return "the connection was refused"
        if isinstance(cause, TimeoutError | httpx.TimeoutException):
            return "it did not answer in time"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ProtocolError):
        return "what it answers is no HTTP"
    return "the connection broke" if isinstance(error, httpx.NetworkError) else type(error).__name__


def _digest(content: bytes) -> bytes:
    return sha256(content).digest()


def _beside(folder: Path, url: str) -> Path:
    return folder / f"document-{sha256(url.encode()).hexdigest()[:16]}.bin"


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


def _beside_it(path: Path) -> str:
    """The file of the same folder that was meant; empty where there is none, or no folder."""
    try:
        return nearest(path.name, (each.name for each in path.parent.iterdir()))
    except OSError:
        return ""
