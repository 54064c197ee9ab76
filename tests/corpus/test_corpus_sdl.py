"""Twelve real documents of different character have the schemas that were read and found natural.

A change of names shows as a change of these files: ``.venv/bin/python -m tests.corpus.sdl`` writes them anew, to be
read before they are committed.
"""

from __future__ import annotations

import pytest

from tests.corpus.sdl import DOCUMENTS, SNAPSHOTS, bare, document, snapshot


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_real_document_has_the_schema_that_was_read(name: str) -> None:
    if not document(name).is_file():
        pytest.skip(f"the document is not at {document(name)}")
    assert bare(name) == snapshot(name).read_text(), "if it reads well: .venv/bin/python -m tests.corpus.sdl"


def test_each_snapshot_is_of_a_document() -> None:
    assert {path.stem for path in SNAPSHOTS.glob("*.graphql")} == set(DOCUMENTS)
