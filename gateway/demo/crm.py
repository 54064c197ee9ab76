"""The demo company's CRM: a REST API over customers and orders, as ``examples/trading/crm.openapi.yaml`` describes it.

It behaves as real ones do: a batch comes back in another order than asked, with a duplicate, without the unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.demo.folder import trading_folder
from gateway.demo.journal import Entry, Journal
from gateway.demo.records import Record, customers, orders

MAX_IDS = 100
MAX_LIMIT = 500
DEFAULT_LIMIT = 20
SEGMENTS = frozenset({"private", "business", "wholesale"})
MEMBERS = frozenset({"firstName", "lastName", "company", "segment", "email", "creditLimit", "tags"})


class _Refused(Exception):
    def __init__(self, status: int, title: str) -> None:
        super().__init__(title)
        self.status = status


def app(journal: Journal | None = None) -> Starlette:
    """The server; ``app.state.journal`` is ``journal``, or a new one. Its data is its own and dies with it."""
    crm = _Crm(journal if journal is not None else [])
    routes = [
        Route("/openapi.yaml", crm.description),
        Route("/customers", crm.list_customers, methods=["GET"]),
        Route("/customers", crm.create_customer, methods=["POST"]),
        Route("/customers/{id}", crm.get_customer),
        Route("/orders", crm.list_orders),
        Route("/orders/{id}", crm.get_order),
    ]
    made = Starlette(routes=routes, exception_handlers={_Refused: _problem})
    made.state.journal = crm.journal
    return made


async def _problem(_: Request, error: Exception) -> Response:
    """Problem details (RFC 9457)."""
    assert isinstance(error, _Refused)
    content = {"title": str(error), "status": error.status}
    return JSONResponse(content, error.status, media_type="application/problem+json")


class _Crm:
    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.customers = {customer["id"]: customer for customer in customers()}
        self.orders = {order["id"]: order for order in orders()}

    async def description(self, _: Request) -> Response:
        content = (trading_folder() / "crm.openapi.yaml").read_bytes()
        return Response(content, media_type="application/yaml")

    async def list_customers(self, request: Request) -> Response:
        self._note(request, "/customers")
        wanted = _list(request, "ids")
        segment = request.query_params.get("segment")
        if segment is not None and segment not in SEGMENTS:
            raise _Refused(400, "unknown segment")
        if wanted is None:
            found = list(self.customers.values())
        elif len(wanted) > MAX_IDS:
            raise _Refused(400, f"at most {MAX_IDS} ids")
        else:
            found = [self.customers[key] for key in sorted(set(wanted), reverse=True) if key in self.customers]
        found = [customer for customer in found if segment in {None, customer["segment"]}]
        if wanted is None:
            return _envelope(found[: _limit(request)], len(found))
        return _envelope([*found, *found[:1]], len(found))

    async def get_customer(self, request: Request) -> Response:
        self._note(request, "/customers/{id}")
        return _one(self.customers.get(request.path_params["id"]))

    async def create_customer(self, request: Request) -> Response:
        self._note(request, "/customers")
        try:
            given = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            raise _Refused(400, "the body is not JSON") from None
        if not isinstance(given, dict) or not given.keys() <= MEMBERS:
            raise _Refused(422, "the body is not a customer")
        if not isinstance(given.get("lastName"), str) or given.get("segment", "private") not in SEGMENTS:
            raise _Refused(422, "lastName is needed, and segment is one of three")
        key = f"C{len(self.customers) + 1:04d}"
        made: Record = {
            "id": key,
            "firstName": None,
            "company": None,
            "segment": "private",
            "creditLimit": None,
            "createdAt": "2026-11-01T09:00:00Z",
            "address": None,
            "tags": [],
            **given,
        }
        self.customers[key] = made
        return JSONResponse(made, 201, {"location": f"/customers/{key}"})

    async def list_orders(self, request: Request) -> Response:
        self._note(request, "/orders")
        customer, status = request.query_params.get("customerId"), request.query_params.get("status")
        found = [
            order
            for order in reversed(self.orders.values())
            if customer in {None, order["customerId"]} and status in {None, order["status"]}
        ]
        return _envelope(found[: _limit(request)], len(found))

    async def get_order(self, request: Request) -> Response:
        self._note(request, "/orders/{id}")
        key = request.path_params["id"]
        return _one(self.orders.get(int(key)) if key.isascii() and key.isdigit() and len(key) < 10 else None)

    def _note(self, request: Request, operation: str) -> None:
        detail = request.path_params.get("id", request.url.query)
        self.journal.append(Entry(request.method, operation, detail))


def _list(request: Request, name: str) -> list[str] | None:
    """A list parameter, repeated or with commas; ``None`` when it was not given."""
    values = request.query_params.getlist(name)
    return [part for value in values for part in value.split(",") if part] if values else None


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= MAX_LIMIT:
        raise _Refused(400, f"limit is a number from 1 to {MAX_LIMIT}")
    return int(text)


def _envelope(data: Sequence[Record], total: int) -> Response:
    return JSONResponse({"data": list(data), "total": total})


def _one(record: Any) -> Response:
    if record is None:
        raise _Refused(404, "there is no such record")
    return JSONResponse(record)
