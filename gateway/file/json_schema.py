"""The JSON Schema of the configuration file, for editors: of a whole file, of a part, and of what an environment says.

It is made of the models that each module owns, so that it knows every key that is read, and no other.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, create_model

from gateway.file.config import FileSettings
from resolvers import KINDS, settings_of


def json_schema(*, part: bool = False, overlay: bool = False) -> dict[str, Any]:
    """The JSON Schema of the whole file, for editors. ``part``: of a part, which needs no section. ``overlay``: of what
    an environment lays over it, which needs nothing, and takes away by null.
    """
    union: Any = None
    for kind in KINDS:
        model = settings_of(kind)
        union = model if union is None else union | model
    whole = create_model("Isthmus", __base__=FileSettings, sources=(dict[str, union], Field(min_length=1)))
    schema = whole.model_json_schema()
    if part:
        schema.pop("required", None)
        schema["$defs"]["AccessSettings"].pop("required", None)
    schema = _open_to_references(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **(_laid_over(schema) if overlay else schema)}


def _laid_over(node: Any) -> Any:
    """A schema of what is merged into a file that is whole: every key may be absent, or null."""
    if isinstance(node, list):
        return [_laid_over(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {}
    for key, value in node.items():
        if key in {"required", "minProperties"}:
            continue
        if key in _NAMES:
            inner = {name: _laid_over(item) for name, item in value.items()}
            made[key] = inner if key == "$defs" else {name: _or_null(item) for name, item in inner.items()}
        elif key == "additionalProperties" and isinstance(value, dict):
            made[key] = _or_null(_laid_over(value))
        else:
            made[key] = _laid_over(value)
    return made


def _or_null(node: dict[str, Any]) -> dict[str, Any]:
    about = {key: value for key, value in node.items() if key in _ABOUT}
    return {"anyOf": [{key: value for key, value in node.items() if key not in about}, {"type": "null"}], **about}


_REFERENCE = {"type": "string", "pattern": r"\$\{(env|file):[^{}]+\}"}
_NAMES = frozenset({"properties", "patternProperties", "$defs"})
"""What holds names that are ours, and no words of JSON Schema."""
_ABOUT = ("title", "description", "default", "deprecated")


def _open_to_references(node: Any) -> Any:
    """A schema of the file as it is written: where a plain value stands, ``${env:NAME}`` may stand in its place.

    The models see values after these were put in, so that their own schemas know nothing of references.
    """
    if isinstance(node, list):
        return [_open_to_references(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") in {"integer", "number", "boolean"} or (
        node.get("type") == "string" and not {"pattern", "enum", "const", "minLength", "maxLength"}.isdisjoint(node)
    ):
        about = {key: value for key, value in node.items() if key in _ABOUT}
        return {"anyOf": [{key: value for key, value in node.items() if key not in about}, _REFERENCE], **about}
    opened = {}
    for key, value in node.items():
        if key in _NAMES:
            opened[key] = {name: _open_to_references(item) for name, item in value.items()}
        elif key in {"items", "additionalProperties", "anyOf", "oneOf", "allOf", "prefixItems"}:
            opened[key] = _open_to_references(value)
        else:
            opened[key] = value
    return opened
