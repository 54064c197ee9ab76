"""Swagger 2.0 turned into the OpenAPI 3.0 form that the reader knows: pure, one tree in and one tree out.

Parameters of a body or a form become a request body, ``produces`` and ``consumes`` media types, ``collectionFormat`` a
style, ``host`` and ``basePath`` a server. ``moved`` says where each part that changed its place stands in the user's
document, so that reports point there. What a part means is none of its business: ``operations/openapi.py`` reads the
result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from resolvers.rest.documents.files import absolute
from resolvers.rest.documents.pointers import origin, split, token
from resolvers.rest.documents.tree import Node, Unserved, items, members, text

Follow = Callable[[object, str], tuple[Node, str]]

COMPONENTS = {
    "definitions": "schemas",
    "parameters": "parameters",
    "responses": "responses",
    "securityDefinitions": "securitySchemes",
}
NOW = {f"#/{old}": f"#/components/{new}" for old, new in COMPONENTS.items()}
METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch"})
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
JSON = ("application/json",)
STYLES = {"ssv": "spaceDelimited", "pipes": "pipeDelimited", "tsv": "tabDelimited"}
"""``collectionFormat`` → style. OpenAPI 3 has no style for tabs: ``tabDelimited`` is our own word."""
PARAMETER = frozenset({"name", "in", "description", "required", "deprecated", "allowEmptyValue"})
"""What stays at a parameter; everything else that it says is about its value and becomes its schema."""
FLOWS = {"application": "clientCredentials", "accessCode": "authorizationCode"}
VALUES = frozenset({"default", "enum", "example", "examples", "x-example", "const"})
"""Members of a schema that hold values, in which ``$ref`` would be no reference."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """``moved``: pointer in ``root`` → pointer in the user's document, for each part that is not where it was.

    ``now``: the beginning of a reference → where what it names stands in ``root``.
    """

    root: Node
    moved: Mapping[str, str]
    now: Mapping[str, str]


def is_swagger(root: object) -> bool:
    """Whether a document says that it is Swagger 2."""
    return str(members(root).get("swagger", "")).startswith("2")


def upgrade(root: Node, follow: Follow) -> Upgraded:
    """The document in OpenAPI 3.0's form. ``follow`` leads through references of the 2.0 document and its files."""
    return _Upgrade(root, follow).document()


def schema(node: object, base: str = "") -> object:
    """A 2.0 schema as a 3.0 one. ``base``: the address of the file it stands in; references are made to start there."""
    if isinstance(node, list):
        return [schema(item, base) for item in node]
    if not isinstance(node, Mapping):
        return node
    made: dict[str, object] = {}
    for key, value in members(node).items():
        if key == "$ref" and isinstance(value, str):
            made[key] = origin(absolute(value, base), NOW)
        elif key == "properties" and isinstance(value, Mapping):
            made[key] = {name: schema(item, base) for name, item in members(value).items()}
        elif key == "discriminator" and isinstance(value, str):
            made[key] = {"propertyName": value}
        elif key == "x-nullable":
            made["nullable"] = value
        elif key in VALUES:
            made[key] = value
        else:
            made[key] = schema(value, base)
    if made.get("type") == "file":
        made |= {"type": "string", "format": "binary"}
    return made


