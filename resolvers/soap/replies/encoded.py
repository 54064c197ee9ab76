"""Arrays and references of encoded messages (SOAP 1.1, section 5; SOAP 1.2 part 2, section 3)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from resolvers.errors import SourceBadResponse
from resolvers.soap.builtins import SOAP12_ENCODING, SOAP_ENCODING
from resolvers.soap.replies.reading import Read, Reading
from resolvers.soap.shapes import Array
from resolvers.xml import Element

MOST_PLACES = 100_000
"""Places of an array in which items may stand that says so itself: a few bytes can name any place."""
_NUMBERS = re.compile(r"\[\s*(\d{1,9}(?:\s*,\s*\d{1,9})*)\s*\]", re.ASCII)
_SIZE = re.compile(r"\[([\d,\s]*)\]\s*$", re.ASCII)
_ARRAY_TYPE, _OFFSET, _POSITION = (f"{{{SOAP_ENCODING}}}{name}" for name in ("arrayType", "offset", "position"))


def targets(body: Element) -> Mapping[str, Element | None]:
    """The elements of the body that others may refer to; ``None`` for an identifier that several have.

    What lies outside of the body may not be what was signed.
    """
    found: dict[str, Element | None] = {}
    for node in body.iter():
        name = node.get("id") or node.get(f"{{{SOAP12_ENCODING}}}id")
        if name is not None:
            found[name] = None if name in found else node
    return found


def following(read: Read) -> Read:
    """Reads what an element refers to, where it only refers."""

    def followed(node: Element, reading: Reading) -> object:
        target = reading.target(node)
        if target is None:
            return read(node, reading)
        return reading.once(target, followed)

    return followed


def array_reader(shape: Array, item: Read) -> Read:
    """The items of an array, a list inside a list for each dimension. Places without an item are null."""
    dimensions = shape.dimensions

    def read_item(child: Element, reading: Reading) -> object:
        try:
            return item(child, reading)
        except SourceBadResponse as error:
            return error

    def read(node: Element, reading: Reading) -> object:
        items = [read_item(child, reading) for child in node]
        if dimensions == 1 and not reading.sparse:
            return items
        sizes = _sizes(node, dimensions)
        places = _places(node, sizes) if reading.sparse else None
        if places is None and dimensions == 1:
            return items
        if places is None:
            places = list(range(len(items)))
        # A size of nothing inside makes no items, but still as many rows as the sizes before it say.
        if dimensions > 1 and math.prod(size or 1 for size in sizes) > MOST_PLACES:
            raise SourceBadResponse(f"an array of more than {MOST_PLACES} places")
        length = max(places, default=-1) + 1 if dimensions == 1 else math.prod(sizes)
        if length > MOST_PLACES or max(places, default=-1) >= length or len(set(places)) != len(places):
            raise SourceBadResponse("the items of an array do not stand where its size says")
        flat: list[object] = [None] * length
        for place, value in zip(places, items, strict=True):
            flat[place] = value
        return _nested(flat, sizes)

    return read


def _sizes(node: Element, dimensions: int) -> list[int]:
    """The sizes that an array says; for one dimension none are needed."""
    said = _SIZE.search(node.get(_ARRAY_TYPE, ""))
    written = said[1].split(",") if said else node.get(f"{{{SOAP12_ENCODING}}}arraySize", "").split()
    sizes = [int(text) for text in written if text.strip().isdecimal() and len(text) < 10]
    if len(sizes) == dimensions:
        return sizes
    if dimensions == 1:
        return [0]
    raise SourceBadResponse("an array of several dimensions that does not say its size")


def _places(node: Element, sizes: list[int]) -> list[int] | None:
    """Where the items stand, counted row by row (sections 5.4.2.1 and 5.4.2.2); ``None``: one after the other."""
    offset = node.get(_OFFSET)
    if offset is None and all(child.get(_POSITION) is None for child in node):
        return None
    place = -1 if offset is None else _place(offset, sizes) - 1
    places: list[int] = []
    for child in node:
        position = child.get(_POSITION)
        place = place + 1 if position is None else _place(position, sizes)
        places.append(place)
    return places


def _place(written: str, sizes: list[int]) -> int:
    found = _NUMBERS.fullmatch(written.strip())
    numbers = [int(text) for text in found[1].split(",")] if found else []
    if len(numbers) != len(sizes):
        raise SourceBadResponse("an item of an array that does not say where it stands")
    place = 0
    for index, (number, size) in enumerate(zip(numbers, sizes, strict=True)):
        if index and number >= size:
            raise SourceBadResponse("an item of an array that stands outside of it")
        place = place * (size if index else 1) + number
    return place


def _nested(flat: list[object], sizes: list[int]) -> list[object]:
    """Items row by row as lists inside lists; the outermost size comes first."""
    if len(sizes) == 1:
        return flat
    size = math.prod(sizes[1:])
    return [_nested(flat[row * size : (row + 1) * size], sizes[1:]) for row in range(sizes[0])]
