"""What the trading company knows: customers, orders and invoices, the same at every start.

Untidy on purpose, as real data is: nulls, missing members, references that point nowhere. How each system hands its
part out is the business of ``crm.py``, ``billing.py`` and ``warehouse.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

Record = dict[str, Any]

CUSTOMERS = 240
ORDERS = 960
PRODUCTS = 320
START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
TODAY = date(2026, 11, 1)

UNKNOWN_CUSTOMER = "C9999"
"""A customer that some orders name and nobody has."""
UNKNOWN_INVOICE = "INV-99999"
"""An invoice that some orders name and billing never wrote."""
UNKNOWN_SKU = "SKU-9999"
"""A product that some orders and shipments name and the warehouse never had."""
DAMAGED_INVOICE = "INV-00000"
"""An invoice whose archive is damaged: asking for it makes billing answer with a fault. No order names it."""

_FIRST = ("Ada", "Bruno", "Chidi", "Dolores", "Eino", "Farah", "Grażyna", "Hiro", "Ines", "Jonas", "Kofi", "Lívia")
_LAST = (
    "Almeida",
    "Brandt",
    "Castillo",
    "Dũng",
    "Eriksen",
    "Fischer",
    "Greco",
    "Haddad",
    "Ivanova",
    "Okafor",
    "O'Neil",
)
_CITIES = (("Panamá", "PA"), ("Colón", "PA"), ("Rotterdam", "NL"), ("Hamburg", "DE"), ("Leeds", "GB"), ("Oslo", "NO"))
_SEGMENTS = ("private", "business", "wholesale")
_STATUSES = ("new", "packed", "shipped", "delivered", "cancelled")
_CURRENCIES = ("EUR", "USD", "GBP")


def spread(number: int, salt: int, size: int) -> int:
    """A number below ``size`` that looks drawn and is always the same (multiplicative hashing)."""
    return ((number * 2_654_435_761 + salt * 40_503_001) >> 9) % size


def customer_id(number: int) -> str:
    return f"C{number:04d}"


def sku(number: int) -> str:
    return f"SKU-{number:04d}"


def customers() -> list[Record]:
    """Every customer as the CRM writes it. Some have ``null`` for an e-mail address, some no such member at all."""
    return [_customer(number) for number in range(1, CUSTOMERS + 1)]


def orders() -> list[Record]:
    """Every order as the CRM writes it, oldest first."""
    return [_order(number) for number in range(1, ORDERS + 1)]


def invoices(of: Sequence[Mapping[str, Any]]) -> list[Record]:
    """The invoices that billing holds for ``of`` (orders): amounts are ``Decimal``, dates ``date``."""
    return [_invoice(order) for order in of if order["invoiceNo"] not in {None, UNKNOWN_INVOICE}]


def balances(of: Sequence[Mapping[str, Any]]) -> dict[str, Record]:
    """Customer → what is open and what is overdue, in euros, over the invoices of ``of`` (orders)."""
    owner = {order["invoiceNo"]: order["customerId"] for order in of}
    found: dict[str, Record] = {}
    for invoice in invoices(of):
        customer = owner[invoice["number"]]
        if customer is None or invoice["paid"]:
            continue
        entry = found.setdefault(customer, {"balance": Decimal(0), "overdue": Decimal(0)})
        entry["balance"] += invoice["amount"]
        if invoice["dueDate"] < TODAY:
            entry["overdue"] += invoice["amount"]
    return found


def _customer(number: int) -> Record:
    first, last = _FIRST[spread(number, 1, len(_FIRST))], _LAST[spread(number, 2, len(_LAST))]
    city, country = _CITIES[spread(number, 3, len(_CITIES))]
    segment = _SEGMENTS[spread(number, 4, len(_SEGMENTS))]
    customer: Record = {
        "id": customer_id(number),
        "firstName": first if number % 13 else None,
        "lastName": last,
        "company": f"{last} & Co." if segment != "private" else None,
        "segment": segment,
        "creditLimit": f"{spread(number, 5, 90) * 250 + 500}.00" if number % 9 else None,
        "birthday": str(date(1950, 1, 1) + timedelta(days=spread(number, 6, 20_000))) if segment == "private" else None,
        "createdAt": _instant(START - timedelta(days=number * 3, minutes=number * 7)),
        "address": {"street": f"{number} Canal Street", "city": city, "postcode": None, "country": country},
        "tags": [tag for tag, step in (("newsletter", 2), ("vip", 17), ("net-60", 5)) if number % step == 0],
    }
    if number % 11 == 0:
        customer["address"] = None
    if number % 7 == 0:
        customer["email"] = None
    elif number % 10:
        customer["email"] = f"{first}.{last}{number}@example.com".lower().replace("'", "")
    if number % 3 == 0:
        customer["phone"] = f"+507 555 {number:04d}"
    return customer


def _order(number: int) -> Record:
    lines: list[Record] = [
        {"sku": sku(spread(number, 20 + place, PRODUCTS) + 1), "quantity": spread(number, 30 + place, 9) + 1}
        for place in range(spread(number, 12, 4) + 1)
    ]
    if number % 41 == 0:
        lines.append({"sku": UNKNOWN_SKU, "quantity": 1})
    if number % 29 == 0:
        lines.append(dict(lines[0]))
    customer: str | None = customer_id(spread(number, 10, CUSTOMERS) + 1)
    if number % 17 == 0:
        customer = None
    elif number % 23 == 0:
        customer = UNKNOWN_CUSTOMER
    invoice: str | None = f"INV-{number:05d}"
    if number % 6 == 0:
        invoice = None
    elif number % 31 == 0:
        invoice = UNKNOWN_INVOICE
    return {
        "id": number,
        "number": f"SO-{10_000 + number}",
        "customerId": customer,
        "invoiceNo": invoice,
        "placedAt": _instant(START + timedelta(hours=number * 7, seconds=number)),
        "total": f"{sum(line['quantity'] for line in lines) * (spread(number, 13, 4_000) + 99) / 100:.2f}",
        "status": _STATUSES[spread(number, 14, len(_STATUSES))],
        "lines": lines,
    }


def _invoice(order: Mapping[str, Any]) -> Record:
    number = order["id"]
    due = (START + timedelta(hours=number * 7, days=30)).date()
    paid = spread(number, 40, 3) > 0
    return {
        "number": order["invoiceNo"],
        "orderId": number if number % 37 else None,
        "amount": Decimal(order["total"]),
        "currency": _CURRENCIES[spread(number, 41, len(_CURRENCIES))],
        "dueDate": due,
        "paid": paid,
        "note": "call before delivery" if number % 8 == 0 else None,
        "status": "paid" if paid else "overdue" if due < TODAY else "open",
        "lines": [
            {"text": line["sku"], "quantity": line["quantity"], "amount": _share(order, place)}
            for place, line in enumerate(order["lines"])
        ],
    }


def _share(order: Mapping[str, Any], place: int) -> Decimal:
    """The part of the total that falls to one line; the first line takes what rounding leaves."""
    total, count = Decimal(order["total"]), len(order["lines"])
    each = (total / count).quantize(Decimal("0.01"))
    return each if place else total - each * (count - 1)


def _instant(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
