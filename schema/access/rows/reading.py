"""Rules on rows are read: the ``where`` of the file, in names of the schema, becomes an expression in a source's names.

What is not understood is a ``Fault`` that says where it stands; nothing is ever left out of a condition.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from resolvers import (
    Column,
    Key,
    ListRef,
    NamedRef,
    ObjectType,
    Operator,
    Quantifier,
    Rows,
    Scalar,
    ScalarRef,
    TypeRef,
    nearest,
)
from schema.access.rows.expression import (
    All,
    Among,
    Any,
    Claim,
    Comparison,
    Constant,
    Expression,
    Led,
    No,
    Null,
    Operand,
    Unknown,
)
from schema.access.rows.expression import Through as ThroughRows
from schema.access.rows.values import Leaf, Unfit
from schema.filters import operators_of
from schema.row_inputs import RelatedRows
from schema.scalars import SCALARS
from schema.source_types import SourceTypes, row_of

_CLAIM = re.compile(r"\$claims\.(\S+)")
_QUANTIFIERS = ("some", "every", "none")
WORDS = ("and", "or", "not")
_DEEPEST = 12

Where = Mapping[str, object]


class Fault(Exception):
    """Something in a rule that cannot be; ``where`` leads to it from the rule's ``rows``."""

    def __init__(self, what: str, *where: Key, mend: str = "", lacks: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.mend, self.lacks = what, where, mend, lacks


@dataclass(frozen=True, slots=True)
class LinkTo:
    """A link of the schema: its column, the fields of the parent that it matches, and the type of the parent, by its
    source and its key there.
    """

    column: Column
    keys: tuple[str, ...]
    plain: bool
    """It leads to one row by single keys, and shows the row itself."""
    home: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a condition is on: ``leaves``: name → (source's name, type); ``relations`` stay in the source's database,
    ``links`` lead on to one row. ``others``: names that are there and that no condition can be on. ``unsure``: those of
    ``leaves`` in which their database may hold what is no value of theirs. ``waiting``: links whose source is missing.
    """

    said: str
    leaves: Mapping[str, tuple[str, Leaf]]
    relations: Mapping[str, RelatedRows]
    links: Mapping[str, LinkTo]
    others: frozenset[str]
    unsure: frozenset[str] = frozenset()
    waiting: frozenset[str] = frozenset()


class Reader:
    """Reads the rules over the types of all sources. ``links``: coordinate → the link that it is. ``waiting``: the
    coordinates of links whose source is missing: nothing is known of what lies behind them.
    """

    def __init__(
        self,
        sources: Mapping[str, SourceTypes],
        related: Mapping[tuple[str, str], Sequence[RelatedRows]],
        links: Mapping[str, LinkTo],
        waiting: Collection[str],
    ) -> None:
        self._sources = sources
        self._related = related
        self._links = links
        self._waiting = waiting

    def of_rows(
        self, made: SourceTypes, key: str, where: object, *, asked_there: bool, at: tuple[Key, ...] = ()
    ) -> Expression:
        """A rule on the rows of a type. ``asked_there``: their database evaluates it, and not the gateway. ``at``:
        where in the rule it stands.

        Raises:
            Fault: a name or a value that is not understood.
        """
        return self._all(self.subject(made, key, asked_there=asked_there), made, where, at, 0, asked_there=asked_there)

    def of_arguments(
        self, said: str, leaves: Mapping[str, tuple[str, Leaf]], others: frozenset[str], where: Where
    ) -> Expression:
        """A rule on the arguments of a field: as ``of_rows``, for ``leaves`` as ``Subject`` has them."""
        return self._all(Subject(said, leaves, {}, {}, others), None, where, (), 0, asked_there=False)

    def unknown(self, types: Iterable[tuple[SourceTypes, str]], name: str, at: tuple[Key, ...]) -> Fault:
        """That none of the types that are one entity has a field."""
        subjects = [self.subject(made, key, asked_there=False) for made, key in types]
        known = {each for subject in subjects for each in (*subject.leaves, *subject.links)}
        said = subjects[0].said
        return Fault(f'"{said}" has no field "{name}"', *at, mend=nearest(name, known), lacks=f"{said}.{name}")

    def subject(self, made: SourceTypes, key: str, *, asked_there: bool) -> Subject:
        """What a condition on the rows of a type can be on."""
        owner = made.outputs[key].name
        spelled = made.field_names[key]
        definition = made.model.types[key]
        rows = _rows(made, key) if asked_there else None
        filterable = None if rows is None else rows.filterable
        leaves: dict[str, tuple[str, Leaf]] = {}
        for name, item in cast("ObjectType", definition).fields.items():
            leaf = leaf_of(made, item.type)
            if name in spelled and leaf is not None and (filterable is None or name in filterable):
                leaves[spelled[name]] = (
                    name,
                    leaf if rows is None else replace(leaf, ordered=name not in rows.by_equality),
                )
        relations = {
            each.field: each
            for each in self._related.get((made.model.name, key), ())
            if each.operation.rows is not None and each.operation.rows.filterable
        }
        links = {
            coordinate.partition(".")[2]: link
            for coordinate, link in self._links.items()
            if link.home == (made.model.name, key)
        }
        others = frozenset(spelled.values()) - leaves.keys()
        unsure = frozenset(name for name, (field, _) in leaves.items() if rows is not None and field in rows.unsure)
        waiting = frozenset(name for of, _, name in (each.partition(".") for each in self._waiting) if of == owner)
        return Subject(owner, leaves, relations if asked_there else {}, links, others, unsure, waiting)

    def _all(
        self,
        subject: Subject,
        made: SourceTypes | None,
        where: object,
        at: tuple[Key, ...],
        depth: int,
        *,
        asked_there: bool,
        negated: bool = False,
    ) -> Expression:
        if not isinstance(where, Mapping) or not where:
            raise Fault("a condition is a mapping that says something", *at, mend="{ field: { eq: value } }")
        if depth > _DEEPEST:
            raise Fault("the condition is nested too deeply", *at)
        parts: list[Expression] = []
        for name, value in where.items():
            here = (*at, name)

            def inner(below: object, *path: Key, here: tuple[Key, ...] = here) -> Expression:
                turned = negated or here[-1] == "not"
                return self._all(
                    subject, made, below, (*here, *path), depth + 1, asked_there=asked_there, negated=turned
                )

            if name in WORDS and name not in subject.leaves:
                parts.append(worded(name, value, here, inner))
            elif name in subject.leaves:
                parts += _conditions(*subject.leaves[name], value, here)
                if name in subject.unsure:
                    _check_sure(value, here, negated=negated)
            elif name in subject.relations and made is not None:
                parts.append(self._related_rows(subject.relations[name], made, value, here, depth, negated=negated))
            elif name in subject.links or name in subject.waiting:
                parts.append(self._led(subject.links.get(name), f"{subject.said}.{name}", value, here, depth))
            else:
                raise _unknown(subject, str(name), here)
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _related_rows(
        self,
        related: RelatedRows,
        made: SourceTypes,
        value: object,
        here: tuple[Key, ...],
        depth: int,
        *,
        negated: bool,
    ) -> Expression:
        key = row_of(related.operation)
        there = self.subject(made, key, asked_there=True)
        there = _ending(there)
        if not related.through.many:
            part = self._all(there, made, value, here, depth + 1, asked_there=True, negated=negated)
            return ThroughRows(related.through.leads, "some", part)
        if not isinstance(value, Mapping) or not value:
            raise Fault(f"{related.field} leads to many rows", *here, mend="say some, every or none")
        parts: list[Expression] = []
        for quantifier, below in value.items():
            if quantifier not in _QUANTIFIERS:
                mend = nearest(str(quantifier), _QUANTIFIERS)
                raise Fault(
                    f'{related.field} leads to many rows, of which nothing is "{quantifier}"',
                    *here,
                    quantifier,
                    mend=mend,
                )
            turned = negated or quantifier != "some"
            part = self._all(there, made, below, (*here, quantifier), depth + 1, asked_there=True, negated=turned)
            parts.append(ThroughRows(related.through.leads, cast("Quantifier", quantifier), part))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _led(self, link: LinkTo | None, said: str, value: object, here: tuple[Key, ...], depth: int) -> Expression:
        """A condition on the row that a link leads to; ``None`` where its source is missing."""
        if link is None:
            return Unknown()
        if not link.plain:
            what = f"{said} does not lead to one row by single keys, so no rule can go through it"
            raise Fault(what, *here, mend="go through a link of one, without take")
        target = self._sources[link.column.source]
        ref = link.column.operation.result
        while isinstance(ref, ListRef):
            ref = ref.item
        definition = target.model.types.get(ref.name) if isinstance(ref, NamedRef) else None
        if not isinstance(definition, ObjectType):
            raise Fault(f"{said} does not lead to rows of one type, so no rule can go through it", *here)
        there = self.subject(target, cast("NamedRef", ref).name, asked_there=False)
        there = _ending(there)
        return Led(link.column, link.keys, self._all(there, target, value, here, depth + 1, asked_there=False))


def _ending(subject: Subject) -> Subject:
    """The subject at the end of a link or a relation, from where no link leads on."""
    others = subject.others | subject.links.keys() | subject.waiting
    return replace(subject, links={}, waiting=frozenset(), others=others)


def leaf_of(made: SourceTypes, ref: TypeRef) -> Leaf | None:
    """The type of values that conditions can be on; ``None`` for objects, lists and JSON."""
    if isinstance(ref, ScalarRef):
        return None if ref.scalar is Scalar.JSON else Leaf(SCALARS[ref.scalar], ref.scalar)
    if isinstance(ref, NamedRef) and ref.name in made.enums:
        return Leaf(made.enums[ref.name], None)
    return None


def _rows(made: SourceTypes, key: str) -> Rows | None:
    """What the database compares of the rows of a type; ``None`` where no list of them says."""
    for operation in made.model.operations.values():
        if operation.rows is not None and row_of(operation) == key:
            return operation.rows
    return None


def _unknown(subject: Subject, name: str, here: tuple[Key, ...]) -> Fault:
    if name in subject.others:
        what = f'no condition can be on "{subject.said}.{name}", which is no plain value that is compared'
        return Fault(what, *here, mend="use a field with a plain value, a relation or a link to one row")
    known = [*subject.leaves, *subject.relations, *subject.links, *WORDS]
    return Fault(
        f'"{subject.said}" has no field "{name}"', *here, mend=nearest(name, known), lacks=f"{subject.said}.{name}"
    )


def worded(word: str, value: object, here: tuple[Key, ...], inner: Callable[..., Expression]) -> Expression:
    """A condition of conditions. ``inner``: reads one that lies in it, which a path from there leads to.

    Raises:
        Fault: it is none, or something in it is not understood.
    """
    if word == "not":
        return No(inner(value))
    if not isinstance(value, list) or not value:
        raise Fault(f"{word} takes a list of conditions", *here, mend=f"{word}: [ {{ … }}, {{ … }} ]")
    parts = tuple(inner(below, index) for index, below in enumerate(value))
    return All(parts) if word == "and" else Any(parts)


def _conditions(field: str, leaf: Leaf, value: object, here: tuple[Key, ...]) -> list[Expression]:
    known = operators_of(leaf.scalar if leaf.ordered else None)
    if not isinstance(value, Mapping) or not value:
        raise Fault(f"{here[-1]} needs an operator", *here, mend=f"{here[-1]}: {{ eq: … }}")
    parts: list[Expression] = []
    for operator, given in value.items():
        at = (*here, operator)
        if operator not in known:
            raise Fault(f'{here[-1]} has no operator "{operator}"', *at, mend=nearest(str(operator), known))
        if operator == "isNull":
            if not isinstance(given, bool):
                raise Fault("isNull is true or false", *at)
            parts.append(Null(field) if given else No(Null(field)))
        elif operator in {"in", "nin"}:
            among = Among(field, _several(leaf, given, at))
            parts.append(among if operator == "in" else No(among))
        else:
            parts.append(Comparison(field, cast("Operator", operator), _operand(leaf, given, at)))
    return parts


_SURE = ("eq", "in")


def _check_sure(value: object, here: tuple[Key, ...], *, negated: bool) -> None:
    """Refuses what a text that is no value may fulfil in a database, which knows of no values: a rule would let it by.

    Raises:
        Fault: another operator than ``eq``, ``in`` and ``isNull: true``, or one whose opposite is meant.
    """
    assert isinstance(value, Mapping)
    loose = [each for each, given in value.items() if each not in _SURE and (each, given) != ("isNull", True)]
    if loose or negated:
        what = f"{here[-1]} is shaped, and its column may hold what is no such value and fulfils this all the same"
        raise Fault(what, *here, *loose[:1], mend=f"a rule takes {here[-1]}: {{ eq: … }}, or in, and no not")


def _several(leaf: Leaf, given: object, at: tuple[Key, ...]) -> tuple[Operand, ...] | Claim:
    if isinstance(given, str) and given.startswith("$"):
        found = _operand(leaf, given, at)
        assert isinstance(found, Claim)
        return found
    if not isinstance(given, list) or not given:
        raise Fault(f"{at[-1]} takes a list, or a claim that is one", *at, mend=f"{at[-1]}: $claims.name")
    return tuple(_operand(leaf, item, (*at, index)) for index, item in enumerate(given))


def _operand(leaf: Leaf, given: object, at: tuple[Key, ...]) -> Operand:
    if isinstance(given, str) and given.startswith("$"):
        found = _CLAIM.fullmatch(given)
        if found is None:
            raise Fault(
                f'"{given}" is no claim', *at, mend="write $claims.sub, or $claims. and the name of another claim"
            )
        return Claim(found.group(1), leaf)
    try:
        return Constant(leaf.of_constant(given))
    except Unfit:
        what = (
            "a condition cannot be null"
            if given is None
            else f"{at[-2] if isinstance(at[-1], str) else at[-3]} takes no such value: it is a {leaf.named}"
        )
        raise Fault(what, *at, mend="use isNull" if given is None else "") from None
