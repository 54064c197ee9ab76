"""The bodies of requests and replies that an OpenAPI operation declares (OpenAPI 3.1 sections 4.8.13 to 4.8.17), read.

What is written and read by them is in ``requests/bodies.py`` and ``replies/reply.py``; schemas are read in ``schemas``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from resolvers.model import Field, LeftOut, ListRef, NamedRef, ObjectType, Scalar, ScalarRef, TypeRef, UnionType
from resolvers.rest.documents.tree import Node, Tree, Unserved, members, text, token
from resolvers.rest.operations.media import BINARY, as_sent, best, body_kind, essence, reply_kind
from resolvers.rest.operations.parameters import STYLES
from resolvers.rest.schemas.reader import Schemas
from resolvers.rest.schemas.scalars import scalar_of
from resolvers.rest.schemas.xml_shapes import XmlShapes
from resolvers.rest.shapes import Answer, Body, BodyKind, Encoding, ReplyKind, Style

_SCALARS = frozenset(Scalar) - {Scalar.JSON, Scalar.BASE64}


@dataclass(frozen=True, slots=True)
class Answers:
    """``result``: what a call gives. ``reply``: how it is usually read; ``others``: by status, where they differ."""

    result: TypeRef | None
    reply: Answer
    others: tuple[tuple[str, Answer], ...] = ()
    accept: str = "*/*"


class Contents:
    """Reads the contents of one operation. ``title``: what types without a name are called after."""

    def __init__(self, tree: Tree, schemas: Schemas, name: str, title: str, left_out: list[LeftOut]) -> None:
        self._tree = tree
        self._schemas = schemas
        self._name = name
        self._title = title
        self._left_out = left_out
        self._xml = XmlShapes(tree)

    def _say(self, reason: str, pointer: str) -> None:
        self._left_out.append(LeftOut(self._name, reason, self._tree.place(pointer), degraded=True))

    # Requests

    def body(self, method: str, node: object, pointer: str) -> Body | None:
        """The body of a request, or ``None`` where nothing is to be sent."""
        body, where = self._tree.follow(node, pointer)
        content = members(body.get("content"))
        required = body.get("required") is True
        if all(self._is_empty(members(item).get("schema"), where) for item in content.values()) and not required:
            return None
        if method in {"get", "head"}:
            # RFC 9110 section 9.3.1 leaves it to servers that said they want one; the document is such a saying.
            self._say(f"a body of {method.upper()} is sent as declared, though proxies and caches may drop it", where)
        media = best(content)
        if media is None:
            self._say("a body without a media type is not sent", where)
            return None
        if len({essence(item) for item in content}) > 1:
            others = " or ".join(item for item in content if item != media)
            self._say(f"its body is sent as {media}, though {others} would be taken too", where)
        node = members(content[media])
        schema, spot = node.get("schema", True), f"{where}/content/{token(media)}/schema"
        kind = body_kind(media)
        if kind in {"json", "text", "xml"} and self._is_binary(schema, spot):
            kind = "binary"
        if kind == "form" and self._is_empty(schema, spot):
            return None
        return self._body_of(kind, media, node, spot, required=required)

    def _body_of(self, kind: BodyKind, media: str, node: Node, spot: str, *, required: bool) -> Body:
        schema = node.get("schema", True)
        ref: TypeRef
        encoding: dict[str, Encoding] = {}
        xml = self._xml.of(schema, spot) if kind == "xml" else None
        if kind == "xml" and xml is None:
            self._say(f"the body is taken as a text of {essence(media)}", spot)
            kind = "text"
        if kind == "binary":
            ref = ScalarRef(Scalar.BASE64)
        elif kind == "text":
            ref = ScalarRef(self._scalar(schema, spot))
        else:
            ref = self._schemas.type_of(schema, spot, f"{self._title}Body", "input")
            if required and not (isinstance(ref, ScalarRef) and ref.scalar is Scalar.JSON):
                ref = replace(ref, nullable=False)
        if kind in {"form", "multipart"}:
            encoding = {name: self._encoding(members(item)) for name, item in members(node.get("encoding")).items()}
        otherwise = "application/json" if kind == "json" else "text/plain" if kind == "text" else media
        sent = media if kind == "json" and "*" not in media else as_sent(media, otherwise=otherwise)
        return Body(ref, sent, required, self._schemas.travels_as_text(schema, spot), kind, encoding, xml)

    def _encoding(self, node: Node) -> Encoding:
        """OpenAPI 3.1 section 4.8.15: a stated style is worth more than a content type."""
        stated = text(node, "style")
        known = next((item for item in STYLES["query"] if item == stated), None)
        reserved = node.get("allowReserved") is True
        if known is None and "explode" not in node:
            listed = [item.strip() for item in text(node, "contentType").split(",")]
            concrete = next((item for item in listed if item and "*" not in item), "")
            return Encoding(media=concrete or BINARY) if listed[0] else Encoding(reserved=reserved)
        style: Style = known or "form"
        return Encoding(style, node.get("explode", style == "form") is True, reserved)

    def _scalar(self, schema: object, pointer: str) -> Scalar:
        """The scalar that a text is; a text unless its schema says more."""
        try:
            node, pointer = self._tree.follow(schema, pointer)
            found = scalar_of(node, node.get("type"), pointer)
        except Unserved:
            return Scalar.STRING
        return found if found in _SCALARS else Scalar.STRING

    def _is_binary(self, schema: object, pointer: str) -> bool:
        """A string whose value is bytes: ``format: binary`` (3.0), a media type and no encoding (3.1)."""
        try:
            node, _ = self._tree.follow(schema, pointer)
        except Unserved:
            return False
        kind = node.get("type")
        if kind == "file":
            return True
        named = "contentMediaType" in node and "contentEncoding" not in node
        return kind in ("string", None, ["string", "null"]) and (text(node, "format") == "binary" or named)

    def _is_empty(self, schema: object, pointer: str) -> bool:
        """An object that has no members: a body of it says nothing."""
        try:
            node, _ = self._tree.follow(schema, pointer)
        except Unserved:
            return False
        open_ended = node.get("additionalProperties", "properties" not in node)
        return node.get("type") == "object" and not node.get("properties") and open_ended is False

    # Replies

    def answers(self, responses: Node, pointer: str) -> Answers:
        """What successful calls give, by status."""
        codes = sorted(code for code in responses if code.upper() == "2XX" or (len(code) == 3 and code[0] == "2"))
        if not codes and "default" in responses:
            codes = ["default"]
        found: dict[str, tuple[Answer, object, str]] = {}
        accepted: dict[str, None] = {}
        for code in codes:
            response, where = self._tree.follow(responses[code], f"{pointer}/{token(code)}")
            answer, schema, spot, asked = self._declared(members(response.get("content")), where)
            found[code.upper()] = (answer, schema, spot)
            accepted |= dict.fromkeys(asked)
        told = {code: item for code, item in found.items() if item[0].kind != "none"}
        if not told:
            return Answers(None, Answer("none"))
        accept = ", ".join(accepted)
        distinct: list[tuple[Answer, object, str]] = []
        for item in told.values():
            if not any(item[0].kind == other.kind and item[1] == schema for other, schema, _ in distinct):
                distinct.append(item)
        silent = len(told) < len(found)
        if len(distinct) == 1:
            ((answer, schema, spot),) = distinct
            ref = self._result(answer.kind, schema, spot, f"{self._title}Result")
            nothing = tuple((code, item[0]) for code, item in found.items() if item[0].kind == "none")
            return Answers(replace(ref, nullable=ref.nullable or silent), answer, nothing, accept)
        return self._by_status(found, silent=silent, accept=accept)

    def _declared(self, content: Node, where: str) -> tuple[Answer, object, str, tuple[str, ...]]:
        """The answer of one status: how it is read, its schema with its place, and what is asked for."""
        media = best(content)
        if media is None:
            return Answer("none"), None, where, ()
        spot = f"{where}/content/{token(media)}/schema"
        schema = members(content[media]).get("schema", True)
        kind = reply_kind(media)
        if kind in {"json", "text", "xml"} and self._is_binary(schema, spot):
            kind = "binary"
        alike = [item for item in content if reply_kind(item) == reply_kind(media)]
        if kind == "json":
            return Answer(kind), schema, spot, ("application/json" if "*" in media else media,)
        names = tuple(dict.fromkeys(essence(item) for item in alike))
        xml = self._xml.of(schema, spot) if kind == "xml" else None
        if kind == "xml" and xml is None:
            kind = "text"
        return Answer(kind, names, xml=xml), schema, spot, names

    def _result(self, kind: ReplyKind, schema: object, spot: str, title: str) -> TypeRef:
        if kind == "binary":
            return ScalarRef(Scalar.BASE64)
        if kind == "text":
            return ScalarRef(self._scalar(schema, spot))
        ref = self._schemas.type_of(schema, spot, title, "output")
        return ListRef(ref) if kind == "lines" and not isinstance(ref, ListRef) else ref

    def _by_status(self, found: dict[str, tuple[Answer, object, str]], *, silent: bool, accept: str) -> Answers:
        """Answers of different types become a union; what is no object rides in one."""
        others: list[tuple[str, Answer]] = []
        names: dict[str, None] = {}
        for code, (answer, schema, spot) in found.items():
            if answer.kind == "none":
                others.append((code, answer))
                continue
            ref = self._result(answer.kind, schema, spot, f"{self._title}Result{code}")
            name, member = self._member(ref)
            names[name] = None
            others.append((code, replace(answer, type=ref, member=(name, member))))
        usual = next(answer for _, answer in others if answer.kind != "none")
        union = self._schemas.add(f"{self._title}Result", lambda name: UnionType(name, tuple(names)))
        return Answers(NamedRef(union, nullable=silent), usual, tuple(others), accept)

    def _member(self, ref: TypeRef) -> tuple[str, str]:
        """The member of a union that a type becomes, and the field of a wrapper that it rides in."""
        if isinstance(ref, NamedRef) and isinstance(self._schemas.types.get(ref.name), ObjectType):
            return ref.name, ""
        inner = ref.item if isinstance(ref, ListRef) else ref
        name = inner.name if isinstance(inner, NamedRef) else inner.scalar.value if isinstance(inner, ScalarRef) else ""
        field, title = ("items", f"{name}List") if isinstance(ref, ListRef) else ("value", f"{name}Value")
        made = self._schemas.add(title, lambda given: ObjectType(given, {field: Field(field, ref)}))
        return made, field
