"""``docs/performance.md``: what stands between its markers is rewritten, and the pictures beside it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.process import ROOT

PAGE = ROOT / "docs" / "performance.md"


def write(section: str, content: str, picture: str | None, file: Path = PAGE) -> None:
    """Replaces what stands between the two markers of ``section`` (``figures``, ``growth``, ``databases``), and the
    section's picture where it has one.

    Raises:
        ValueError: the page has no such markers.
    """
    page = file.read_text("utf-8")
    begin, end = f"<!-- {section}: written by --write-docs -->\n", f"<!-- end of {section} -->"
    if page.count(begin) != 1 or page.count(end) != 1:
        raise ValueError(f"{file} must hold {begin.strip()} and {end} once each")
    before, _, rest = page.partition(begin)
    file.write_text(before + begin + "\n" + content + "\n" + end + rest.partition(end)[2], "utf-8")
    if picture is not None:
        file.with_name(f"performance-{section}.svg").write_text(picture, "utf-8")
