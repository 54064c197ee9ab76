"""YAML and JSON text read by the core rules of YAML 1.2 (section 10.3): ``NO``, ``12:30`` and dates stay strings.

It holds no knowledge of any document's meaning. Merge keys (``<<``) are understood, since other readers of 1.2 do;
duplicate keys, tags of other languages and collections that contain themselves are refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import NoReturn

import yaml

PREFIX = "tag:yaml.org,2002:"
STANDARD = frozenset(PREFIX + name for name in ("str", "int", "float", "bool", "null", "seq", "map", "merge"))


_QUOTED = re.compile(r""" "(?:[^"\\]|\\.)*" | '[^']*' | (?:^|\s)\#.* """, re.VERBOSE)
"""What cannot be the cause: strings in quotes, and comments."""
_BARE = re.compile(r"\$\{[^{}]*\}|(?<=[:,\[]\s)\{[\w.-]+\}(?=[^\s,}\]])")
"""``${…}``, and ``{word}`` followed by more, as in a path: to YAML both are mappings unless they are in quotes."""
_BEGUN = {"flow mapping": "{", "flow sequence": "[", "quoted scalar": "quote"}
"""What the parser says it was inside of → the sign that begins it."""


class YamlError(ValueError):
    """The text is not YAML or JSON as we read it; ``line`` is 1-based where it is known."""

    def __init__(self, what: str, line: int | None = None) -> None:
        super().__init__(what)
        self.line = line


