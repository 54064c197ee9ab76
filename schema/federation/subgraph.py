"""The schema of a subgraph as text: what is served, with what a router must know to compose it and to ask for it.

Rules are told as far as federation has words for them (``@authenticated``, ``@requiresScopes``); all of them are asked
here whatever a router asks first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import TypeVar, cast

from graphql import (
    ConstDirectiveNode,
    DefinitionNode,
    FieldDefinitionNode,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    Node,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    TypeDefinitionNode,
    parse,
    print_ast,
    print_schema,
)

from schema.access.coordinates import Places
from schema.access.need import Clause, Need
from schema.access.rules import Policy
from schema.beside import kin_of
from schema.federation.representations import FEDERATED

VERSION = "v2.5"
"""The first that knows ``@authenticated`` and ``@requiresScopes``."""
_MOST_SCOPES = 16
"""Alternatives of one field; what needs more is told as ``@authenticated``, and asked here in full."""

NodeT = TypeVar("NodeT", bound=Node)


def subgraph_sdl(
    schema: GraphQLSchema,
    policy: Policy,
    keys: Mapping[str, Sequence[str]],
    shareable: Iterable[str],
    tags: Mapping[str, Sequence[str]],
) -> str:
    """The schema definition language of a subgraph. ``keys``: entity → fields of its key; ``shareable``: types that
    other subgraphs may have too, since the gateway made them.
    """
    shared, told = frozenset(shareable), _Told(policy, Places([f"#{tag}" for tag in tags], tags, kin_of(schema)))
    made: list[DefinitionNode] = []
    for definition in parse(print_schema(schema), no_location=True).definitions:
        if not isinstance(definition, TypeDefinitionNode):
            made.append(definition)
            continue
        name = definition.name.value
        if name not in FEDERATED:
            marks = [_directive("key", fields=" ".join(keys[name]))] if name in keys else []
            marks += [_directive("shareable")] if name in shared else []
            made.append(told.of(definition, marks))
    text = "\n\n".join(map(print_ast, made))
    words = ("authenticated", "key", "requiresScopes", "shareable", "tag")
    imports = ", ".join(f'"@{word}"' for word in words if f" @{word}" in text)
    link = f'extend schema @link(url: "https://specs.apollo.dev/federation/{VERSION}", import: [{imports}])'
    return f"{link}\n\n{text}\n"


class _Told:
    """What is told of types and their fields: tags, and what callers are asked for."""

    def __init__(self, policy: Policy, places: Places) -> None:
        self._policy = policy
        self._places = places
        roots = policy.schema.query_type, policy.schema.mutation_type
        self._roots = {root.name for root in roots if root is not None}

    def of(self, definition: TypeDefinitionNode, marks: Sequence[ConstDirectiveNode]) -> TypeDefinitionNode:
        """The definition with its ``marks`` and what is told of it."""
        owner = definition.name.value
        marks = [*marks, *self._tags(owner)]
        if isinstance(definition, ObjectTypeDefinitionNode):
            fields = [field for field in definition.fields or () if field.name.value not in FEDERATED]
            asked = [_asked(self._policy.field(owner, field.name.value)) for field in fields]
            # Roots of all subgraphs become one type, which cannot ask what one of them does.
            alike = all(asked) and owner not in self._roots
            marks += [_directive("authenticated")] if alike and fields else []
            shown = tuple(
                self._field(owner, field, [] if alike and wanted == [[]] else _access(wanted))
                for field, wanted in zip(fields, asked, strict=True)
            )
            return _with(definition, fields=shown, directives=_marks(definition.directives, marks))
        if isinstance(definition, InputObjectTypeDefinitionNode):
            given = tuple(
                _with(field, directives=_marks(field.directives, self._tags(f"{owner}.{field.name.value}")))
                for field in definition.fields or ()
            )
            # Composition knows no @oneOf yet, and refuses what it does not know; it is asked for here all the same.
            known = [each for each in definition.directives or () if each.name.value != "oneOf"]
            return _with(definition, fields=given, directives=_marks(known, marks))
        return _with(definition, directives=_marks(getattr(definition, "directives", ()), marks))

    def _field(self, owner: str, field: FieldDefinitionNode, marks: list[ConstDirectiveNode]) -> FieldDefinitionNode:
        coordinate = f"{owner}.{field.name.value}"
        arguments = tuple(
            _with(each, directives=_marks(each.directives, self._tags(f"{coordinate}({each.name.value}:)")))
            for each in field.arguments or ()
        )
        return _with(field, arguments=arguments, directives=_marks(field.directives, [*marks, *self._tags(coordinate)]))

    def _tags(self, coordinate: str) -> list[ConstDirectiveNode]:
        return [_directive("tag", name=key.removeprefix("#")) for key in self._places.of(coordinate)]


def _asked(need: Need) -> list[list[str]]:
    """The scopes of which any list is enough: an empty one where a token is, none at all where nothing is asked."""
    clauses = [clause for clause in need.clauses if not clause.opens]
    if not clauses:
        return []
    told = [[list(rule.scopes) for rule in clause.alternatives] for clause in clauses if _is_plain(clause)]
    made = [sorted({scope for scopes in each for scope in scopes}) for each in product(*told)] if told else [[]]
    return made if len(made) <= _MOST_SCOPES else [[]]


def _is_plain(clause: Clause) -> bool:
    """Whether a clause asks for scopes alone, of everybody."""
    return (
        not clause.whole
        and bool(clause.alternatives)
        and all(
            rule.scopes and not rule.roles and rule.when is None and rule.unless is None for rule in clause.alternatives
        )
    )


def _access(asked: list[list[str]]) -> list[ConstDirectiveNode]:
    if not asked:
        return []
    if not all(asked):
        return [_directive("authenticated")]
    return [_directive("requiresScopes", scopes=asked)]


def _marks(
    own: Sequence[ConstDirectiveNode] | None, more: Sequence[ConstDirectiveNode]
) -> tuple[ConstDirectiveNode, ...]:
    return (*(own or ()), *more)


def _with(node: NodeT, **changed: object) -> NodeT:
    """The node with other members; nodes themselves are never changed."""
    return type(node)(**{**{key: getattr(node, key) for key in node.keys}, **changed})


def _directive(word: str, **arguments: object) -> ConstDirectiveNode:
    written = ", ".join(f"{key}: {_literal(value)}" for key, value in arguments.items())
    document = parse(f"scalar X @{word}" + (f"({written})" if written else ""), no_location=True)
    (made,) = cast("ScalarTypeDefinitionNode", document.definitions[0]).directives or ()
    return made


def _literal(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
