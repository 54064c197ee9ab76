"""The data of the upstream: users, orders, products and stock. Plain values, the same in every run; no I/O."""

from __future__ import annotations

from typing import Any

USERS: list[dict[str, Any]] = [
    {"id": number, "name": f"User {number}", "email": f"user{number}@shop.example", "city": f"City {number % 17}"}
    for number in range(1, 101)
]

PRODUCTS: list[dict[str, str]] = [
    {"sku": f"SKU-{number:03}", "name": f"Product {number}", "brand": f"Brand {number % 9}", "unit": "piece"}
    for number in range(1, 51)
]

ORDERS: list[dict[str, Any]] = [
    {
        "id": number,
        "number": f"SO-{number:05}",
        "userId": number * 37 % 100 + 1,
        "sku": PRODUCTS[number * 7 % 50]["sku"],
        "quantity": number % 9 + 1,
        "total": number * 1.25,
        "status": ("open", "paid", "sent")[number % 3],
        "createdAt": f"2026-03-{number % 28 + 1:02}T08:00:00Z",
    }
    for number in range(1, 10_001)
]
"""Eight fields; the queries take the first 1,000 at most. Any 100 in a row have 100 different users, any
50 in a row 50 different products."""

STOCK: list[tuple[str, int, str]] = [
    (product["sku"], number * 3, f"Hall {number % 4}") for number, product in enumerate(PRODUCTS, 1)
]
"""Rows of the table ``inventory``: sku, quantity, warehouse."""
