"""``isthmus top``: what a running gateway does now, read from its metrics; nothing is asked of it but those."""

from __future__ import annotations

import json
import math
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.live import Live

from gateway.commands.opening import fail
from gateway.metrics.families import unpacked
from gateway.top.figures import Now, Scrape, now
from gateway.top.table import shown

WAIT_S = 5.0
MOST_BYTES = 33_554_432
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""What is watched is near; a proxy of the environment would not know it."""


class _Unheard(Exception):
    """Nothing that could be read came; the text says why."""


def top(
    where: Annotated[
        str, typer.Argument(metavar="URL", help="Its metrics: http://host:9090/metrics, or host:port.")
    ] = "127.0.0.1:9090",
    *,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Look once, and print what was since the start.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one object of JSON for each look.")] = False,
) -> None:
    """Show what sources and operations of a running gateway do now."""
    url = _url(where)
    try:
        if once:
            _print(now(None, _scraped(url), 0), url, as_json=as_json)
        elif as_json:
            _stream(url, every)
        else:
            _watch(url, every)
    except _Unheard as error:
        mend = "add metrics: {} under server, and say here where they are told"
        fail(f"No gateway tells its metrics at {url}: {error}\n  mend: {mend}")
    except KeyboardInterrupt:
        raise typer.Exit from None


def _url(where: str) -> str:
    full = where if "://" in where else f"http://{where}"
    try:
        parts = urlsplit(full)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        fail(f'"{where}" is no address such as http://127.0.0.1:9090/metrics')
    return full if parts.path.strip("/") else f"{parts.scheme}://{parts.netloc}/metrics"


def _scraped(url: str) -> Scrape:
    """One scrape.

    Raises:
        _Unheard: nobody listens there, or something else does.
    """
    request = urllib.request.Request(url, headers={"accept": "application/json"})  # noqa: S310  # http or https alone
    try:
        with _NO_PROXY.open(request, timeout=WAIT_S) as reply:
            content = reply.read(MOST_BYTES)
        return Scrape(unpacked(content))
    except urllib.error.HTTPError as error:
        raise _Unheard(f"it answers {error.code}") from error
    except urllib.error.URLError as error:
        reason = error.reason
        raise _Unheard(str(getattr(reason, "strerror", None) or reason).lower()) from error
    except OSError as error:
        raise _Unheard(str(error.strerror or error).lower()) from error
    except ValueError as error:
        raise _Unheard("what listens there is something else") from error


def _print(current: Now, url: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_finite(current.plain())))
        return
    console = Console(highlight=False)
    console.print(shown(current, _short(url), console.width, 10_000))


def _stream(url: str, every: float) -> None:
    for current in _looks(url, every):
        typer.echo(json.dumps(_finite(current.plain())))


def _watch(url: str, every: float) -> None:
    console = Console(highlight=False)
    with Live(console=console, screen=console.is_terminal, auto_refresh=False) as live:
        for current in _looks(url, every):
            live.update(shown(current, _short(url), console.width, console.height), refresh=True)


def _looks(url: str, every: float) -> Iterator[Now]:
    """What went on since the look before, again and again; the first is of all that was.

    Raises:
        _Unheard: at the first look. Later it is waited until the gateway is there again.
    """
    before, looked = _scraped(url), time.monotonic()
    yield now(None, before, 0)
    while True:
        time.sleep(every)
        try:
            after = _scraped(url)
        except _Unheard:
            continue
        at = time.monotonic()
        yield now(before, after, at - looked)
        before, looked = after, at


def _short(url: str) -> str:
    return urlsplit(url).netloc


def _finite(value: object) -> object:
    """JSON has no number for what is beyond every class of latency."""
    if isinstance(value, float) and math.isinf(value):
        return None
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list | tuple) else value
