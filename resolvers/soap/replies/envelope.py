"""Replies: an envelope of SOAP 1.1 or 1.2 read into values. Pure.

What a source says in a fault goes into the error's ``detail``, which only the log sees.
"""

from __future__ import annotations

from collections.abc import Callable

from resolvers.errors import (
    OutcomeUnknown,
    RateLimited,
    SourceBadResponse,
    SourceError,
    SourceFault,
    SourceRejected,
    SourceUnavailable,
)
from resolvers.soap.builtins import SOAP11, SOAP12, SOAP_ENCODING
from resolvers.soap.replies.encoded import targets
from resolvers.soap.replies.faults import FAULTS, fault_of
from resolvers.soap.replies.multipart import Parts, attached, opened
from resolvers.soap.replies.reader import Mode, Readers, says_nil
from resolvers.soap.replies.reading import NO_FILES, Reading, is_nil
from resolvers.soap.shapes import Complex, Member, OperationCodec
from resolvers.source import EVERYTHING, LEAF, Selection
from resolvers.xml import Element, UnsafeXml, local, namespace_of, parse

_UNDERSTOOD = frozenset({
    "http://www.w3.org/2005/08/addressing",
    "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
})  # fmt: skip
"""Namespaces of header blocks that are dealt with before the body is read, or that say nothing of it."""
_OURS = frozenset({
    "", "http://schemas.xmlsoap.org/soap/actor/next", f"{SOAP12}/role/next", f"{SOAP12}/role/ultimateReceiver",
})  # fmt: skip


_EMPTY = "the reply is empty"


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
    told: bool = False,
    count: Callable[[int], None] | None = None,
) -> object:
    """The value of a reply: rows are dicts by field name, ``None`` for an operation that answers nothing.

    Of the value only what ``selection`` asks is read and checked, by readers out of ``made``. A value inside of it
    that does not fit is a ``SourceBadResponse`` in its place.

    ``prepare`` is given the root of the envelope before anything of it is read, a fault too; it raises a
    ``SourceError`` for an envelope that is not to be believed.

    ``repeatable``: not a write. For a write a reply that is no answer of the operation says nothing about what became
    of it: a gateway's error page, a page with status 200 or half an envelope may stand in front of work that was done.

    ``told``: callers may see declared details of faults. ``count`` is told how many elements were read by their local
    names alone.

    Raises:
        SourceFault: a fault, whatever the status; or 5xx without one.
        SourceRejected: 4xx without a fault. RateLimited: 429. SourceUnavailable: 503.
        SourceBadResponse: not an envelope, not the element that is declared, or a value that does not fit.
        OutcomeUnknown: what is not ``repeatable`` got neither a fault, nor a refusal (4xx), nor its declared answer.
    """
    message, root, problem = _open(content_type, body)
    if root is not None and prepare is not None:
        _believe(root, prepare, repeatable=repeatable)
    reading = Reading(NO_FILES if message is None else message.files)
    reply = _Reply(codec, status, message, root, reading, Readers() if made is None else made)
    try:
        return reply.value(selection, problem, told=told)
    except _Fault as fault:
        raise fault.error from None
    except (SourceBadResponse, SourceFault, SourceUnavailable) as error:
        if repeatable:
            raise
        raise OutcomeUnknown(error.detail) from error
    finally:
        if count is not None and reading.misnamed:
            count(reading.misnamed)


class _Fault(Exception):
    """An answer of the source itself: whatever it says, its outcome is known."""

    def __init__(self, error: SourceFault) -> None:
        super().__init__()
        self.error = error


