"""``Extension``: what an extension module of the user adds in Python: root fields, fields on generated types, batches.

A module named under ``extensions:`` holds one or more ``Extension`` objects. Everything it adds is a Strawberry field;
parents of generated types arrive as mappings by GraphQL field name, holding what ``needs`` names.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, get_type_hints

from aiodataloader import DataLoader
from strawberry import Info
from strawberry import field as strawberry_field
from strawberry.types.field import StrawberryField

Function = TypeVar("Function", bound=Callable[..., Any])
Parent = Mapping[str, object]

Batch: TypeAlias = Callable[[Sequence[Any]], Awaitable[Sequence[Any]]]
"""Parents as a hand-written field sees them → one value or exception for each, in their order."""


@dataclass(frozen=True, slots=True)
class AddedField:
    """A hand-written field of a generated type. ``needs``: GraphQL names of fields of that type which it reads.

    ``batch``: its function for a whole column, where no permission class or field extension stands before it.
    """

    type_name: str
    name: str
    needs: tuple[str, ...]
    field: StrawberryField
    declassify: bool
    batch: Batch | None = None


class Extension:
    """Collects what a module adds; the decorators give the function back unchanged."""

    def __init__(self) -> None:
        self.queries: dict[str, StrawberryField] = {}
        self.mutations: dict[str, StrawberryField] = {}
        self.added: list[AddedField] = []

    def query(self, function: Function) -> Function:
        """Adds a field to Query; arguments and result are Strawberry types."""
        self.queries[function.__name__] = strawberry_field(resolver=function)
        return function

    def mutation(self, function: Function) -> Function:
        """Adds a field to Mutation."""
        self.mutations[function.__name__] = strawberry_field(resolver=function)
        return function

    def field(
        self, type_name: str, *, needs: Sequence[str] = (), declassify: bool = False, **options: Any
    ) -> Callable[[Function], Function]:
        """Adds a field to a generated type; the function's first parameter is the parent.

        ``declassify``: the field may be read by callers who may not read all that it needs. ``options`` go to
        ``strawberry.field`` (``permission_classes``, ``description``, ``extensions`` …).
        """

        def add(function: Function) -> Function:
            made = strawberry_field(resolver=_with_root(function), **_described(function, options))
            self.added.append(AddedField(type_name, function.__name__, tuple(needs), made, declassify))
            return function

        return add

    def batch(
        self, type_name: str, *, needs: Sequence[str] = (), declassify: bool = False, **options: Any
    ) -> Callable[[Function], Function]:
        """Adds a field that is answered for all parents at once.

        The function is asynchronous, takes the list of parents and gives one value for each, in their order; it is
        called once per column and request.
        """

        def add(function: Function) -> Function:
            made = strawberry_field(resolver=_batched(function), **_described(function, options))
            alone = not options.get("permission_classes") and not options.get("extensions")
            batch = _checked(function) if alone else None
            self.added.append(AddedField(type_name, function.__name__, tuple(needs), made, declassify, batch))
            return function

        return add


def _described(function: Callable[..., Any], options: dict[str, Any]) -> dict[str, Any]:
    documentation = inspect.getdoc(function)
    return options if documentation is None else {"description": documentation, **options}


def _with_root(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with its first parameter called ``root``, the name by which Strawberry knows a parent."""
    signature = inspect.signature(function)
    first, *others = signature.parameters.values()

    if inspect.iscoroutinefunction(function):

        async def asynchronous(root: Parent, **arguments: Any) -> Any:
            return await function(root, **arguments)

        wrapped: Callable[..., Any] = asynchronous
    else:

        def synchronous(root: Parent, **arguments: Any) -> Any:
            return function(root, **arguments)

        wrapped = synchronous
    hints = get_type_hints(function, include_extras=True)
    hints.pop(first.name, None)
    parameters = [inspect.Parameter("root", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    parameters += [item.replace(annotation=hints.get(item.name, Any)) for item in others]
    return _dressed(wrapped, function, parameters, hints)


def _batched(function: Callable[..., Awaitable[Sequence[Any]]]) -> Callable[..., Any]:
    async def resolve(root: Parent, info: Info) -> Any:
        loaders: dict[object, DataLoader[Any, Any]] = info.context.batches
        loader = loaders.get(function)
        if loader is None:
            loader = loaders[function] = DataLoader(_checked(function), cache=False)
        return await loader.load(root)

    hints = get_type_hints(function, include_extras=True)
    listed = hints["return"]
    (single,) = listed.__args__
    parameters = [
        inspect.Parameter("root", inspect.Parameter.POSITIONAL_OR_KEYWORD),
        inspect.Parameter("info", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Info),
    ]
    return _dressed(resolve, function, parameters, {"info": Info, "return": single})


def _checked(
    function: Callable[..., Awaitable[Sequence[Any]]],
) -> Callable[[Sequence[Any]], Coroutine[Any, Any, list[Any]]]:
    async def load(parents: Sequence[Any]) -> list[Any]:
        results = list(await function(list(parents)))
        if len(results) != len(parents):
            raise ValueError(f"{function.__name__} gave {len(results)} results for {len(parents)} parents")
        return results

    return load


def _dressed(
    wrapped: Callable[..., Any],
    function: Callable[..., Any],
    parameters: list[inspect.Parameter],
    hints: dict[str, Any],
) -> Callable[..., Any]:
    wrapped.__name__ = function.__name__
    wrapped.__module__ = function.__module__
    wrapped.__annotations__ = hints
    signature = inspect.Signature(parameters, return_annotation=hints.get("return", Any))
    wrapped.__signature__ = signature  # type: ignore[attr-defined]  # inspect.signature reads it
    return wrapped
