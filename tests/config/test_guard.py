from __future__ import annotations

from pathlib import Path

from gateway.guard import check, stranger

HOME = Path("/srv/isthmus")
OURS = {"schema": HOME / "schema", "resolvers": HOME / "resolvers"}


def test_this_environment_is_sound() -> None:
    assert check() == ""


def test_packages_beside_gateway_are_ours() -> None:
    assert stranger(HOME, OURS, {"schema": ["isthmus"], "resolvers": ["Isthmus", "isthmus"]}) == ""


def test_a_distribution_that_claims_our_package_is_named() -> None:
    assert stranger(HOME, OURS, {"schema": ["isthmus", "schema"]}) == (
        'The package "schema" of Isthmus is also installed by "schema". Two packages of one name cannot share an '
        'environment: uninstall "schema", or install Isthmus into an environment of its own.'
    )


def test_a_package_found_elsewhere_is_refused() -> None:
    found = {**OURS, "schema": Path("/usr/lib/python3/schema")}
    assert stranger(HOME, found, {}) == (
        'The package "schema" was found at /usr/lib/python3/schema, not beside gateway at /srv/isthmus. Something else '
        "of that name comes first on the import path: start Isthmus from another folder, or in an environment of its "
        "own."
    )
    assert "cannot be found" in stranger(HOME, {**OURS, "resolvers": None}, {})
