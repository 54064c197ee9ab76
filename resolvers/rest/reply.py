"""An HTTP reply becomes a value: status, media type, JSON, and the shape that the description promises. Pure.

What a source says beside its data never reaches a caller: errors carry the status and nothing else.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import NoReturn

import msgspec

from resolvers.errors import (
    OutcomeUnknown,
    RateLimited,
    SourceBadResponse,
    SourceFault,
    SourceRejected,
    SourceUnavailable,
)
from resolvers.http import Reply
from resolvers.model import (
    TYPE_KEY,
    Effect,
    ListRef,
    NamedRef,
    ObjectType,
    Operation,
    OutputType,
    Scalar,
    ScalarRef,
    TypeRef,
)
from resolvers.rest.shapes import Answer, RequestShape
from resolvers.rest.typed import TypedDecoders
from resolvers.source import EVERYTHING, Selection

MAX_DEPTH = 200
"""Deeper than any document for people, and safely below what encoders of our own replies stand."""
_PROXY = frozenset({502, 504})
"""Said by what stands before the source, which may have had the call all the same."""
UTF_8 = frozenset({"", "utf-8", "utf8", "us-ascii"})


class Replies:
    """Decodes the replies of one source. ``types`` and ``enums`` are those of its model."""

    def __init__(self, types: Mapping[str, OutputType], enums: Iterable[str] = ()) -> None:
        self._fields = {
            name: {key: field.type for key, field in item.fields.items()}
            for name, item in types.items()
            if isinstance(item, ObjectType)
        }
        self._exact = _with_decimals(self._fields)
        self._typed = TypedDecoders(self._fields, frozenset(enums))

    def decode(
        self,
        shape: RequestShape,
        operation: Operation,
        result: TypeRef | None,
        reply: Reply,
        selection: Selection = EVERYTHING,
    ) -> object:
        """The value of a reply; ``result`` is the type of all of it, above the operation's ``at``.

        Raises:
            SourceError: by its status; ``SourceBadResponse`` for what is not the JSON that was promised.
            OutcomeUnknown: the same for anything but a read, and when a proxy (502, 504) lost its answer: the work
                may have been done behind a reply that nobody can read.
        """
        try:
            return self._decode(shape, operation, result, reply, selection)
        except (SourceBadResponse, SourceFault) as error:
            lost = isinstance(error, SourceBadResponse) or reply.status in _PROXY
            if operation.effect is Effect.READ or not lost:
                raise
            raise OutcomeUnknown(error.detail) from error

    def _decode(
        self,
        shape: RequestShape,
        operation: Operation,
        result: TypeRef | None,
        reply: Reply,
        selection: Selection,
    ) -> object:
        if operation.not_found_is_null and reply.status == 404:
            return None
        _check_status(reply.status)
        answer = _answer(shape, reply.status) if shape.others else shape.reply
        if result is None or answer.kind == "none" or reply.status in {204, 205}:
            return None
        if answer.type is None:
            return self._read(answer, reply, result, selection)
        name, member = answer.member
        inner = selection.fields.get(member, EVERYTHING) if member and not selection.everything else selection
        value = self._read(answer, reply, answer.type, inner)
        if member:
            return {TYPE_KEY: name, member: value}
        return {**value, TYPE_KEY: name} if isinstance(value, dict) else value

    def _read(self, answer: Answer, reply: Reply, result: TypeRef, selection: Selection) -> object:
        essence, charset = _media(reply.headers.get("content-type", ""))
        if answer.kind in {"text", "binary"}:
            _check_media(essence, answer)
            return reply.body if answer.kind == "binary" else _told(_text(reply.body, charset), result)
        if answer.kind == "lines":
            _check_media(essence, answer)
            exact = self._holds_decimals(result)
            rows = [parse(line, exact=exact) for line in _LINE_ENDS.split(reply.body) if line.strip()]
            return self._settle(rows, result, selection, 0, exact=exact)
        if essence != "application/json" and not essence.endswith(("+json", "/json")):
            raise SourceBadResponse(f"expected JSON, got {essence or 'no media type'}")
        if charset not in UTF_8:
            raise SourceBadResponse(f"JSON in {charset}")
        typed = self._typed.of(result, selection)
        if typed is not None:
            try:
                return typed(reply.body)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                pass  # the exact reading words what is wrong, or finds that nothing is
        exact = self._holds_decimals(result)
        value = parse(reply.body, exact=exact)
        return self._settle(value, result, selection, 0, exact=exact)

    def _holds_decimals(self, ref: TypeRef) -> bool:
        while isinstance(ref, ListRef):
            ref = ref.item
        return ref.name in self._exact if isinstance(ref, NamedRef) else ref.scalar is Scalar.DECIMAL

    def _settle(self, value: object, ref: TypeRef, selection: Selection, depth: int, *, exact: bool) -> object:
        """Checks the shape of what was selected. Leaves are checked by their scalars, when they are shown."""
        if value is None:
            return None
        if depth > MAX_DEPTH:
            raise SourceBadResponse("the reply is nested too deeply")
        if isinstance(ref, ListRef):
            if not isinstance(value, list):
                raise SourceBadResponse("expected a list")
            if exact or self._is_composite(ref.item):
                return [self._settle(item, ref.item, selection, depth + 1, exact=exact) for item in value]
            return value
        if isinstance(ref, ScalarRef):
            return _leaf(value, ref.scalar, exact=exact)
        return self._settle_object(value, ref.name, selection, depth, exact=exact)

    def _settle_object(self, value: object, name: str, selection: Selection, depth: int, *, exact: bool) -> object:
        fields = self._fields.get(name)
        if fields is None:
            return value  # an enumeration: its scalar knows its values
        if not isinstance(value, dict):
            raise SourceBadResponse(f"expected an object for {name}")
        for key, below in fields.items() if selection.everything else _selected(fields, selection):
            item = value.get(key)
            if item is not None and (exact or self._is_composite(below)):
                inner = EVERYTHING if selection.everything else selection.fields[key]
                value[key] = self._settle(item, below, inner, depth + 1, exact=exact)
        return value

    def _is_composite(self, ref: TypeRef) -> bool:
        """Whether a value of the type must be looked into even where no decimals are about."""
        if isinstance(ref, ScalarRef):
            return ref.scalar is Scalar.JSON
        return isinstance(ref, ListRef) or ref.name in self._fields


def _selected(fields: Mapping[str, TypeRef], selection: Selection) -> list[tuple[str, TypeRef]]:
    return [(name, fields[name]) for name in selection.fields if name in fields]


def _leaf(value: object, scalar: Scalar, *, exact: bool) -> object:
    if scalar is Scalar.JSON:
        return _json(value, 0)
    if not exact or not isinstance(value, Decimal) or scalar is Scalar.DECIMAL:
        return value
    return str(value) if scalar in {Scalar.STRING, Scalar.ID} else float(value)


def _json(value: object, depth: int) -> object:
    """A value that is served as it is: not too deep, its numbers such as JSON can say."""
    if depth > MAX_DEPTH:
        raise SourceBadResponse("the reply is nested too deeply")
    if isinstance(value, dict):
        return {key: _json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_json(item, depth + 1) for item in value]
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise SourceBadResponse("a number too large to be told")
    return value


def _with_decimals(types: Mapping[str, Mapping[str, TypeRef]]) -> frozenset[str]:
    """The types that hold a decimal, themselves or in what they lead to."""
    leads_to: dict[str, set[str]] = {}
    waiting: list[str] = []
    for name, fields in types.items():
        for ref in fields.values():
            inner = ref
            while isinstance(inner, ListRef):
                inner = inner.item
            if isinstance(inner, NamedRef):
                leads_to.setdefault(inner.name, set()).add(name)
            elif inner.scalar is Scalar.DECIMAL:
                waiting.append(name)
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(leads_to.get(name, ()))
    return frozenset(found)


def parse(body: bytes, *, exact: bool = False) -> object:
    """JSON (RFC 8259), integers exact; ``exact``: other numbers are ``Decimal``.

    Raises:
        SourceBadResponse: empty, malformed, not UTF-8, with duplicate names, or nested too deeply.
    """
    try:
        text = body.decode()
        return json.loads(
            text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=Decimal if exact else None
        )
    except RecursionError as error:
        raise SourceBadResponse("the reply is nested too deeply") from error
    except ValueError as error:
        raise SourceBadResponse("the reply is not well-formed JSON") from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise SourceBadResponse("an object of the reply has one name twice")
    return members


def _refuse(constant: str) -> NoReturn:
    raise SourceBadResponse(f"{constant} is not JSON")


_LINE_ENDS = re.compile(rb"[\n\x1e]")
"""JSON lines end with a line feed; those of RFC 7464 begin with a record separator."""
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_WHOLE = re.compile(r"[+-]?[0-9]+")


def _answer(shape: RequestShape, status: int) -> Answer:
    return shape.others.get(str(status)) or shape.others.get("2XX") or shape.reply


def _check_media(essence: str, answer: Answer) -> None:
    """What is no JSON must be what was declared; a page of HTML, say of a login, counts only where it is declared.

    Senders are vague about bytes and texts: for declared bytes any bytes will do if the declaration names them but
    generally, and texts may call themselves plain.
    """
    vague = {"application/octet-stream"} if answer.kind == "binary" else {"text/plain"}
    general = not answer.medias or any("*" in media or media in vague for media in answer.medias)
    fits = essence in answer.medias or essence in vague or (answer.kind == "binary" and general)
    if answer.kind == "lines":
        fits = essence in answer.medias or essence in {"application/json", "text/plain"}
    if not essence or not fits or (essence in _HTML and essence not in answer.medias):
        raise SourceBadResponse(f"expected {' or '.join(answer.medias)}, got {essence or 'no media type'}")


def _told(text: str, result: TypeRef) -> object:
    """A text as the scalar that its schema says it is; other scalars know their texts themselves."""
    scalar = result.scalar if isinstance(result, ScalarRef) else Scalar.STRING
    if scalar in {Scalar.STRING, Scalar.ID}:
        return text
    told = text.removeprefix("\ufeff").strip()
    try:
        match scalar:
            case Scalar.INT | Scalar.BIG_INT if _WHOLE.fullmatch(told):
                return int(told)
            case Scalar.FLOAT:
                return float(told)
            case Scalar.BOOLEAN:
                return {"true": True, "false": False}[told.lower()]
    except (ValueError, KeyError):
        pass
    else:
        if scalar not in {Scalar.INT, Scalar.BIG_INT}:
            return told
    raise SourceBadResponse(f"the text is no {scalar}")


def _text(body: bytes, charset: str) -> str:
    try:
        return body.decode("latin-1" if charset == "iso-8859-1" else "utf-8")
    except UnicodeDecodeError as error:
        raise SourceBadResponse("the text is not UTF-8") from error


@lru_cache(maxsize=256)
def _media(content_type: str) -> tuple[str, str]:
    essence, *parameters = content_type.split(";")
    given = dict(part.strip().lower().partition("=")[::2] for part in parameters)
    return essence.strip().lower(), given.get("charset", "").strip('"')


def _check_status(status: int) -> None:
    if 200 <= status < 300:
        return
    detail = f"status {status}"
    if status == 429:
        raise RateLimited(detail)
    if status == 503:
        raise SourceUnavailable(detail)
    if 400 <= status < 500:
        raise SourceRejected(detail, extensions={"status": status})
    if status >= 500:
        raise SourceFault(detail)
    raise SourceBadResponse(f"{detail}, which is no answer to a call")
