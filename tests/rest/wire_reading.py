"""What a server reads from a request, by the OpenAPI specification alone (section 4.8.12.3 of 3.1, RFC 6570, RFC 7578).

Written for the tests, with nothing of the encoders it judges. Every leaf is the text that the server sees.
"""

from __future__ import annotations

import email
import email.policy
from email.message import Message
from urllib.parse import unquote

Told = str | list[str] | dict[str, str] | None


def alternating(parts: list[str]) -> dict[str, str]:
    return dict(zip(parts[::2], parts[1::2], strict=True))


def assigned(parts: list[str]) -> dict[str, str]:
    return {unquote(name): unquote(value) for name, _, value in (part.partition("=") for part in parts)}


def shaped(raw: str, joint: str, kind: str, *, explode: bool) -> Told:
    """One text in which ``joint`` parts an array or an object."""
    if kind == "scalar":
        return unquote(raw)
    parts = raw.split(joint)
    if kind == "object" and explode:
        return assigned(parts)
    told = [unquote(part) for part in parts]
    return alternating(told) if kind == "object" else told


def from_path(segment: str, name: str, style: str, kind: str, *, explode: bool) -> Told:
    if style == "simple":
        return shaped(segment, ",", kind, explode=explode)
    if style == "label":
        assert segment.startswith(".")
        return shaped(segment[1:], "." if explode else ",", kind, explode=explode)
    assert segment.startswith(";")
    pairs = [part.partition("=") for part in segment[1:].split(";")]
    if kind == "object" and explode:
        return {unquote(key): unquote(value) for key, _, value in pairs}
    assert {unquote(key) for key, _, _ in pairs} == {name}
    if kind == "array" and explode:
        return [unquote(value) for _, _, value in pairs]
    ((_, _, value),) = pairs
    return shaped(value, ",", kind, explode=False)


def from_pairs(  # noqa: PLR0911  # one for each row of the table
    pairs: list[tuple[str, str]], name: str, style: str, kind: str, members: list[str], *, explode: bool
) -> Told:
    """``pairs`` of a query or of cookies, still encoded."""
    if style == "deepObject":
        found = {unquote(key): unquote(value) for key, value in pairs}
        if kind == "scalar":
            return found.get(name)
        if kind == "array":
            inside = [value for key, value in found.items() if key.startswith(f"{name}[")]
            assert [key for key in found if key.startswith(f"{name}[")] == [f"{name}[{i}]" for i in range(len(inside))]
            return inside or None
        return {key[len(name) + 1 : -1]: value for key, value in found.items() if key.startswith(f"{name}[")} or None
    if kind == "object" and explode:
        return {unquote(key): unquote(value) for key, value in pairs if unquote(key) in members} or None
    mine = [value for key, value in pairs if unquote(key) == name]
    if not mine:
        return None
    if kind == "array" and explode:
        return [unquote(value) for value in mine]
    (value,) = mine
    return shaped(value, {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}[style], kind, explode=False)


def from_header(raw: str | None, kind: str, *, explode: bool) -> Told:
    """Headers are not percent-encoded."""
    if raw is None or kind == "scalar":
        return raw
    parts = raw.split(",")
    if kind == "array":
        return parts
    return dict(part.split("=", 1) for part in parts) if explode else alternating(parts)


def pairs_of(text: str, joint: str) -> list[tuple[str, str]]:
    return [(key, value) for key, _, value in (pair.partition("=") for pair in text.split(joint) if pair)]


def multipart(content_type: str, body: bytes) -> list[tuple[str, str | None, str, bytes]]:
    """The parts of a form: name, file name, content type, bytes."""
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    whole = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    assert whole.is_multipart()
    found = []
    for part in whole.walk():
        if part is whole:
            continue
        assert isinstance(part, Message)
        name = part.get_param("name", header="content-disposition")
        filename = part.get_param("filename", header="content-disposition")
        content = part.get_payload(decode=True)
        assert isinstance(name, str)
        assert isinstance(content, bytes)
        found.append((name, filename if isinstance(filename, str) else None, part.get_content_type(), content))
    return found
