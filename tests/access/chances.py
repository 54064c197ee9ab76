"""Policies, worlds and operations by chance, for laws that must hold whatever they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from tests.access.oracle import FIELDS, KEYS, ONE, OWNERS, REGIONS, TABLES, TEAMS, Oracle, Policy
from tests.access.rows_house import World

CLAIMS: Mapping[str, Sequence[str]] = {
    "ownerId": ("$claims.sub",), "boss": ("$claims.sub",), "region": ("$claims.region",), "team": ("$claims.team",),
    "desk": ("$claims.team",), "id": ("$claims.number",), "total": ("$claims.number",),
}  # fmt: skip
LISTS: Mapping[str, str] = {"region": "$claims.regions", "team": "$claims.teams", "desk": "$claims.teams"}
RULED = ("email", "total", "team", "text", "amount")
"""Fields that may have a rule of their own."""
SQL = frozenset({"Customer", "Order"})


def condition(chance: Random, kind: str, depth: int = 2, *, through: bool = True) -> dict[str, Any]:
    """A condition of a rule on a type."""
    roll = chance.random()
    if depth and roll < 0.25:
        return {chance.choice(("and", "or")): [condition(chance, kind, depth - 1, through=through) for _ in range(2)]}
    if depth and roll < 0.35:
        return {"not": condition(chance, kind, depth - 1, through=through)}
    if through and roll < 0.55:
        leads = [(name, there) for (owner, name), (there, _, _) in ONE.items() if owner == kind]
        if kind == "Customer" and chance.random() < 0.6:
            inner = condition(chance, "Order", 1, through=False)
            return {"orders": {chance.choice(("some", "every", "none")): inner}}
        if leads:
            name, there = chance.choice(leads)
            return {name: condition(chance, there, 1, through=False)}
    return leaf(chance, kind)


def leaf(chance: Random, kind: str, *, claims: bool = True) -> dict[str, Any]:
    name = chance.choice(list(FIELDS[kind]))
    values = [value for value in FIELDS[kind][name] if value is not None]
    roll = chance.random()
    if roll < 0.15:
        return {name: {"isNull": chance.random() < 0.5}}
    if roll < 0.35:
        several: Any = chance.sample(values, min(2, len(values)))
        if claims and name in LISTS and chance.random() < 0.7:
            several = LISTS[name]
        return {name: {chance.choice(("in", "nin")): several}}
    value: Any = chance.choice(values)
    if claims and name in CLAIMS and not (name == "id" and isinstance(value, str)) and chance.random() < 0.6:
        value = chance.choice(CLAIMS[name])
    operators = ("eq", "eq", "ne", "gt", "lte") if isinstance(values[0], int) else ("eq", "eq", "ne")
    return {name: {chance.choice(operators): value}}


def policy(chance: Random) -> Policy:
    rows = {kind: condition(chance, kind) for kind in KEYS if chance.random() < 0.6}
    pairs = [
        (kind, name)
        for kind, named in FIELDS.items()
        for name in named
        if name in RULED and kind not in {"Person", "Firm"}
    ]
    # A field is shown by what lies in its row, and through a link; related rows of a database decide over rows alone.
    fields = {pair: condition(chance, pair[0], 1, through=False) for pair in pairs if chance.random() < 0.15}
    return Policy(rows, fields)


def claims(chance: Random) -> dict[str, Any]:
    found: dict[str, Any] = {"sub": chance.choice(OWNERS[:3])}
    maybe: dict[str, Sequence[Any]] = {
        "region": REGIONS, "team": TEAMS, "number": (1, 2, 10, 50, None, True),
        "regions": (["north"], ["north", "south"], [], "north", [None]), "teams": (["red"], ["red", "blue"], "red", []),
    }  # fmt: skip
    return found | {name: chance.choice(values) for name, values in maybe.items() if chance.random() < 0.8}


def world(chance: Random) -> World:
    return World(
        **{table: tuple(_rows(chance, kind)) for kind, table in TABLES.items()}, parties=tuple(_parties(chance))
    )


def _rows(chance: Random, kind: str) -> list[dict[str, Any]]:
    ids = [value for value in FIELDS[kind][KEYS[kind]] if value is not None]
    return [row(chance, kind, each) for each in ids if chance.random() < 0.75]


def row(chance: Random, kind: str, key: Any) -> dict[str, Any]:
    made = {KEYS[kind]: key}
    made |= {name: chance.choice(values) for name, values in FIELDS[kind].items() if name != KEYS[kind]}
    if kind == "Order":
        made["customerId"] = chance.choice((1, 2, 3, 4, 9, None))
    if kind == "Invoice":
        made["orderId"] = str(chance.randint(10, 14))
    return {_snake(name): value for name, value in made.items()} if kind in SQL else made


def _snake(name: str) -> str:
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name)


def _parties(chance: Random) -> list[dict[str, Any]]:
    return [
        {"kind": (kind := chance.choice(("Person", "Firm"))), **row(chance, kind, number)} for number in range(1, 6)
    ]


def other_world(chance: Random, oracle: Oracle) -> World:
    """A world that differs in what the caller cannot see, and in nothing else: rows are gone, new or changed."""
    seen = oracle.visible()
    made = oracle.world
    for table in (*TABLES.values(), "parties"):
        for _ in range(3):
            tried = made.with_rows(**{table: _changed(chance, table, list(getattr(made, table)))})
            if Oracle(tried, oracle.policy, oracle.claims).visible() == seen:
                made = tried
    return made


def _changed(chance: Random, table: str, rows: list[Any]) -> tuple[Any, ...]:
    kind = next((each for each, named in TABLES.items() if named == table), "")
    roll, at = chance.random(), chance.randrange(len(rows) + 1)
    if roll < 0.35 and rows:
        del rows[at % len(rows)]
    elif roll < 0.6:
        known = {row[KEYS[kind] if kind else "id"] for row in rows}
        fresh = {"agents": "a4", "invoices": "i9"}.get(
            table, max((each for each in known if isinstance(each, int)), default=9) + 1
        )
        if fresh not in known:
            new = chance.choice(("Person", "Firm"))
            rows.insert(at, row(chance, kind, fresh) if kind else {"kind": new, **row(chance, new, fresh)})
    elif rows:
        old = rows[at % len(rows)]
        fresh_row = row(chance, kind or old["kind"], old[KEYS[kind] if kind else "id"])
        rows[at % len(rows)] = {**old, **fresh_row} if chance.random() < 0.5 else {**old, **_one(chance, fresh_row)}
    return tuple(rows)


def _one(chance: Random, made: Mapping[str, Any]) -> dict[str, Any]:
    name = chance.choice(list(made))
    return {name: made[name]}


BELOW: Mapping[str, Mapping[str, str]] = {
    "Customer": {"orders": "Order", "tickets": "Ticket"},
    "Order": {"customer": "Customer", "agent": "Agent", "invoices": "Invoice"},
    "Agent": {"orders": "Order"},
    "Ticket": {"agent": "Agent", "watchers": "Agent", "customer": "Customer", "expert": "Agent", "byRole": "Agent"},
    "Invoice": {},
}
PARTY = "{ t: __typename ... on Person { p: id team age } ... on Firm { f: id team2: team vat } }"
Arguments = Callable[[Random, str], str]


def selection(chance: Random, kind: str, depth: int, arguments: Arguments) -> str:
    """What is asked of a row, its key among it."""
    names = [name for name in FIELDS[kind] if name != KEYS[kind] and chance.random() < 0.5]
    parts = [f"k: {KEYS[kind]}", *names]
    for name, there in BELOW[kind].items():
        if depth and chance.random() < 0.5:
            inner = selection(chance, there, depth - 1, arguments)
            inner = f"{{ key value {inner} }}" if name == "byRole" else inner
            given = arguments(chance, there) if kind in SQL | {"Agent"} and name == "orders" else ""
            alias = f"x_{name}: " if chance.random() < 0.2 else ""
            parts.append(f"{alias}{name}{given} {inner}")
    chance.shuffle(parts)
    if chance.random() < 0.2:
        parts = [f"... on {kind} {{ {' '.join(parts)} }}"]
    return f"{{ {' '.join(parts)} }}"


def where(chance: Random, kind: str, depth: int = 1, *, through: bool = True) -> str:
    """The text of a filter of a caller."""
    roll = chance.random()
    if depth and roll < 0.2:
        return f"{{ {chance.choice(('and', 'or'))}: [{where(chance, kind, 0)}, {where(chance, kind, 0)}] }}"
    if depth and roll < 0.3:
        return f"{{ not: {where(chance, kind, 0, through=through)} }}"
    if through and roll < 0.4:
        # Another system answers for its rows.
        inner = text(leaf(chance, "Agent" if kind == "Order" else "Ticket", claims=False))
        return f"{{ agent: {inner} }}" if kind == "Order" else f"{{ tickets: {{ some: {inner} }} }}"
    if through and roll < 0.65:
        there = where(chance, "Order" if kind == "Customer" else "Customer", 0, through=False)
        quantifier = chance.choice(("some", "every", "none"))
        return f"{{ orders: {{ {quantifier}: {there} }} }}" if kind == "Customer" else f"{{ customer: {there} }}"
    return text(leaf(chance, kind, claims=False))


def text(value: Any) -> str:
    """A value as GraphQL writes it."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name}: {text(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(text, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else f'"{value}"'


