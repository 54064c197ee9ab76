"""``Family``: figures of one name as they pass between processes, and how those of several processes become one.

Where a figure comes from stands in ``gathered.py``, how it is written in ``text.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeVar

import msgspec

from resolvers import BOUNDS_S, Latencies

WORKER = "worker"
K = TypeVar("K", bound=tuple[str, ...])
Kind = Literal["counter", "gauge", "histogram"]


class Family(msgspec.Struct):
    """``labels``: the names of the labels. ``samples``: their values → the figures of one series.

    A counter or a gauge has one figure; a histogram has the counts of its classes, one more than ``bounds``, and the
    sum. ``each``: a sum over processes would mean nothing, so every process has a series of its own.
    """

    name: str
    kind: Kind
    told: str
    labels: tuple[str, ...] = ()
    samples: list[tuple[tuple[str, ...], list[float]]] = []  # msgspec makes a new one for each
    bounds: tuple[float, ...] = ()
    each: bool = False


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[Family])


def packed(families: Iterable[Family]) -> bytes:
    """Families as JSON, for another process of ours."""
    return _encoder.encode(list(families))


def unpacked(content: bytes) -> list[Family]:
    """What ``packed`` made.

    Raises:
        ValueError: it is something else.
    """
    try:
        return _decoder.decode(content)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error


def counter(name: str, told: str, samples: Mapping[K, float], *labels: str) -> Family:
    """A counter, which only grows; ``name`` ends in ``_total``."""
    return Family(name, "counter", told, labels, [(key, [value]) for key, value in samples.items()])


def gauge(name: str, told: str, samples: Mapping[K, float], *labels: str, each: bool = False) -> Family:
    """What is so now."""
    return Family(name, "gauge", told, labels, [(key, [value]) for key, value in samples.items()], each=each)


def histogram(name: str, told: str, samples: Mapping[K, Latencies], *labels: str) -> Family:
    """How long something took; ``name`` ends in ``_seconds``."""
    series: list[tuple[tuple[str, ...], list[float]]] = []
    series += [(key, [*map(float, value.classes), value.seconds]) for key, value in samples.items()]
    return Family(name, "histogram", told, labels, series, BOUNDS_S)


def summed(processes: Sequence[tuple[str, Sequence[Family]]]) -> list[Family]:
    """The figures of several processes as those of one; each comes with the name of its ``worker``."""
    found: dict[str, Family] = {}
    for name, families in processes:
        for family in families:
            whole = found.get(family.name)
            if whole is None:
                labels = (*family.labels, WORKER) if family.each else family.labels
                whole = found[family.name] = msgspec.structs.replace(family, labels=labels, samples=[])
            if family.each:
                whole.samples += [((*key, name), figures) for key, figures in family.samples]
            else:
                whole.samples = list(_added(whole.samples, family.samples))
    return list(found.values())


def _added(
    mine: Sequence[tuple[tuple[str, ...], list[float]]], theirs: Sequence[tuple[tuple[str, ...], list[float]]]
) -> Iterator[tuple[tuple[str, ...], list[float]]]:
    left = {tuple(key): figures for key, figures in theirs}
    for key, figures in mine:
        more = left.pop(tuple(key), None)
        # Two versions of a program may have other classes while one takes over from the other: the newer counts.
        fits = more is not None and len(more) == len(figures)
        yield key, [a + b for a, b in zip(figures, more, strict=True)] if fits and more is not None else figures
    yield from left.items()
