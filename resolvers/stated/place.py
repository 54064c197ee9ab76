"""Where the value lies in a reply, and how the list that lies there pages."""

from __future__ import annotations

from dataclasses import replace

from resolvers.members import fields_of, member_near, where_lists_lie
from resolvers.model import Effect, ListRef, ManyKeys, Operation, Paging, SourceModel, TypeRef, unwrapped
from resolvers.problem import offered
from resolvers.settings import OperationSettings
from resolvers.stated.fault import Fault, path_of


def placed(model: SourceModel, operation: Operation, stated: OperationSettings) -> Operation:
    """``at`` goes on from the value that the description leads to; lists on the way are joined into one."""
    if stated.at is None:
        return operation
    path = path_of(stated.at, "at")
    if operation.rows is not None:
        raise Fault("rows of a table have nothing inside them", "at", mend="remove it")
    if operation.result is None:
        raise Fault(f'"{operation.name}" answers nothing', "at", mend="remove it")
    ref, listed, nullable = operation.result, False, operation.result.nullable
    walked = ""
    for name in path:
        while isinstance(ref, ListRef):
            ref, listed = ref.item, True
            nullable = nullable or ref.nullable
        fields = fields_of(model, ref)
        if name not in fields:
            holder = f'"{walked}"' if walked else "the reply"
            raise Fault(f'{holder} has no member "{name}"', "at", mend=member_near(model, walked, fields, name))
        field = fields[name]
        walked = f"{walked}.{name}" if walked else name
        nullable = nullable or field.type.nullable or not field.required
        ref = field.type
    if listed:
        item = ref.item if isinstance(ref, ListRef) else replace(ref, nullable=nullable)
        ref = ListRef(item, nullable=True)
    else:
        ref = replace(ref, nullable=nullable)
    at = (*operation.at, *path)
    paging = operation.paging if operation.paging is not None and operation.paging.items_at == at else None
    keys = operation.keys if operation.keys is None or not operation.keys.guessed else _still(operation, at)
    return replace(operation, at=at, result=ref, inside=None, paging=paging, keys=keys)


def _still(operation: Operation, at: tuple[str, ...]) -> ManyKeys | None:
    """The keys that were recognised, where the stated place of the result is the one they were recognised by."""
    return operation.keys if unwrapped(operation).at == at else None


def paged(model: SourceModel, operation: Operation, stated: OperationSettings) -> Operation:
    page = stated.page
    if page is None:
        return operation
    opened = unwrapped(operation)
    if not isinstance(opened.result, ListRef) or operation.rows is not None:
        raise Fault(f'"{operation.name}" answers no list of pages', "page", mend=where_lists_lie(model, operation))
    if operation.effect is not Effect.READ:
        raise Fault(f'"{operation.name}" is not a read', "page", mend="state effect: read if it changes nothing")
    if page.style != "link" and page.position is None:
        raise Fault(f"pages by {page.style} need position: the argument that takes it", "page", mend="add position")
    if page.style == "cursor" and page.next is None:
        raise Fault("pages by cursor need next: where the reply says the next one", "page", mend="add next")
    for key, name in (("position", page.position), ("size", page.size)):
        if name is not None and name not in operation.arguments:
            what = f'"{operation.name}" has no argument "{name}"'
            raise Fault(what, "page", key, mend=offered(name, operation.arguments))
    whole = model.operations[operation.name].result
    known = operation.arguments[page.size].bounds.most if page.size is not None else None
    paging = Paging(
        page.style,
        opened.result.item,
        opened.at,
        size_argument=page.size or "",
        position_argument=page.position or "",
        next_at=_member(model, whole, page.next, "next"),
        more_at=_member(model, whole, page.more, "more"),
        total_at=_member(model, whole, page.total, "total"),
        first=page.first,
        max_size=page.max_size or known,
    )
    return replace(operation, paging=paging)


def _member(model: SourceModel, ref: TypeRef | None, text: str | None, key: str) -> tuple[str, ...]:
    """The path of a member of the whole reply; names of members may hold dots themselves."""
    path: list[str] = []
    rest = text or ""
    while rest:
        fields = {} if ref is None or isinstance(ref, ListRef) else fields_of(model, ref)
        name = next((each for each in sorted(fields, key=len, reverse=True) if f"{rest}.".startswith(f"{each}.")), None)
        if name is None:
            holder = f'"{".".join(path)}"' if path else "the reply"
            mend = member_near(model, ".".join(path), fields, rest)
            raise Fault(f'{holder} has no member "{rest}"', "page", key, mend=mend)
        path.append(name)
        ref, rest = fields[name].type, rest[len(name) + 1 :]
    return tuple(path)
