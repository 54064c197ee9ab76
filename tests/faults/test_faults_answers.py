"""A source that is late, silent, cut off or not understood: an error in its place, the others whole, no write twice."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.faults.injector import (
    Bandwidth,
    Blackhole,
    CutsReused,
    Drip,
    Fault,
    Garbage,
    HalfOpen,
    Latency,
    Passes,
    ResetAfterRequest,
    ResetBeforeRequest,
    ResetOnAccept,
    ResetWithinAnswer,
    SlowAccept,
    Truncated,
)
from tests.faults.world import FILE, ORDERS, POST_INVOICE, World, codes, world

HASTY = FILE.replace("timeout_s: 2", "timeout_s: 1")
LATE, GONE, BAD = "SOURCE_TIMEOUT", "SOURCE_UNAVAILABLE", "SOURCE_BAD_RESPONSE"
ALERT = b"\x15\x03\x01\x00\x02\x02\x46"
"""What a server of TLS says to who speaks plainly."""
FAULTS: list[tuple[str, Fault, set[str]]] = [
    ("late", Latency(30), {LATE}),
    ("silent", Blackhole(), {LATE}),
    ("half open", HalfOpen(), {LATE}),
    ("byte by byte", Drip(0.1), {LATE}),
    ("ever so slowly", Bandwidth(20), {LATE}),
    ("does not accept", SlowAccept(30), {LATE}),
    ("resets on accept", ResetOnAccept(), {GONE}),
    ("resets before it heard", ResetBeforeRequest(), {GONE}),
    ("resets after it heard", ResetAfterRequest(), {GONE}),
    ("resets within the head", ResetWithinAnswer(20), {GONE, BAD}),
    ("resets within the body", ResetWithinAnswer(75), {GONE, BAD}),
    ("cut within the head", Truncated(20), {GONE, BAD}),
    ("cut within the body", Truncated(75), {GONE, BAD}),
    ("no HTTP", Garbage(), {BAD}),
    ("HTTP/0.9", Garbage(b'[{"ref": "forged"}]\r\n'), {BAD}),
    ("HTTP/2", Garbage(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00"), {BAD}),
    ("TLS on a plain port", Garbage(ALERT), {BAD}),
]
MATRIX = pytest.mark.parametrize(("fault", "told"), [each[1:] for each in FAULTS], ids=[each[0] for each in FAULTS])
READ = '{ orders { ref } getInvoices(numbers: { item: ["I1"] }) { number } products { sku } }'
PLACE = "mutation($ref: String!) { placeOrder(body: { ref: $ref }) { ref } }"
KEEP = "mutation($ref: String!) { keepOrder(ref: $ref, body: { ref: $ref }) { ref } }"
REFS = [{"ref": order["ref"]} for order in ORDERS]


async def both_faulty(there: World, fault: Fault) -> None:
    for injector in (there.to_shop, there.to_billing):
        injector.choose(fault)
        await injector.drop()


async def well(there: World) -> None:
    """Once the sources are well, so is everything that is asked."""
    await both_faulty(there, Passes())
    async with asyncio.timeout(20):
        while "errors" in await there.ask(READ):  # noqa: ASYNC110  # a breaker may have to try first, on a busy machine
            await asyncio.sleep(0.05)


PATIENT = FILE.replace("timeout_s: 2", "timeout_s: 20").replace("deadline_s: 5", "deadline_s: 25")
SHOP = PATIENT.replace("writes: true, timeout_s: 20", "writes: true, timeout_s: 0.5")
BILLING = PATIENT.replace("timeout_s: 20\n", "timeout_s: 0.5\n")


@MATRIX
async def test_a_read_fails_in_its_place_and_its_siblings_stand(tmp_path: Path, fault: Fault, told: set[str]) -> None:
    for file, field in ((SHOP, "orders"), (BILLING, "getInvoices")):
        async with world(tmp_path, file) as there:
            faulty = there.to_shop if field == "orders" else there.to_billing
            faulty.choose(fault)
            body = await there.ask(READ)
            ((code, path),) = codes(body)
            assert (code in told, path) == (True, [field]), code
            whole = {"orders": REFS, "getInvoices": [{"number": "I1"}], "products": [{"sku": "anvil"}, {"sku": "rope"}]}
            assert body["data"] == {**whole, field: None}
            if not isinstance(fault, SlowAccept):  # which is deaf for as long
                async with asyncio.timeout(20):
                    await faulty.until_open(0)
            await well(there)


@MATRIX
async def test_a_write_is_sent_once_and_never_called_failed_where_it_may_have_happened(
    tmp_path: Path, fault: Fault, told: set[str]
) -> None:
    async with world(tmp_path, HASTY) as there:
        await both_faulty(there, fault)
        asked = [
            (PLACE, {"ref": "a"}, there.shop.placed, "a", there.to_shop),
            (KEEP, {"ref": "b"}, there.shop.kept, "b", there.to_shop),
            (POST_INVOICE, {"no": "c"}, there.billing.posted, "c", there.to_billing),
        ]
        for mutation, variables, counts, name, injector in asked:
            sent = injector.asked
            ((code, _),) = codes(await there.ask(mutation, None, **variables))
            assert code in {"OUTCOME_UNKNOWN"} | (told & {GONE}), (mutation, code)
            # To keep an order twice is to keep it once (PUT), so that alone may be sent again.
            assert injector.asked - sent == counts[name] <= (3 if mutation is KEEP else 1), mutation
            if code != "OUTCOME_UNKNOWN":
                assert not counts[name], "what was carried out is never called failed"
        await well(there)
        assert max([*there.shop.placed.values(), *there.billing.posted.values(), 0]) <= 1


async def test_a_kept_connection_that_died_costs_no_read_and_no_write_is_sent_twice(tmp_path: Path) -> None:
    async with world(tmp_path, HASTY) as there:
        await there.data(READ)
        for injector in (there.to_shop, there.to_billing):
            injector.choose(CutsReused())
        assert (await there.data(READ))["orders"] == REFS
        for number in range(5):
            body = await there.ask(PLACE, None, ref=f"a{number}")
            assert [code for code, _ in codes(body)] in ([], ["OUTCOME_UNKNOWN"])
            assert there.shop.placed[f"a{number}"] == (0 if "errors" in body else 1)


async def test_a_key_that_fails_or_hangs_is_null_alone_and_is_asked_anew(tmp_path: Path) -> None:
    async with world(tmp_path, HASTY) as there:
        there.shop.failing.add("C1")
        body = await there.ask("{ orders { customer { name } product { name } } }")
        assert codes(body) == [("SOURCE_FAULT", ["orders", row, "customer"]) for row in (1, 4)]
        assert [order["customer"] for order in body["data"]["orders"]] == [
            None if row % 3 == 1 else {"name": f"Customer C{row % 3}"} for row in range(6)
        ]
        assert all(order["product"] for order in body["data"]["orders"])
        there.shop.failing.clear()
        there.shop.hanging.add("C2")
        body = await there.ask("{ orders { customer { name } buyer { name } } }")
        assert codes(body) == [("SOURCE_TIMEOUT", ["orders", row, "customer"]) for row in (2, 5)]
        assert all(order["buyer"] for order in body["data"]["orders"])
        there.shop.hanging.clear()
        assert all(order["customer"] for order in (await there.data("{ orders { customer { name } } }"))["orders"])


async def test_a_request_that_ends_takes_nothing_from_another_that_asks_the_same(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        there.shop.hold = asyncio.Event()
        query = "{ orders { buyer { name } payer { name } } }"
        hurried, patient = await _both(there, query)
        assert {code for code, _ in codes(hurried)} == {"SOURCE_TIMEOUT"}
        assert len(hurried["data"]["orders"]) == len(ORDERS)
        assert "errors" not in patient
        assert all(order["buyer"] == order["payer"] is not None for order in patient["data"]["orders"])


async def _both(there: World, query: str) -> tuple[Any, Any]:
    """Two callers of one question: one whose time is up before it is answered, one who waits."""
    assert there.shop.hold is not None
    patient = asyncio.create_task(there.ask(query))
    hurried = await there.ask(query, {"X-Request-Timeout": "0.3"})
    there.shop.hold.set()
    return hurried, await patient


THREE = """mutation {
    first: placeOrder(body: { ref: "1" }) { ref }
    second: postInvoice(invoice: { idAttribute: "1", number: "2", total: { currency: "EUR", value: "1" }, state: null,
                                   ibanOrCard: { iban: "DE" } }) { accepted }
    third: keepOrder(ref: "3", body: { ref: "3" }) { ref }
}"""


@pytest.mark.parametrize(
    ("fault", "code", "posted"),
    [(ResetAfterRequest(), "OUTCOME_UNKNOWN", 1), (Garbage(), "OUTCOME_UNKNOWN", 0), (None, GONE, 0)],
    ids=["lost", "garbage", "nobody listens"],
)
async def test_of_several_changes_the_answer_says_which_happened(
    tmp_path: Path, fault: Fault | None, code: str, posted: int
) -> None:
    async with world(tmp_path, HASTY) as there:
        if fault is None:
            await there.to_billing.stop()
        else:
            there.to_billing.choose(fault)
        body = await there.ask(THREE)
        assert codes(body) == [(code, ["second"])]
        assert body["data"] == {"first": {"ref": "1"}, "second": None, "third": {"ref": "3"}}
        assert (there.shop.placed["1"], there.billing.posted["2"], there.shop.kept["3"]) == (1, posted, 1)


async def test_several_changes_are_made_one_after_the_other(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        there.to_shop.choose(Latency(0.1))
        refs = [f"r{number}" for number in range(4)]
        fields = " ".join(f'{ref}: placeOrder(body: {{ ref: "{ref}" }}) {{ ref }}' for ref in refs)
        assert list(await there.data(f"mutation {{ {fields} }}")) == refs
        assert [json.loads(heard.body)["ref"] for heard in there.shop_server.heard] == refs
        assert there.shop_server.most_in_flight == 1
