"""What a value looks like on the wire: shapes that ``schemas`` compiles from XSD and requests and replies obey.

Shapes are data; they hold names, order and lexical types, and neither values nor anything of GraphQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from resolvers.model import NOWHERE, Place, Scalar
from resolvers.naming import Naming


@dataclass(frozen=True, slots=True)
class Facets:
    """What a simple type allows beyond its base (XML Schema part 2, section 4.3); ``None``: nothing is said.

    Bounds are spelled as the schema does. ``patterns``: those of one step of derivation, any of which may match; they
    are told to readers and never enforced, for the dialect is not Python's.
    """

    least_length: int | None = None
    most_length: int | None = None
    least: str | None = None
    least_exclusive: bool = False
    most: str | None = None
    most_exclusive: bool = False
    total_digits: int | None = None
    fraction_digits: int | None = None
    patterns: tuple[str, ...] = ()


NO_FACETS = Facets()


@dataclass(frozen=True, slots=True, eq=False)
class Simple:
    """Text. ``builtin``: the XSD type that it narrows; ``values``: all that is allowed, where that is enumerated.

    ``many``: items parted by white space (xs:list). ``name``: of the enumeration, empty without one. ``union``: the
    types of which a value has any (xs:union), where they could not be made one.
    """

    scalar: Scalar
    builtin: str
    name: str = ""
    values: tuple[str, ...] = ()
    many: bool = False
    facets: Facets = NO_FACETS
    union: tuple[Simple, ...] = ()
    naming: Naming | None = None
    place: Place = NOWHERE
    description: str = ""


@dataclass(slots=True, eq=False)
class Complex:
    """Elements and attributes. Filled after it was made, for types may be recursive.

    ``members``: all that a reply may hold, in the order of the schema, those of the base first. ``content``: what a
    request holds, in the same order, with its choices; of wildcards the one that stands in none of them.
    ``tag``: what ``xsi:type`` says for it, as ``{namespace}local``; empty for a type without a name. ``derived``: every
    type, abstract ones left out, that may stand in its place under ``xsi:type``; where there are any, a reference to it
    is an interface. ``plain_name``: the object type of a concrete base whose ``name`` is the interface's.
    """

    name: str
    members: tuple[Member, ...] = ()
    content: tuple[Content, ...] = ()
    tag: str = ""
    abstract: bool = False
    base: Complex | None = None
    derived: tuple[Complex, ...] = ()
    plain_name: str = ""
    naming: Naming | None = None
    place: Place = NOWHERE
    description: str = ""
    by_tag: dict[str, Member] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Array:
    """A SOAP 1.1 array (section 5.4.2) or an Apache map: children of whatever tag, each an ``item``.

    ``item_type``: what ``soapenc:arrayType`` says of an item, as ``{namespace}local``; empty for what says none (a
    map). ``dimensions``: of ``[,]`` two; the value is then lists inside lists, so deep, whose innermost items are
    ``item``. ``ranks``: where the items are arrays themselves (``int[][]``), what stands before the last brackets, as
    ``[]``; the shape of ``item`` is an ``Array`` then.
    """

    item: Member
    item_type: str = ""
    ranks: str = ""
    dimensions: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Opaque:
    """Anything at all (xs:anyType). ``missing``: a type that no document declares; it can be read, never written.

    ``elements``: a type that holds nothing but a wildcard; it has elements and attributes, and no text of its own.
    """

    missing: str = ""
    elements: bool = False


Shape: TypeAlias = Simple | Complex | Array | Opaque


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One part of a complex type. ``name`` is the field's name, ``tag`` the wire's, as ``{namespace}local``.

    ``default``, ``fixed``: as the schema spells them. ``substitutes``: the elements that may stand for this one (of its
    substitution group, itself included unless abstract), by tag; empty where only itself can. ``type_tag``: what
    ``xsi:type`` says of its type where messages are encoded, as ``{namespace}local``.
    """

    name: str
    tag: str
    shape: Shape
    kind: Literal["element", "attribute", "value", "any"] = "element"
    many: bool = False
    required: bool = True
    nillable: bool = False
    default: str | None = None
    fixed: str | None = None
    substitutes: Mapping[str, Member] = field(default_factory=dict)
    type_tag: str = ""
    place: Place = NOWHERE
    description: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """One way of a choice. Of one content, the value is that content's own; of several, an object with each."""

    name: str
    content: tuple[Content, ...]
    type_name: str = ""
    """The input type of an object with several."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Exactly one of several (xs:choice), in a request: a ``@oneOf`` input ``type_name`` in the field ``name``.

    ``name`` is empty where the choice is all that its type holds: the type's own input is the ``@oneOf`` then.
    """

    name: str
    type_name: str
    branches: tuple[Branch, ...]
    required: bool = True
    many: bool = False
    place: Place = NOWHERE
    description: str = ""


Content: TypeAlias = Member | Choice


def object_name(shape: Complex) -> str:
    """The object type of a complex type; ``name`` is the interface's, where others may stand in its place."""
    return shape.plain_name or shape.name


def alternatives(shape: Complex) -> dict[str, Complex]:
    """The types that a reference to one with ``derived`` may be, by the names of their object types.

    Itself comes first, unless it is abstract. In replies the names stand under ``TYPE_KEY``, in requests they are the
    fields of a ``@oneOf`` input; likewise a member with ``substitutes`` takes a ``@oneOf`` of their ``name``.
    """
    own = () if shape.abstract else (shape,)
    return {object_name(item): item for item in (*own, *shape.derived)}


@dataclass(frozen=True, slots=True, eq=False)
class Attachment:
    """A MIME part of its own (SOAP with attachments). ``part``: the message's part; ``media``: what it may be."""

    name: str
    part: str
    media: tuple[str, ...] = ()
    required: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class OperationCodec:
    """How one operation travels.

    ``wrapper``: the tag around the arguments, empty for bare parts. ``parts``: by argument name, in the order in which
    they are sent. ``encoded``: by section 5 of SOAP 1.1 (rpc/encoded). ``headers``: arguments that travel as header
    blocks, by argument name.

    ``result``: what the reply's body is read as, ``None`` where nothing is answered; its ``tag`` is empty where that is
    the body itself (several parts side by side). ``reply_wrapper``: for rpc, the tag of the element around ``result``,
    which is then no global element; any tag is accepted there. ``reply_headers``: header blocks of the reply, by name.

    ``one_way``: nothing is answered, not even an envelope. ``faults``: by the tag of the detail's element, header
    faults among them. ``addressing``, ``mtom``: the description asks for WS-Addressing, for MTOM. ``wsa_action``: the
    action of the request as WS-Addressing names it, whether it is asked for or not.

    ``attachments``: arguments that travel as MIME parts of their own, by argument name; they are not among ``parts``.
    ``reply_attachments``: by the name of the field of the result.
    """

    name: str
    action: str
    address: str
    wrapper: str
    parts: Mapping[str, Content]
    result: Member | None
    faults: Mapping[str, Member] = field(default_factory=dict)
    version: Literal["1.1", "1.2"] = "1.1"
    rpc: bool = False
    encoded: bool = False
    headers: Mapping[str, Member] = field(default_factory=dict)
    reply_wrapper: str = ""
    reply_headers: Mapping[str, Member] = field(default_factory=dict)
    one_way: bool = False
    attachments: Mapping[str, Attachment] = field(default_factory=dict)
    reply_attachments: Mapping[str, Attachment] = field(default_factory=dict)
    addressing: bool = False
    wsa_action: str = ""
    mtom: bool = False
