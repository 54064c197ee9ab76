"""Arrays of encoded messages: SOAP 1.1, section 5.4.2; SOAP 1.2 part 2, section 3.2. Whole arrays only are sent."""

from __future__ import annotations

from collections.abc import Callable

from resolvers.soap.builtins import SOAP12_ENCODING, SOAP_ENCODING, XSI_TYPE
from resolvers.soap.lexical import Unfit
from resolvers.soap.requests.sheet import Prefixes, Sheet
from resolvers.soap.shapes import Array
from resolvers.xml import Element

_Fill = Callable[[Element, object, Sheet], None]


def array_writer(shape: Array, item: _Fill, prefixes: Prefixes, *, soap12: bool) -> _Fill:
    """Writes the items of an array into its element, and there what ``arrayType`` says of them.

    A value of several dimensions is lists inside lists; they are sent row by row, and all must be equally long.
    """
    said = f"{prefixes.name(shape.item_type)}{shape.ranks}" if shape.item_type else ""

    def fill(node: Element, value: object, sheet: Sheet) -> None:
        sizes, items = _flat(value, shape.dimensions)
        if said and soap12:
            node.set(f"{{{SOAP12_ENCODING}}}itemType", said)
            node.set(f"{{{SOAP12_ENCODING}}}arraySize", " ".join(map(str, sizes)))
        elif said:
            node.set(f"{{{SOAP_ENCODING}}}arrayType", f"{said}[{','.join(map(str, sizes))}]")
            if node.get(XSI_TYPE) is None:
                node.set(XSI_TYPE, prefixes.name(f"{{{SOAP_ENCODING}}}Array"))
        for index, one in items:
            try:
                item(node, one, sheet)
            except Unfit as error:
                raise error.under("".join(f"[{number}]" for number in index)) from None

    return fill


def _flat(value: object, dimensions: int) -> tuple[list[int], list[tuple[tuple[int, ...], object]]]:
    """The sizes of an array, and its items row by row with their places."""
    sizes: list[int] = []
    items: list[tuple[tuple[int, ...], object]] = [((), value)]
    for _ in range(dimensions):
        rows = []
        for index, row in items:
            if not isinstance(row, list | tuple):
                raise Unfit("a list is expected", "".join(f"[{number}]" for number in index))
            rows.append((index, row))
        lengths = {len(row) for _, row in rows}
        if len(lengths) > 1:
            raise Unfit("the lists inside of it must be equally long")
        sizes.append(lengths.pop() if lengths else 0)
        items = [((*index, number), one) for index, row in rows for number, one in enumerate(row)]
    return sizes, items
