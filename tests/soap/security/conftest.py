"""Who signs: this gateway, an authority, and a billing service with a certificate from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soap.security.pki import Signatory, signatory


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pki")


@pytest.fixture(scope="module")
def ours(room: Path) -> Signatory:
    return signatory(room, "gateway")


@pytest.fixture(scope="module")
def authority(room: Path) -> Signatory:
    return signatory(room, "authority", authority=True)


@pytest.fixture(scope="module")
def theirs(room: Path, authority: Signatory) -> Signatory:
    return signatory(room, "billing", authority)