class _Upgrade:
    def __init__(self, root: Node, follow: Follow) -> None:
        self._root = root
        self._follow = follow
        self._moved = {new: old for old, new in NOW.items()}

    def document(self) -> Upgraded:
        root = self._root
        made: dict[str, object] = {
            key: root[key] for key in root if key in {"info", "tags", "security", "externalDocs"} or key[:2] == "x-"
        }
        paths = {}
        for path, item in members(root.get("paths")).items():
            paths[path] = self._path_item(item, f"#/paths/{token(path)}")
        produced = _texts(root, "produces")
        parameters = {
            name: self._parameter(members(node), "", f"#/components/parameters/{token(name)}")
            for name, node in members(root.get("parameters")).items()
            if members(node).get("in") not in {"body", "formData"}
        }
        responses = {
            name: self._response(
                members(node), "", f"#/components/responses/{token(name)}", f"#/responses/{token(name)}", produced
            )
            for name, node in members(root.get("responses")).items()
        }
        made |= {
            "openapi": "3.0.3",
            "servers": self._servers(_texts(root, "schemes")),
            "paths": paths,
            "components": {
                "schemas": {name: schema(node) for name, node in members(root.get("definitions")).items()},
                "parameters": parameters,
                "responses": responses,
                "securitySchemes": {
                    name: _security(members(node)) for name, node in members(root.get("securityDefinitions")).items()
                },
            },
        }
        return Upgraded(made, self._moved, NOW)

    def _servers(self, schemes: tuple[str, ...]) -> list[object]:
        """The address of calls; without a scheme, or without a host, it is relative to where the document was read."""
        host, base = text(self._root, "host"), text(self._root, "basePath")
        path = base if base.startswith("/") else f"/{base}"
        if not host:
            return [{"url": path}]
        known = sorted((item for item in schemes if item in {"http", "https"}), reverse=True)
        return [{"url": f"{known[0]}://{host}{path}" if known else f"//{host}{path}"}]

    def _path_item(self, item: object, pointer: str) -> object:
        try:
            node, where = self._follow(item, pointer)
        except Unserved:
            return item  # the reader meets the same reference and reports it
        if where != pointer:
            self._moved[pointer] = where
        shared = [(each, f"{where}/parameters/{index}") for index, each in items(node.get("parameters"))]
        made: dict[str, object] = {}
        for key, value in node.items():
            if key in METHODS and isinstance(value, Mapping):
                made[key] = self._operation(members(value), f"{pointer}/{key}", f"{where}/{key}", shared)
            elif key != "parameters":
                made[key] = value
        return made

    def _operation(self, node: Node, pointer: str, where: str, shared: list[tuple[object, str]]) -> Node:
        base = split(where)[0]
        made = {
            key: value
            for key, value in node.items()
            if key not in {"parameters", "responses", "consumes", "produces", "schemes"}
        }
        own = [(each, f"{where}/parameters/{index}") for index, each in items(node.get("parameters"))]
        kept: list[object] = []
        body: tuple[Node, str] | None = None
        form: dict[str, tuple[Node, str]] = {}
        for given, place in self._overridden(shared, own):
            new = f"{pointer}/parameters/{len(kept)}"
            self._moved[new] = place
            try:
                parameter, target = self._follow(given, place)
            except Unserved:
                kept.append(schema(given, base))
                continue
            if parameter.get("in") == "body":
                body = (parameter, target)
            elif parameter.get("in") == "formData":
                form[text(parameter, "name")] = (parameter, target)
            elif target.startswith("#/parameters/"):
                kept.append({"$ref": origin(target, NOW)})
            else:
                self._moved[new] = target
                kept.append(self._parameter(parameter, split(target)[0], new))
        if kept:
            made["parameters"] = kept
        consumed = _texts(node, "consumes") or _texts(self._root, "consumes")
        if body is not None:
            made["requestBody"] = self._body(*body, f"{pointer}/requestBody", consumed or JSON)
        elif form:
            made["requestBody"] = self._form(form, f"{pointer}/requestBody", where, consumed)
        produced = _texts(node, "produces")
        made["responses"] = {
            code: self._answer(
                answer, f"{pointer}/responses/{token(code)}", f"{where}/responses/{token(code)}", produced
            )
            for code, answer in members(node.get("responses")).items()
        }
        schemes = _texts(node, "schemes")
        if schemes and text(self._root, "host"):
            made["servers"] = self._servers(schemes)
        return made

    def _overridden(self, shared: list[tuple[object, str]], own: list[tuple[object, str]]) -> list[tuple[object, str]]:
        """The parameters of the path and then of its operation, which override by name and place."""
        found: dict[object, tuple[object, str]] = {}
        for given, place in (*shared, *own):
            try:
                node, _ = self._follow(given, place)
                key: object = (text(node, "name"), text(node, "in")) if node.get("in") != "body" else "body"
            except Unserved:
                key = place
            found[key] = (given, place)
        return list(found.values())

    def _parameter(self, node: Node, base: str, pointer: str) -> Node:
        made = {key: value for key, value in node.items() if key in PARAMETER or _is_extension(key)}
        value = _value(node, base)
        made["schema"] = value
        if value.get("type") == "array":
            made |= _style(node)
        self._moved[f"{pointer}/schema"] = origin(pointer, self._moved)
        return made

    def _body(self, node: Node, where: str, pointer: str, consumed: tuple[str, ...]) -> Node:
        value = schema(node.get("schema", {}), split(where)[0])
        self._moved[pointer] = self._moved[f"{pointer}/content"] = where
        for media in consumed:
            self._moved[f"{pointer}/content/{token(media)}/schema"] = f"{where}/schema"
        kept = {key: item for key, item in node.items() if key in {"description", "required"} or _is_extension(key)}
        return {**kept, "content": {media: {"schema": value} for media in consumed}}

    def _form(self, form: Mapping[str, tuple[Node, str]], pointer: str, where: str, consumed: tuple[str, ...]) -> Node:
        """The fields of a form; one with files can only be sent as ``multipart/form-data``."""
        files = any(node.get("type") == "file" for node, _ in form.values())
        usual = FORMS[1:] if files else FORMS[:1]
        media = tuple(item for item in consumed if item in (FORMS[1:] if files else FORMS)) or usual
        properties: dict[str, object] = {}
        encoding: dict[str, object] = {}
        for name, (node, place) in form.items():
            value = _value(node, split(place)[0])
            if text(node, "description"):
                value["description"] = text(node, "description")
            properties[name] = value
            if value.get("type") == "array":
                encoding[name] = _style({**node, "in": "query"})
        required = [name for name, (node, _) in form.items() if node.get("required") is True]
        value = {"type": "object", "properties": properties}
        if required:
            value["required"] = required
        self._moved[pointer] = self._moved[f"{pointer}/content"] = f"{where}/parameters"
        for item in media:
            spot = f"{pointer}/content/{token(item)}/schema"
            self._moved[spot] = f"{where}/parameters"
            for name, (_, place) in form.items():
                self._moved[f"{spot}/properties/{token(name)}"] = place
        described: dict[str, object] = {"schema": value, **({"encoding": encoding} if encoding else {})}
        return {"required": bool(required), "content": dict.fromkeys(media, described)}

    def _answer(self, given: object, pointer: str, where: str, produced: tuple[str, ...]) -> object:
        try:
            node, target = self._follow(given, where)
        except Unserved:
            return schema(given, split(where)[0])
        if target.startswith("#/responses/") and not produced:
            return {"$ref": origin(target, NOW)}
        return self._response(node, split(target)[0], pointer, target, produced or _texts(self._root, "produces"))

    def _response(self, node: Node, base: str, pointer: str, where: str, produced: tuple[str, ...]) -> Node:
        made = {key: value for key, value in node.items() if key == "description" or _is_extension(key)}
        self._moved[pointer] = where
        if "schema" in node:
            value = members(schema(node["schema"], base))
            media = produced or (("application/octet-stream",) if _is_file(node["schema"]) else JSON)
            made["content"] = {item: {"schema": value} for item in media}
            self._moved[f"{pointer}/content"] = where
            for item in media:
                self._moved[f"{pointer}/content/{token(item)}/schema"] = f"{where}/schema"
        headers = members(node.get("headers"))
        if headers:
            made["headers"] = {name: self._header(members(header), base) for name, header in headers.items()}
        return made

    def _header(self, node: Node, base: str) -> Node:
        return {"description": text(node, "description"), "schema": _value(node, base)}


