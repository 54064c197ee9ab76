"""How a source wants to be proved to, in words and as YAML to paste into its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import yaml

from resolvers import SecurityNeed, SourceModel


def needs_of(model: SourceModel) -> list[SecurityNeed]:
    """The needs of operations that are served."""
    return [need for need in model.needs if not model.operations.keys().isdisjoint(need.operations)]


def who(model: SourceModel, need: SecurityNeed) -> str:
    """Which of the operations that are served ask for it: ``customer needs``, or how many."""
    served = [name for name in need.operations if name in model.operations]
    return f"{served[0]} needs" if len(served) == 1 else f"{len(served)} operations need"


def wanted(model: SourceModel, need: SecurityNeed) -> str:
    """What an operation asks for, as ``a and b, or c``."""
    return ", or ".join(" and ".join(_words(model, name) for name in names) for names in need.alternatives)


def lines(model: SourceModel) -> Iterator[str]:
    """The lines of ``isthmus inspect``: every need with the settings that meet its alternatives."""
    for need in needs_of(model):
        yield f"  {who(model, need)} {wanted(model, need)}"
        for number, names in enumerate(need.alternatives):
            settings = settings_of(model, names)
            yield "    in the file, under the source:" if number == 0 else "    or:"
            if settings is None:
                yield "      there is no setting for it"
                continue
            text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=1000)
            yield from (f"      {line}" for line in text.splitlines())


def settings_of(model: SourceModel, names: tuple[str, ...]) -> dict[str, object] | None:
    """The settings that do all of the schemes at once; ``None`` where one of them cannot be done."""
    merged: dict[str, object] = {}
    auth: dict[str, object] = {}
    for name in names:
        scheme = model.schemes.get(name)
        if scheme is None or not scheme.settings:
            return None
        for key, value in scheme.settings.items():
            if key == "auth" and isinstance(value, Mapping):
                _add(auth, value)
            else:
                merged[key] = value
    return {"auth": auth, **merged} if auth else merged


def report(model: SourceModel) -> list[dict[str, object]]:
    """The same for programs."""
    return [
        {
            "operations": [name for name in need.operations if name in model.operations],
            "alternatives": [
                {"schemes": list(names), "settings": settings_of(model, names)} for names in need.alternatives
            ],
        }
        for need in needs_of(model)
    ]


def _add(auth: dict[str, object], more: Mapping[str, object]) -> None:
    """Puts one more way into ``auth``; several API keys become a list."""
    for key, value in more.items():
        known = auth.get(key)
        if key == "api_key" and known is not None:
            auth[key] = [*(known if isinstance(known, list) else [known]), value]
        else:
            auth[key] = value


def _words(model: SourceModel, name: str) -> str:
    scheme = model.schemes.get(name)
    return f"{scheme.words} ({name})" if scheme is not None else f"{name}, which the document does not declare"
