"""How an operation pages, told by the names of its parameters and by what its replies say. Recognising only.

A parameter's name alone proves nothing: each style needs a second sign, in the parameters or in the reply.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from resolvers.collection.envelope import Signals, row_of
from resolvers.collection.words import BACKWARDS, CURSOR, IDENTITY, LINKS, OFFSET, PAGE, POSITIONS, SIZE, UNSURE, plain
from resolvers.model import Argument, ListRef, Operation, Paging, PagingStyle, Scalar, ScalarRef, SourceModel, TypeRef

_INTEGERS = frozenset({Scalar.INT, Scalar.BIG_INT, Scalar.FLOAT})
_TEXTS = frozenset({Scalar.STRING, Scalar.ID})
_ZERO = re.compile(r"\b(?:zero|0)[- ](?:based|indexed)|\bstart(?:s|ing)? (?:at|from|with) (?:0|zero)\b", re.IGNORECASE)
_ABOUT_PAGES = re.compile(r"\bpages?\b|\bpaginat|\bpaging", re.IGNORECASE)


def paging_of(
    model: SourceModel, operation: Operation, result: TypeRef, at: tuple[str, ...], signals: Signals
) -> tuple[Paging, str] | None:
    """How the list ``result`` at ``at`` is paged, and the signs of it; ``None`` where they do not suffice."""
    if not isinstance(result, ListRef):
        return None
    size = _first(operation, SIZE, _INTEGERS | {Scalar.STRING})
    item = result.item
    found = (
        _by_own_links(signals, item, at)
        or _by_cursor(model, operation, signals, item, at, size)
        or _by_offset(operation, signals, item, at, size)
        or _by_page(operation, signals, item, at, size)
        or _by_link(operation, signals, item, at, size)
    )
    if found is None:
        return None
    takes = " and ".join(name for name in (found.position_argument, found.size_argument) if name)
    signs = [f"it takes {takes}" if takes else "", f"the reply says {signals.words()}" if signals.words() else ""]
    if found.style == "link" and not found.next_at:
        signs.append("the reply has a Link header")
    return found, f"pages by {found.style}: {'; '.join(sign for sign in signs if sign)}"


def paging_positions(operation: Operation) -> frozenset[str]:
    """The arguments of an operation that say where in its pages to go on: who takes whole lists gives none of them."""
    paging = operation.paging
    if paging is None:
        return frozenset()
    words = POSITIONS | (BACKWARDS if paging.style == "cursor" else frozenset())
    if paging.style != "link":
        words -= UNSURE
    found = {name for name in operation.arguments if plain(name) in words}
    return frozenset((found | {paging.position_argument}) - {"", paging.size_argument})


def _made(
    style: PagingStyle, item: TypeRef, at: tuple[str, ...], signals: Signals, size: Argument | None, position: Argument
) -> Paging:
    return Paging(
        style,
        item,
        at,
        size_argument=size.name if size is not None else "",
        position_argument=position.name,
        next_at=signals.next_at,
        more_at=signals.more_at,
        total_at=signals.total_at,
        pages_at=signals.pages_at,
        max_size=size.bounds.most if size is not None else None,
    )


def _by_own_links(signals: Signals, item: TypeRef, at: tuple[str, ...]) -> Paging | None:
    """OData (4.01, section 11.2.6.7): ``$top`` bounds all pages together, so that only ``nextLink`` leads on."""
    if not signals.next_at or plain(signals.next_at[-1]) != "odatanextlink":
        return None
    return Paging("link", item, at, next_at=signals.next_at, total_at=signals.total_at)


def _by_cursor(
    model: SourceModel,
    operation: Operation,
    signals: Signals,
    item: TypeRef,
    at: tuple[str, ...],
    size: Argument | None,
) -> Paging | None:
    position = _first(operation, CURSOR, _TEXTS | _INTEGERS)
    if position is None and signals.next_at:
        position = _first(operation, OFFSET, _TEXTS)  # an offset that is a text is a token
    if position is None:
        return None
    if signals.next_at and not (plain(position.name) in UNSURE and plain(signals.next_at[-1]) in LINKS):
        return _made("cursor", item, at, signals, size, position)
    row = row_of(model, item)
    if plain(position.name) == "startingafter" and signals.more_at and row is not None:
        by = next((name for word in IDENTITY for name in row.fields if plain(name) == word), "")
        if by:
            made = _made("cursor", item, at, signals, size, position)
            return Paging(
                "cursor", item, at, made.size_argument, position.name,
                more_at=signals.more_at, total_at=signals.total_at, last_by=by, max_size=made.max_size,
            )  # fmt: skip
    return None


def _by_offset(
    operation: Operation, signals: Signals, item: TypeRef, at: tuple[str, ...], size: Argument | None
) -> Paging | None:
    position = _first(operation, OFFSET, _INTEGERS)
    if position is None or (size is None and not signals.words()):
        return None
    if plain(position.name) in UNSURE and size is None:
        return None
    made = _made("offset", item, at, signals, size, position)
    # A reply that counts pages says nothing about rows.
    return Paging(
        "offset", item, at, made.size_argument, position.name,
        next_at=made.next_at, more_at=made.more_at, total_at=made.total_at, max_size=made.max_size,
    )  # fmt: skip


def _by_page(
    operation: Operation, signals: Signals, item: TypeRef, at: tuple[str, ...], size: Argument | None
) -> Paging | None:
    position = _first(operation, PAGE, _INTEGERS | {Scalar.STRING})
    if position is None:
        return None
    described = _ABOUT_PAGES.search(position.description) is not None
    if size is None and not signals.words() and not described:
        return None
    bounds = position.bounds
    zero = 0 in {bounds.least, bounds.default} or _ZERO.search(position.description) is not None
    if bounds.default is not None and bounds.default > 0:
        zero = False
    return Paging(
        "page", item, at, size.name if size is not None else "", position.name,
        next_at=signals.next_at, more_at=signals.more_at, total_at=signals.total_at, echo_at=signals.echo_at,
        pages_at=signals.pages_at, first=0 if zero else 1, max_size=size.bounds.most if size is not None else None,
    )  # fmt: skip


def _by_link(
    operation: Operation, signals: Signals, item: TypeRef, at: tuple[str, ...], size: Argument | None
) -> Paging | None:
    said = bool(signals.next_at) and plain(signals.next_at[-1]) in LINKS
    if not said and "link" not in operation.reply_headers:
        return None
    return Paging(
        "link", item, at, size.name if size is not None else "", next_at=signals.next_at if said else (),
        more_at=signals.more_at, total_at=signals.total_at, max_size=size.bounds.most if size is not None else None,
    )  # fmt: skip


def _first(operation: Operation, words: Iterable[str], kinds: frozenset[Scalar]) -> Argument | None:
    """The argument that bears one of the words and takes one plain value; the least doubtful one."""
    for name, argument in sorted(operation.arguments.items(), key=lambda item: plain(item[0]) in UNSURE):
        if plain(name) in words and isinstance(argument.type, ScalarRef) and argument.type.scalar in kinds:
            return argument
    return None
