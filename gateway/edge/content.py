"""Media types: what the body of a request is, what its answer shall be, and what no page may send unasked.

It looks at headers alone; bodies are ``body.py``'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from gateway.cors import PREFLIGHTED
from gateway.request.asked import Asked
from gateway.request.replies import GRAPHQL, JSON, Refusal
from gateway.request.uploads import UploadSettings
from resolvers import Code


@lru_cache(maxsize=256)
def _media(text: str) -> tuple[str, Mapping[str, str]]:
    kind, *rest = text.split(";")
    parameters = {}
    for part in rest:
        name, _, value = part.partition("=")
        parameters[name.strip().lower()] = value.strip().strip('"').lower()
    return kind.strip().lower(), parameters


@lru_cache(maxsize=256)
def _is_json(said: str) -> bool:
    kind, parameters = _media(said)
    return kind == JSON and parameters.get("charset", "utf-8") in {"utf-8", "utf8"}


def _weight(parameters: Mapping[str, str]) -> float:
    try:
        return float(parameters.get("q", "1"))
    except ValueError:
        return 0.0


@lru_cache(maxsize=256)
def negotiate(accept: str | None) -> str | None:
    """The media type of the reply (RFC 9110 section 12.5.1), or None when nothing fits; JSON when nothing is said."""
    if accept is None or not accept.strip():
        return JSON
    best: tuple[float, int, str] | None = None
    for entry in accept.split(","):
        kind, parameters = _media(entry)
        if parameters.get("charset", "utf-8") not in {"utf-8", "utf8"}:
            continue
        chosen = {GRAPHQL: GRAPHQL, JSON: JSON, "application/*": JSON, "*/*": JSON}.get(kind)
        weight = _weight(parameters)
        if chosen is None or weight <= 0:
            continue
        rank = (weight, "*" not in kind)
        if best is None or rank > best[:2]:
            best = (*rank, chosen)
    return best[2] if best else None


def check_content(request: Asked, uploads: UploadSettings | None) -> bool:
    """Whether the body is a form with files; otherwise it is JSON."""
    if "content-encoding" in request.headers:
        raise Refusal(415, Code.BAD_REQUEST, "Encoded bodies are not read.")
    said = request.headers.get("content-type", "") if "content-type" not in request.headers.several else ""
    if _is_json(said):
        return False
    kind, _ = _media(said)
    if kind == "multipart/form-data" and uploads is not None:
        if not any(request.headers.get(name) for name in PREFLIGHTED):
            raise Refusal(400, Code.BAD_REQUEST, f"A form with files needs a header {PREFLIGHTED[0]}.")
        return True
    raise Refusal(415, Code.BAD_REQUEST, "The body must be application/json in UTF-8.")


def check_link(request: Asked) -> None:
    """Refuses a GET that a page of somebody else could cause without asking: an image, a script, a beacon.

    The caller's place in a network may be all that an answer needs, and how long it takes may be all it tells.
    """
    values = request.headers.getlist("content-type")
    if values and any(_media(value)[0] != JSON for value in values):
        raise Refusal(415, Code.BAD_REQUEST, "A GET has no body.")
    if request.headers.get("sec-fetch-mode") == "no-cors":
        raise Refusal(403, Code.FORBIDDEN, "No page may embed an answer.")
