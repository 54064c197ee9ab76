"""Secrets that stand in the file as plain text. No value is ever told, only where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel, SecretStr

from gateway.doctor.finding import Finding
from gateway.file.config import Configuration
from gateway.file.problems import SHORTEST_HIDDEN
from resolvers import Key, proves


def of_file(chosen: Configuration) -> Iterator[Finding]:
    """Every secret that came from neither the environment nor a file."""
    roots: list[tuple[tuple[Key, ...], object]] = [
        (("sources", name), settings) for name, (_, settings) in chosen.sources.items()
    ]
    roots += [(("server",), chosen.settings.server), (("access",), chosen.settings.access)]
    for root, settings in roots:
        for where, secret in _secrets(settings, root):
            text = secret.get_secret_value()
            put_in = any(value in text for value in chosen.hidden if len(value) >= SHORTEST_HIDDEN)
            if not text or put_in or not _is_secret(text):
                continue
            path, what = ".".join(str(key) for key in where), "a secret stands in the file as plain text"
            mend = "write ${env:NAME} or ${file:PATH} in its place, and change the secret"
            yield Finding("error", "plain-secret", path, what, mend, chosen.place(*where))


def _is_secret(text: str) -> bool:
    """An address is one where it holds a password, or a parameter that is named as one."""
    return "://" not in text or proves(text)


def _secrets(value: object, where: tuple[Key, ...]) -> Iterator[tuple[tuple[Key, ...], SecretStr]]:
    if isinstance(value, SecretStr):
        yield where, value
    elif isinstance(value, str) and "://" in value:
        yield where, SecretStr(value)
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _secrets(getattr(value, name), (*where, field.alias or name))
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _secrets(item, (*where, str(name)))
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _secrets(item, (*where, number))
