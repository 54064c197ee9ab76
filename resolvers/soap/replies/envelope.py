"""Replies: an envelope read into values (SOAP 1.1, document/literal). Pure.

What a source says in a fault goes into the error's ``detail``, which only the log sees.
"""

from __future__ import annotations

from collections.abc import Callable
from email.message import Message
from functools import lru_cache

from resolvers.errors import (
    OutcomeUnknown,
    RateLimited,
    SourceBadResponse,
    SourceError,
    SourceFault,
    SourceRejected,
    SourceUnavailable,
)
from resolvers.soap.builtins import SOAP11, SOAP12
from resolvers.soap.replies.elements import put, read_anything, read_element
from resolvers.soap.replies.faults import fault_of
from resolvers.soap.replies.reader import Readers, is_nil, says_nil
from resolvers.soap.shapes import Complex, OperationCodec
from resolvers.source import EVERYTHING, Selection
from resolvers.xml import Element, UnsafeXml, local, namespace_of, parse


def readers() -> Readers:
    """The readers of one source, none of them made yet."""
    return Readers(read_element, lambda held, child: put(held, local(child.tag), read_anything(child)))


def decode(
    codec: OperationCodec,
    status: int,
    content_type: str,
    body: bytes,
    *,
    repeatable: bool = True,
    selection: Selection = EVERYTHING,
    made: Readers | None = None,
    prepare: Callable[[Element], None] | None = None,
) -> object:
    """The value of a reply: rows are dicts by field name, ``None`` for an operation that answers nothing.

    Of the value only what ``selection`` asks is read and checked, by readers out of ``made``; without them all of it.

    ``prepare`` is given the root of the envelope before anything of it is read, a fault too: it may put attachments
    into their places, and raises a ``SourceError`` for an envelope that is not to be believed.

    ``repeatable``: a read. For anything else a reply that is no answer of the operation says nothing about what became
    of it: a gateway's error page, a page with status 200 or half an envelope may stand in front of work that was done.

    Raises:
        SourceFault: a fault, whatever the status; or 5xx without one.
        SourceRejected: 4xx without a fault. RateLimited: 429. SourceUnavailable: 503.
        SourceBadResponse: not an envelope, not the element that is declared, or a value that does not fit.
        OutcomeUnknown: what is not ``repeatable`` got neither a fault, nor a refusal (4xx), nor its declared answer.
    """
    media, charset = _media(content_type)
    root, problem = _open(body, media, charset)
    if root is not None and prepare is not None:
        _believe(root, prepare, repeatable=repeatable)
    parts = None if root is None else _body_of(root)
    for part in parts or ():
        if part.tag in {f"{{{SOAP11}}}Fault", f"{{{SOAP12}}}Fault"}:
            raise fault_of(codec, part)
    try:
        _check_status(status)
        answer = _answer(codec, parts, problem, empty=not body.strip())
        if answer is None or codec.result is None:
            return None
        if selection.everything or made is None:
            return read_element(answer, codec.result, codec.result.name)
        nils = says_nil(body, answer.getroottree().docinfo.encoding)
        return made.of(codec.result, selection, nils=nils)(answer)
    except (SourceBadResponse, SourceFault, SourceUnavailable) as error:
        if repeatable:
            raise
        raise OutcomeUnknown(error.detail) from error


def _believe(root: Element, prepare: Callable[[Element], None], *, repeatable: bool) -> None:
    try:
        prepare(root)
    except SourceError as error:
        raise error if repeatable else OutcomeUnknown(error.detail) from error


def _answer(codec: OperationCodec, parts: list[Element] | None, problem: str, *, empty: bool) -> Element | None:
    """The element that is to be read; ``None`` where there is nothing to read."""
    if codec.result is None and (parts is not None or empty):
        return None
    if parts is None or codec.result is None:
        raise SourceBadResponse(problem)
    if not parts or parts[0].tag != codec.result.tag:
        raise SourceBadResponse(f"the body does not hold the element {local(codec.result.tag)} that is declared")
    if isinstance(codec.result.shape, Complex) and not codec.result.shape.members:
        return None
    if is_nil(parts[0]) and not codec.result.nillable:
        raise SourceBadResponse(f"the element {local(codec.result.tag)} is nil, which is not declared")
    return parts[0]


@lru_cache(maxsize=256)
def _media(content_type: str) -> tuple[str, str | None]:
    """The media type without parameters, and its ``charset``."""
    message = Message()
    message["Content-Type"] = content_type
    charset = message.get_param("charset")
    return content_type.partition(";")[0].strip().lower(), charset if isinstance(charset, str) else None


def _open(body: bytes, media: str, charset: str | None) -> tuple[Element | None, str]:
    """The envelope; or ``None`` and what is wrong with the reply."""
    if not body.strip():
        return None, "the reply is empty"
    try:
        root = parse(body, charset=charset)
    except UnsafeXml as error:
        return None, f"the reply is no XML that is accepted ({media or 'no media type'}): {error}"
    found = _body_of(root) is not None
    return root if found else None, f"the reply is no SOAP envelope ({media or 'no media type'})"


def _check_status(status: int) -> None:
    if status == 503:
        raise SourceUnavailable("the source answered 503")
    if status == 429:
        raise RateLimited("the source answered 429")
    if status >= 500:
        raise SourceFault(f"the source answered {status} without a fault")
    if status >= 400:
        raise SourceRejected(f"the source answered {status}", extensions={"status": status})
    if not 200 <= status < 300:
        raise SourceBadResponse(f"the source answered {status}")


def _body_of(root: Element) -> list[Element] | None:
    if root.tag not in {f"{{{SOAP11}}}Envelope", f"{{{SOAP12}}}Envelope"}:
        return None
    body = root.find(f"{{{namespace_of(root.tag)}}}Body")
    return None if body is None else list(body)
