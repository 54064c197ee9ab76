"""Where a rule stands: coordinates by name, by pattern (``*.iban``) and by tag (``#pii``), checked against a schema.

What a rule asks is none of its business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from resolvers import Key, Problem, nearest
from schema.access.settings import AccessSettings
from schema.beside import Kin, called

_COORDINATE = re.compile(r"([\w*]+)(?:\.([\w*]+)(?:\(([\w*]+):\))?)?", re.ASCII)
_FORMS = 'Type, Type.field or Type.field(argument:), with * in place of letters, or "#tag"'


class Places:
    """Which of many keys mean a coordinate. ``keys``: coordinates, patterns and tags. ``kin``: what has several names,
    for which a key that means one of them means all.
    """

    def __init__(self, keys: Iterable[str], tags: Mapping[str, Sequence[str]], kin: Kin) -> None:
        self._kin = kin
        self._named: dict[str, dict[str, None]] = {}
        self._patterns: list[tuple[re.Pattern[str], str]] = []
        self._owners: list[re.Pattern[str]] = []
        """Patterns of the types that a pattern may mean."""
        self._known: dict[str, tuple[str, ...]] = {}
        for key in keys:
            for meant in tags.get(key[1:], ()) if key.startswith("#") else (key,):
                if "*" in meant:
                    self._patterns.append((_pattern(meant), key))
                    self._owners.append(_pattern(meant.partition(".")[0]))
                else:
                    self._named.setdefault(meant, {})[key] = None

    def __bool__(self) -> bool:
        return bool(self._named or self._patterns)

    def within(self, type_name: str) -> bool:
        """Whether a key may mean a type or a member of it."""
        begins = f"{type_name}."
        if any(name == type_name or name.startswith(begins) for name in self._named):
            return True
        return any(owner.fullmatch(type_name) for owner in self._owners)

    def of(self, coordinate: str) -> tuple[str, ...]:
        """The keys that mean a coordinate."""
        if coordinate not in self._kin and not self._patterns:
            return tuple(self._named.get(coordinate, ()))
        known = self._known.get(coordinate)
        if known is None:
            found: dict[str, None] = {}
            for name in called(self._kin, coordinate):
                found |= self._named.get(name, {})
                found |= {key: None for pattern, key in self._patterns if pattern.fullmatch(name)}
            known = self._known[coordinate] = tuple(found)
        return known


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\*", r"\w*"), re.ASCII)


def coordinates(schema: GraphQLSchema) -> Iterator[str]:
    """Every coordinate that a rule may stand at: types, their fields and values, arguments."""
    for named in schema.type_map.values():
        if named.name.startswith("__"):
            continue
        yield named.name
        for member, definition in members_of(named).items():
            yield f"{named.name}.{member}"
            for argument in getattr(definition, "args", ()):
                yield f"{named.name}.{member}({argument}:)"


def members_of(named: object) -> Mapping[str, object]:
    """The fields of a type, or the values of an enum."""
    found: Mapping[str, object] = {}
    if isinstance(named, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        found = named.fields
    elif isinstance(named, GraphQLEnumType):
        found = named.values
    return found


@dataclass(frozen=True, slots=True)
class _Written:
    """A coordinate, pattern or tag as the file has it, and where."""

    text: str
    where: tuple[Key, ...]


def check_places(schema: GraphQLSchema, settings: AccessSettings, *, incomplete: bool) -> list[Problem]:
    """What of rules, tags and views means nothing. ``incomplete``: a source is missing, so they may wait for it."""
    written = [_Written(key, ("access", "rules", key)) for key in settings.rules]
    for name, view in settings.views.items():
        for kind, keys in (("include", view.include), ("exclude", view.exclude)):
            written += [_Written(key, ("access", "views", name, kind, index)) for index, key in enumerate(keys)]
    for name, meant in settings.tags.items():
        written += [_Written(key, ("access", "tags", name, index)) for index, key in enumerate(meant)]
    return _check(schema, written, settings.tags, incomplete=incomplete)


def check_keys(
    schema: GraphQLSchema,
    written: Iterable[tuple[str, tuple[Key, ...]]],
    tags: Mapping[str, Sequence[str]],
    *,
    incomplete: bool,
) -> list[Problem]:
    """What of coordinates, patterns and tags that are written elsewhere means nothing."""
    return _check(schema, [_Written(*each) for each in written], tags, incomplete=incomplete)


def _check(
    schema: GraphQLSchema, written: list[_Written], tags: Mapping[str, Sequence[str]], *, incomplete: bool
) -> list[Problem]:
    problems = [_no_tag(each, tags) for each in written if each.text.startswith("#") and each.text[1:] not in tags]
    written = [each for each in written if not each.text.startswith("#")]
    every: list[str] | None = None
    for each in written:
        fault = _malformed(each.text)
        if fault is None and not incomplete:
            if "*" in each.text:
                every = every if every is not None else list(coordinates(schema))
                fault = _matches_nothing(each.text, every)
            else:
                fault = _missing(schema, each.text)
        if fault is not None:
            problems.append(Problem(fault[0], each.where, fault[1], lacks=each.text))
    return problems


def _no_tag(written: _Written, tags: Mapping[str, Sequence[str]]) -> Problem:
    name = written.text[1:]
    mend = nearest(name, tags) or f"add access.tags: {{ {name}: [Type.field] }}"
    return Problem(f'there is no tag "{name}"', written.where, mend)


def _malformed(text: str) -> tuple[str, str] | None:
    if not _COORDINATE.fullmatch(text):
        return f'"{text}" is not a schema coordinate', f"write {_FORMS}"
    if text.startswith("__"):
        return "introspection takes no rules", "rules are on types of your own"
    return None


def _matches_nothing(text: str, every: Sequence[str]) -> tuple[str, str] | None:
    pattern = _pattern(text)
    if any(pattern.fullmatch(coordinate) for coordinate in every):
        return None
    wanted = text.rpartition(".")[2].replace("*", "")
    names = {coordinate.rpartition(".")[2] for coordinate in every if "(" not in coordinate}
    return f'"{text}" matches nothing in the schema', nearest(wanted, names)


def _missing(schema: GraphQLSchema, coordinate: str) -> tuple[str, str] | None:
    match = _COORDINATE.fullmatch(coordinate)
    assert match is not None
    type_name, field, argument = match.groups()
    named = schema.type_map.get(type_name)
    if named is None:
        return f'there is no type "{type_name}"', nearest(type_name, schema.type_map)
    if field is None:
        return None
    fields = members_of(named)
    if field not in fields:
        kind = "value" if isinstance(named, GraphQLEnumType) else "field"
        return f'"{type_name}" has no {kind} "{field}"', nearest(field, fields)
    arguments: Mapping[str, object] = getattr(fields[field], "args", {})
    if argument is not None and argument not in arguments:
        return f'"{type_name}.{field}" has no argument "{argument}"', nearest(argument, arguments)
    return None
