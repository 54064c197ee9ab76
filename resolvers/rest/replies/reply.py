"""An HTTP reply becomes a value: status, media type, JSON, and the shape that the description promises. Pure.

What a source says beside its data never reaches a caller: errors carry the status and nothing else.
"""

from __future__ import annotations

import json
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
    SourceError,
    SourceFault,
    SourceRejected,
    SourceUnavailable,
)
from resolvers.http import Reply
from resolvers.model import TYPE_KEY, Effect, Operation, OutputType, Scalar, ScalarRef, TypeRef
from resolvers.rest.charsets import in_utf8, text
from resolvers.rest.operations.failures import shown
from resolvers.rest.operations.media import is_xml
from resolvers.rest.replies.exact import ExactReading
from resolvers.rest.replies.rows import Rows
from resolvers.rest.replies.typed import TypedDecoders
from resolvers.rest.shapes import Answer, Outline, RequestShape, ResultShapes
from resolvers.retry_after import retry_after
from resolvers.source import EVERYTHING, Selection

_PROXY = frozenset({502, 504})
"""Said by what stands before the source, which may have had the call all the same."""


AS_DESCRIBED = ResultShapes()
"""Results whose JSON is what their model says: no maps, no unions."""


class Replies:
    """Decodes the replies of one source. ``types`` and ``enums`` are those of its model, ``shapes`` their JSON.
    ``encoding``: in which they are written, whatever they say; empty where they are believed.
    """

    def __init__(
        self,
        types: Mapping[str, OutputType],
        enums: Iterable[str] = (),
        shapes: ResultShapes = AS_DESCRIBED,
        encoding: str = "",
    ) -> None:
        self._encoding = encoding
        rows = Rows.of(types, enums, shapes)
        self._exact = ExactReading(rows)
        self._typed = TypedDecoders(rows)

    def decode(
        self,
        shape: RequestShape,
        operation: Operation,
        result: TypeRef | None,
        reply: Reply,
        selection: Selection = EVERYTHING,
        errors: Mapping[str, Outline] | None = None,
    ) -> object:
        """The value of a reply; ``result`` is the type of all of it, above the operation's ``at``.

        ``errors``: the declared bodies of errors, where callers may see them.

        Raises:
            SourceError: by its status; ``SourceBadResponse`` for what is not the JSON that was promised.
            OutcomeUnknown: the same for anything but a read, and when a proxy (502, 504) lost its answer: the work
                may have been done behind a reply that nobody can read.
        """
        try:
            return self._decode(shape, operation, result, reply, selection, errors or {})
        except (SourceBadResponse, SourceFault) as error:
            lost = isinstance(error, SourceBadResponse) or reply.status in _PROXY
            if operation.effect is Effect.READ or not lost:
                raise
            raise OutcomeUnknown.after(error) from error

    def _decode(
        self,
        shape: RequestShape,
        operation: Operation,
        result: TypeRef | None,
        reply: Reply,
        selection: Selection,
        errors: Mapping[str, Outline],
    ) -> object:
        if operation.not_found_is_null and reply.status == 404:
            return None
        _check_status(reply, errors)
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
        charset = self._encoding or charset
        if answer.kind in {"text", "binary"}:
            _check_media(essence, answer)
            return reply.body if answer.kind == "binary" else _told(text(reply.body, charset), result)
        if answer.kind == "lines":
            _check_media(essence, answer)
            exact = self._exact.holds_decimals(result, selection)
            lines = _LINE_ENDS.split(in_utf8(reply.body, charset))
            rows = [parse(line, exact=exact) for line in lines if line.strip()]
            return self._exact.settle(rows, result, selection)
        if answer.xml is not None:
            from resolvers.rest.requests.xml_values import to_json  # noqa: PLC0415  # lxml is for sources that speak XML

            if not is_xml(essence):
                raise SourceBadResponse(f"expected XML, got {essence or 'no media type'}")
            return self._json(to_json(reply.body, charset, answer.xml), result, selection)
        if essence != "application/json" and not essence.endswith(("+json", "/json")):
            raise SourceBadResponse(f"expected JSON, got {essence or 'no media type'}")
        return self._json(in_utf8(reply.body, charset), result, selection)

    def _json(self, body: bytes, result: TypeRef, selection: Selection) -> object:
        """What a body of JSON in UTF-8 says."""
        typed = self._typed.of(result, selection)
        if typed is not None:
            try:
                return typed(body)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                pass  # the exact reading words what is wrong, or finds that nothing is
        value = parse(body, exact=self._exact.holds_decimals(result, selection))
        return self._exact.settle(value, result, selection)


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


@lru_cache(maxsize=256)
def _media(content_type: str) -> tuple[str, str]:
    essence, *parameters = content_type.split(";")
    given = dict(part.strip().lower().partition("=")[::2] for part in parameters)
    return essence.strip().lower(), given.get("charset", "").strip('"')


def _check_status(reply: Reply, errors: Mapping[str, Outline]) -> None:
    status = reply.status
    if 200 <= status < 300:
        return
    detail = f"status {status}"
    if status < 400 or status >= 600:
        raise SourceBadResponse(f"{detail}, which is no answer to a call")
    extensions: dict[str, object] = {"status": status}
    told = shown(reply.body, status, errors) if errors else None
    if told is not None:
        extensions["detail"] = told
    kinds: dict[int, type[SourceError]] = {429: RateLimited, 503: SourceUnavailable}
    kind = kinds.get(status, SourceRejected if status < 500 else SourceFault)
    error = kind(detail, extensions=extensions, status=status)
    later = reply.headers.get("retry-after") if status in _LATER else None
    seconds = None if later is None else retry_after(later)
    if seconds is not None:
        error.wait(seconds)
    raise error


_LATER = frozenset({429, 503})
"""Statuses whose ``Retry-After`` says when to ask again (RFC 6585 section 4, RFC 9110 section 15.6.4)."""
