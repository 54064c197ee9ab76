"""The page of ``isthmus access --html``: one table in one file, without a script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from schema import Caller, Held, Line

_STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; margin: 2rem; color: #1a1a1a }
table { border-collapse: collapse } th, td { border: 1px solid #ccc; padding: .25rem .5rem; vertical-align: top }
thead th { position: sticky; top: 0; background: #f3f3f3; text-align: left }
tbody th { text-align: left; font-weight: normal; font-family: ui-monospace, monospace }
.all { background: #d9f2dd } .masked { background: #fff3cd } .none { color: #999 } .write th { font-weight: bold }
details ul { margin: .25rem 0; padding-left: 1.2rem } small { color: #555 }
"""


def page(title: str, callers: Sequence[Caller], lines: Sequence[Line]) -> str:
    """The whole page; every text in it is escaped."""
    heads = "".join(f'<th scope="col">{escape(each.label)}</th>' for each in callers)
    rows = "\n".join(_row(line, callers) for line in lines)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Access: {escape(title)}</title>
<style>{_STYLE}</style>
<h1>Who can read and write what</h1>
<p>{escape(title)}: {len(lines)} coordinates, {len(callers)} classes of callers. Bold: writes. Open a cell for the ways
that lead there.</p>
<table>
<thead><tr><th scope="col">Coordinate</th><th scope="col">Needs</th>{heads}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</html>
"""


def _row(line: Line, callers: Sequence[Caller]) -> str:
    cells = "".join(_cell(line.held[each]) for each in callers)
    kind = ' class="write"' if line.coordinate.write else ""
    tags = "".join(f" <small>#{escape(tag)}</small>" for tag in line.tags)
    name = f"{escape(str(line.coordinate))}{tags}"
    return f'<tr{kind}><th scope="row">{name}</th><td>{"<br>".join(_asked(line))}</td>{cells}</tr>'


def _asked(line: Line) -> Iterator[str]:
    for each in line.asks:
        yield escape(each.words) + (f" <small>{escape(each.origin)}</small>" if each.origin else "")
    for each in line.rows:
        yield f"rows {escape(each.words)} <small>{escape(each.origin)}</small>"


def _cell(held: Held) -> str:
    if not held.level:
        return '<td class="none">no</td>'
    kind, word = ("masked", escape(held.mask)) if held.mask else ("all", "yes")
    ways = "".join(f"<li>{escape(str(way))}" for way in held.ways)
    more = f"<li>and by {held.count - len(held.ways)} more" if held.count > len(held.ways) else ""
    return f'<td class="{kind}"><details><summary>{word}</summary><ul>{ways}{more}</ul></details></td>'
