"""Suggested links by their final coordinates: those that would be accepted if a person wrote them into the file.

It proves each by making it; nothing of it is kept, and nothing is served.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from resolvers import ConfigurationError, Source, Suggestion, row_name
from schema.build import GraphSettings, build
from schema.link_settings import LinkSettings
from schema.links import LinkBuilder
from schema.namer import living
from schema.naming import camel
from schema.shape import shape
from schema.source_types import SourceTypes
from schema.types import TypeBuilder
from schema.unified import UnifiedSchema


@dataclass(frozen=True, slots=True)
class Offer:
    """A link as it may be written: coordinate and settings, and why. ``stated``: a description itself says so."""

    coordinate: str
    settings: LinkSettings
    evidence: str
    stated: bool = False


def offers(sources: Mapping[str, Source], settings: GraphSettings, found: Sequence[Suggestion]) -> list[Offer]:
    """Those of the suggestions that fit the schema, its names and its rules as they are configured."""
    unified = UnifiedSchema(settings.extensions)
    types = TypeBuilder(
        unified.hand_written_names(),
        unified.hand_written_roots(),
        prefixes=settings.prefixes,
        pins=living(settings.pins, [source.model for source in sources.values()]),
    )
    for source in sources.values():
        types.add(source.model)
    shape(types, settings.rename, settings.hide, {}, incomplete=bool(settings.missing))
    fitting: dict[str, Offer] = {}
    for suggestion in found:
        offer = _offer(types, suggestion)
        if offer is None or offer.coordinate in settings.links or offer.coordinate in fitting:
            continue
        links = LinkBuilder(types)
        links.add(offer.coordinate, offer.settings, {})
        if not links.problems:
            fitting[offer.coordinate] = offer
    while fitting:
        wanted = {**settings.links, **{coordinate: offer.settings for coordinate, offer in fitting.items()}}
        try:
            build(sources, replace(settings, links=wanted))
        except ConfigurationError as error:
            refused = {problem.where[1] for problem in error.problems if problem.where[:1] == ("links",)}
            refused &= fitting.keys()
            if not refused:
                return []
            fitting = {coordinate: offer for coordinate, offer in fitting.items() if coordinate not in refused}
        else:
            break
    return list(fitting.values())


def _offer(types: TypeBuilder, item: Suggestion) -> Offer | None:
    made, target = types.sources[item.source], types.sources[item.target]
    owner = made.outputs.get(item.type)
    operation = target.model.operations.get(item.operation)
    if owner is None or operation is None:
        return None
    match = {}
    for mine, theirs in item.match:
        field = made.field_names.get(item.type, {}).get(mine)
        answered = camel(theirs) if item.by_argument else _field(target, row_name(operation), theirs)
        if field is None or answered is None:
            return None
        match[field] = answered
    kind = "many" if item.many else "one"
    settings = LinkSettings.model_validate({kind: f"{item.target}.{item.operation}", "match": match})
    return Offer(f"{owner.name}.{camel(item.name)}", settings, item.evidence, item.stated)


def _field(made: SourceTypes, row: str | None, name: str) -> str | None:
    return made.field_names.get(row, {}).get(name) if row is not None else None
