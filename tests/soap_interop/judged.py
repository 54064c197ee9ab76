"""One random element held against lxml and zeep: what the gateway reads of it, writes of it, and reads of zeep's.

The laws: what we read says all that the element says (``compare``); what we write is valid by the schemas, and zeep
reads it as it reads the element; what zeep writes we read as what it says. What zeep cannot do is counted, by reason.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree
from zeep.helpers import serialize_object

from resolvers.errors import IsthmusError
from tests.corpus.measure import CORPUS, documents
from tests.soap_interop.compare import Comparison, attributes, leaves
from tests.soap_interop.instances import NIL, Instances, Unmade
from tests.soap_interop.ours import Ours
from tests.soap_interop.schemas import Node, Schemas, gathered
from tests.soap_interop.zeeps import Zeep

_Node = etree._Element
_OUTSIDE = ("{http://schemas.xmlsoap.org/soap/", "{http://www.w3.org/2003/05/soap-")
"""Envelopes and encodings: what messages are made of, and not what they say."""


@dataclass
class Tally:
    """``read``, ``sent``, ``returned``: values of elements that we read, that zeep read of us, that we read of zeep.

    ``elements``: how many elements were tried; ``passed_over``: what could not be judged, by reason.
    """

    elements: int = 0
    read: int = 0
    sent: int = 0
    returned: int = 0
    passed_over: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        self.elements += other.elements
        self.read += other.read
        self.sent += other.sent
        self.returned += other.returned
        self.passed_over += other.passed_over


@dataclass
class Court:
    """A WSDL of the corpus with those who judge: ``zeep`` is ``None`` where it cannot load it."""

    name: str
    schemas: Schemas
    ours: Ours
    zeep: Zeep | None
    tags: list[str]


SLOW = 600_000
"""Bytes of a WSDL from which on it takes seconds to read by all three."""


def courts(*, slow: bool = True) -> tuple[list[Court], Counter[str]]:
    """Every WSDL whose schemas libxml2 accepts, by name; and how many are passed over, by reason."""
    found: list[Court] = []
    passed_over: Counter[str] = Counter()
    for entry in sorted(documents("wsdl"), key=lambda item: str(item["file"])):
        path = CORPUS / entry["file"]
        if not slow and path.stat().st_size > SLOW:
            continue
        schemas = gathered(path)
        tags = sorted(tag for kind, tag in schemas.declared if kind == "element" and not tag.startswith(_OUTSIDE))
        if not tags:
            passed_over["no element is declared"] += 1
            continue
        try:
            schemas.validator  # noqa: B018 - it is made here or not at all
        except etree.XMLSchemaParseError:
            passed_over["libxml2 refuses the schemas"] += 1
            continue
        found.append(Court(str(entry["file"]).removeprefix("wsdl/"), schemas, Ours(path, tags), _zeep(path), tags))
    return found, passed_over


def _zeep(path: Path) -> Zeep | None:
    try:
        return Zeep(path)
    except Exception:  # noqa: BLE001 - of whatever kind: it is not the one that is tested
        return None


def judge(court: Court, tag: str, seed: int) -> Tally:
    """One element of a kind, and what it proved.

    Raises:
        AssertionError: a law does not hold; its text names WSDL, element and seed.
    """
    tally = Tally(elements=1)
    rng = random.Random(seed)
    try:
        made = Instances(court.schemas, rng, wildcards=rng.random() < 0.3, derived=rng.random() < 0.6).of_element(tag)
    except Unmade as error:
        tally.passed_over[f"not made: {re.sub('[{].*?[}]', '', str(error))}"] += 1
        return tally
    if not court.schemas.validator.validate(made):
        tally.passed_over["not made: it would not be valid"] += 1
        return tally
    raw = etree.tostring(made, encoding="utf-8")
    element = etree.fromstring(raw)
    court.schemas.validator.validate(element)
    case = f"{court.name} {tag} seed {seed}\n{raw.decode()}\n"
    codec = court.ours.codec(tag)
    assert codec is not None, f"{case}is declared nowhere"
    try:
        value = court.ours.decoded(codec, raw)
    except IsthmusError as error:
        raise AssertionError(f"{case}is not read: {error} {error.detail}") from error
    empty = value is None and not len(element) and not element.text
    assert empty or not (found := Comparison(court.schemas.heads).differences(element, value)), f"{case}read: {found}"
    tally.read = leaves(element)
    reason = court.ours.refusal(codec) or _unwritten(element)
    if reason:
        tally.passed_over["not written: " + re.sub("[{].*?[}]", "", reason.rpartition(": ")[2])] += 1
    else:
        _written(court, codec_value=(codec, value), case=case, tally=tally, element=element)
    if court.zeep is None:
        tally.passed_over["zeep cannot load the WSDL"] += 1
    else:
        _of_zeep(court, court.zeep, codec, value, case=case, tally=tally, element=element)
    return tally


def _unwritten(element: Node) -> str:
    """What an element says that no request can be asked to say."""
    if any(item.get(NIL) and attributes(item) for item in element.iter()):
        return "a nil element's attributes"
    return ""


def _written(court: Court, codec_value: tuple[Any, object], case: str, tally: Tally, element: Node) -> None:
    codec, value = codec_value
    try:
        sent = court.ours.encoded(codec, value, element.tag)
    except IsthmusError as error:
        if "a qualified name is written" in str(error):  # in a list their prefixes cannot be declared one by one
            tally.passed_over["not written: a list of qualified names"] += 1
            return
        raise AssertionError(f"{case}read as {value}\nis not written: {error}") from error
    body = etree.fromstring(sent)[-1]
    ours = etree.fromstring(etree.tostring(body[0], encoding="utf-8"))
    valid = court.schemas.validator.validate(ours)
    assert valid, f"{case}read as {value}\nwritten {sent.decode()}\n{court.schemas.validator.error_log}"
    if court.zeep is None:
        return
    try:
        theirs = court.zeep.read(element)
    except Exception as error:  # noqa: BLE001 - of whatever kind: zeep is not the one that is tested
        tally.passed_over[f"zeep does not read what is valid: {type(error).__name__}"] += 1
        return
    before, after = plain(theirs), plain(court.zeep.read(ours))
    assert before == after, f"{case}written {sent.decode()}\nzeep reads {before}\nand of us {after}"
    tally.sent = leaves(element)


def _of_zeep(court: Court, zeep: Zeep, codec: Any, value: object, case: str, tally: Tally, element: Node) -> None:
    try:
        theirs = zeep.written(element.tag, zeep.read(element))
    except Exception as error:  # noqa: BLE001 - of whatever kind: zeep is not the one that is tested
        tally.passed_over[f"zeep does not write what it read: {type(error).__name__}"] += 1
        return
    if not court.schemas.validator.validate(theirs):
        tally.passed_over["zeep writes what is not valid"] += 1
        return
    raw = etree.tostring(theirs, encoding="utf-8")
    try:
        returned = court.ours.decoded(codec, raw)
    except IsthmusError as error:
        raise AssertionError(f"{case}zeep writes {raw.decode()}\nis not read: {error} {error.detail}") from error
    empty = returned is None and not len(theirs) and not theirs.text
    assert empty or not (found := Comparison(court.schemas.heads).differences(theirs, returned)), (
        f"{case}of zeep's {raw.decode()}\nread: {found}"
    )
    tally.returned = leaves(theirs)


def plain(value: object) -> object:
    """A value of zeep's that compares by what it says.

    Elements of wildcards become canonical XML. ``_attr_N`` goes: it repeats attributes as they are spelled. The items
    of ``_value_N`` (a repeated choice, a repeated group) are put in one order: how they were mixed is not kept by us.
    """
    return _plain(serialize_object(value, dict))  # type: ignore[no-untyped-call]  # zeep has no types


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        row = {name: _plain(item) for name, item in value.items() if not re.fullmatch(r"_attr_\d+", str(name))}
        mixed = re.compile(r"_value_\d+")
        return {
            name: sorted(item, key=repr) if isinstance(item, list) and mixed.fullmatch(str(name)) else item
            for name, item in row.items()
        }
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if not isinstance(value, _Node):
        return value
    return etree.canonicalize(etree.tostring(value, encoding="unicode", with_tail=False), rewrite_prefixes=True)
