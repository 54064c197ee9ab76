from __future__ import annotations

from typing import Any

import pytest

from resolvers.model import (
    Argument,
    Effect,
    Field,
    InputType,
    ListRef,
    ManyKeys,
    NamedRef,
    ObjectType,
    Operation,
    Scalar,
    ScalarRef,
    SourceModel,
)
from resolvers.problem import Problem
from resolvers.settings import SourceSettings
from resolvers.stated import apply

STRING = ScalarRef(Scalar.STRING)


def _type(name: str, **fields: Field) -> ObjectType:
    return ObjectType(name, fields)


def _model() -> SourceModel:
    result = NamedRef("GetInvoicesResponse")
    numbers = Argument("numbers", NamedRef("ArrayOf_string"), required=True)
    pairs = Argument("pairs", ListRef(NamedRef("Pair")))
    number = Argument("no", STRING, required=True)
    operations = [
        Operation("GetInvoices", Effect.WRITE, {"numbers": numbers, "pairs": pairs}, result),
        Operation("GetInvoice", Effect.READ, {"no": number}, NamedRef("Invoice")),
        Operation("PostPayment", Effect.WRITE, {}, None),
        Operation("VoidPayment", Effect.IDEMPOTENT, {}, None),
    ]
    types = {
        "GetInvoicesResponse": _type("GetInvoicesResponse", **{"return": Field("return", NamedRef("Invoices"))}),
        "Invoices": _type("Invoices", item=Field("item", ListRef(NamedRef("Invoice")), required=False)),
        "Invoice": _type("Invoice", number=Field("number", STRING), lines=Field("lines", ListRef(NamedRef("Line")))),
        "Line": _type("Line", sku=Field("sku", STRING, required=False)),
    }
    inputs = {
        "ArrayOf_string": InputType("ArrayOf_string", {"item": Argument("item", ListRef(STRING))}),
        "Pair": InputType("Pair", {"n": Argument("n", STRING), "year": Argument("year", STRING)}),
    }
    made = {operation.name: operation for operation in operations}
    return SourceModel("billing", "wsdl", made, types, inputs, declared=4)


def _apply(**settings: Any) -> tuple[SourceModel, list[Problem]]:
    return apply(_model(), SourceSettings.model_validate(settings))


def test_a_batch_operation_is_stated_whole() -> None:
    stated = {"effect": "read", "at": "return.item", "keys": "numbers.item", "by": "number", "compare": ["trim"]}
    model, problems = _apply(operations={"GetInvoices": {**stated, "max_keys": 50}})
    assert problems == []
    operation = model.operations["GetInvoices"]
    assert operation.effect is Effect.READ
    assert operation.at == ("return", "item")
    assert operation.result == ListRef(NamedRef("Invoice"), nullable=True)
    assert operation.keys == ManyKeys(("numbers", "item"), {"number": ""}, 50)
    assert operation.compare == {"trim"}


def test_lists_on_the_way_are_joined_and_members_that_may_be_absent_are_nullable() -> None:
    model, problems = _apply(operations={"GetInvoice": {"at": "lines.sku"}})
    assert problems == []
    sku = ScalarRef(Scalar.STRING, nullable=True)
    assert model.operations["GetInvoice"].result == ListRef(sku, nullable=True)


def test_composite_keys_name_the_parts_of_an_item() -> None:
    stated = {"effect": "read", "at": "return.item", "keys": "pairs", "by": {"number": "n"}}
    model, problems = _apply(operations={"GetInvoices": stated})
    assert problems == []
    assert model.operations["GetInvoices"].keys == ManyKeys(("pairs",), {"number": "n"})


@pytest.mark.parametrize("by", ["number", {"number": "no"}])
def test_an_operation_that_takes_one_key_is_told_which(by: object) -> None:
    model, problems = _apply(operations={"GetInvoice": {"by": by}})
    assert problems == []
    assert model.operations["GetInvoice"].by == {"number": "no"}