def any_arguments(chance: Random, kind: str) -> str:
    given = []
    if chance.random() < 0.4:
        given.append(f"where: {where(chance, kind)}")
    if chance.random() < 0.3:
        field = chance.choice([name for name in FIELDS[kind] if name != "id"])
        order = f"{{ {field}: ASC }}" if kind == "Customer" or chance.random() < 0.5 else "{ customer: { name: DESC } }"
        given.append(f"orderBy: [{order}, {{ id: ASC }}]")
        if chance.random() < 0.5:
            given.append(f"limit: {chance.randint(0, 3)}")
        elif kind == "Order" and chance.random() < 0.4:
            given.append("distinct: [status]")
        if chance.random() < 0.3:
            given.append(f"offset: {chance.randint(0, 2)}")
    return f"({', '.join(given)})" if given else ""


def plain_arguments(chance: Random, kind: str) -> str:
    """Filters that look at the rows alone, so that they and what is hidden do not touch each other."""
    return f"(where: {text(leaf(chance, kind, claims=False))})" if chance.random() < 0.3 else ""


def tree(chance: Random) -> str:
    """A query of rows and what they lead to, without anything that counts them."""
    return "{ " + " ".join(_root(chance, index, plain_arguments) for index in range(chance.randint(1, 3))) + " }"


