"""Files inside a GraphQL request (GraphQL multipart request specification): bytes in, a ``GraphQLRequest`` out.

Off unless the configuration switches it on. A browser may send a multipart form to any site without asking, so a header
that it never sends unasked is required. The whole form is in memory, and bounded before it is read (``graphql.py``).
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from gateway.request.body import from_members, strict_json
from gateway.request.limits import BodyTooLarge
from resolvers import BadRequest, File, Settings
from schema import GraphQLRequest


class UploadSettings(Settings):
    max_bytes: int = Field(10_485_760, gt=0, description="Largest request with files, in bytes.")
    max_files: int = Field(10, gt=0, le=1000, description="Most files of one request.")
    max_requests: int = Field(8, gt=0, description="Most such requests under way at once; further ones get 503.")


def from_multipart(body: bytes, content_type: str, settings: UploadSettings, max_words: int) -> GraphQLRequest:
    """``operations``, then ``map``, then the files; each file takes the place of a null inside the variables.

    ``max_words``: the most bytes of operations and map together, as of a request without files.

    Raises:
        BodyTooLarge: operations and map have more than ``max_words`` bytes.
        BadRequest: the form is malformed, holds what the map does not name, or lacks what it names.
    """
    parts = _parts(body, content_type, settings)
    names = [name for name, _ in parts]
    if names[:2] != ["operations", "map"] or len(set(names)) < len(names):
        raise BadRequest("the form holds operations, then map, then each file once")
    if len(parts[0][1]) + len(parts[1][1]) > max_words:
        raise BodyTooLarge
    members = strict_json(parts[0][1])
    if not isinstance(members, dict):
        raise BadRequest("operations must be one JSON object")
    request = from_members(members)
    places = strict_json(parts[1][1])
    if not isinstance(places, dict) or set(places) != set(names[2:]):
        raise BadRequest("map must name every file of the form, and nothing else")
    taken = 0
    for name, file in parts[2:]:
        paths = places[name]
        if not isinstance(paths, list) or not paths or not all(isinstance(path, str) for path in paths):
            raise BadRequest("map leads from each file to a list of paths")
        taken += len(paths)
        if taken > settings.max_files:
            raise BadRequest(f"one request has at most {settings.max_files} files")
        for path in paths:
            _put(request.variables, path, file)
    return request


def _parts(body: bytes, content_type: str, settings: UploadSettings) -> list[tuple[str, File]]:
    # Imported when switched on; the package has no types.
    from multipart import (  # type: ignore[import-untyped]  # noqa: PLC0415
        MultipartError,
        PushMultipartParser,
        parse_options_header,
    )

    boundary = parse_options_header(content_type)[1].get("boundary", "")
    found: list[tuple[str, File]] = []
    content = bytearray()
    name, filename, media = "", "", ""
    try:
        with PushMultipartParser(boundary, max_segment_count=settings.max_files + 2, strict=True) as parser:
            for event in parser.parse(body):
                if event is None:
                    found.append((name, File(bytes(content), filename, media)))
                elif isinstance(event, bytearray):
                    content += event
                else:
                    name, filename, media = event.name, event.filename or "", event.content_type or ""
                    content.clear()
    except (MultipartError, ValueError) as error:
        raise BadRequest("the body is not a multipart form, or has too many parts") from error
    return found


def _put(variables: Mapping[str, object], path: str, file: File) -> None:
    """Puts a file where ``path`` leads, such as ``variables.order.pictures.0``; only a null gives way."""
    first, *keys = path.split(".")
    if first != "variables" or not keys:
        raise BadRequest("the paths of map begin with variables")
    holder: object = variables
    for key in keys[:-1]:
        holder = holder[_index(holder, key)] if isinstance(holder, list) else _member(holder, key)
    last = keys[-1]
    if isinstance(holder, list):
        place = _index(holder, last)
        if holder[place] is None:
            holder[place] = file
            return
    elif isinstance(holder, dict) and last in holder and holder[last] is None:
        holder[last] = file
        return
    raise BadRequest("a path of map leads to no null inside the variables")


def _index(holder: list[object], key: str) -> int:
    if not key.isascii() or not key.isdecimal() or len(key) > 6 or int(key) >= len(holder):
        raise BadRequest("a path of map leads nowhere")
    return int(key)


def _member(holder: object, key: str) -> object:
    if not isinstance(holder, dict) or key not in holder:
        raise BadRequest("a path of map leads nowhere")
    return holder[key]
