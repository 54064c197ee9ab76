"""Security schemes and requirements of a description (OpenAPI 3.1 sections 4.8.27 and 4.8.30), and whether settings
meet them. Pure: nothing is proved to anybody here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urljoin

from resolvers.http_settings import HttpSettings
from resolvers.model import SourceModel
from resolvers.rest.documents.tree import Node, Tree, Unserved, items, members, text, token
from resolvers.security import SecurityNeed, SecurityScheme


def read_schemes(tree: Tree) -> Mapping[str, SecurityScheme]:
    """The schemes that the document declares, by name."""
    declared = members(members(tree.root.get("components")).get("securitySchemes"))
    found = {}
    for name, given in declared.items():
        try:
            node, _ = tree.follow(given, f"#/components/securitySchemes/{token(name)}")
        except Unserved:
            continue  # whatever asks for it is told that it is not declared
        found[name] = _scheme(name, node, tree.location)
    return found


def read_needs(stated: Mapping[str, object]) -> tuple[SecurityNeed, ...]:
    """What operations ask for; ``stated``: operation → its requirements, those of the document where it has none.

    An operation that asks for nothing, or that may be called without, is not among them.
    """
    groups: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for operation, given in stated.items():
        alternatives = tuple(tuple(members(item)) for _, item in items(given))
        if alternatives and all(alternatives):
            groups.setdefault(tuple(dict.fromkeys(alternatives)), []).append(operation)
    return tuple(SecurityNeed(alternatives, tuple(names)) for alternatives, names in groups.items())


def settled(model: SourceModel, settings: HttpSettings) -> SourceModel:
    """The model with every need marked that ``settings`` do not meet."""
    met = {name: _is_met(scheme, settings) for name, scheme in model.schemes.items()}
    needs = tuple(
        replace(need, met=any(all(met.get(name, False) for name in names) for names in need.alternatives))
        for need in model.needs
    )
    return replace(model, needs=needs)


def _is_met(scheme: SecurityScheme, settings: HttpSettings) -> bool:  # noqa: PLR0911  # one line for each kind
    auth, headers = settings.auth, {name.lower() for name in settings.headers}
    keys = auth.api_key if auth is not None else ()
    if auth is not None and auth.forward is not None:
        headers |= {name.lower() for name in (*auth.forward.claims, *auth.forward.headers)}
    headers |= {key.header.lower() for key in keys if key.header is not None}
    bears = auth is not None and (
        any(way is not None for way in (auth.bearer, auth.oauth2, auth.exchange))
        or (auth.forward is not None and auth.forward.token)
    )
    basic = auth is not None and auth.basic is not None
    match scheme.kind, scheme.location:
        case "mutual_tls", _:
            return settings.cert is not None
        case "api_key", "query":
            return any(key.query == scheme.parameter for key in keys)
        case "api_key", "cookie":
            return any(key.cookie == scheme.parameter for key in keys)
        case "api_key", _ if scheme.parameter.lower() != "authorization":
            return scheme.parameter.lower() in headers
        case "api_key", _:
            return bears or basic or "authorization" in headers
        case "basic", _:
            return basic or "authorization" in headers
        case (("bearer" | "oauth2"), _):
            return bears or "authorization" in headers
    return "authorization" in headers


def _scheme(name: str, node: Node, location: str) -> SecurityScheme:  # noqa: PLR0911  # one for each kind
    kind, variable = text(node, "type"), _variable(name)
    if kind == "apiKey":
        place, parameter = text(node, "in"), text(node, "name")
        if place in {"header", "query", "cookie"} and parameter:
            settings = {"auth": {"api_key": {place: parameter, "value": variable}}}
            words = f"an API key in the {place} {parameter}"
            return SecurityScheme(name, "api_key", words, settings, place, parameter)
    if kind == "http":
        way = text(node, "scheme").lower()
        if way == "basic":
            login = {"username": _variable(name, "USERNAME"), "password": _variable(name, "PASSWORD")}
            return SecurityScheme(name, "basic", "HTTP basic authentication", {"auth": {"basic": login}})
        if way == "bearer":
            return SecurityScheme(name, "bearer", "a bearer token", {"auth": {"bearer": variable}})
        return SecurityScheme(name, "other", f"HTTP authentication by {way[:40] or 'an unnamed scheme'}")
    if kind == "oauth2":
        return _oauth2(name, node, location)
    if kind == "openIdConnect":
        address = f"the token_endpoint of {text(node, 'openIdConnectUrl')}"
        oauth2: dict[str, object] = {"token_url": address, **_client(name)}
        return SecurityScheme(name, "oauth2", "a token of an OpenID provider", {"auth": {"oauth2": oauth2}})
    if kind == "mutualTLS":
        return SecurityScheme(name, "mutual_tls", "mutual TLS", {"cert": _variable(name, "CERTIFICATE_FILE")})
    return SecurityScheme(name, "other", "something that the document does not say")


def _oauth2(name: str, node: Node, location: str) -> SecurityScheme:
    flows = members(node.get("flows"))
    flow = members(flows.get("clientCredentials"))
    if not flow:
        words = "an OAuth 2.0 token that a person gets"
        return SecurityScheme(name, "oauth2", words, {"auth": {"bearer": _variable(name)}})
    address = text(flow, "tokenUrl")
    if location.startswith(("http://", "https://")):
        address = urljoin(location, address)
    settings: dict[str, object] = {"token_url": address, **_client(name)}
    scopes = list(members(flow.get("scopes")))
    if scopes:
        settings["scopes"] = scopes
    return SecurityScheme(name, "oauth2", "an OAuth 2.0 token by client credentials", {"auth": {"oauth2": settings}})


def _client(name: str) -> dict[str, object]:
    return {"client_id": _variable(name, "CLIENT_ID"), "client_secret": _variable(name, "CLIENT_SECRET")}


def _variable(name: str, what: str = "") -> str:
    """A reference to a variable of the environment that bears the scheme's name."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    words = re.sub(r"[^A-Za-z0-9]+", "_", spaced).strip("_").upper() or "CREDENTIAL"
    return f"${{env:{words}_{what}}}" if what else f"${{env:{words}}}"
