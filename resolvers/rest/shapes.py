"""How a REST source looks on the wire: templates, parameters, bodies, replies, JSON values. Data, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from resolvers.model import SourceModel, TypeRef

Location = Literal["path", "query", "header", "cookie"]
Style = Literal["simple", "label", "matrix", "form", "spaceDelimited", "pipeDelimited", "tabDelimited", "deepObject"]
"""The styles of OpenAPI, and ``tabDelimited`` for what Swagger 2.0 calls ``tsv``."""
ReplyKind = Literal["json", "lines", "xml", "text", "binary", "none"]
BodyKind = Literal["json", "form", "multipart", "text", "binary", "xml"]


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a value that is no plain text is spelled (OpenAPI 3.1 sections 4.8.12.3 and 4.8.15).

    ``media``: the content type of a part of a form; with it, ``style`` says nothing. ``reserved``: ``allowReserved``.
    """

    style: Style = "form"
    explode: bool = True
    reserved: bool = False
    media: str = ""


JsonKind = Literal["object", "array", "string", "number", "boolean"]
"""The kinds of JSON values but null (RFC 8259 section 3); a boolean stands for both of its literals."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """An OpenAPI parameter. ``name`` is its name on the wire, ``argument`` that of the operation's argument.

    ``type``: absent for scalars and lists of them, which need nothing done before they are encoded. ``media``: of a
    parameter that is described by ``content``. ``text``: decimals and big integers in it are JSON strings. ``empty``:
    a null that the caller gives is sent as an empty value (``allowEmptyValue``).
    """

    name: str
    location: Location
    argument: str
    encoding: Encoding = Encoding("simple", explode=False)
    type: TypeRef | None = None
    media: str = ""
    text: bool = False
    empty: bool = False


@dataclass(slots=True)
class XmlShape:
    """How a schema is spelled in XML: its element (or attribute) and what lies inside. It may lead to itself.

    ``kind`` is that of its text: ``string``, ``integer``, ``number`` or ``boolean``. ``item``: of a list, whose items
    are elements of their own beside the others, unless it is ``wrapped``.
    """

    name: str
    kind: str = "string"
    namespace: str = ""
    prefix: str = ""
    attribute: bool = False
    wrapped: bool = False
    members: dict[str, XmlShape] = field(default_factory=dict)
    item: XmlShape | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """A request body. ``text``: decimals and big integers in it travel as strings (when it is one itself).

    ``media``: the content type as it is sent. ``encoding``: of the members of a form, by their names.
    """

    type: TypeRef
    media: str
    required: bool
    text: bool = False
    kind: BodyKind = "json"
    encoding: Mapping[str, Encoding] = field(default_factory=dict)
    xml: XmlShape | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """How a successful reply is read.

    ``medias``: what it may call itself (types and subtypes, ranges among them); JSON needs no list. ``type``: where it
    differs from the operation's result, a member of a union by status; ``member`` is then that member's name and the
    field of a wrapper that the value rides in, empty where it is the member itself.
    """

    kind: ReplyKind
    medias: tuple[str, ...] = ()
    type: TypeRef | None = None
    member: tuple[str, str] = ("", "")
    xml: XmlShape | None = None


@dataclass(slots=True)
class Outline:
    """The members that a schema declares, without their types: what of an error's body may be shown.

    It may lead to itself, and neither members nor item make a leaf.
    """

    members: dict[str, Outline] = field(default_factory=dict)
    item: Outline | None = None


@dataclass(frozen=True, slots=True)
class RequestShape:
    """One operation on the wire. ``path`` is the template, ``server`` its own address where it states one.

    ``reply``: the usual successful answer; ``others``: those of a status (``202``, ``2XX``) that differ from it.
    ``errors``: what the bodies of declared errors hold, by status.
    """

    method: str
    path: str
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    accept: str = "application/json"
    reply: Answer = Answer("json")
    others: Mapping[str, Answer] = field(default_factory=dict)
    server: str | None = None
    errors: Mapping[str, Outline] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the alternatives of a value: which JSON values it may be, and the model type that it becomes.

    ``kind`` is ``None`` where any value will do. Of objects: the members that must be there, those that are known,
    and those that have one of a few values. ``inner``: the type of what rides in the wrapper ``type`` under ``member``
    (a scalar, a list, a map); ``None`` for an object that is the type itself.
    """

    type: str
    kind: JsonKind | None
    required: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    fixed: Mapping[str, frozenset[object]] = field(default_factory=dict)
    member: str = ""
    inner: TypeRef | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The alternatives of one union. ``mapping``: value of the ``discriminator`` → model type."""

    variants: tuple[Variant, ...]
    discriminator: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResultShapes:
    """How results look in JSON where the model does not say it, by the names of model types.

    ``maps``: types of entries, whose lists are objects in JSON. ``more``: object → its field that holds the members
    beyond the named ones. ``choices``: union → its alternatives.
    """

    maps: frozenset[str] = frozenset()
    more: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Choice] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InputShapes:
    """The same of inputs. ``choices``: one-of input → the discriminator's name and its value for each field.

    ``texts``: fields (type, field) whose decimals and big integers travel as JSON strings.
    """

    texts: frozenset[tuple[str, str]] = frozenset()
    maps: frozenset[str] = frozenset()
    more: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Description:
    """An OpenAPI document, read. ``server``: the address it names, absent where it names none."""

    model: SourceModel
    requests: Mapping[str, RequestShape]
    server: str | None
    inputs: InputShapes = InputShapes()
    results: ResultShapes = ResultShapes()