class _Loader(yaml.CSafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML reads it from the class and fills it through add_implicit_resolver


def _implicit(tag: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(PREFIX + tag, re.compile(rf"^(?:{pattern})$"), list(first) or [""])


_implicit("null", "null|Null|NULL|~", "nN~")
_implicit("null", "", "")
_implicit("bool", "true|True|TRUE|false|False|FALSE", "tTfF")
_implicit("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789")
_implicit(
    "float",
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
    "-+.0123456789",
)
_implicit("merge", "<<", "<")


MAX_VALUES = 10_000_000
"""Of a document, each counted as often as it is referred to: a few short lines of aliases say billions."""


class Yaml:
    """A text that was read; JSON takes a faster way, its integers exact. ``value``: what it says.

    Raises:
        YamlError: malformed, not UTF-8, with duplicate keys or unknown tags, or nested too deeply.
    """

    def __init__(self, text: bytes | str, *, text_keys: bool = False, most: int = MAX_VALUES) -> None:
        """``text_keys``: keys are what is written, as in JSON, and ``200:`` is no number. ``most``: values of YAML,
        each counted as often as it is referred to.
        """
        self.text = _decode(text)
        self.is_json = False
        self._text_keys = text_keys
        self._most = most
        self._root: yaml.Node | None = None  # kept, since lines are wanted of most texts, and reading takes the time
        self.value = self._json() if self.text.lstrip()[:1] in {"{", "["} else self._yaml()

    def lines(self) -> Mapping[tuple[str | int, ...], int]:
        """The 1-based line of every key and every list item, by its path; the whole document is at ``()``.

        Raises:
            YamlError: JSON that is no YAML.
        """
        lines: dict[tuple[str | int, ...], int] = {(): 1}
        root = self._root or _compose(self.text)
        if root is not None:
            try:
                _mark(root, (), lines, frozenset())
            except RecursionError as error:
                raise YamlError("the document is nested too deeply") from error
        return lines

    def lines_at(self, paths: Iterable[tuple[str, ...]]) -> Mapping[tuple[str, ...], int]:
        """The 1-based lines of some keys and list items, indices written as text; what is not there is left out.

        Raises:
            YamlError: JSON that is no YAML.
        """
        root = self._root or _compose(self.text)
        found: dict[tuple[str, ...], int] = {}
        below: dict[int, dict[str, tuple[int, yaml.Node]]] = {}
        for path in paths:
            node, line = root, 1
            for part in path:
                if node is None:
                    break
                if id(node) not in below:
                    below[id(node)] = _below(node)
                line, node = below[id(node)].get(part, (0, None))
            if node is not None:
                found[path] = line
        return found

    def _json(self) -> object:
        try:
            value: object = json.loads(self.text, object_pairs_hook=_unique, parse_constant=_refuse)
        except YamlError:
            raise
        except RecursionError as error:
            raise YamlError("the document is nested too deeply") from error
        except ValueError:
            return self._yaml()  # a flow collection of YAML may look like JSON at first
        self.is_json = True
        return value

    def _yaml(self) -> object:
        self._root = _compose(self.text)
        if self._root is None:
            return None
        try:
            return _Values(text_keys=self._text_keys, most=self._most).of(self._root)
        except RecursionError as error:
            raise YamlError("the document is nested too deeply") from error


def _below(node: yaml.Node) -> dict[str, tuple[int, yaml.Node]]:
    """The values of a collection by key or index, each with its line."""
    if isinstance(node, yaml.MappingNode):
        return {str(name.value): (_line(name), value) for name, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return {str(index): (_line(value), value) for index, value in enumerate(node.value)}
    return {}


def load(text: bytes | str) -> object:
    """The value alone of a text, as of ``Yaml``."""
    return Yaml(text).value


def _decode(text: bytes | str) -> str:
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise YamlError("the document is not UTF-8") from error


def _compose(text: str) -> yaml.Node | None:
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(_fault(error, text), None if mark is None else mark.line + 1) from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise YamlError("the document is not YAML") from error
    except RecursionError as error:
        raise YamlError("the document is nested too deeply") from error
    return node


def _fault(error: yaml.MarkedYAMLError, text: str) -> str:
    """What the parser says, and where the line shows why: a tab as indentation, or a value that needs quotes."""
    what = error.problem or "not YAML"
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return what
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "the line begins with a tab; YAML is indented with spaces only"
    bare = _BARE.search(_QUOTED.sub("", line))
    if bare is None and what.startswith(("mapping values are not allowed", "did not find expected key")):
        said = _misplaced_key(lines, mark.line, mark.column)
        if said:
            return said
    if bare is None:
        return what + _unclosed(error)
    held = "${…}" if bare[0].startswith("$") else bare[0]  # a default inside may be nobody's business
    return f"{what}; put a value that holds {held} in quotes"


def _misplaced_key(lines: list[str], number: int, column: int) -> str:
    """Why a key cannot stand here: a second one in a line, or one that is indented unlike those above; else empty."""
    line = lines[number] if number < len(lines) else ""
    if re.search(r":\s", _QUOTED.sub("", line[:column])):
        return 'a second ":" in one line; put the value in quotes, or begin a new line for the second key'
    depth = len(line) - len(line.lstrip())
    told = [at for at in range(number) if lines[at].strip() and lines[at].lstrip()[0] != "#"]
    if not told or not re.match(r"\s*[\w.\"'-]+\s*:", line):
        return ""
    above = lines[told[-1]]
    if depth > len(above) - len(above.lstrip()) and not above.rstrip().endswith(":"):
        return f"the line is indented deeper than line {told[-1] + 1}, which has its value already; indent both alike"
    if all(len(lines[at]) - len(lines[at].lstrip()) != depth for at in told):
        return "the line is indented as none above it; indent it as the keys that it belongs to"
    return ""


def _unclosed(error: yaml.MarkedYAMLError) -> str:
    """Where begins what the parser was inside of, if that may not have been closed."""
    begun = next((sign for words, sign in _BEGUN.items() if words in (error.context or "")), None)
    if begun is None or error.context_mark is None:
        return ""
    return f"; close the {begun} that begins in line {error.context_mark.line + 1}"


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value] # add gives None: the name is remembered
        raise YamlError(f'the key "{twice}" is given twice')
    return members


def _refuse(constant: str) -> NoReturn:
    raise YamlError(f"{constant} is not JSON")


class _Values:
    """Nodes to values; an anchored node becomes one value however often it is referred to."""

    def __init__(self, *, text_keys: bool, most: int) -> None:
        self._text_keys = text_keys
        self._most = most
        self._done: dict[int, object] = {}
        self._sizes: dict[int, int] = {}
        self._open: set[int] = set()

    def of(self, node: yaml.Node) -> object:
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        key = id(node)
        if key in self._done:
            return self._done[key]
        if key in self._open:
            raise YamlError("a collection contains itself", _line(node))
        if node.tag not in STANDARD:
            raise YamlError(f"the tag {node.tag} is not understood", _line(node))
        self._open.add(key)
        value: object
        if isinstance(node, yaml.SequenceNode):
            value = [self.of(item) for item in node.value]
        else:
            assert isinstance(node, yaml.MappingNode)
            value = self._mapping(node)
        self._open.discard(key)
        self._done[key] = value
        parts = node.value if isinstance(node, yaml.SequenceNode) else [below for _, below in node.value]
        self._sizes[key] = 1 + sum(self._sizes.get(id(part), 1) for part in parts)
        if self._sizes[key] > self._most:
            raise YamlError(f"with its aliases the document has more than {self._most} values", _line(node))
        return value

    def _mapping(self, node: yaml.MappingNode) -> dict[object, object]:
        own: dict[object, object] = {}
        first: dict[object, int] = {}
        merged: dict[object, object] = {}
        for name, below in node.value:
            if name.tag == PREFIX + "merge":
                for part in below.value if isinstance(below, yaml.SequenceNode) else [below]:
                    members = self.of(part)
                    if not isinstance(members, dict):
                        raise YamlError("<< takes a mapping", _line(name))
                    merged = {**members, **merged}
                continue
            if not isinstance(name, yaml.ScalarNode):
                raise YamlError("a key is a plain word", _line(name))
            key = str(name.value) if self._text_keys else _scalar(name)
            if key in own:
                raise YamlError(f'the key "{key}" is given twice; the first stands in line {first[key]}', _line(name))
            first[key] = _line(name)
            own[key] = self.of(below)
        return {**merged, **own}


def _scalar(node: yaml.ScalarNode) -> object:
    kind, text = node.tag.removeprefix(PREFIX), str(node.value)
    try:
        match kind:
            case "str" | "merge":
                return text
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int":
                return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
            case "float":
                return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError as error:
        raise YamlError("a number that cannot be read", _line(node)) from error
    raise YamlError(f"the tag {node.tag} is not understood", _line(node))


def _mark(
    node: yaml.Node, path: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int], above: frozenset[int]
) -> None:
    if id(node) in above:
        raise YamlError("a collection contains itself", _line(node))
    above |= {id(node)}
    if isinstance(node, yaml.MappingNode):
        for name, below in node.value:
            if isinstance(name, yaml.ScalarNode):
                here = (*path, str(name.value))
                lines[here] = _line(name)
                _mark(below, here, lines, above)
    elif isinstance(node, yaml.SequenceNode):
        for index, below in enumerate(node.value):
            here = (*path, index)
            lines[here] = _line(below)
            _mark(below, here, lines, above)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