class _Reply:
    """One reply as it came; ``message`` and ``root`` are missing where it is no envelope."""

    def __init__(
        self,
        codec: OperationCodec,
        status: int,
        message: Parts | None,
        root: Element | None,
        reading: Reading,
        readers: Readers,
    ) -> None:
        self._codec = codec
        self._status = status
        self._message = message
        self._root = root
        self._reading = reading
        self._readers = readers

    def value(self, selection: Selection, problem: str, *, told: bool) -> object:
        """What the reply says, or the error that it is. ``problem``: why there is no envelope."""
        codec, message, root = self._codec, self._message, self._root
        body = None if root is None else _body_of(root)
        if message is None or root is None or body is None:
            _check_status(self._status)
            if codec.result is None and problem == _EMPTY:
                return None
            raise SourceBadResponse(problem)
        if len(root.findall(body.tag)) > 1:
            raise SourceBadResponse("the reply has two bodies, and nobody knows which one is meant")
        if codec.encoded:
            self._refer(message.envelope, body)
        for part in body:
            if part.tag in FAULTS:
                raise _Fault(fault_of(codec, part, self._readers, self._reading, told=told))
        _check_status(self._status)
        _check_understood(codec, root)
        if codec.result is None and not codec.reply_headers and not codec.reply_attachments:
            return None
        mode = Mode(says_nil(message.envelope, root.getroottree().docinfo.encoding), codec.encoded)
        return _Answer(codec, body, self._readers, self._reading, mode).read(root, selection)

    def _refer(self, envelope: bytes, body: Element) -> None:
        """Prepares for what only encoded messages have: references, and arrays that say where items stand."""
        self._reading.targets = targets(body)
        self._reading.sparse = b"position" in envelope or b"offset" in envelope or b"\0" in envelope[:64]


class _Answer:
    """Takes the result, header blocks and attachments out of one reply."""

    def __init__(self, codec: OperationCodec, body: Element, readers: Readers, reading: Reading, mode: Mode) -> None:
        self._codec = codec
        self._body = body
        self._readers = readers
        self._reading = reading
        self._mode = mode

    def read(self, root: Element, selection: Selection) -> object:
        """The value of the result; with the blocks and attachments that are declared, a row that holds them too."""
        codec = self._codec
        value = None if codec.result is None else self._result(codec.result, selection)
        if not codec.reply_headers and not codec.reply_attachments:
            return value
        row: dict[str, object] = {}
        if isinstance(value, dict):
            row = value
        elif codec.result is not None:
            row[codec.result.name] = value
        for name, member in codec.reply_headers.items():
            if selection.everything or name in selection.fields:
                below = EVERYTHING if selection.everything else selection.fields[name]
                self._block(root, name, member, below, row)
        alone = len(codec.reply_attachments) == 1
        for name, attachment in codec.reply_attachments.items():
            if selection.everything or name in selection.fields:
                try:
                    row[name] = attached(attachment, alone, self._reading.files)
                except SourceBadResponse as error:
                    row[name] = SourceBadResponse(f"{name}: {error.detail}")
        return row

    def _block(self, root: Element, name: str, member: Member, below: Selection, row: dict[str, object]) -> None:
        header = root.find(f"{{{namespace_of(root.tag)}}}Header")
        node = header.find(member.tag) if header is not None else None
        if node is None:
            return
        row[name] = self._placed(member, node, below)

    def _placed(self, member: Member, node: Element, below: Selection) -> object:
        try:
            return self._readers.of(member, below, self._mode)(node, self._reading)
        except SourceBadResponse as error:
            return SourceBadResponse(f"{member.name}: {error.detail}")

    def _returned(self, node: Element, member: Member) -> Member | None:
        """The one part of an RPC reply, where it came under another name: that name says nothing (section 7.1)."""
        if not self._codec.rpc or member.tag or not isinstance(member.shape, Complex) or len(node) != 1:
            return None
        parts = [part for part in member.shape.members if part.tag]
        if len(parts) != 1 or len(member.shape.members) != 1 or local(node[0].tag) == local(parts[0].tag):
            return None
        self._reading.misnamed += 1
        return parts[0]

    def _result(self, member: Member, selection: Selection) -> object:
        node, member = self._found(member)
        if node is None:
            return None
        returned = self._returned(node, member)
        if returned is not None:
            below = EVERYTHING if selection.everything else selection.fields.get(returned.name, LEAF)
            return {returned.name: self._placed(returned, node[0], below)}
        if isinstance(member.shape, Complex) and not member.shape.members and not member.shape.derived:
            return None
        if is_nil(node) and not member.nillable and not self._codec.rpc:
            raise SourceBadResponse(f"the element {local(node.tag)} is nil, which is not declared")
        if self._codec.reply_headers or self._codec.reply_attachments:
            selection = self._own(member, selection)
        try:
            return self._readers.of(member, selection, self._mode)(node, self._reading)
        except SourceBadResponse as error:
            raise SourceBadResponse(f"{member.name or 'the body'}: {error.detail}") from error

    def _own(self, member: Member, selection: Selection) -> Selection:
        """The part of a selection that is the result's, where other fields stand beside it."""
        if isinstance(member.shape, Complex) and not selection.everything:
            beside = {*self._codec.reply_headers, *self._codec.reply_attachments}
            return Selection({name: below for name, below in selection.fields.items() if name not in beside})
        return selection.fields.get(member.name, selection) if not selection.everything else selection

    def _found(self, member: Member) -> tuple[Element | None, Member]:
        """The element that is to be read, and as what; nothing for a result that need not be there."""
        holder = self._body
        if self._codec.reply_wrapper:
            wrapper = next((node for node in self._body if node.get(f"{{{SOAP_ENCODING}}}root") != "0"), None)
            if wrapper is None:
                raise SourceBadResponse("the body is empty")
            holder = wrapper
        if not member.tag:
            return holder, member
        tags = member.substitutes or {member.tag: member}
        declared = [node for node in holder if node.tag in tags]
        if len(declared) > 1:
            raise SourceBadResponse(f"the body holds {local(member.tag)} more than once")
        if declared:
            return declared[0], tags[declared[0].tag]
        alike = [node for node in holder if local(node.tag) == local(member.tag)]
        if len(alike) == 1 and len(tags) == 1:
            self._reading.misnamed += 1
            return alike[0], member
        if not len(holder) and not member.required:
            return None, member
        raise SourceBadResponse(f"the body does not hold the element {local(member.tag)} that is declared")


