"""Names for what an OpenAPI document leaves unnamed: operations without ``operationId``, inline types. Spelling."""

from __future__ import annotations

import re

VERBS = {"post": "create", "put": "replace", "patch": "update", "delete": "delete", "head": "head"}
SILENT = re.compile(r"api|v\d+(\.\d+)*", re.IGNORECASE)


def operation_name(method: str, path: str) -> str:
    """``GET /customers/{id}/orders`` → ``customerOrders``; ``DELETE /orders/{id}`` → ``deleteOrderById``."""
    segments = [segment for segment in path.split("/") if segment and not SILENT.fullmatch(segment)]
    words: list[str] = []
    for index, segment in enumerate(segments):
        parameters = re.findall(r"\{([^}]*)\}", segment)
        literal = joined(re.sub(r"\{[^}]*\}", " ", segment))
        of_one = index + 1 < len(segments) and segments[index + 1].startswith("{")
        if literal:
            words.append(singular(literal, plain=True) if of_one else literal)
        if parameters and index == len(segments) - 1:
            words.append("By" + "And".join(joined(name) for name in parameters))
    if method == "post" and words and not segments[-1].startswith("{"):
        words[-1] = singular(words[-1], plain=True)
    name = VERBS.get(method, "") + "".join(words) or "root"
    return name[:1].lower() + name[1:]


def joined(name: str) -> str:
    """A member's name as the later part of a type's name: ``shipping_address`` → ``ShippingAddress``."""
    words = "".join(letter if letter.isalnum() else " " for letter in name).split()
    return "".join(word[:1].upper() + word[1:] for word in words)


def singular(name: str, *, plain: bool = False) -> str:
    """The English singular where it is easy; otherwise the name itself (``plain``) or with ``Item`` behind it."""
    if name.endswith("ies") and len(name) > 4:
        return f"{name[:-3]}y"
    if name.endswith(("sses", "xes", "ches", "shes")):
        return name[:-2]
    if name.endswith("s") and not name.endswith(("ss", "us", "is")):
        return name[:-1]
    return name if plain else f"{name}Item"
