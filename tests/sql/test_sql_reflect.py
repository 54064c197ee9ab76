"""Catalogues of real databases, read into the neutral model."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from resolvers.documents import DescriptionError
from resolvers.model import ListRef, NamedRef, ObjectType, Relation, Scalar, ScalarRef, SourceModel, TypeRef
from resolvers.sql import DatabaseSettings, SqlSource, open_database
from resolvers.sql.catalogue.names import singular

CHINOOK = Path(__file__).parents[2].parent / "shared" / "corpus" / "sql" / "chinook.sqlite"


def type_of(model: SourceModel, coordinate: str) -> TypeRef:
    type_name, _, field = coordinate.partition(".")
    found = model.types[type_name]
    assert isinstance(found, ObjectType)
    return found.fields[field].type


def relation(model: SourceModel, type_name: str, name: str) -> Relation:
    return next(found for found in model.relations if (found.type, found.name) == (type_name, name))


@pytest.mark.parametrize(
    ("plural", "expected"),
    [
        ("customers", "customer"),
        ("companies", "company"),
        ("addresses", "address"),
        ("order_lines", "order_line"),
        ("OrderLines", "OrderLine"),
        ("PEOPLE", "PERSON"),
        ("boxes", "box"),
        ("houses", "house"),
        ("statuses", "status"),
        ("analyses", "analysis"),
        ("caches", "cache"),
        ("status", "status"),
        ("address", "address"),
        ("news", "news"),
        ("s", "s"),
        ("Album", "Album"),
    ],
)
def test_singular(plural: str, expected: str) -> None:
    assert singular(plural) == expected


def test_sqlite_types_and_nullability(shop: SqlSource) -> None:
    expected = {
        "id": ScalarRef(Scalar.INT),
        "billing_customer_id": ScalarRef(Scalar.INT, True),
        "total": ScalarRef(Scalar.DECIMAL, True),
        "placed": ScalarRef(Scalar.DATE_TIME, True),
        "due": ScalarRef(Scalar.DATE, True),
        "ref": ScalarRef(Scalar.UUID, True),
        "rate": ScalarRef(Scalar.FLOAT, True),
        "raw": ScalarRef(Scalar.BASE64, True),
        "doc": ScalarRef(Scalar.JSON, True),
    }
    assert {name: type_of(shop.model, f"orders.{name}") for name in expected} == expected
    assert type_of(shop.model, "customers.name") == ScalarRef(Scalar.STRING)
    assert type_of(shop.model, "customers.active") == ScalarRef(Scalar.BOOLEAN, True)


def test_operations_by_key(shop: SqlSource) -> None:
    operations = shop.model.operations
    by_key = {name: dict(found.by) for name, found in operations.items() if found.by}
    assert by_key == {
        "address": {"id": "id"},
        "company": {"id": "id"},
        "customer": {"id": "id"},
        "customer_by_email": {"email": "email"},
        "order_line": {"order_id": "order_id", "line_no": "line_no"},
        "order": {"id": "id"},
        "shipment": {"id": "id"},
        "staff_by_id": {"id": "id"},
        "status_by_id": {"id": "id"},
    }
    assert operations["customer_by_email"].arguments["email"].type == ScalarRef(Scalar.STRING)
    assert all(found.not_found_is_null for found in operations.values() if found.by)
    assert operations["customers"].result == ListRef(NamedRef("customers"))
    rows = operations["orders"].rows
    assert rows is not None
    assert "doc" not in rows.filterable
    assert "raw" in rows.filterable - rows.orderable


def test_relations_both_ways(shop: SqlSource) -> None:
    model = shop.model
    assert relation(model, "orders", "billing_customer").match == (("billing_customer_id", "id"),)
    assert relation(model, "orders", "shipping_customer").operation == "customers"
    assert relation(model, "customers", "orders_by_billing_customer").many
    assert relation(model, "customers", "orders_by_shipping_customer").match == (("id", "shipping_customer_id"),)
    composite = (("order_id", "order_id"), ("line_no", "line_no"))
    assert relation(model, "shipments", "order_line").match == composite
    assert relation(model, "order_lines", "shipments").match == composite
    assert relation(model, "staff", "boss").many is False
    assert relation(model, "staff", "staff").match == (("id", "boss_id"),)


def test_no_relation_hides_a_column(shop: SqlSource, depot: SqlSource) -> None:
    for model in (shop.model, depot.model):
        names = [(found.type, found.name) for found in model.relations]
        assert len(set(names)) == len(names)
        for type_name, name in names:
            found = model.types[type_name]
            assert isinstance(found, ObjectType)
            assert name not in found.fields


def test_what_is_not_served_is_reported(shop: SqlSource) -> None:
    reasons = {left.operation: left for left in shop.model.left_out}
    assert "nowhere" in reasons["companies.gone_id"].reason
    assert reasons["spenders.n"].degraded
    assert "broken" in reasons
    assert "broken" not in shop.model.operations
    assert shop.model.declared == len(shop.model.operations) + 1
    assert "note" not in shop.model.operations
    assert "spender" not in shop.model.operations


def test_postgresql_types(depot: SqlSource) -> None:
    text = ScalarRef(Scalar.STRING, True)
    expected: dict[str, TypeRef] = {
        "id": ScalarRef(Scalar.INT),
        "billing_no": ScalarRef(Scalar.INT, True),
        "big": ScalarRef(Scalar.BIG_INT, True),
        "total": ScalarRef(Scalar.DECIMAL, True),
        "fee": ScalarRef(Scalar.DECIMAL, True),
        "rate": ScalarRef(Scalar.FLOAT, True),
        "small": ScalarRef(Scalar.FLOAT, True),
        "paid": ScalarRef(Scalar.BOOLEAN, True),
        "placed": ScalarRef(Scalar.DATE_TIME, True),
        "booked": ScalarRef(Scalar.DATE_TIME, True),
        "due": ScalarRef(Scalar.DATE, True),
        "at": ScalarRef(Scalar.TIME, True),
        "ref": ScalarRef(Scalar.UUID, True),
        "doc": ScalarRef(Scalar.JSON, True),
        "raw": ScalarRef(Scalar.BASE64, True),
        "tags": ListRef(text, True),
        "moods": ListRef(NamedRef("mood", True), True),
        "took": text,
        "peer": text,
    }
    assert {name: type_of(depot.model, f"orders.{name}") for name in expected} == expected
    assert [value.value for value in depot.model.enums["mood"].values] == ["sad", "so-so", "happy"]
    degraded = {left.operation for left in depot.model.left_out if left.degraded}
    assert degraded >= {"orders.took", "orders.peer"}


def test_postgresql_comments_keys_and_relations(depot: SqlSource) -> None:
    customers = depot.model.types["customers"]
    assert isinstance(customers, ObjectType)
    assert customers.description == "Who buys."
    assert customers.fields["name"].description == "As on the letter."
    assert customers.key == ("region", "no")
    assert set(depot.model.operations["customer"].arguments) == {"region", "no"}
    assert "customer_by_email" in depot.model.operations
    assert "hidden_by_word" not in depot.model.operations, "a partial index promises nothing"
    forward = [found for found in depot.model.relations if found.type == "orders" and not found.many]
    assert {found.match for found in forward} == {
        (("billing_region", "region"), ("billing_no", "no")),
        (("shipping_region", "region"), ("shipping_no", "no")),
    }
    assert {"totals", "sleepy"} <= set(depot.model.operations)


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("oracle://u:hunter2@h/d", "not supported yet"),
        ("postgresql+psycopg://u:hunter2@h/d", "not supported yet"),
        ("sqlite:///absent.db", "no database file"),
        ("sqlite://", "in memory"),
        ("hunter2", "not the URL"),
        ("postgresql://u:hunter2@h/d?options=-csearch_path", "not supported yet"),
        ("postgresql://u:hunter2@127.0.0.1:1/d", "cannot be reached: the connection was refused"),
        ("mariadb://u:hunter2@127.0.0.1:1/d", "cannot be reached: the connection was refused"),
        ("postgresql://u:hunter2@no-such-host.invalid/d", "cannot be reached: the name of its host is not known"),
        ("mysql://u:hunter2@127.0.0.1:1/", "names no database"),
        ("mysql://u:hunter2@127.0.0.1:1/d?init_command=x", "not supported yet"),
        ("mysql://u:hunter2@127.0.0.1:1/d?ssl_ca=absent.pem", "cannot be read"),
    ],
)
async def test_a_bad_url_is_a_problem_without_secrets(url: str, what: str, tmp_path: Path) -> None:
    settings = DatabaseSettings.model_validate({"database": url})
    with pytest.raises(DescriptionError) as caught:
        await open_database("x", settings, tmp_path)
    assert what in caught.value.problem.what
    assert "hunter2" not in repr(caught.value.problem)
    assert caught.value.problem.where == ("database",)


async def test_a_file_that_is_no_database_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(DescriptionError, match="not a database"):
        await open_database("x", DatabaseSettings.model_validate({"database": "sqlite:///x.db"}), tmp_path)


async def test_a_schema_that_is_not_there_is_a_problem(sqlite_file: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{quote(sqlite_file.name)}"
    settings = DatabaseSettings.model_validate({"database": url, "schemas": ["sales"]})
    with pytest.raises(DescriptionError) as caught:
        await open_database("x", settings, tmp_path)
    assert caught.value.problem.where == ("schemas",)


@pytest.mark.skipif(not CHINOOK.exists(), reason="the corpus with chinook.sqlite is not beside the repository")
async def test_chinook_is_served_whole() -> None:
    settings = DatabaseSettings.model_validate({"database": f"sqlite:///{CHINOOK}"})
    source = await open_database("chinook", settings, Path())
    try:
        assert not source.model.left_out
        assert len(source.model.types) == 11
        assert source.model.declared == len(source.model.operations) == 22
        assert len(source.model.relations) == 22
    finally:
        await source.close()