def _believe(root: Element, prepare: Callable[[Element], None], *, repeatable: bool) -> None:
    try:
        prepare(root)
    except SourceError as error:
        raise error if repeatable else OutcomeUnknown.after(error) from error


def _open(content_type: str, body: bytes) -> tuple[Parts | None, Element | None, str]:
    """The parts and the envelope; or ``None`` and what is wrong with the reply."""
    if not body.strip():
        return None, None, _EMPTY
    try:
        message = opened(content_type, body)
    except SourceBadResponse as error:
        return None, None, error.detail
    media = message.media or "no media type"
    try:
        root = parse(message.envelope, charset=message.charset)
    except UnsafeXml as error:
        return message, None, f"the reply is {_looks(message.envelope)}no XML that is accepted ({media}): {error}"
    if _body_of(root) is None:
        return message, None, f"the reply is {_looks(message.envelope)}no SOAP envelope ({media})"
    return message, root, ""


def _looks(content: bytes) -> str:
    """What is said of a reply that is none, for the log."""
    start = content[:1024].lstrip().lower()
    if start.startswith((b"{", b"[")):
        return "JSON and "
    return "a page of HTML and " if b"<html" in start or start.startswith(b"<!doctype html") else ""


def _check_status(status: int) -> None:
    if status == 503:
        raise SourceUnavailable("the source answered 503", status=status)
    if status == 429:
        raise RateLimited("the source answered 429", status=status)
    if status >= 500:
        raise SourceFault(f"the source answered {status} without a fault", status=status)
    if status >= 400:
        raise SourceRejected(f"the source answered {status}", extensions={"status": status}, status=status)
    if not 200 <= status < 300:
        raise SourceBadResponse(f"the source answered {status}")


def _check_understood(codec: OperationCodec, root: Element) -> None:
    """A header block that must be understood and is not forbids to read on (SOAP 1.1, section 4.2.3)."""
    space = namespace_of(root.tag)
    header = root.find(f"{{{space}}}Header")
    for block in header if header is not None else ():
        if block.get(f"{{{space}}}mustUnderstand", "").strip() not in {"1", "true"}:
            continue
        whom = block.get(f"{{{space}}}actor") or block.get(f"{{{space}}}role") or ""
        declared = {item.tag for item in (*codec.reply_headers.values(), *codec.faults.values())}
        if whom in _OURS and namespace_of(block.tag) not in _UNDERSTOOD and block.tag not in declared:
            raise SourceBadResponse("the reply has a header block that must be understood, and is not")


def _body_of(root: Element) -> Element | None:
    if root.tag not in {f"{{{SOAP11}}}Envelope", f"{{{SOAP12}}}Envelope"}:
        return None
    return root.find(f"{{{namespace_of(root.tag)}}}Body")
