from __future__ import annotations

import httpx
import yaml

from gateway.demo import DemoServers, Entry, calls, trading_folder


async def test_a_batch_comes_back_unordered_with_a_duplicate_and_without_the_unknown(demo: DemoServers) -> None:
    async with httpx.AsyncClient(base_url=demo.crm_url) as client:
        asked = {"ids": "C0003,C0001,C9999,C0002"}
        commas = (await client.get("/customers", params=asked)).json()
        repeated = (await client.get("/customers?ids=C0003&ids=C0001&ids=C9999&ids=C0002")).json()
    assert [customer["id"] for customer in commas["data"]] == ["C0003", "C0002", "C0001", "C0003"]
    assert commas["data"][0] == commas["data"][3]
    assert commas["total"] == 3
    assert repeated == commas
    assert [entry.method for entry in calls(demo.journals["crm"], "/customers")] == ["GET", "GET"]
    assert demo.journals["crm"][0].detail == "ids=C0003%2CC0001%2CC9999%2CC0002"


async def test_no_ids_is_not_the_same_as_no_parameter(demo: DemoServers) -> None:
    async with httpx.AsyncClient(base_url=demo.crm_url) as client:
        assert (await client.get("/customers", params={"ids": ""})).json() == {"data": [], "total": 0}
        listed = (await client.get("/customers", params={"limit": 7, "segment": "wholesale"})).json()
    assert len(listed["data"]) == 7
    assert {customer["segment"] for customer in listed["data"]} == {"wholesale"}


async def test_too_much_and_nonsense_is_refused(demo: DemoServers) -> None:
    async with httpx.AsyncClient(base_url=demo.crm_url) as client:
        many = ",".join(f"C{number:04d}" for number in range(101))
        replies = [
            await client.get("/customers", params={"ids": many}),
            await client.get("/customers", params={"segment": "none"}),
            await client.get("/orders", params={"limit": "0"}),
            await client.get("/customers/C9999"),
            await client.get("/orders/x"),
            await client.post("/customers", json={"firstName": "no last name"}),
            await client.post("/customers", content=b"{"),
        ]
    assert [reply.status_code for reply in replies] == [400, 400, 400, 404, 404, 422, 400]
    assert {reply.headers["content-type"] for reply in replies} == {"application/problem+json"}


async def test_a_customer_is_created_and_found(demo: DemoServers) -> None:
    async with httpx.AsyncClient(base_url=demo.crm_url) as client:
        created = await client.post("/customers", json={"lastName": "Zuñiga", "segment": "business"})
        found = await client.get(created.headers["location"])
    assert created.status_code == 201
    assert found.json() == created.json()
    assert found.json()["lastName"] == "Zuñiga"
    assert demo.journals["crm"] == [
        Entry("POST", "/customers", ""),
        Entry("GET", "/customers/{id}", created.json()["id"]),
    ]


async def test_orders_point_to_nobody_and_nowhere_at_times(demo: DemoServers) -> None:
    async with httpx.AsyncClient(base_url=demo.crm_url) as client:
        orders = (await client.get("/orders", params={"limit": 500})).json()["data"]
        known = {customer["id"] for customer in (await client.get("/customers", params={"limit": 500})).json()["data"]}
        owner = next(order["customerId"] for order in orders if order["customerId"] in known)
        owned = (await client.get("/orders", params={"customerId": owner, "limit": 500})).json()
    named = {order["customerId"] for order in orders}
    assert None in named
    assert named - known == {None, "C9999"}
    assert {None, "INV-99999"} <= {order["invoiceNo"] for order in orders}
    assert [order["id"] for order in orders] == sorted((order["id"] for order in orders), reverse=True)
    assert {order["customerId"] for order in owned["data"]} == {owner}
    assert owned["total"] == len(owned["data"]) > 0


async def test_customers_lack_members_or_have_nulls(demo: DemoServers) -> None:
    async with httpx.AsyncClient(base_url=demo.crm_url) as client:
        customers = (await client.get("/customers", params={"limit": 500})).json()["data"]
    assert any("email" not in customer for customer in customers)
    assert any(customer.get("email", "") is None for customer in customers)
    assert any(customer["address"] is None for customer in customers)
    assert any("phone" not in customer for customer in customers)


async def test_every_reply_is_what_the_description_says(demo: DemoServers) -> None:
    document = yaml.safe_load((trading_folder() / "crm.openapi.yaml").read_text("utf-8"))
    schemas = document["components"]["schemas"]
    async with httpx.AsyncClient(base_url=demo.crm_url) as client:
        assert yaml.safe_load((await client.get("/openapi.yaml")).text) == document
        customers = (await client.get("/customers", params={"limit": 500})).json()
        orders = (await client.get("/orders", params={"limit": 500})).json()
    assert _faults(customers, {"$ref": "#/components/schemas/CustomerList"}, schemas) == []
    assert _faults(orders, {"$ref": "#/components/schemas/OrderList"}, schemas) == []
    broken = {**customers["data"][0], "lastName": None, "surprise": 1}
    assert len(_faults(broken, {"$ref": "#/components/schemas/Customer"}, schemas)) == 2
    operations = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
    assert operations == {"customers", "createCustomer", "customer", "orders", "order"}


KINDS = {"string": str, "integer": int, "array": list, "object": dict, "null": type(None)}


def _faults(value: object, schema: dict[str, object], schemas: dict[str, dict[str, object]]) -> list[str]:
    """What of ``value`` the schema does not describe: as much of JSON Schema as the CRM's description uses."""
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _faults(value, schemas[reference.rpartition("/")[2]], schemas)
    choices = schema.get("oneOf")
    if isinstance(choices, list):
        return min((_faults(value, choice, schemas) for choice in choices), key=len)
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not isinstance(value, tuple(KINDS[str(kind)] for kind in kinds)):
        return [f"{value!r} is no {kinds}"]
    values = schema.get("enum")
    if isinstance(values, list) and value not in values:
        return [f"{value!r} is not in {values}"]
    items, properties, required = schema.get("items"), schema.get("properties"), schema.get("required", [])
    found: list[str] = []
    if isinstance(value, list) and isinstance(items, dict):
        found += [fault for item in value for fault in _faults(item, items, schemas)]
    if isinstance(value, dict) and isinstance(properties, dict) and isinstance(required, list):
        found += [f"{name} is missing" for name in required if name not in value]
        found += [f"{name} is not described" for name in value if name not in properties]
        for name, item in value.items():
            found += _faults(item, properties[name], schemas) if name in properties else []
    return found
