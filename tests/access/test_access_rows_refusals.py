"""What of a rule on rows is not understood is refused when the file is loaded: where it stands, and how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.file.config import read
from resolvers import ConfigurationError, Problem
from tests.access.rows_house import rows_house
from tests.statements.shop import stated


async def raised(folder: Path, rule: str) -> tuple[Problem, ...]:
    """What loading says of a rule."""
    access = f"access:\n  default: authenticated\n  rules:\n    {rule}\n"
    with pytest.raises(ConfigurationError) as found:
        async with rows_house("sqlite", folder, access):
            raise AssertionError(rule)
    return tuple(found.value.problems)


@pytest.mark.parametrize(
    ("rule", "what", "where", "mend"),
    [
        ("Customer: { rows: { regoin: { eq: x } } }", '"Customer" has no field "regoin"', "rows.regoin", "region"),
        ("Customer: { rows: { region: { equ: x } } }", 'region has no operator "equ"', "rows.region.equ", "eq"),
        ("Customer: { rows: { region: x } }", "region needs an operator", "rows.region", "region: { eq: … }"),
        ("Customer: { rows: { id: { eq: x } } }", "id takes no such value: it is a Int", "rows.id.eq", ""),
        ("Customer: { rows: { id: { in: [1, two] } } }", "id takes no such value: it is a Int", "rows.id.in.1", ""),
        ("Customer: { rows: { id: { in: 1 } } }", "in takes a list, or a claim that is one", "rows.id.in", "$claims"),
        ("Customer: { rows: { region: { eq: null } } }", "a condition cannot be null", "rows.region.eq", "isNull"),
        ("Customer: { rows: { region: { isNull: yes } } }", "isNull is true or false", "rows.region.isNull", ""),
        (
            "Customer: { rows: { region: { eq: $claim.sub } } }",
            '"$claim.sub" is no claim',
            "rows.region.eq",
            "$claims.sub",
        ),
        ("Customer: { rows: { or: { id: { eq: 1 } } } }", "or takes a list of conditions", "rows.or", "or: ["),
        ("Customer: { rows: { or: [{}] } }", "a condition is a mapping that says something", "rows.or.0", ""),
        (
            "Customer: { rows: { orders: { id: { eq: 1 } } } }",
            'orders leads to many rows, of which nothing is "id"',
            "rows.orders.id",
            "",
        ),
        (
            "Customer: { rows: { orders: { some: { agent: { boss: { eq: x } } } } } }",
            'no condition can be on "Order.agent"',
            "rows.orders.some.agent",
            "",
        ),
        (
            "Order: { rows: { invoices: { number: { eq: x } } } }",
            "Order.invoices does not lead to one row",
            "rows.invoices",
            "one",
        ),
        ("Ticket: { rows: { watchers: { eq: x } } }", 'no condition can be on "Ticket.watchers"', "rows.watchers", ""),
        (
            "Ticket: { rows: { customer: { orders: { some: {} } } } }",
            'no condition can be on "Customer.orders"',
            "rows.customer.orders",
            "",
        ),
        ("Party: { rows: { id: { eq: 1 } } }", "Party is a union, which has no fields", "rows", "its members"),
        (
            "OrderAggregate: { rows: { count: { eq: 1 } } }",
            "is made by the gateway of rows of another type",
            "rows",
            "at that type",
        ),
        ("CustomerWhere: { rows: { id: { eq: 1 } } }", "CustomerWhere has no rows", "rows", "returned"),
        ("Customer.email: { mask: last4, rows: { id: { eq: 1 } } }", "wears no mask", "rows", "rows or mask"),
        ("Query: { rows: { id: { eq: 1 } } }", "Query has no rows", "rows", "at a field that calls a source"),
        (
            "Order.customer: { rows: { id: { eq: 1 } } }",
            "Order.customer does not lie in the row itself",
            "rows",
            "leads to",
        ),
        ("Query.agent: { rows: { boss: { eq: x } } }", '"Query.agent" has no field "boss"', "rows.boss", ""),
        (
            '"Query.agent(id:)": { rows: { id: { eq: x } } }',
            "an argument has no rows",
            "rows",
            "write it at Query.agent",
        ),
    ],
)
async def test_a_rule_that_is_not_understood_is_refused_where_it_stands(
    rule: str, what: str, where: str, mend: str, tmp_path: Path
) -> None:
    (problem,) = await raised(tmp_path, rule)
    assert what in problem.what
    assert ".".join(map(str, problem.where)).endswith(where)
    assert mend in problem.mend


async def test_a_problem_stands_at_its_line_of_the_file(tmp_path: Path) -> None:
    rule = (
        "Customer:\n      rows:\n        or:\n          - { region: { eq: north } }\n          - { regoin: { eq: x } }"
    )
    (problem,) = await raised(tmp_path, rule)
    file = tmp_path / "isthmus.yaml"
    told = read(file, {"URL": "sqlite:///shop.db"}).describe([problem])
    line = int(told.partition(":")[2].partition(" ")[0])
    assert "regoin" in file.read_text("utf-8").splitlines()[line - 1]
    assert 'did you mean "region"' in told


async def test_what_a_statement_of_the_file_makes_are_no_rows_that_a_rule_could_be_on(tmp_path: Path) -> None:
    columns = {"name": "String", "total": "Int"}
    statement = {"sales": {"sql": "SELECT name, 1 AS total FROM §customers", "returns": {"many": columns}}}
    with pytest.raises(ConfigurationError, match="is no row of a table"):
        async with stated("sqlite", tmp_path, statement, rest=_on("SalesRow")):
            raise AssertionError


def _on(name: str) -> str:
    return f"access: {{ default: authenticated, rules: {{ {name}: {{ rows: {{ name: {{ eq: x }} }} }} }} }}"
