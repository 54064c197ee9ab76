"""``python -m tests.pages`` writes the reference of all keys anew."""

from __future__ import annotations

from tests.pages.keys import FOLDER, pages

if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")