@pytest.mark.parametrize(
    ("stated", "what", "where", "mend"),
    [
        ({"at": "retrun.item"}, 'the reply has no member "retrun"', ("at",), 'did you mean "return"'),
        ({"at": "return.itme"}, '"return" has no member "itme"', ("at",), 'did you mean "item"'),
        ({"at": "return..item"}, '"return..item" is not a path', ("at",), "join members by single dots"),
        (
            {"keys": "numbers", "by": "number"},
            '"numbers" does not take a list',
            ("keys",),
            'did you mean "numbers.item"',
        ),
        ({"keys": "nubmers"}, '"GetInvoices" has no argument "nubmers"', ("keys",), 'did you mean "numbers"'),
        ({"keys": "numbers.item"}, "keys needs by: the field of the result that holds the key", ("keys",), "add by"),
        (
            {"at": "return.item", "keys": "numbers.item", "by": "nubmer"},
            'the result has no field "nubmer"',
            ("by",),
            'did you mean "number"',
        ),
        (
            {"at": "return.item", "keys": "pairs", "by": {"number": "yeer"}},
            'a key has no part "yeer"',
            ("by",),
            'did you mean "year"',
        ),
        (
            {"max_keys": 3},
            "max_keys says how many keys one call takes, and keys does not say where they go",
            ("max_keys",),
            "add keys, or remove max_keys",
        ),
    ],
)
def test_what_does_not_fit_is_named_with_the_nearest_spelling(
    stated: dict[str, object], what: str, where: tuple[str, ...], mend: str
) -> None:
    _, problems = _apply(operations={"GetInvoices": stated})
    assert problems == [Problem(what, ("operations", "GetInvoices", *where), mend)]


def test_unknown_operations_are_refused_wherever_they_are_named() -> None:
    _, problems = _apply(
        operations={"GetInvoises": {}}, include=["Get*", "Fetch*"], exclude=["PostPaymnet"], writes=["PostPaymet"]
    )
    assert [(problem.where, problem.mend) for problem in problems] == [
        (("operations", "GetInvoises"), 'did you mean "GetInvoices"'),
        (("include", 1), "see the operations with: isthmus inspect"),
        (("exclude", 0), 'did you mean "PostPayment"'),
        (("writes", 0), 'did you mean "PostPayment"'),
    ]


def test_writes_are_off_until_the_file_says_otherwise() -> None:
    model, _ = _apply()
    assert list(model.operations) == ["GetInvoice"]
    assert [(item.operation, item.reason) for item in model.left_out] == [
        ("GetInvoices", "writes are off"),
        ("PostPayment", "writes are off"),
        ("VoidPayment", "writes are off"),
    ]
    model, _ = _apply(writes=["PostPayment"])
    assert list(model.operations) == ["GetInvoice", "PostPayment"]
    model, _ = _apply(writes=True, exclude=["Void*"])
    assert list(model.operations) == ["GetInvoices", "GetInvoice", "PostPayment"]
    assert [(item.operation, item.reason) for item in model.left_out] == [("VoidPayment", "named by exclude")]


def test_each_part_of_a_key_is_compared_in_its_own_way() -> None:
    stated = {"effect": "read", "at": "return.item", "compare": {"number": ["trim", "number"]}}
    model, problems = _apply(operations={"GetInvoices": stated})
    assert problems == []
    operation = model.operations["GetInvoices"]
    assert (operation.compare, operation.compare_by) == (frozenset(), {"number": frozenset({"trim", "number"})})
    _, problems = _apply(operations={"GetInvoices": {"at": "return.item", "compare": {"nubmer": ["trim"]}}})
    assert problems == [
        Problem(
            'the result has no field "nubmer"',
            ("operations", "GetInvoices", "compare", "nubmer"),
            'did you mean "number"',
        )
    ]


@pytest.mark.parametrize(
    ("stated", "what", "where", "mend"),
    [
        ({"at": "item"}, 'the reply has no member "item"', "at", 'did you mean "return.item"'),
        (
            {"by": "number", "keys": "numbers.item", "compare": {"number": ["trim"]}},
            'the result has no field "number"',
            "by",
            "state at: return.item, since it is a field of what lies there",
        ),
        ({"at": "return.item", "keys": "zzz"}, '"GetInvoices" has no argument "zzz"', "keys", "write one of "),
    ],
)
def test_what_lies_deeper_or_is_like_nothing_is_offered(
    stated: dict[str, object], what: str, where: str, mend: str
) -> None:
    _, (problem,) = _apply(operations={"GetInvoices": stated})
    assert (problem.what, problem.where[2]) == (what, where)
    assert problem.mend.startswith(mend)
