"""OpenAPI 3.0 and 3.1, and Swagger 2.0 in their form, read into a ``SourceModel`` and its requests. Pure: bytes in.

What cannot be served is left out with its reason and place, never dropped. Schemas are read in ``schemas``,
parameters in ``parameters.py``, bodies and answers in ``contents.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from resolvers.documents import DescriptionError, Document
from resolvers.model import (
    Argument,
    Effect,
    LeftOut,
    ListRef,
    NamedRef,
    ObjectType,
    Operation,
    ScalarRef,
    SourceModel,
)
from resolvers.naming import Naming, assign, joined
from resolvers.problem import Problem
from resolvers.rest.documents.files import Files
from resolvers.rest.documents.hints import hints_of
from resolvers.rest.documents.swagger import is_swagger, upgrade
from resolvers.rest.documents.tree import Node, Tree, Unserved, items, members, text, token
from resolvers.rest.operations.contents import Answers, Contents
from resolvers.rest.operations.failures import Outlines
from resolvers.rest.operations.parameters import in_order, read_parameters
from resolvers.rest.operations.security import read_needs, read_schemes
from resolvers.rest.operations.servers import chosen, own
from resolvers.rest.schemas.fallbacks import fallbacks
from resolvers.rest.schemas.naming import are_one_word, by_method, naming, own_names, signature
from resolvers.rest.schemas.places import Places
from resolvers.rest.schemas.reader import Schemas
from resolvers.rest.schemas.registry import deprecation
from resolvers.rest.settings import FIRST, ServerChoice
from resolvers.rest.shapes import Answer, Description, RequestShape

EFFECTS = {
    "get": Effect.READ,
    "head": Effect.READ,
    "put": Effect.IDEMPOTENT,
    "delete": Effect.IDEMPOTENT,
    "post": Effect.WRITE,
    "patch": Effect.WRITE,
}
METHODS = (*EFFECTS, "options", "trace", "query")


def read(
    name: str, document: Document | Files, choice: ServerChoice = FIRST, pinned: Mapping[str, str] | None = None
) -> Description:
    """The model and the requests of an OpenAPI document and its files; ``name`` is the source's.

    ``pinned``: operation (``GET /orders/{id}``) → the name that it keeps inside the source.

    Raises:
        DescriptionError: it is not an OpenAPI 3.0, 3.1 or Swagger 2.0 document in JSON or YAML, or has no such server
            as ``choice`` names.
    """
    tree = Tree(document)
    _check_version(tree)
    if is_swagger(tree.root):
        upgraded = upgrade(tree.root, tree.follow)
        tree.replace(upgraded.root, upgraded.moved, upgraded.now)
    return _Reader(name, tree, choice, pinned or {}).read()


def _check_version(tree: Tree) -> None:
    version = str(tree.root.get("openapi", ""))
    if version.startswith(("3.0", "3.1")) or is_swagger(tree.root):
        return
    what, mend = "the document is not an OpenAPI document", "name an OpenAPI 3.0, 3.1 or Swagger 2.0 document"
    if version:
        what = f"OpenAPI {version[:20]} is not read"
    raise DescriptionError(Problem(what, mend=mend, document=tree.location))


class _Reader:
    def __init__(self, name: str, tree: Tree, choice: ServerChoice, pinned: Mapping[str, str]) -> None:
        self._pinned = pinned
        self._choice = choice
        self._name = name
        self._tree = tree
        self._outlines = Outlines(tree)
        self._schemas = Schemas(tree)
        self._operations: dict[str, Operation] = {}
        self._requests: dict[str, RequestShape] = {}
        self._left_out: list[LeftOut] = []
        self._security: dict[str, object] = {}
        self._called: dict[str, Naming] = {}

    def read(self) -> Description:
        root = self._tree.root
        found = list(self._declared(root))
        self._called = self._names(found)
        own = self._own_names(found)
        names: dict[str, str] = {}
        for method, path, node, pointer, path_item, path_pointer in found:
            name = own[signature(method, path)]
            names.setdefault(text(node, "operationId"), name)
            names[pointer] = name
            try:
                self._operation(name, method, path, node, pointer, path_item, path_pointer)
            except Unserved as unserved:
                place = self._tree.place(unserved.pointer or pointer)
                self._left_out.append(LeftOut(name, unserved.reason, place))
        for hook in members(root.get("webhooks")):
            place = self._tree.place(f"#/webhooks/{token(hook)}")
            self._left_out.append(LeftOut(hook, "webhooks are calls to us and are not served", place, degraded=True))
        if not found:
            place = self._tree.place("#/paths")
            self._left_out.append(LeftOut(self._name, "the document declares no operations", place, degraded=True))
        self._schemas.finish()
        by_pointer = {
            pointer: self._called[signature(method, path)] for method, path, _, pointer, *_ in reversed(found)
        }
        self._schemas.call(Places(self._tree, by_pointer))
        operations = {name: self._with_keys(item) for name, item in self._operations.items()}
        model = SourceModel(
            self._name,
            "openapi",
            operations,
            self._schemas.types,
            self._schemas.inputs,
            self._schemas.enums,
            self._schemas.made,
            left_out=self._placed([*self._left_out, *self._schemas.degraded.values()]),
            fallbacks=fallbacks(self._tree, self._schemas.types, self._schemas.inputs, operations),
            hints=tuple(
                hint
                for _, _, node, pointer, _, _ in found
                for hint in hints_of(self._tree, names[pointer], node, pointer, names)
            ),
            declared=len(found),
            description=text(members(root.get("info")), "description"),
            schemes=read_schemes(self._tree),
            needs=read_needs(self._security),
        )
        return Description(
            model,
            self._requests,
            chosen(root, self._tree.location, self._choice),
            self._schemas.given(),
            self._schemas.results(),
        )

    def _declared(self, root: Node) -> list[tuple[str, str, Node, str, Node, str]]:
        found = []
        for path, item in members(root.get("paths")).items():
            pointer = f"#/paths/{token(path)}"
            if path.startswith("x-"):
                continue
            try:
                path_item, path_pointer = self._tree.follow(item, pointer)
            except Unserved as unserved:
                self._left_out.append(LeftOut(path, unserved.reason, self._tree.place(unserved.pointer)))
                continue
            for method, node in path_item.items():
                if method in METHODS:
                    found.append((method, path, members(node), f"{path_pointer}/{method}", path_item, path_pointer))
        return found

    def _names(self, found: list[tuple[str, str, Node, str, Node, str]]) -> dict[str, Naming]:
        """How each operation may be called, by its signature."""
        title = text(members(self._tree.root.get("info")), "title")
        named = {
            signature(method, path): naming(
                method,
                path,
                text(node, "operationId"),
                [tag for _, tag in items(node.get("tags")) if isinstance(tag, str)],
                title,
            )
            for method, path, node, *_ in found
        }
        for path in {path for method, path, *_ in found if method == "patch"}:
            patch, put = signature("patch", path), signature("put", path)
            if put in named and are_one_word(named[patch], named[put]):
                named[patch], named[put] = by_method(named[patch], "patch"), by_method(named[put], "put")
        return named

    def _own_names(self, found: list[tuple[str, str, Node, str, Node, str]]) -> dict[str, str]:
        """What each operation is called inside the source, by its signature; a pinned name is no other's.

        That is the document's own word for it, however long: what people write into their file is what they read there.
        """
        wanted = {
            signature(method, path): own_names(text(node, "operationId"), self._called[signature(method, path)])
            for method, path, node, *_ in found
        }
        given = {place: name for place, name in self._pinned.items() if place in wanted}
        kept = frozenset(given.values())
        others = {place: each for place, each in wanted.items() if place not in given}
        return given | assign(others, lambda name: name not in kept)

    def _operation(
        self, name: str, method: str, path: str, node: Node, pointer: str, path_item: Node, path_pointer: str
    ) -> None:
        if method not in EFFECTS:
            raise Unserved(f"the method {method.upper()} is not served", pointer)
        if not path.startswith("/"):
            raise Unserved("a path begins with a slash", path_pointer)
        if not isinstance(path_item[method] or {}, Mapping):
            raise Unserved("an operation is a mapping", pointer)
        title = joined(name) or "Operation"
        given = in_order(path_item, path_pointer, node, pointer)
        parameters = read_parameters(self._tree, self._schemas, title, given, path)
        left_out = [replace(item, operation=name) for item in parameters.left_out]
        arguments = dict(parameters.arguments)
        contents = Contents(self._tree, self._schemas, name, title, left_out)
        body = None
        if "requestBody" in node:
            body = contents.body(method, node["requestBody"], f"{pointer}/requestBody")
        if body is not None:
            arguments["body"] = Argument("body", body.type, required=body.required, place=self._tree.place(pointer))
        answers = contents.answers(members(node.get("responses")), f"{pointer}/responses")
        headers = self._reply_headers(node, pointer)
        if method == "head":
            answers = Answers(None, Answer("none"))
        for callback in members(node.get("callbacks")):
            where = self._tree.place(f"{pointer}/callbacks/{token(callback)}")
            left_out.append(LeftOut(name, f"the callback {callback} is not served", where, degraded=True))
        self._security[name] = node.get("security", self._tree.root.get("security"))
        by_key = method == "get" and any(item.location == "path" for item in parameters.parameters)
        result = answers.result
        not_found_is_null = by_key and result is not None
        self._operations[name] = Operation(
            name,
            EFFECTS[method],
            arguments,
            replace(result, nullable=True) if result is not None and not_found_is_null else result,
            not_found_is_null=not_found_is_null,
            description=text(node, "summary") or text(node, "description"),
            deprecated=deprecation(node),
            place=self._tree.place(pointer),
            reply_headers=headers,
            naming=self._called[signature(method, path)],
        )
        self._requests[name] = RequestShape(
            method.upper(),
            path,
            parameters.parameters,
            body,
            answers.accept,
            answers.reply,
            dict(answers.others),
            own(node, self._tree.location, self._choice) or own(path_item, self._tree.location, self._choice),
            self._outlines.of(members(node.get("responses")), f"{pointer}/responses"),
        )
        self._left_out += left_out

    def _reply_headers(self, node: Node, pointer: str) -> frozenset[str]:
        """The headers that successful replies are declared to have, in lower case."""
        found: set[str] = set()
        for code, response in members(node.get("responses")).items():
            if code.startswith("2"):
                with suppress(Unserved):
                    reply, _ = self._tree.follow(response, f"{pointer}/responses/{token(code)}")
                    found |= {name.lower() for name in members(reply.get("headers"))}
        return frozenset(found)

    def _with_keys(self, operation: Operation) -> Operation:
        """``by``: required parameters that bear the very name of a field of the result."""
        ref = operation.result
        if isinstance(ref, ListRef):
            ref = ref.item
        row = self._schemas.types.get(ref.name) if isinstance(ref, NamedRef) else None
        if operation.effect is not Effect.READ or not isinstance(row, ObjectType):
            return operation
        by = {
            name: name
            for name, argument in operation.arguments.items()
            if argument.required
            and name != "body"
            and name in row.fields
            and not isinstance(argument.type, ListRef)
            and isinstance(row.fields[name].type, ScalarRef)
        }
        return replace(operation, by=by)

    def _placed(self, left_out: list[LeftOut]) -> tuple[LeftOut, ...]:
        """The same with lines, where anything was left out at all."""
        lines = self._tree.lines(item.place for item in left_out)
        return tuple(replace(item, place=replace(item.place, line=lines.get(item.place))) for item in left_out)
