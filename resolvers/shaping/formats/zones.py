"""Local times of a zone, which their source writes without any offset, as moments with one.

Twice a year a clock that is set by law does not say what time it is. The hour that comes twice, at the end of summer
time, is taken for the first of the two, and moments of the second cannot be said. The hour that is left out in spring
is no time: whoever writes one means nothing that anybody could know. So a value has one spelling and a spelling one
value, and the moments are ordered as what is written.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from resolvers.model import EnumType, Scalar
from resolvers.problem import nearest
from resolvers.shaping.coding import Base, Beyond, Coding, NoCoding, NoOffset
from resolvers.shaping.forms import native

_MICROSECOND = timedelta(microseconds=1)
_NO_ZONES = {
    "localtime": "it is the zone of whatever machine this runs on",
    "Factory": "it is what a machine says that has not been told its zone",
    "posixrules": "it is what a machine takes where it knows no rules",
}
"""Names of the database that are no zones, and why."""


def moments(base: Base) -> Coding:
    """The coding of dates with a time that the description itself says there are.

    Raises:
        NoCoding: there are none.
    """
    if base is not Scalar.DATE_TIME:
        shown = base.name if isinstance(base, EnumType) else base.value
        raise NoCoding(f"values of the type {shown} are in no zone", "say their format too", told="zone")

    def same(value: object) -> object:
        return native(Scalar.DATE_TIME, value)

    return Coding(Scalar.DATE_TIME, same, same, ordered=True)


def zoned(coding: Coding, name: str) -> Coding:
    """A coding of naive times, as moments of a zone.

    Raises:
        NoCoding: the values are no naive times, or nobody here knows the zone.
    """
    if coding.scalar is not Scalar.DATE_TIME:
        raise NoCoding("only a date with a time is in a zone", "remove zone", told="zone")
    zone, inner = _zone(name), coding

    def read(raw: object) -> object:
        local = inner.read(raw)
        if not isinstance(local, datetime) or local.tzinfo is not None:
            raise ValueError("it says its offset itself")
        first, second = (_offset(local, zone, fold) for fold in (0, 1))
        if first < second:
            raise ValueError(f"the clocks of {name} left this hour out")
        if first.microseconds or first.seconds % 60:  # mean solar time, whose offset RFC 3339 cannot say
            return (local - first).replace(tzinfo=UTC)
        return local.replace(tzinfo=timezone(first))

    def write(value: object) -> object:
        local = _local(value, zone)
        if local.fold:
            raise ValueError(f"in the second of two equal hours of {name}")
        return inner.write(local.replace(tzinfo=None))

    def floor(value: object) -> object:
        local = _local(value, zone)
        if local.fold:
            local = _last_before(local, zone)
        naive = local.replace(tzinfo=None, fold=0)
        return (inner.floor or inner.write)(naive)

    _check_naive(inner)
    note = f"Local time of {name}, with its offset; in the hour that comes twice, the first is meant."
    return replace(coding, read=read, write=write, floor=floor if coding.ordered else None, note=note)


def _check_naive(coding: Coding) -> None:
    """Raises ``NoCoding`` where what is written says by itself which moment it is."""
    try:
        coding.write(datetime(2000, 1, 1))  # noqa: DTZ001  # naive is what is meant
    except ValueError:
        raise NoCoding("the format says the zone already", "remove zone", told="zone") from None


def _zone(name: str) -> ZoneInfo:
    if name in _NO_ZONES:
        raise NoCoding(f'"{name}" is no zone: {_NO_ZONES[name]}', "write it as Europe/Berlin", told="zone")
    if name.startswith("right/"):
        raise NoCoding(f'"{name}" counts leap seconds', f"write {name.removeprefix('right/')}", told="zone")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = available_timezones()
        mend = nearest(name, known) if known else "install the time zones of this system (tzdata)"
        raise NoCoding(f'there is no zone "{name}"', mend or "write it as Europe/Berlin", told="zone") from None


def _offset(local: datetime, zone: ZoneInfo, fold: int) -> timedelta:
    found = local.replace(tzinfo=zone, fold=fold).utcoffset()
    assert found is not None, "a zone has an offset at any time"
    return found


def _local(value: object, zone: ZoneInfo) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError("no moment")
    offset = value.utcoffset()
    if offset is None:
        raise NoOffset
    try:
        return value.astimezone(zone)
    except OverflowError:  # Python goes by UTC, and that is before the year 1 or after 9999; no clock is set there
        naive = value.replace(tzinfo=None)
        try:
            return (naive + (_offset(naive, zone, 0) - offset)).replace(tzinfo=zone)
        except OverflowError:
            raise Beyond(above=naive.year > 1) from None


def _last_before(local: datetime, zone: ZoneInfo) -> datetime:
    """The last time of the first of two equal hours, of a time in the second."""
    naive = local.replace(tzinfo=None, fold=0)
    least, most = naive, naive + _offset(naive, zone, 0) - _offset(naive, zone, 1)
    while most - least > _MICROSECOND:
        middle = least + (most - least) // 2
        if _offset(middle, zone, 0) == _offset(middle, zone, 1):
            most = middle
        else:
            least = middle
    return least
