"""Pydantic's findings become problems: at their place in the file, in our own words, with how to mend them.

What a field may hold is said by the settings models; no message here shows a value, which may be a secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from resolvers import Key, Problem, Settings, nearest

_WORDS = {
    "tuple_type": 'a list is needed, as ["…"]',
    "list_type": 'a list is needed, as ["…"]',
    "dict_type": "a mapping is needed, as { key: value }",
    "model_type": "a mapping is needed, as { key: value }",
    "model_attributes_type": "a mapping is needed, as { key: value }",
    "string_type": "a text is needed",
    "bool_type": "true or false is needed",
    "bool_parsing": "true or false is needed",
    "int_type": "a whole number is needed",
    "int_parsing": "a whole number is needed",
    "int_from_float": "a whole number is needed",
    "float_type": "a number is needed",
    "float_parsing": "a number is needed",
}
"""Pydantic's type of a finding → the sentence; all others keep Pydantic's."""

_UNITS = {"_s": "seconds", "_bytes": "bytes", "_mb": "megabytes"}
"""How keys end that count something → what they count."""

_ACCESS = "access: { default: authenticated }"
_SOURCES = "sources: { crm: { openapi: crm.openapi.yaml } }"
_SECTIONS: dict[tuple[Key, ...], str] = {("access",): _ACCESS, ("sources",): _SOURCES}
_MAPPINGS = frozenset({"dict_type", "model_type", "model_attributes_type"})
_CHOICES = frozenset({"literal_error", "enum"})


def problems_of(error: ValidationError, model: type[Settings], raw: object, prefix: tuple[Key, ...]) -> list[Problem]:
    """Pydantic's findings as problems; names of union branches are dropped from its paths.

    A check of our own says how to mend what it found in the context of its error, under ``mend``.
    """
    merged: dict[tuple[Key, ...], Problem] = {}
    for item in _meant(error.errors(include_url=False, include_input=False), raw):
        where, inside = _path(item["loc"], raw)
        if item["type"] not in {"extra_forbidden", "missing"}:
            where = inside  # what follows names a branch of a union, or that a key is meant
        if item["type"] == "extra_forbidden":
            key = str(where[-1])
            known = _known(model, where[:-1])
            near = nearest(key, known)
            mend = _outdented(where, raw) or near or (f"known keys are {', '.join(sorted(known))}" if known else "")
            meant = near.removeprefix('did you mean "').removesuffix('"') if mend == near else ""
            problem = Problem(f'unknown key "{key}"', where, mend, meant=meant)
        elif item["type"] == "missing":
            name = str(item["loc"][-1])
            problem = Problem(f'"{name}" is missing', inside, _add(model, where, name) + _of_a_part(inside, name, raw))
        elif item["type"] in _CHOICES:
            problem = Problem(_sentence(item["type"], item["msg"]), where, _choose(_about(model, where)))
        else:
            section = _SECTIONS.get(where, "") if item["type"].startswith(("model_", "dict_")) else ""
            mend = f"write {section}" if section and model.__name__ == "FileSettings" else ""
            mend = item.get("ctx", {}).get("mend", mend) or _alone(item["type"], where)
            mend = mend or ("write true or false" if item["type"] == "bool_parsing" else "")
            mend = mend or _switched(item["type"], model, where, _at(raw, where))
            problem = Problem(_short(item) or _sentence(item["type"], item["msg"]), where, mend)
        known_problem = merged.get(problem.where)
        if known_problem is not None and known_problem.what != problem.what and item["type"] != "missing":
            problem = Problem(f"{known_problem.what}, or {problem.what}", problem.where, problem.mend)
        key_of = (*problem.where, problem.what) if item["type"] == "missing" else problem.where
        merged[key_of] = problem
    written = {(*each.where[:-1], each.meant) for each in merged.values() if each.meant}
    return [
        problem.under(*prefix)
        for problem in merged.values()
        if not _another_form(problem, merged.values()) and (*problem.where, _lacking(problem)) not in written
    ]


def _lacking(problem: Problem) -> str:
    """The key that is missing, by what is told of it; empty where something else is told."""
    name, found, _ = problem.what.rpartition('" is missing')
    return name.removeprefix('"') if found else ""


_KINDS = frozenset({"openapi", "wsdl", "database", "files"})


def _outdented(where: tuple[Key, ...], raw: object) -> str:
    """That a source stands beside ``sources`` and not below it; empty for any other unknown key."""
    value = raw.get(where[0]) if len(where) == 1 and isinstance(raw, dict) else None
    return "indent it, so that it stands below sources" if isinstance(value, dict) and value.keys() & _KINDS else ""


_FORMS = frozenset(_WORDS.values())


def _another_form(problem: Problem, all_of_them: Iterable[Problem]) -> bool:
    """Whether a value was written in another of the forms that a key may have: what is wrong inside it is told."""
    depth = len(problem.where)
    return problem.what in _FORMS and any(
        len(other.where) > depth and other.where[:depth] == problem.where for other in all_of_them
    )


def _meant(items: Sequence[ErrorDetails], raw: object) -> Iterator[ErrorDetails]:
    """The findings, but for those of words that might have stood where a mapping stands whose own mistakes are told."""
    places = [_path(item["loc"], raw)[1] for item in items]
    for item, where in zip(items, places, strict=True):
        others = (each for each, place in zip(items, places, strict=True) if place[: len(where)] == where)
        told = any(each["type"] not in _CHOICES for each in others)
        if not (told and item["type"] in _CHOICES and isinstance(_at(raw, where), dict)):
            yield item


def _at(raw: object, where: tuple[Key, ...]) -> object:
    value: Any = raw
    for part in where:
        value = value[part]
    return value


def _switched(kind: str, model: type[Settings], where: tuple[Key, ...], given: object) -> str:
    """What to write for a section that somebody switched on or off as if it were a key."""
    if kind not in _MAPPINGS or not isinstance(given, bool):
        return ""
    if isinstance(_node_of(model, where).get("default"), dict):  # it is there whatever is said
        return "leave it out for its defaults, or write what is to be otherwise"
    if not given:
        return "leave it out"
    section = _node(model, where)
    keys: Mapping[str, Any] = section.get("properties", {})
    whole = all(key.get("default") is not None for key in keys.values())  # {} may not do where some are empty
    wanted = ", ".join(section.get("required") or sorted(keys))
    return f"write {'{} for its defaults, or ' if whole else ''}what it is to say: {wanted}"


def _alone(kind: str, where: tuple[Key, ...]) -> str:
    """That a number stands without its unit, which its key names."""
    if not kind.startswith(("float_", "int_")) or not where:
        return ""
    unit = next((unit for end, unit in _UNITS.items() if str(where[-1]).endswith(end)), "")
    return f"write the number of {unit} alone" if unit else ""


def _short(item: Mapping[str, Any]) -> str:
    """What is said of a text or a list that is too short; empty for any other finding."""
    if item["type"] not in {"string_too_short", "too_short"}:
        return ""
    least = item["ctx"]["min_length"]
    thing = "entries" if item["ctx"].get("field_type") in {"List", "Tuple", "Dictionary"} else "characters"
    return "it must not be empty" if least == 1 else f"at least {least} {thing} are needed"


def _sentence(kind: str, message: str) -> str:
    if kind in _WORDS:
        return _WORDS[kind]
    text = message.removeprefix("Value error, ").replace("Input should be", "it must be")
    if kind in _CHOICES:
        text = text.replace("False", "false").replace("True", "true")  # as the file spells them
    return text[:1].lower() + text[1:]


def _add(model: type[Settings], where: tuple[Key, ...], name: str) -> str:
    """How to mend that a key is missing: an example for a section of the file, the choices where there are some."""
    section = _SECTIONS.get((*where[:-1], name)) if len(where) == 1 else None
    if section is not None:
        return f"add {section}"
    about = _about(model, where)
    return f"add {name} ({about})" if about else f"add {name}"


def _of_a_part(inside: tuple[Key, ...], name: str, raw: object) -> str:
    """What to do instead where a section is missing that a part of a configuration need not have: adding it there
    would say for all parts what only one file may say.
    """
    whole = inside or (name,) not in _SECTIONS or not isinstance(raw, dict) or "include" in raw
    return "" if whole else "; if it is a part that another file includes, check that file"


def _choose(about: str) -> str:
    return f"choose one of them ({about})" if about else ""


def _about(model: type[Settings], where: tuple[Key, ...]) -> str:
    """The description of a key without its full stop: it says what each value means."""
    return str(_node_of(model, where).get("description", "")).rstrip(".")


def _node_of(model: type[Settings], where: tuple[Key, ...]) -> Mapping[str, Any]:
    """What the JSON Schema says of a key, or of that whose list holds an entry; empty where it knows none."""
    if not where:
        return {}
    parents = where[:-1] if isinstance(where[-1], str) else where[:-2]
    name = where[len(parents)] if len(parents) < len(where) else ""
    node: Mapping[str, Any] = _node(model, parents).get("properties", {}).get(name, {})
    return node


def _path(loc: tuple[int | str, ...], raw: object) -> tuple[tuple[Key, ...], tuple[Key, ...]]:
    """The path in the file (an unknown last part is kept), and the part of it that exists."""
    path: list[Key] = []
    value: Any = raw
    for index, part in enumerate(loc):
        if _holds(value, part):
            value = value[part]
            path.append(part)
        elif index == len(loc) - 1 and isinstance(value, dict):
            return (*path, part), tuple(path)
    return tuple(path), tuple(path)


def _holds(value: object, part: int | str) -> bool:
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, dict) and part in value


def _known(model: type[Settings], where: tuple[Key, ...]) -> set[str]:
    """The keys that a settings model knows at a path."""
    return set(_node(model, where).get("properties", {}))


def _node(model: type[Settings], where: tuple[Key, ...]) -> dict[str, Any]:
    """The JSON Schema of what a settings model holds at a path; empty when it says nothing about the path."""
    schema = model.model_json_schema()
    node: dict[str, Any] = schema
    for part in where:
        if isinstance(part, int):
            lists = [branch for branch in (node, *_branches(node)) if isinstance(branch.get("items"), dict)]
            if not lists:
                return {}
            node = lists[0]["items"]
            continue
        node = _resolve(node, schema)
        properties = node.get("properties", {})
        if part in properties:
            node = properties[part]
        elif isinstance(node.get("additionalProperties"), dict):
            node = node["additionalProperties"]
        elif node.get("patternProperties"):
            node = next(iter(node["patternProperties"].values()))  # names of the file's own, all of one kind
        else:
            return {}
    return _resolve(node, schema)


def _branches(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [*node.get("anyOf", ()), *node.get("oneOf", ())]


def _resolve(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for branch in _branches(node):
        if "$ref" in branch:
            return _resolve(branch, schema)
    if "$ref" in node:
        found: dict[str, Any] = schema["$defs"][node["$ref"].rpartition("/")[2]]
        return found
    return node
