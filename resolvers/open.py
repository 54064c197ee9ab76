"""Settings become a source that is ready to answer: the only file that knows the kinds there are.

A kind's code is imported when a source of that kind is configured. A new kind is a folder and one entry in ``KINDS``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from resolvers.cache import MAX_BYTES, Caching, MemoryStore, cached
from resolvers.collection import Paged, recognise
from resolvers.credentials import NONE, credentials_of, origin
from resolvers.documents import DescriptionAway, DescriptionError, Documents
from resolvers.http_settings import HttpSettings
from resolvers.model import SourceModel
from resolvers.network import direct, open_network
from resolvers.ntlm import handshakes
from resolvers.pinned import Pin, Pinned, Pulled
from resolvers.problem import ConfigurationError, Problem
from resolvers.resilience import Resilient, SharedAllowance
from resolvers.settings import SourceSettings
from resolvers.source import Client, Source
from resolvers.stage import Stage
from resolvers.stated import apply
from resolvers.tally import Standing, Tally
from resolvers.views import with_views
from resolvers.yaml12 import YamlError, load


@dataclass(frozen=True, slots=True)
class Opening:
    """What the opener of a source is told beside its settings.

    ``base``: the folder that relative paths start from. ``keep``: where what was read is kept for the next start, if
    anywhere. ``pinned``: what the description calls an operation → the name that it keeps. ``standing``: where it
    says how it stands. ``fresh``: what was kept is not taken for what is away. ``stage``: as in ``open_all``.
    ``read``: what read its documents, put there by the opener. ``described``: its description as it lies under version
    control, in whose place nothing is fetched. ``pulled``: takes down what is read of it.
    """

    name: str
    base: Path
    keep: Path | None
    pinned: Mapping[str, str]
    standing: Standing
    fresh: bool = False
    stage: Stage | None = None
    read: list[Documents] = field(default_factory=list)
    described: Pinned | None = None
    pulled: Pulled | None = None


Opener = Callable[[SourceSettings, Opening], Awaitable[Client]]

_HEAD = 4096
_OPENAPI = re.compile(rb"""(?:^\s*\{\s*|^)["']?(?:openapi|swagger)["']?\s*:\s*["']?[234]\.""", re.MULTILINE)
"""A version at the head of a document or of one of its first lines: the rest need not be read to know the kind."""


@dataclass(frozen=True, slots=True)
class Kind:
    """``settings``: gives the settings model; ``open``: makes the client. Both import their folder when called."""

    settings: Callable[[], type[SourceSettings]]
    open: Opener


async def _documents(settings: HttpSettings, opening: Opening, location: str) -> Documents:
    """What reads the documents of a source, by its own network. Its credentials are for its own host alone."""
    plays = opening.stage is not None and opening.stage.plays
    network = direct() if plays else await asyncio.to_thread(open_network, settings, opening.base)
    homes = {origin(replica.url) for replica in settings.replicas}
    elsewhere = bool(homes) and origin(location) not in homes
    ntlm = None if settings.auth is None or elsewhere else settings.auth.ntlm
    documents = Documents(
        opening.base,
        credentials=NONE if elsewhere else credentials_of(settings),
        begin=None if ntlm is None else handshakes(ntlm, urlsplit(location).hostname or ""),
        timeout_s=settings.timeout_s,
        network=network,
        keep=opening.keep,
        fresh=opening.fresh,
        offline=plays,
        pinned=opening.described,
        pulled=opening.pulled,
        anywhere=getattr(settings, "references", "files") == "anywhere",
    )
    opening.read.append(documents)
    return documents


def _dated(client: Client, documents: Documents) -> Client:
    """The client, whose model says of which description it was made, and in which file of it something stands."""
    stale = documents.stale or client.model.stale
    client.model = replace(_located(client.model, documents), digest=documents.digest, stale=stale)
    return client


def _located(model: SourceModel, documents: Documents) -> SourceModel:
    """The model, which says of whatever it leaves out in which file somebody finds it."""
    left_out = tuple(
        replace(item, place=replace(item.place, document=documents.named(item.place.document)))
        for item in model.left_out
    )
    return replace(model, left_out=left_out)


def _rest_settings() -> type[SourceSettings]:
    from resolvers.rest import RestSettings  # noqa: PLC0415  # imported when configured

    return RestSettings


async def _open_rest(settings: SourceSettings, opening: Opening) -> Client:
    from resolvers.rest import RestSettings, open_rest  # noqa: PLC0415  # imported when configured

    assert isinstance(settings, RestSettings)
    documents = await _documents(settings, opening, settings.openapi)
    source = await open_rest(opening.name, settings, documents, opening.pinned, opening.standing, opening.stage)
    return _dated(source, documents)


def _soap_settings() -> type[SourceSettings]:
    from resolvers.soap import SoapSettings  # noqa: PLC0415  # imported when configured

    return SoapSettings


async def _open_soap(settings: SourceSettings, opening: Opening) -> Client:
    from resolvers.soap import SoapSettings, open_soap  # noqa: PLC0415  # imported when configured

    assert isinstance(settings, SoapSettings)
    documents = await _documents(settings, opening, settings.wsdl)
    return _dated(await open_soap(opening.name, settings, documents, opening.standing, opening.stage), documents)


def _sql_settings() -> type[SourceSettings]:
    from resolvers.sql import DatabaseSettings  # noqa: PLC0415  # imported when configured

    return DatabaseSettings


async def _open_sql(settings: SourceSettings, opening: Opening) -> Client:
    from resolvers.sql import DatabaseSettings, open_database, open_played  # noqa: PLC0415  # imported when configured

    assert isinstance(settings, DatabaseSettings)
    if opening.stage is not None and opening.stage.plays:
        return await open_played(
            opening.name,
            settings,
            opening.base,
            opening.pinned,
            opening.keep,
            stage=opening.stage,
            described=opening.described,
        )
    return await open_database(
        opening.name,
        settings,
        opening.base,
        opening.pinned,
        opening.keep,
        fresh=opening.fresh,
        standing=opening.standing,
        stage=opening.stage,
        described=opening.described,
        pulled=opening.pulled,
    )


def _files_settings() -> type[SourceSettings]:
    from resolvers.files import FilesSettings  # noqa: PLC0415  # imported when configured

    return FilesSettings


async def _open_files(settings: SourceSettings, opening: Opening) -> Client:
    from resolvers.files import FilesSettings, open_files  # noqa: PLC0415  # imported when configured

    assert isinstance(settings, FilesSettings)
    return await open_files(
        opening.name,
        settings,
        opening.base,
        opening.pinned,
        opening.keep,
        stage=opening.stage,
        described=opening.described,
        pulled=opening.pulled,
    )


KINDS: Mapping[str, Kind] = {
    "openapi": Kind(_rest_settings, _open_rest),
    "wsdl": Kind(_soap_settings, _open_soap),
    "database": Kind(_sql_settings, _open_sql),
    "files": Kind(_files_settings, _open_files),
}


@dataclass(slots=True)
class Opened:
    """``sources`` in the order asked, ``failed`` by name, and ``problems`` of statements that do not fit.

    ``away``: those of the failed ones that may come without anybody mending anything here. ``documents``: what read the
    description of a source, where it is made of documents. ``standings``: how each stands; that of a source which had
    counted before is to be taken by its tally when it is served.
    """

    sources: dict[str, Source] = field(default_factory=dict)
    failed: dict[str, Problem] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    away: set[str] = field(default_factory=set)
    documents: dict[str, Documents] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)


async def open_all(
    settings: Mapping[str, tuple[str, SourceSettings]],
    base: Path,
    keep: Path | None = None,
    pinned: Mapping[str, Mapping[str, str]] | None = None,
    tallies: dict[str, Tally] | None = None,
    caching: Caching | None = None,
    shared: Callable[[], SharedAllowance] | None = None,
    *,
    fresh: Collection[str] = (),
    stage: Stage | None = None,
    pins: Mapping[str, Mapping[str, Pin]] | None = None,
    pulls: Mapping[str, Pulled] | None = None,
) -> Opened:
    """Opens every source at the same time; one that cannot be opened does not stop the others.

    ``settings``: name → (kind, settings). ``base``: the folder that relative paths start from. ``keep``: the folder
    where descriptions that were read are kept for the next start, if anywhere. ``pinned``: source → what its
    description calls an operation → the name that the operation keeps inside the source. ``tallies``: where the sources
    count, by name; those that are not there yet are put in. ``caching``: where answers are kept that may be; absent: in
    memory, for these sources alone. ``shared``: makes what processes count calls together by, for each source whose
    ``rate_limit`` says so, which closes it. ``fresh``: sources for which nothing that was kept is taken while they are
    away. ``stage``: what stands in the place of the systems, or writes down what they say. ``pins``: sources whose
    description lies under version control and is not fetched. ``pulls``: takes down what is read of the descriptions.
    """
    opened = Opened()
    keeping = caching or Caching(MemoryStore(MAX_BYTES))
    names = pinned or {}
    counting = {} if tallies is None else tallies
    for name in settings:
        opened.standings[name] = Standing() if name in counting else counting.setdefault(name, Tally()).standing
    openings = [
        Opening(
            name,
            base,
            keep,
            names.get(name, {}),
            opened.standings[name],
            name in fresh,
            stage,
            pulled=(pulls or {}).get(name),
        )
        for name in settings
    ]
    described = [(pins or {}).get(name) or {} for name in settings]
    clients = await asyncio.gather(
        *(
            _open(kind, each, opening, found)
            for (kind, each), opening, found in zip(settings.values(), openings, described, strict=True)
        )
    )
    opened.documents = {each.name: each.read[-1] for each in openings if each.read}
    for (name, (kind, each)), client in zip(settings.items(), clients, strict=True):
        if isinstance(client, ConfigurationError):
            opened.problems += [problem.under("sources", name) for problem in client.problems]
            opened.failed[name] = client.problems[0].under("sources", name)
            continue
        if isinstance(client, DescriptionError):
            opened.failed[name] = client.problem.under("sources", name)
            if isinstance(client, DescriptionAway):
                opened.away.add(name)
            continue
        if stage is not None:
            client = stage.client(name, client)  # noqa: PLW2901  # the same client, watched
        # Of a large description that takes seconds, and others are answered meanwhile.
        documents = opened.documents.get(name)
        client.model, problems = await asyncio.to_thread(_stated, client.model, each, documents)
        opened.problems += [problem.under("sources", name) for problem in problems]
        together = None
        if each.rate_limit is not None and each.rate_limit.store == "redis":
            if shared is None:
                opened.problems.append(_NOWHERE.under("sources", name))
            else:
                together = shared()
        resilient = Resilient(client, counting[name], each, standing=opened.standings[name], shared=together)
        source, problems = await asyncio.to_thread(cached, resilient, kind, each, keeping, counting[name].cache)
        opened.problems += [problem.under("sources", name) for problem in problems]
        pages = any(operation.paging is not None for operation in client.model.operations.values())
        opened.sources[name] = await asyncio.to_thread(Paged, source, each.pages) if pages else source
    return opened


def _stated(
    model: SourceModel, settings: SourceSettings, documents: Documents | None
) -> tuple[SourceModel, list[Problem]]:
    """The model with all that the file says of it, and what of that does not fit. Meant for a thread."""
    model, problems = apply(recognise(model, settings), settings)
    if documents is not None:  # what the file leaves out stands in the copies too
        model = _located(model, documents)
    return with_views(model, settings.pages, settings.exclude), problems


_NOWHERE = Problem(
    "rate_limit with store: redis needs server.redis",
    ("rate_limit", "store"),
    "add server: { redis: { url: … } }, or write store: memory",
)


async def _open(
    kind: str, settings: SourceSettings, opening: Opening, pins: Mapping[str, Pin]
) -> Client | ConfigurationError | DescriptionError:
    try:
        if pins:
            described = await asyncio.to_thread(Pinned, opening.name, opening.base, pins)
            opening = replace(opening, described=described)
        return await KINDS[kind].open(settings, opening)
    except (ConfigurationError, DescriptionError) as error:
        return error
    except Exception as error:  # noqa: BLE001  # a reader's own fault must not stop the other sources
        return DescriptionError(Problem(f"the description cannot be used ({type(error).__name__}: {error})"[:300]))


_ROWS = re.compile(r"\.(csv|tsv|jsonl|ndjson)(\.gz)?$|\.parquet$", re.IGNORECASE)


def _holds_rows(path: Path) -> bool:
    """Whether it is a folder, or a file of rows by its name, which is all that tells a CSV file from another text."""
    return path.is_dir() or (path.is_file() and _ROWS.search(path.name) is not None)


async def kind_of(location: str, base: Path) -> str:
    """The kind of a source, told by what lies at ``location``: ``openapi``, ``wsdl``, ``database`` or ``files``.

    Raises:
        DescriptionError: nothing is there, or it is none of these.
    """
    scheme, marked, _ = location.partition("://")
    if marked and scheme not in {"http", "https", "file"}:
        return "database"
    if not marked and await asyncio.to_thread(_holds_rows, base / location):
        return "files"
    content = (await Documents(base).read(location)).content
    if content.startswith(b"SQLite format 3\x00"):
        return "database"
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return "wsdl"
    if _OPENAPI.search(content[:_HEAD]):
        return "openapi"
    try:
        document = load(content)
    except YamlError as error:
        raise DescriptionError(Problem(f"{location} is neither OpenAPI nor WSDL: {error}")) from error
    if isinstance(document, dict) and ("openapi" in document or "swagger" in document):
        return "openapi"
    mend = "say the kind: name=openapi:…, name=wsdl:…, name=database:… or name=files:…"
    raise DescriptionError(Problem(f"{location} is neither OpenAPI nor WSDL nor a database", mend=mend))


def settings_of(kind: str) -> type[SourceSettings]:
    """The settings model of a kind."""
    return KINDS[kind].settings()
