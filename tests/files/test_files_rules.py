"""Rules on rows hold for files as for databases: in the statement, so that nothing is counted that is not seen."""

from __future__ import annotations

from pathlib import Path

from tests.access.rows_house import SERVER, token
from tests.files.shop import lay
from tests.through.gateway import codes, gateway

FILE = f"""
{SERVER}
sources:
  drop:
    files: ./drop
    tables:
      deliveries:
        path: deliveries/*.csv
        key: [ID]
        encoding: windows-1252
        references: [{{ columns: Kunde, table: customers }}]
      customers: {{ path: customers.jsonl, key: id }}
      products: {{ path: products.csv.gz, key: code }}
access:
  default: anonymous
  rules:
    Delivery: {{ rows: {{ customer: {{ name: {{ eq: $claims.sub }} }} }} }}
    Product.price: {{ rows: {{ code: {{ eq: "0815" }} }} }}
"""


async def test_rows_that_a_caller_may_not_see_are_nowhere(tmp_path: Path) -> None:
    lay(tmp_path / "drop")
    async with gateway(tmp_path, FILE) as house:
        house.client.headers["Authorization"] = f"Bearer {token(sub='Ann')}"
        found = await house.data(
            """{
              deliveries(orderBy: [{ id: ASC }]) { id }
              seen: delivery(id: "007") { id } hidden: delivery(id: "008") { id }
              deliveriesAggregate { count max { id } }
              deliveriesConnection(first: 1) { totalCount nodes { id } }
              customers(orderBy: [{ id: ASC }]) { name deliveries(orderBy: [{ id: ASC }]) { id } }
              through: customers(where: { deliveries: { some: { id: { eq: "008" } } } }) { name }
            }"""
        )
        assert found == {
            "deliveries": [{"id": "007"}, {"id": "010"}],
            "seen": {"id": "007"},
            "hidden": None,
            "deliveriesAggregate": [{"count": 2, "max": {"id": "010"}}],
            "deliveriesConnection": {"totalCount": 2, "nodes": [{"id": "007"}]},
            "customers": [
                {"name": "Ann", "deliveries": [{"id": "007"}, {"id": "010"}]},
                {"name": "Bob", "deliveries": []},
            ],
            "through": [],
        }
        body = await house.ask(
            "{ products(orderBy: [{ code: ASC }]) { code price } productsAggregate { sum { price } } }"
        )
        assert [row["price"] for row in body["data"]["products"]] == ["1.50", None]
        assert "2.00" not in str(body)
        assert "3.50" not in str(body)
        assert {code for code, _ in codes(body)} == {"FORBIDDEN"}
