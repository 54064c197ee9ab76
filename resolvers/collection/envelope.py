"""Which part of a reply is the list (or the one object) that it is about, and which parts say where in the pages it is.

Told by names and types of the model alone; where two parts could be the list, none is. Nothing here pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from resolvers.collection.words import (
    ASIDE,
    ECHOES,
    HOLDERS,
    IDENTITY,
    INSIDE_NEXT,
    LINKS,
    META,
    MORE,
    PAGES,
    POSITIONS,
    SINGLE,
    SIZE,
    TOKENS,
    TOTALS,
    UNSURE,
    WRAPPERS,
    plain,
    singular,
)
from resolvers.model import (
    Field,
    Inside,
    ListRef,
    NamedRef,
    ObjectType,
    Operation,
    Scalar,
    ScalarRef,
    SourceModel,
    TypeRef,
)

Path = tuple[str, ...]
_NUMBERS = frozenset({Scalar.INT, Scalar.BIG_INT, Scalar.FLOAT, Scalar.DECIMAL})
_TEXTS = frozenset({Scalar.STRING, Scalar.ID})
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Signals:
    """What a reply says of its pages; every path begins at the reply, and is empty where it says nothing."""

    next_at: Path = ()
    more_at: Path = ()
    total_at: Path = ()
    echo_at: Path = ()
    pages_at: Path = ()

    @property
    def strong(self) -> bool:
        """Whether they leave no doubt that the reply is one page of a list."""
        return bool(self.next_at or self.more_at or self.pages_at)

    def words(self) -> str:
        """What was seen, as the end of a sentence; empty where nothing was."""
        said = (
            ("what comes next", self.next_at),
            ("whether there is more", self.more_at),
            ("how many there are", self.total_at),
            ("how many pages there are", self.pages_at),
        )
        return ", ".join(f"{what} ({'.'.join(path)})" for what, path in said if path)


def fields_of(model: SourceModel, ref: TypeRef | None) -> Mapping[str, Field]:
    """The fields of the object that a reference leads to; none for anything else."""
    found = model.types.get(ref.name) if isinstance(ref, NamedRef) else None
    return found.fields if isinstance(found, ObjectType) else {}


def row_of(model: SourceModel, ref: TypeRef | None) -> ObjectType | None:
    """The object that a list, or a single result, is made of."""
    while isinstance(ref, ListRef):
        ref = ref.item
    found = model.types.get(ref.name) if isinstance(ref, NamedRef) else None
    return found if isinstance(found, ObjectType) else None


def path_of(operation: Operation) -> list[str]:
    """The segments of the operation's path, read from its place in the document; empty where it has none."""
    parts = operation.place.pointer.split("/")
    if len(parts) < 3 or parts[1] != "paths":
        return []
    return [part for part in unquote(parts[2]).replace("~1", "/").replace("~0", "~").split("/") if part]


def inside_of(model: SourceModel, operation: Operation, signals: Signals) -> tuple[Inside, str] | None:
    """What links read of an envelope, and the sign by which it was recognised."""
    members = fields_of(model, operation.result)
    if not members or _identified(members, operation):
        return None
    last = next(reversed(path_of(operation)), "")
    about_one = last.startswith("{")
    pages = signals.strong or asks_pages(operation)
    found = list(_lists(model, members))
    wrapped = [item for item in found if plain(item[0][-1]) in WRAPPERS]
    chosen = found if len(found) == 1 else wrapped
    if len(chosen) == 1:
        path, ref = chosen[0]
        name = plain(path[-1])
        spot = ".".join(path)
        if name in WRAPPERS and (pages or not about_one):
            return Inside(path, ref), f'the list lies in "{spot}", as envelopes call it'
        if not about_one and name and singular(name) == singular(plain(last.partition(".")[0])):
            return Inside(path, ref), f'the list lies in "{spot}", as the path calls it'
        if not about_one and (pages or len(members) == 1):
            return Inside(path, ref), f'the list lies in "{spot}", the only one of the reply'
    return None if found else _single(model, members)


