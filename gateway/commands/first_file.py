"""The text of a first configuration file: what was found, what needs saying, and how to go on, each as a comment.

It is made of what was read already; nothing is read or asked here, and no password gets into it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from gateway.commands import security
from gateway.commands.json_schema import FILE as SCHEMA
from gateway.commands.links import plain, written
from gateway.commands.sampling import Sample
from gateway.file.config import FileSettings
from gateway.file.leaves import leaves
from resolvers import LOGIN, PROOF, WRITES_ARE_OFF, SourceModel, served
from schema import Offer

_VARIABLE = re.compile(r"\$\{env:(\w+)\}")
_PASSWORD = re.compile(r"(?<=://)([^/@:]*):(.*)(?=@)", re.DOTALL)
_PROOF = re.compile(r"(?<=[?&])(\w*(?:pass|pwd|secret|token|key)\w*=)([^&]+)", re.IGNORECASE)
_SHOWN = 5
"""Names that are spelled out where there are many."""


@dataclass(frozen=True, slots=True)
class Found:
    """A source as it was found. ``location``: as it was given, seen from ``folder``. ``nowhere``: why no address is
    known, where one must be stated.
    """

    name: str
    kind: str
    location: str
    model: SourceModel
    folder: Path
    nowhere: str = ""


@dataclass(slots=True)
class FirstFile:
    """``base``: the folder that the file will lie in. ``variables``: what must be set → for what, once it was made."""

    sources: list[Found]
    offers: list[Offer]
    samples: Mapping[str, Sample]
    base: Path
    variables: dict[str, str] = field(default_factory=dict)
    active: int = 0

    def text(self) -> str:
        """The whole file."""
        parts = [
            f"# yaml-language-server: $schema={SCHEMA}",
            "# Written by isthmus init. Go through the comments; isthmus check says what is wrong.",
            "sources:",
        ]
        for each in self.sources:
            parts += self._source(each)
        parts += self._links()
        parts += self._access()
        return "".join(f"{_one_line(part)}\n" for part in parts)

    # Sources.

    def _source(self, found: Found) -> Iterator[str]:
        yield f"  {found.name}:"
        yield f"    {found.kind}: {plain(self._location(found))}"
        yield from (f"    {line}" for line in self._address(found))
        yield from (f"    # {line}" for line in _told(found))
        yield from (f"    # {line}" for line in self._proofs(found))

    def _location(self, found: Found) -> str:
        """Where it lies, seen from the file, and without what proves something."""
        raw = {"sources": {found.name: {found.kind: found.location}}}
        leaf = leaves(FileSettings, raw)["sources", found.name, found.kind]
        text = found.location
        if leaf.located is not None and found.folder != self.base:
            text = leaf.located.moved(text, found.folder, self.base)
        if leaf.secret or "://" in text:
            login, proof = (_PASSWORD, _PROOF) if leaf.secret else (LOGIN, PROOF)
            text = login.sub(lambda hit: f"{hit[1]}:{self._hidden(found, 'PASSWORD', hit[2])}", text)
            text = proof.sub(lambda hit: hit[1] + self._hidden(found, hit[1][:-1], hit[2]), text)
        return text

    def _hidden(self, found: Found, what: str, value: str) -> str:
        if not value:
            return ""
        name = f"{_upper(found.name)}_{_upper(re.sub(r'[^A-Za-z0-9]+', '_', what))}"
        self.variables[name] = f"the {what.lower()} of {found.name}, as it stood in its URL"
        return f"${{env:{name}}}"

    def _address(self, found: Found) -> Iterator[str]:
        if found.kind not in {"openapi", "wsdl"}:
            return
        name = f"{_upper(found.name)}_URL"
        if found.nowhere:
            yield f"# {found.nowhere}: set {name}, or write the address here."
            yield f'url: "${{env:{name}:-https://{found.name.lower().replace("_", "-")}.invalid}}"'
            self.variables[name] = f"the address of {found.name}"
        elif found.model.address:
            yield f"# url: {json.dumps(found.model.address)}  # as the description says; to call another one, state it"

    def _proofs(self, found: Found) -> Iterator[str]:
        """How callers prove themselves to it, as lines that only need their comment sign taken away."""
        front = f"{_upper(found.name)}_"
        for need in security.needs_of(found.model):
            yield f"{security.who(found.model, need)} {security.wanted(found.model, need)}."
            for number, names in enumerate(need.alternatives):
                settings = security.settings_of(found.model, names)
                if settings is None:
                    yield "There is no setting for one of these ways."
                    continue
                text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=1000)
                text = _VARIABLE.sub(lambda hit: f"${{env:{front}{hit[1].removeprefix(front)}}}", text)
                wanted = sorted(set(_VARIABLE.findall(text)))
                head = "Or" if number else "To prove the gateway"
                yield f"{head}, set {', '.join(wanted)} and take the # away:" if wanted else f"{head}, take the # away:"
                yield from text.splitlines()
                for name in wanted if number == 0 else ():
                    self.variables.setdefault(name, f"what {found.name} asks callers for (see the file)")

    # How they join.

    def _links(self) -> Iterator[str]:
        if not self.offers:
            yield "# How they join: names and types of fields hint at no links. links: { … } joins sources."
            return
        meant = [offer for offer in self.offers if self._is_meant(offer)]
        self.active = len(meant)
        yield "# How they join. Lines without a # are in force. Where another suggestion is meant, take its # away"
        yield "# (and that of links:, if it has one)."
        yield "links:" if meant else "# links:"
        for offer in self.offers:
            sample = self.samples.get(offer.coordinate)
            yield f"  # {offer.evidence}" + (f"; {sample.words}" if sample is not None else "")
            yield f"  {'' if offer in meant else '# '}{written(offer)}"

    def _is_meant(self, offer: Offer) -> bool:
        sample = self.samples.get(offer.coordinate)
        if sample is not None and not sample.untold:
            return sample.convincing
        return offer.stated

    # Who may see it.

    def _access(self) -> Iterator[str]:
        yield "# Who may see what. As it is nobody may ask for anything."
        yield "access:"
        yield "  default: deny"
        yield "  # default: anonymous       # to look around: without server.jwt it is served on this machine only"
        yield "  # default: authenticated   # everybody with a token that server.jwt accepts"
        yield "  # rules:                   # then, what only some may see; isthmus access FILE tells who can see what"
        yield "  #   Customer.email: { roles: [support] }"
        yield "# server:"
        yield '#   jwt: { issuer: "https://id.example", audience: isthmus, jwks_url: "https://id.example/jwks" }'


def _one_line(text: str) -> str:
    """Whatever names a description has, a comment ends where it ends, and a line is one line."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _told(found: Found) -> Iterator[str]:
    """How much of it is served, and what is not."""
    model = found.model
    off = [item for item in model.left_out if item.reason == WRITES_ARE_OFF]
    lost = [item for item in model.left_out if item.reason != WRITES_ARE_OFF and not item.degraded]
    less = [item for item in model.left_out if item.degraded]
    if model.has_tables:
        yield f"{served(model)} fields serve its tables, and their foreign keys as links: {len(model.relations)}."
        yield "Writes are off: writes: true, or a list of tables, serves changes of their rows."
    else:
        yield f"{served(model)} of {model.declared} operations are served."
    if off:
        yield f"Writes are off: writes: true, or a list of names, serves {_names([item.operation for item in off])}."
    if lost:
        yield f"Left out, and isthmus check says why: {_names([item.operation for item in lost])}."
    if less:
        yield f"Served with less than is described, and isthmus check says why: {_names([i.operation for i in less])}."
    yield from model.cautions


def _names(names: list[str]) -> str:
    shown = ", ".join(dict.fromkeys(names[:_SHOWN]))
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown


def _upper(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()