def _root(chance: Random, index: int, arguments: Arguments) -> str:
    kind = chance.choice(("Customer", "Order", "Agent", "Ticket", "Invoice", "Party", "one"))
    if kind == "Party":
        return f"r{index}_Party: parties {PARTY}"
    if kind == "one":
        kind, field = chance.choice((("Customer", "customer"), ("Order", "order"), ("Agent", "agent")))
        key = chance.choice(list(FIELDS[kind]["id"]))
        return f"r{index}_{kind}: {field}(id: {text(key)}) {selection(chance, kind, 2, arguments)}"
    field = {"Invoice": "getInvoices"}.get(kind, TABLES.get(kind, ""))
    given = arguments(chance, kind) if kind in SQL else ""
    return f"r{index}_{kind}: {field}{given} {selection(chance, kind, 2, arguments)}"


def question(chance: Random) -> str:
    """Any operation at all."""
    roll = chance.random()
    if roll < 0.12:
        return _change(chance)
    parts = []
    for index in range(chance.randint(1, 3)):
        kind = chance.choice(("Customer", "Order"))
        name = TABLES[kind]
        roll = chance.random()
        if roll < 0.5:
            parts.append(_root(chance, index, any_arguments))
        elif roll < 0.7:
            given = f"(where: {where(chance, kind)}, " if chance.random() < 0.6 else "("
            field = chance.choice([each for each in FIELDS[kind] if each != "id"])
            functions = "max { total } sum { total }" if kind == "Order" else "max { email } countDistinct { ownerId }"
            parts.append(
                f"r{index}: {name}Aggregate{given}groupBy: [{field}]) {{ key {{ {field} }} count {functions} }}"
            )
            parts.append(f"s{index}: {name}Aggregate {{ count }}")
        elif roll < 0.9:
            given = f"where: {where(chance, kind)}, " if chance.random() < 0.6 else ""
            inner = selection(chance, kind, 1, any_arguments)
            parts.append(
                f"r{index}: {name}Connection({given}{chance.choice(('first', 'last'))}: {chance.randint(0, 3)})"
                f" {{ totalCount {_part(chance, inner)} pageInfo {{ hasNextPage hasPreviousPage endCursor }} }}"
            )
        else:
            inner = selection(chance, "Ticket", 1, any_arguments)
            parts.append(
                f"r{index}: ticketPagesConnection(first: {chance.randint(0, 3)})"
                f" {{ totalCount {_part(chance, inner)} pageInfo {{ hasNextPage hasPreviousPage endCursor }} }}"
            )
    return "{ " + " ".join(parts) + " }"


def _part(chance: Random, inner: str) -> str:
    nodes, edges = f"nodes {inner}", f"edges {{ cursor node {inner} }}"
    return chance.choice((nodes, edges, f"{nodes} {edges}"))


def _change(chance: Random) -> str:
    key, asked = chance.randint(10, 17), where(chance, "Order")
    changes = (
        f'updateOrder(id: {key}, set: {{ status: "paid" }}) {{ k: id status customer {{ name }} }}',
        f'updateOrder(id: {key}, set: {{ status: "open" }}, ifMatch: {where(chance, "Order", 0)}) {{ k: id }}',
        f'updateOrders(where: {asked}, set: {{ status: "open" }}) {{ affected returning {{ k: id }} }}',
        f"deleteOrder(id: {key}) {{ k: id agent {{ boss }} }}",
        f"deleteOrders(where: {asked}) {{ affected }}",
    )
    return f"mutation {{ x: {chance.choice(changes)} }}"
