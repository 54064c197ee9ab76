"""What never changes in how the gateway proves itself to a source, put on a request. Pure: headers and addresses.

Tokens that are fetched or handed on are the business of others.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_plus, urlsplit

from resolvers.http_settings import HttpSettings


@dataclass(frozen=True, slots=True)
class Credentials:
    """``headers``: sent with every call, whatever the call says of them. ``query`` and ``cookies``: by name."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    _names: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", frozenset(name.lower() for name in self.headers))

    def on(self, url: str, headers: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
        """A call's address and headers with what proves us; a call cannot put anything of its own in its place."""
        if self.query:
            url = _with_query(url, self.query)
        if self.cookies:
            headers = _with_cookies(headers, self.cookies)
        if self.headers:
            kept = {name: value for name, value in headers.items() if name.lower() not in self._names}
            headers = {**kept, **self.headers}
        return url, headers


NONE = Credentials()


def credentials_of(settings: HttpSettings) -> Credentials:
    """What ``settings`` say of constant headers and keys."""
    headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
    query: dict[str, str] = {}
    cookies: dict[str, str] = {}
    auth = settings.auth
    if auth is not None:
        if auth.bearer is not None:
            _set(headers, "Authorization", f"Bearer {auth.bearer.get_secret_value()}")
        if auth.basic is not None:
            _set(headers, "Authorization", basic(auth.basic.username, auth.basic.password.get_secret_value()))
        for key in auth.api_key:
            value = key.value.get_secret_value()
            if key.header is not None:
                _set(headers, key.header, value)
            elif key.query is not None:
                query[key.query] = value
            elif key.cookie is not None:
                cookies[key.cookie] = value
    return Credentials(headers, query, cookies)


def basic(username: str, password: str) -> str:
    """The value of an ``Authorization`` header (RFC 7617 section 2)."""
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


def origin(url: str) -> str:
    """Scheme and authority of an absolute address as a prefix of all addresses there: ``https://host/``."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def _set(headers: dict[str, str], name: str, value: str) -> None:
    for known in [known for known in headers if known.lower() == name.lower()]:
        del headers[known]
    headers[name] = value


def _with_query(url: str, query: Mapping[str, str]) -> str:
    target, _, given = url.partition("?")
    pairs = [pair for pair in given.split("&") if pair and unquote_plus(pair.partition("=")[0]) not in query]
    pairs += [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items()]
    return f"{target}?{'&'.join(pairs)}"


def _with_cookies(headers: Mapping[str, str], cookies: Mapping[str, str]) -> Mapping[str, str]:
    kept = {name: value for name, value in headers.items() if name.lower() != "cookie"}
    given = [value for name, value in headers.items() if name.lower() == "cookie"]
    pairs = [pair.strip() for text in given for pair in text.split(";")]
    pairs = [pair for pair in pairs if pair and pair.partition("=")[0].strip() not in cookies]
    pairs += [f"{name}={quote(value, safe=_COOKIE)}" for name, value in cookies.items()]
    kept["Cookie"] = "; ".join(pairs)
    return kept


_COOKIE = "!#$&'()*+-./:<=>?@[]^_`{|}~"
"""Beside letters and digits, what a cookie's value may hold (RFC 6265 section 4.1.1); ``%`` is encoded."""
