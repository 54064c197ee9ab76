"""What the user states about operations is laid over a source's model: effect, place of the result, keys, writes.

Pure: a model and settings in, a model and problems out. What descriptions say of themselves is the readers' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

from resolvers.exposed import with_headers
from resolvers.members import fields_of, inside, member_near, row_fields, where_lists_lie
from resolvers.model import (
    READ_BECAUSE,
    Argument,
    Effect,
    LeftOut,
    ListRef,
    ManyKeys,
    NamedRef,
    Operation,
    Paging,
    Scalar,
    ScalarRef,
    SourceModel,
    TypeRef,
    unwrapped,
)
from resolvers.problem import Problem, nearest, offered
from resolvers.settings import OperationSettings, SourceSettings

WRITES_ARE_OFF = "writes are off"
VIEWS = ("Connection", "Aggregate")
"""What the names of views end in."""
NOT_AMONG_WRITES = "not among writes"


class _Fault(Exception):
    def __init__(self, what: str, *where: str, mend: str = "") -> None:
        super().__init__(what)
        self.problem = Problem(what, where, mend)


def apply(model: SourceModel, settings: SourceSettings) -> tuple[SourceModel, list[Problem]]:
    """The model as it is served, and every statement that does not fit it.

    Paths of problems start at the source's own settings. An operation with a faulty statement keeps what its
    description says; what is not served is named in ``left_out``.
    """
    problems: list[Problem] = []
    operations = dict(model.operations)
    types = dict(model.types)
    own = set(model.made)
    for name, stated in settings.operations.items():
        if name not in operations:
            what = f'source "{model.name}" has no operation "{name}"'
            problems.append(Problem(what, ("operations", name), _nearest_operation(name, model)))
            continue
        operation = operations[name]
        misplaced: set[str] = set()
        for step in (_effect, _at, _page, _keys, _compare, _filters, _http):
            try:
                operation = step(model, operation, stated)
            except _Fault as fault:
                # Fields of the key cannot be found in a result whose place is wrong: that has one cause.
                if not (fault.problem.where[:1] in {("by",), ("compare",)} and misplaced & {"at", "by"}):
                    problems.append(fault.problem.under("operations", name))
                misplaced.add(str(fault.problem.where[0]))
        if stated.reply_headers and not problems:
            operation, made = with_headers(operation, stated.reply_headers, types.keys() | model.inputs.keys())
            types |= {item.name: item for item in made}
            own |= {item.name for item in made}
        operations[name] = operation
    problems += _unmatched(model, settings)
    left_out = list(model.left_out)
    declared = model.declared
    for name, operation in list(operations.items()):
        reason = _not_served(operation, settings)
        if not reason:
            continue
        del operations[name]
        if operation.change is not None and reason == NOT_AMONG_WRITES:
            declared -= 1  # a database declares none of its changes, so one that nobody wants is not missing
        else:
            left_out.append(LeftOut(name, reason, operation.place))
    made_so = replace(
        model,
        operations=operations,
        types=types,
        made=frozenset(own),
        left_out=tuple(left_out),
        declared=declared,
    )
    return made_so, problems


def _nearest_operation(name: str, model: SourceModel) -> str:
    return nearest(name, model.operations) or "see the operations with: isthmus inspect"


def _unmatched(model: SourceModel, settings: SourceSettings) -> list[Problem]:
    lists = [("include", settings.include), ("exclude", settings.exclude)]
    if not isinstance(settings.writes, bool):
        lists.append(("writes", settings.writes))
    named = {name: None for operation in model.operations.values() for name in _names(operation)}
    written = {
        name: None
        for operation in model.operations.values()
        if operation.change is not None or operation.effect is not Effect.READ or not model.has_tables
        for name in _written_names(operation)
    }
    problems = []
    for key, patterns in lists:
        for index, pattern in enumerate(patterns):
            known = written if key == "writes" else named
            viewed = key == "exclude" and _matches(view_names(model), pattern)
            if not viewed and pattern not in known and (key == "writes" or not _matches(known, pattern)):
                thing = "operation" if not model.has_tables else "table or operation"
                what = f'source "{model.name}" has no {thing} "{pattern}"'
                if key == "writes" and pattern in model.operations and model.has_tables:
                    what = f'"{pattern}" of source "{model.name}" cannot be written'
                mend = nearest(pattern, known) or "see the operations with: isthmus inspect"
                problems.append(Problem(what, (key, index), mend))
    return problems


def view_names(model: SourceModel) -> Iterator[str]:
    """The names of the views that lists of rows may gain (``resolvers.views``): ``exclude`` may name them too."""
    for name, operation in model.operations.items():
        if operation.rows is not None:
            yield from (f"{name}{ending}" for ending in VIEWS)


def _names(operation: Operation) -> tuple[str, ...]:
    """What ``include``, ``exclude`` and ``writes`` may call an operation: a change of rows also by its table."""
    return (operation.name,) if operation.change is None else (operation.name, operation.change.rows)


def _written_names(operation: Operation) -> tuple[str, ...]:
    """What ``writes`` may call an operation: ``orders.insert`` means one row and many."""
    if operation.change is None:
        return (operation.name,)
    return (*_names(operation), f"{operation.change.rows}.{operation.change.verb}")


def _matches(names: Iterable[str], pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in names)


def _not_served(operation: Operation, settings: SourceSettings) -> str:
    names = _names(operation)
    if settings.include and not any(_matches(names, pattern) for pattern in settings.include):
        return "not among include"
    if any(_matches(names, pattern) for pattern in settings.exclude):
        return "named by exclude"
    if operation.effect is Effect.READ or settings.writes is True:
        return ""
    if settings.writes is False:
        return WRITES_ARE_OFF
    return "" if any(name in settings.writes for name in _written_names(operation)) else NOT_AMONG_WRITES


def _effect(_: SourceModel, operation: Operation, stated: OperationSettings) -> Operation:
    if operation.change is not None and stated.effect not in {None, operation.effect}:
        raise _Fault("what changes rows of a table is a write", "effect", mend="remove it")
    if stated.effect is not None:
        signs = tuple(sign for sign in operation.evidence if not sign.startswith(READ_BECAUSE))
        operation = replace(operation, effect=stated.effect, evidence=signs)
    return operation


def _http(model: SourceModel, operation: Operation, stated: OperationSettings) -> Operation:
    """What only the replies of HTTP sources have, or of REST sources."""
    for key, given, kinds, of in (
        ("error_detail", stated.error_detail is not None, {"openapi", "wsdl"}, "an OpenAPI document or a WSDL"),
        ("reply_headers", bool(stated.reply_headers), {"openapi"}, "an OpenAPI document"),
        ("idempotency_key", stated.idempotency_key is not None, {"openapi", "wsdl"}, "an OpenAPI document or a WSDL"),
    ):
        if given and model.kind not in kinds:
            raise _Fault(f"only operations of {of} take {key}", key, mend="remove it")
    if stated.idempotency_key and operation.effect is Effect.READ:
        raise _Fault(
            f'"{operation.name}" changes nothing, and may be made again anyway', "idempotency_key", mend="remove it"
        )
    if stated.reply_headers and operation.paging is not None:
        what = "it pages, and each page has headers of its own"
        raise _Fault(what, "reply_headers", mend="remove it, or write recognise: false")
    if stated.reply_headers and (stated.at or stated.keys or stated.by):
        what = "the headers lie beside the whole result, which at, keys and by would take apart"
        raise _Fault(what, "reply_headers", mend="remove it, or at, keys and by")
    return operation


def _at(model: SourceModel, operation: Operation, stated: OperationSettings) -> Operation:
    """``at`` goes on from the value that the description leads to; lists on the way are joined into one."""
    if stated.at is None:
        return operation
    path = _path(stated.at, "at")
    if operation.rows is not None:
        raise _Fault("rows of a table have nothing inside them", "at", mend="remove it")
    if operation.result is None:
        raise _Fault(f'"{operation.name}" answers nothing', "at", mend="remove it")
    ref, listed, nullable = operation.result, False, operation.result.nullable
    walked = ""
    for name in path:
        while isinstance(ref, ListRef):
            ref, listed = ref.item, True
            nullable = nullable or ref.nullable
        fields = fields_of(model, ref)
        if name not in fields:
            holder = f'"{walked}"' if walked else "the reply"
            raise _Fault(f'{holder} has no member "{name}"', "at", mend=member_near(model, walked, fields, name))
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


def _page(model: SourceModel, operation: Operation, stated: OperationSettings) -> Operation:
    page = stated.page
    if page is None:
        return operation
    opened = unwrapped(operation)
    if not isinstance(opened.result, ListRef) or operation.rows is not None:
        raise _Fault(f'"{operation.name}" answers no list of pages', "page", mend=where_lists_lie(model, operation))
    if operation.effect is not Effect.READ:
        raise _Fault(f'"{operation.name}" is not a read', "page", mend="state effect: read if it changes nothing")
    if page.style != "link" and page.position is None:
        raise _Fault(f"pages by {page.style} need position: the argument that takes it", "page", mend="add position")
    if page.style == "cursor" and page.next is None:
        raise _Fault("pages by cursor need next: where the reply says the next one", "page", mend="add next")
    for key, name in (("position", page.position), ("size", page.size)):
        if name is not None and name not in operation.arguments:
            what = f'"{operation.name}" has no argument "{name}"'
            raise _Fault(what, "page", key, mend=offered(name, operation.arguments))
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
            raise _Fault(f'{holder} has no member "{rest}"', "page", key, mend=mend)
        path.append(name)
        ref, rest = fields[name].type, rest[len(name) + 1 :]
    return tuple(path)


def _keys(model: SourceModel, operation: Operation, stated: OperationSettings) -> Operation:
    if stated.keys is None and stated.by is None and stated.max_keys is None:
        return operation
    known = operation.keys
    if stated.keys is None and known is not None and not known.argument:
        if stated.by is not None:
            raise _Fault(f'"{operation.name}" can be asked by any of its fields already', "by", mend="remove it")
        return replace(operation, keys=replace(known, max_keys=stated.max_keys or known.max_keys))
    if stated.keys is None and known is None:
        if stated.max_keys is not None:
            what = "max_keys says how many keys one call takes, and keys does not say where they go"
            raise _Fault(what, "max_keys", mend="add keys, or remove max_keys")
        return replace(operation, keys=None, by=_single(model, operation, stated.by or {}))
    if stated.keys is not None:
        path = _path(stated.keys, "keys")
    else:
        assert known is not None
        path = known.argument
    if known is not None and stated.keys is None and stated.by is None:
        return replace(operation, keys=replace(known, max_keys=stated.max_keys or known.max_keys))
    item = _key_item(model, operation, path)
    if stated.by is not None:
        by = _parts(model, operation, item, stated.by)
    elif known is not None and path == known.argument:
        by = dict(known.by)
    else:
        mend = _by_line(model, item)
        raise _Fault("keys needs by: the field of the result that holds the key", "keys", mend=mend)
    most = stated.max_keys or (known.max_keys if known is not None else None)
    return replace(operation, keys=ManyKeys(path, by) if most is None else ManyKeys(path, by, most))


def _compare(model: SourceModel, operation: Operation, stated: OperationSettings) -> Operation:
    """All parts of the key alike, or each by the field of the result that holds it."""
    if not isinstance(stated.compare, dict):
        return replace(operation, compare=frozenset(stated.compare) or operation.compare)
    if operation.rows is not None:
        what = "the columns of a table say themselves how they are compared, and what is said beside goes for all"
        raise _Fault(what, "compare", mend="write a list, such as compare: [number]")
    fields = row_fields(model, operation)
    for name in stated.compare:
        if name not in fields:
            raise _no_field(model, operation, name, "compare", name)
    return replace(operation, compare_by={name: frozenset(said) for name, said in stated.compare.items()})


def _by_line(model: SourceModel, item: TypeRef) -> str:
    """What to add where nothing says which fields of the result are the key."""
    members = model.inputs[item.name].fields if isinstance(item, NamedRef) and item.name in model.inputs else None
    return "add by" if members is None else f"add by: {{ {', '.join(f'FIELD: {name}' for name in members)} }}"


def _no_field(model: SourceModel, operation: Operation, field: str, *where: str) -> _Fault:
    """That rows have no such field, and where rows lie that have it."""
    opened = unwrapped(operation)
    deeper = next((path for path, ref in inside(model, opened.result) if field in fields_of(model, ref)), "")
    mend = f"state at: {'.'.join((*opened.at, deeper))}, since it is a field of what lies there" if deeper else ""
    return _Fault(
        f'the result has no field "{field}"', *where, mend=mend or offered(field, row_fields(model, operation))
    )


def _filters(model: SourceModel, operation: Operation, stated: OperationSettings) -> Operation:
    """Fields and arguments of one type: what is asked for is then what the rows have."""
    if not stated.filters:
        return operation
    if operation.rows is not None:
        raise _Fault(f'"{operation.name}" can be filtered by its columns already', "filters", mend="remove it")
    if operation.effect is not Effect.READ or not isinstance(unwrapped(operation).result, ListRef):
        raise _Fault(f'"{operation.name}" does not read a list', "filters", mend="state at: where the list lies")
    fields = row_fields(model, operation)
    for field, argument in stated.filters.items():
        if field not in fields:
            raise _no_field(model, operation, field, "filters")
        if argument not in operation.arguments:
            what = f'"{operation.name}" has no argument "{argument}"'
            raise _Fault(what, "filters", field, mend=offered(argument, operation.arguments))
        taken = operation.arguments[argument].type
        if not _takes(model, fields[field].type, taken.item if isinstance(taken, ListRef) else taken):
            what = f'the field "{field}" and the argument "{argument}" are of two types'
            raise _Fault(what, "filters", field, mend="remove it")
    return replace(operation, filters=dict(stated.filters))


_ALIKE = ({Scalar.STRING, Scalar.ID}, {Scalar.INT, Scalar.BIG_INT})


def _takes(model: SourceModel, field: TypeRef, argument: TypeRef) -> bool:
    """Whether an argument takes every value that a filter on the field may say."""
    if isinstance(field, NamedRef) and field.name in model.enums:
        values = {item.value for item in model.enums[field.name].values}
        if isinstance(argument, NamedRef) and argument.name in model.enums:
            return values <= {item.value for item in model.enums[argument.name].values}
        return argument == ScalarRef(Scalar.STRING, argument.nullable) and all(isinstance(item, str) for item in values)
    if not isinstance(field, ScalarRef) or not isinstance(argument, ScalarRef):
        return False
    return field.scalar is argument.scalar or any({field.scalar, argument.scalar} <= alike for alike in _ALIKE)


def keyed(model: SourceModel, operation: Operation, stated: OperationSettings) -> tuple[Operation, Problem | None]:
    """The operation with what is stated of its keys alone, by who made it; a statement that does not fit is told."""
    try:
        return _compare(model, _keys(model, operation, stated), stated), None
    except _Fault as fault:
        return operation, fault.problem


def _single(model: SourceModel, operation: Operation, by: str | Mapping[str, str]) -> Mapping[str, str]:
    if isinstance(by, str):
        required = [name for name, argument in operation.arguments.items() if argument.required]
        if by in operation.arguments:
            by = {by: by}
        elif len(required) == 1:
            by = {by: required[0]}
        else:
            what = f'"{operation.name}" has no argument "{by}"'
            raise _Fault(what, "by", mend=nearest(by, operation.arguments) or f"write by: {{ {by}: its argument }}")
    fields = row_fields(model, operation)
    for field, argument in by.items():
        if field not in fields:
            raise _no_field(model, operation, field, "by")
        if argument not in operation.arguments:
            what = f'"{operation.name}" has no argument "{argument}"'
            raise _Fault(what, "by", field, mend=offered(argument, operation.arguments))
    return dict(by)


def _parts(model: SourceModel, operation: Operation, item: TypeRef, by: str | Mapping[str, str]) -> Mapping[str, str]:
    members = model.inputs[item.name].fields if isinstance(item, NamedRef) and item.name in model.inputs else None
    if isinstance(by, str):
        by = {by: "" if members is None else by}
    fields = row_fields(model, operation)
    if members is None and len(by) != 1:
        raise _Fault("each key is one plain value, so by names one field", "by")
    for field, member in by.items():
        if field not in fields:
            raise _no_field(model, operation, field, "by")
        if members is None and member:
            raise _Fault(f'each key is one plain value and has no part "{member}"', "by", mend=f"write by: {field}")
        if members is not None and member not in members:
            raise _Fault(f'a key has no part "{member}"', "by", mend=offered(member, members))
    return dict(by)


def _key_item(model: SourceModel, operation: Operation, path: tuple[str, ...]) -> TypeRef:
    members: Mapping[str, Argument] = operation.arguments
    ref: TypeRef | None = None
    for index, name in enumerate(path):
        if name not in members:
            what = f'"{".".join(path[:index])}" has no member "{name}"'
            what = what if index else f'"{operation.name}" has no argument "{name}"'
            raise _Fault(what, "keys", mend=offered(name, members))
        ref = members[name].type
        inner = model.inputs.get(ref.name) if isinstance(ref, NamedRef) else None
        members = inner.fields if inner is not None else {}
    if not isinstance(ref, ListRef):
        inside = [name for name, member in members.items() if isinstance(member.type, ListRef)]
        mend = f'did you mean "{".".join((*path, inside[0]))}"' if inside else "name the argument that takes a list"
        raise _Fault(f'"{".".join(path)}" does not take a list', "keys", mend=mend)
    if isinstance(ref.item, ListRef):
        raise _Fault(f'"{".".join(path)}" takes a list of lists', "keys")
    return ref.item


def _path(text: str, key: str) -> tuple[str, ...]:
    path = tuple(text.split("."))
    if not all(path):
        raise _Fault(f'"{text}" is not a path', key, mend="join members by single dots")
    return path