def asks_pages(operation: Operation) -> bool:
    """Whether the operation takes both a place to begin and a number of rows."""
    words = {plain(name) for name in operation.arguments}
    return bool(words & (POSITIONS - UNSURE)) and bool(words & SIZE)


def _identified(members: Mapping[str, Field], operation: Operation) -> bool:
    """Whether the reply is a thing itself: it has an identity of its own."""
    assert isinstance(operation.result, NamedRef)
    own = {*IDENTITY, f"{plain(operation.result.name)}id"} - {"key"}
    return any(plain(name) in own and isinstance(field.type, ScalarRef) for name, field in members.items())


def _lists(model: SourceModel, members: Mapping[str, Field], above: Path = ()) -> Iterator[tuple[Path, TypeRef]]:
    for name, field in members.items():
        word = plain(name)
        if isinstance(field.type, ListRef):
            if not name.startswith(("_", "@")) and word not in ASIDE:
                nullable = field.type.nullable or not field.required or bool(above)
                yield (*above, name), ListRef(field.type.item, nullable=nullable)
        elif word in HOLDERS and not above:
            inner = fields_of(model, field.type)
            if not any(plain(each) in IDENTITY for each in inner):
                yield from _lists(model, inner, (name,))


def _single(model: SourceModel, members: Mapping[str, Field]) -> tuple[Inside, str] | None:
    objects = {name: field for name, field in members.items() if fields_of(model, field.type)}
    found = [name for name in objects if plain(name) not in META | ASIDE]
    if len(found) != 1 or plain(found[0]) not in SINGLE:
        return None
    ref = members[found[0]].type
    assert isinstance(ref, NamedRef)
    return Inside((found[0],), NamedRef(ref.name, nullable=True)), f'the object lies in "{found[0]}"'


def signals_of(model: SourceModel, operation: Operation) -> Signals:
    """What a reply of the operation says of its pages."""
    ref = operation.result
    scalars = list(_scalars(model, fields_of(model, ref)))

    def first(words: frozenset[str], kinds: frozenset[Scalar]) -> Path:
        return next((path for path, kind in scalars if plain(path[-1]) in words and kind in kinds), ())

    total = first(TOTALS, _NUMBERS) or first(frozenset({"total"}), _NUMBERS)
    next_at = first(TOKENS, _TEXTS | _NUMBERS) or first(LINKS, _TEXTS) or _inside_next(scalars)
    if not next_at and any(plain(name) == "cursor" for name in operation.arguments):
        # Beside a parameter of that name, the cursor of a reply is the one to go on with.
        next_at = next((path for path, kind in scalars if path == ("cursor",) and kind in _TEXTS), ())
    if not total and any(plain(path[-1]) == "next" for path, _ in scalars):
        total = next((path for path, kind in scalars if path == ("count",) and kind in _NUMBERS), ())
    pages = first(PAGES, _NUMBERS)
    echo = first(ECHOES - {"number"} if not pages else ECHOES, _NUMBERS)
    return Signals(next_at, first(MORE, frozenset({Scalar.BOOLEAN})), total, echo, pages)


def _scalars(model: SourceModel, members: Mapping[str, Field], above: Path = ()) -> Iterator[tuple[Path, Scalar]]:
    """The plain members of a reply, nearest first: its own, then those of what says something about it."""
    for name, field in members.items():
        if isinstance(field.type, ScalarRef):
            yield (*above, name), field.type.scalar
    if len(above) < _DEEPEST:
        for name, field in members.items():
            if plain(name) in META:
                yield from _scalars(model, fields_of(model, field.type), (*above, name))


def _inside_next(scalars: list[tuple[Path, Scalar]]) -> Path:
    for word in INSIDE_NEXT:
        for path, kind in scalars:
            above = plain(path[-2]) if len(path) > 1 else ""
            fits = above in {"next", "nextpage"} or (above == "cursors" and word == "after")
            if fits and plain(path[-1]) == word and kind in _TEXTS | _NUMBERS:
                return path
    return ()
