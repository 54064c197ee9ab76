from __future__ import annotations

import pytest

from benchmarks.competitors import COMPETITORS, hive
from benchmarks.queries import CALLS
from benchmarks.records import ORDERS, PRODUCTS, STOCK, USERS
from benchmarks.stage import check_answers, count_calls, stage


def test_all_competitors_give_the_same_answers_and_these_are_the_data_of_the_upstream() -> None:
    users = {user["id"]: {"id": user["id"], "name": user["name"]} for user in USERS}
    products = {product["sku"]: product for product in PRODUCTS}
    stock = {sku: {"quantity": quantity, "warehouse": warehouse} for sku, quantity, warehouse in STOCK}
    written_in_python = [each for each in COMPETITORS if each is not hive.COMPETITOR and not each.asked_for]
    with stage(written_in_python) as running:
        players = running.players
        check_answers(players)
        first = players[0]
        user = USERS[0]
        assert first.data("Q1") == {"user": {"id": 1, "name": user["name"], "email": user["email"]}}
        assert first.data("Q2") == {"orders": ORDERS[:100]}
        joined = [{**order, "user": users[order["userId"]]} for order in ORDERS]
        assert first.data("Q3") == {"orders": joined[:100]}
        assert first.data("Q4") == {"orders": joined[:1000]}
        assert first.data("Q6") == {
            "orders": [{**order, "buyer": users[order["userId"]]} for order in ORDERS[:100]],
        }
        assert first.data("Q7") == {**first.data("Q3"), **first.data("Q1")}
        assert count_calls(running) == {player.name: CALLS for player in players}
        found = first.data("Q5")["orders"]
        assert len(found) == 50
        for order, answer in zip(ORDERS, found, strict=False):
            product = products[order["sku"]]
            assert answer == {
                "id": order["id"],
                "number": order["number"],
                "user": users[order["userId"]],
                "product": {
                    "sku": product["sku"],
                    "name": product["name"],
                    "brand": product["brand"],
                    "inventory": stock[order["sku"]],
                },
            }
        assert all(player.process.cpu_s() > 0 and player.process.peak_mib() > 1 for player in players)


@pytest.mark.skipif(not hive.PACKAGES.installed(), reason="make bench installs the packages of Hive Gateway, with npm")
def test_hive_gateway_gives_the_same_answers() -> None:
    with stage((COMPETITORS[0], hive.COMPETITOR)) as running:
        check_answers(running.players)
