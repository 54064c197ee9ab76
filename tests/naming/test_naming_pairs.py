"""Names that belong together, and names that are too long: what a reader of the file and of the schema finds alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.file.config import read
from gateway.snapshot import load
from resolvers import LONGEST, Effect, Operation, Scalar, ScalarRef, SourceModel
from resolvers.naming import Naming
from schema.naming import Pins
from schema.types import TypeBuilder

LONG = "circuits_circuit-terminations_bulk_partial_update"
"""An ``operationId`` of NetBox, of more letters than a name of GraphQL is given."""
ANSWER = {"204": {"description": ""}}
STRING = ScalarRef(Scalar.STRING)


def _document(paths: Mapping[str, Mapping[str, str]]) -> str:
    made: dict[str, Any] = {
        path: {method: {"operationId": name, "responses": ANSWER} for method, name in methods.items()}
        for path, methods in paths.items()
    }
    return json.dumps({"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": made})


async def _roots(folder: Path, document: str, stated: str = "writes: true") -> dict[str, str]:
    """The name of each operation inside the source → that of its field."""
    return {name: root for name, (_, root) in (await _served(folder, document, stated)).items()}


async def _served(folder: Path, document: str, stated: str) -> dict[str, tuple[str, str]]:
    """The name of each operation inside the source → method and path, and the name of its field."""
    (folder / "net.json").write_text(document)
    file = folder / "isthmus.yaml"
    file.write_text(
        f"sources:\n  net: {{ openapi: net.json, url: 'http://127.0.0.1:9', {stated} }}\n"
        "access: { default: anonymous }\n"
    )
    current = await load(read(file, {}))
    await current.close()
    assert current.built is not None
    given = current.built.given["net"].operations
    return {
        name: (operation.naming.place, given[operation.naming.place])
        for name, operation in current.sources["net"].model.operations.items()
        if operation.naming is not None
    }


async def test_an_operation_is_named_in_the_file_as_in_the_document_however_long(tmp_path: Path) -> None:
    document = _document(
        {
            "/circuits/circuit-terminations/": {"patch": LONG, "put": LONG.replace("_partial", "")},
            "/circuits/terminations/": {"patch": "circuitsterminationsbulkpartialupdate"},
        }
    )
    roots = await _roots(tmp_path, document, f"writes: [{LONG}], operations: {{ {LONG}: {{ effect: write }} }}")
    assert roots == {LONG: "bulkUpdateCircuitTerminations"}


async def test_a_documents_own_name_is_not_given_to_an_operation_without_one(tmp_path: Path) -> None:
    document = _document({"/orders": {"post": ""}, "/a/orders": {"post": "createOrder"}, "/b": {"post": "makeB"}})
    served = await _served(tmp_path, document, "writes: [createOrder]")
    assert served == {"createOrder": ("POST /a/orders", "createOrder")}


@pytest.mark.parametrize(("patch", "put", "wanted"), [
    ("dcim_sites_partial_update", "dcim_sites_update", ("updateDcimSite", "replaceDcimSite")),
    ("dcim_sites_bulk_partial_update", "dcim_sites_bulk_update", ("bulkUpdateDcimSites", "bulkReplaceDcimSites")),
    ("saveSite", "saveSite", ("updateSite", "replaceSite")),
    ("patchSite", "updateSite", ("patchSite", "updateSite")),
    (
        "dcim_console-server-port-templates_bulk_partial_update",
        "dcim_console-server-port-templates_bulk_update",
        ("bulkUpdateDcimConsoleServerPortTemplates", "bulkReplaceConsoleServerPortTemplates"),
    ),
])  # fmt: skip
async def test_two_ways_to_change_a_thing_are_told_apart_by_what_they_do(
    tmp_path: Path, patch: str, put: str, wanted: tuple[str, str]
) -> None:
    roots = await _roots(tmp_path, _document({"/dcim/sites/": {"patch": patch, "put": put}}))
    assert tuple(roots.values()) == wanted


def _model(source: str, *names: str) -> SourceModel:
    operations = {}
    for name in names:
        whole = Naming(f"GET /{name}", (name,))
        behind = Naming(f"GET /{name} connection", (f"{name}Connection",), 1)
        operations[name] = Operation(name, Effect.READ, {}, STRING, naming=whole)
        operations[f"{name}Connection"] = Operation(
            f"{name}Connection", Effect.READ, {}, STRING, connection_of=name, naming=behind
        )
    return SourceModel(source, "openapi", operations)


LISTS = ("listTenancyContactAssignmentsOfEveryTenant", "listVirtualMachinesOfClusterGroups", "sites")


@pytest.mark.parametrize("prefix", ["", "NET"])
def test_a_list_and_its_connection_differ_by_their_ending_alone(prefix: str) -> None:
    types = TypeBuilder(set(), set(), prefixes={"network": prefix})
    types.add(_model("first", *LISTS))
    types.add(_model("network", *LISTS))
    for made in types.sources.values():
        for name in LISTS:
            assert made.roots[f"{name}Connection"] == f"{made.roots[name]}Connection"
            assert len(made.roots[f"{name}Connection"]) <= LONGEST
    assert types.sources["first"].roots["sites"] == "sites"


def test_a_connection_follows_a_list_that_keeps_a_longer_name() -> None:
    kept = Pins({f"GET /{LISTS[1]}": LISTS[1]})
    types = TypeBuilder(set(), set(), prefixes={}, pins={"first": kept})
    types.add(_model("first", *LISTS))
    roots = types.sources["first"].roots
    assert roots[LISTS[1]] == LISTS[1]
    assert roots[f"{LISTS[1]}Connection"] == "listMachinesOfClusterGroupsConnection"


def test_what_stands_before_a_name_counts() -> None:
    long = "virtualMachinesOfEveryClusterGroup"
    for prefixes in ({}, {"warehouse": "Warehouse"}):
        types = TypeBuilder(set(), set(), prefixes=prefixes)
        types.add(_model("shop", long))
        types.add(_model("warehouse", long))
        root = types.sources["warehouse"].roots[long]
        assert root.startswith("warehouse")
        assert len(root) <= LONGEST


async def test_a_name_that_is_cut_is_never_that_which_another_operation_bears_as_it_stands(tmp_path: Path) -> None:
    long, short = "GetCompatibleVideoAnalyticsConfigurations", "GetVideoAnalyticsConfigurations"
    for paths in ({"/a": long, "/b": short}, {"/a": short, "/b": long}):
        document = _document({path: {"get": name} for path, name in paths.items()})
        named = await _roots(tmp_path, document, "recognise: false")
        assert max(named.values()) == "getVideoAnalyticsConfigurations"
        assert [path for path, name in paths.items() if name == short] == [
            place.split()[1]
            for place, root in (await _served(tmp_path, document, "recognise: false")).values()
            if root == "getVideoAnalyticsConfigurations"
        ]