def _value(node: Node, base: str) -> dict[str, object]:
    """What a parameter or a header says of its value, as a schema."""
    said = {
        key: value
        for key, value in node.items()
        if key not in PARAMETER and key not in {"collectionFormat", "schema"} and not _is_extension(key)
    }
    if "schema" in node and "type" not in node:  # not allowed outside bodies, and written all the same
        return dict(members(schema(node["schema"], base)))
    return dict(members(schema(said, base)))


def _style(node: Node) -> dict[str, object]:
    """How the items of a list are joined: commas unless ``collectionFormat`` says otherwise."""
    given = text(node, "collectionFormat") or "csv"
    usual = "form" if node.get("in") in {"query", "formData"} else "simple"
    if given == "multi":
        return {"style": usual, "explode": True}
    return {"style": STYLES.get(given, usual), "explode": False}


def _security(node: Node) -> Node:
    kind = text(node, "type")
    about = {key: node[key] for key in node if key == "description" or key[:2] == "x-"}
    if kind == "basic":
        return {**about, "type": "http", "scheme": "basic"}
    if kind == "oauth2":
        flow = text(node, "flow")
        said = {key: node[key] for key in ("authorizationUrl", "tokenUrl") if key in node}
        return {**about, "type": "oauth2", "flows": {FLOWS.get(flow, flow): {**said, "scopes": node.get("scopes", {})}}}
    return node


def _is_extension(key: str) -> bool:
    return key.startswith("x-") and key != "x-nullable"


def _is_file(node: object) -> bool:
    return members(node).get("type") == "file"


def _texts(node: Node, name: str) -> tuple[str, ...]:
    return tuple(item for _, item in items(node.get(name)) if isinstance(item, str))
