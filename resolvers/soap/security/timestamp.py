"""When a message was made and how long it counts: ``wsu:Timestamp`` (WS-Security 1.1.1, section 10).

Whether a timestamp is signed is not looked at here. Times are read with their zone; the clock is handed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from lxml import etree

from resolvers.soap.security.names import TIMESTAMP, WSU
from resolvers.xml import Element

Clock = Callable[[], datetime]
"""Now, with its zone."""

_CREATED = f"{{{WSU}}}Created"
_EXPIRES = f"{{{WSU}}}Expires"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def now() -> datetime:
    return datetime.now(UTC)


def written(moment: datetime) -> str:
    """An xs:dateTime in UTC; finer than milliseconds is not to be relied on."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def add_timestamp(security: Element, moment: datetime, life_s: int) -> Element:
    node = etree.SubElement(security, TIMESTAMP)
    etree.SubElement(node, _CREATED).text = written(moment)
    etree.SubElement(node, _EXPIRES).text = written(moment + timedelta(seconds=life_s))
    return node


def stale(node: Element, moment: datetime, *, max_age_s: int, skew_s: int) -> str:
    """Why a timestamp does not count at ``moment``; empty where it does."""
    if len(node.findall(_CREATED)) != 1 or len(node.findall(_EXPIRES)) > 1:
        return "its timestamp does not say once when it was made"
    created, expires = _read(node.findtext(_CREATED)), _read(node.findtext(_EXPIRES))
    skew = timedelta(seconds=skew_s)
    if created is None or (expires is None and node.find(_EXPIRES) is not None):
        return "its timestamp holds no time that can be read"
    if created > moment + skew:
        return "its timestamp lies in the future: check the clocks, or clock_skew_s"
    if (expires is not None and expires <= moment - skew) or created + timedelta(seconds=max_age_s) < moment - skew:
        return "its timestamp has run out: check the clocks, or max_age_s and clock_skew_s"
    return ""


def _read(text: str | None) -> datetime | None:
    """A time without a zone is one in UTC, as the specification recommends that all be written."""
    found = _TIME.fullmatch((text or "").strip())
    if found is None:
        return None
    fraction, zone = found[1] or "", found[2] or ""
    try:
        read = datetime.fromisoformat(f"{found[0][:19]}{fraction[:7].ljust(7, '0') if fraction else ''}{zone}")
        return (read.replace(tzinfo=UTC) if read.tzinfo is None else read).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
