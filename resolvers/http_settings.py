"""The settings of sources that are reached over HTTP: where, through what network, and how we prove who we are.

What they mean is decided in ``network.py`` and ``http/``; no file is read and nothing is sent here. There is no
setting that turns the verification of a certificate off.
"""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, SecretStr, Tag, model_validator

from resolvers.located import Located
from resolvers.settings import Address, HeaderName, KeyHeader, ReplicaName, Settings, SourceSettings

FileName = Annotated[str, Located()]


class Proxy(Settings):
    """A forward proxy (RFC 9110 section 3.7). Whatever the environment says of proxies is not read."""

    url: Address = Field(description="Address of the proxy: http://host:port or https://host:port.")
    username: str = Field("", description="User name for the proxy, where it asks for one.")
    password: SecretStr = Field(SecretStr(""), description="Its password.")


def _proxy(given: object) -> object:
    return {"url": given} if isinstance(given, str) else given


class Certificate(Settings):
    """What the gateway shows of itself in mutual TLS, as PEM files."""

    file: FileName = Field(min_length=1, description="The certificate, and those between it and its authority.")
    key: FileName | None = Field(None, description="Its private key; in the same file when absent.")
    password: SecretStr | None = Field(None, description="The password that the private key is encrypted with.")


def _certificate(given: object) -> object:
    return {"file": given} if isinstance(given, str) else given


class NetworkSettings(Settings):
    """The way to a host. Paths start at the folder of the configuration file."""

    proxy: Annotated[Proxy, BeforeValidator(_proxy, json_schema_input_type=Address | Proxy)] | None = Field(
        None,
        description="The proxy that every connection goes through; none when absent, whatever the environment says.",
    )
    ca: Annotated[str, Located(frozenset({"system"}))] | None = Field(
        None,
        min_length=1,
        description="PEM file of the certificate authorities that are trusted, in place of those of the machine; "
        "system: those of the machine.",
    )
    cert: (
        Annotated[Certificate, BeforeValidator(_certificate, json_schema_input_type=FileName | Certificate)] | None
    ) = Field(
        None, description="The certificate that the gateway shows (mutual TLS): a PEM file that holds its key too."
    )
    min_tls: Literal["1.2", "1.3"] = Field("1.2", description="The oldest version of TLS that is spoken.")


class Basic(Settings):
    username: str = Field(description="User name of HTTP basic authentication (RFC 7617).")
    password: SecretStr = Field(description="Its password.")

    @model_validator(mode="after")
    def _no_colon(self) -> Basic:
        if ":" in self.username:
            raise ValueError("a user name of basic authentication holds no colon (RFC 7617 section 2)")
        return self


class ApiKey(Settings):
    """Exactly one of ``header``, ``query`` and ``cookie`` says where the key travels."""

    value: SecretStr = Field(description="The key itself.")
    header: HeaderName | None = Field(None, description="Name of the header that carries the key.")
    query: str | None = Field(None, min_length=1, description="Name of the query parameter that carries the key.")
    cookie: HeaderName | None = Field(None, description="Name of the cookie that carries the key.")

    @model_validator(mode="after")
    def _one_place(self) -> ApiKey:
        if sum(place is not None for place in (self.header, self.query, self.cookie)) != 1:
            raise ValueError("an api_key needs exactly one of header, query and cookie")
        return self


class Ntlm(Settings):
    """A Windows account ([MS-NLMP], version 2). It proves connections, which then serve one call at a time."""

    username: str = Field(min_length=1, description="User name of NTLM: name, or name@domain.")
    password: SecretStr = Field(description="Its password.")
    domain: str = Field("", description="The domain of the account, where the name does not hold it.")


def _words(given: object) -> object:
    return (given,) if isinstance(given, str) else given


class OAuth2(NetworkSettings):
    """A token of the gateway's own, got by client credentials (RFC 6749 section 4.4).

    The token endpoint is reached as the source is, unless ``proxy``, ``ca``, ``cert`` or ``min_tls`` stand here too.
    """

    token_url: Address = Field(description="Address of the token endpoint: https, or http on this machine.")
    client_id: str = Field(min_length=1, description="The identifier of the gateway there.")
    client_secret: SecretStr | None = Field(
        None, description="Its secret; absent where cert is the proof (RFC 8705 section 2)."
    )
    client_auth: Literal["basic", "post"] = Field(
        "basic", description="How the secret travels: basic, in a header; post, in the body (RFC 6749 section 2.3.1)."
    )
    scopes: Annotated[tuple[str, ...], BeforeValidator(_words, json_schema_input_type=str | tuple[str, ...])] = Field(
        (), description="The scopes asked for."
    )
    audience: str | None = Field(None, description="Whom the token is for, where the endpoint wants to know.")
    resource: str | None = Field(None, description="The same as RFC 8707 says it: the address of the source.")
    parameters: dict[str, SecretStr] = Field(
        default_factory=dict, description="Further parameters of the token request."
    )

    @model_validator(mode="after")
    def _safe(self) -> OAuth2:
        host = urlsplit(self.token_url)
        if host.scheme != "https" and host.hostname not in _THIS_MACHINE:
            raise ValueError("a client secret travels over https only")
        taken = sorted(
            {"grant_type", "client_id", "client_secret", "scope", "audience", "resource", "subject_token",
             "subject_token_type", "requested_token_type"} & set(self.parameters)
        )  # fmt: skip
        if taken:
            raise ValueError(f"{taken[0]} is no further parameter of the token request")
        return self


class Exchange(OAuth2):
    """The caller's own token, exchanged for one that the source takes (RFC 8693). Nobody else's calls bear it."""

    subject_token_type: str = Field(
        "urn:ietf:params:oauth:token-type:access_token", description="What the caller's token is said to be."
    )
    requested_token_type: str | None = Field(
        None, description="What is asked for, where the endpoint wants to know: urn:ietf:params:oauth:token-type:…"
    )
    fallback: Literal["refuse", "client_credentials"] = Field(
        "refuse",
        description="For callers without a token (anonymous, or by API key or certificate): refuse, with "
        "UNAUTHENTICATED; or client_credentials, a token of the gateway's own.",
    )


_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_NOT_FORWARDED = frozenset({
    "accept", "accept-encoding", "authorization", "connection", "content-encoding", "content-length", "content-type",
    "cookie", "expect", "host", "keep-alive", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade",
})  # fmt: skip


class Forward(Settings):
    """What of the caller the source is told; nothing unless it stands here."""

    token: bool = Field(
        False, description="The caller's own access token is sent on; a caller without one gets UNAUTHENTICATED."
    )
    claims: dict[HeaderName, str] = Field(
        default_factory=dict,
        description="Header → claim of the caller's token (a name, or a path joined by dots); a caller without the "
        "claim gets FORBIDDEN.",
    )
    headers: tuple[HeaderName, ...] = Field(
        (), description="Headers of the caller's request that are sent on as they are, where the caller sent them."
    )

    @model_validator(mode="after")
    def _harmless(self) -> Forward:
        names = [name.lower() for name in (*self.claims, *self.headers)]
        for name in names:
            if name in _NOT_FORWARDED:
                mend = "; token sends the access token on" if name == "authorization" else ""
                raise ValueError(f"the header {name} is not forwarded{mend}")
            if names.count(name) > 1:
                raise ValueError(f"the header {name} is forwarded twice")
        if not names and not self.token:
            raise ValueError("forward needs at least one of token, claims and headers")
        return self


class DeadlineHeader(Settings):
    """How a source is told how long its answer is waited for, less 50 ms."""

    name: HeaderName = Field(description="Name of the header.")
    unit: Literal["s", "ms"] = Field("s", description="s: seconds, such as 1.250; ms: whole milliseconds.")

    @model_validator(mode="after")
    def _ours(self) -> DeadlineHeader:
        if self.name.lower() in _NOT_FORWARDED:
            raise ValueError(f"the header {self.name} cannot tell a time")
        return self


def _header(given: object) -> object:
    return {"name": given} if isinstance(given, str) else given


def _listed(given: object) -> object:
    return (given,) if isinstance(given, dict | ApiKey) else given


class Auth(Settings):
    """How the gateway proves itself to a source: any of the keys, and at most one that fills ``Authorization``."""

    bearer: SecretStr | None = Field(None, description="A bearer token (RFC 6750).")
    basic: Basic | None = Field(None, description="HTTP basic authentication.")
    api_key: Annotated[
        tuple[ApiKey, ...], BeforeValidator(_listed, json_schema_input_type=ApiKey | tuple[ApiKey, ...])
    ] = Field((), description="An API key in a header, a query parameter or a cookie; a list where several are needed.")

    ntlm: Ntlm | None = Field(None, description="NTLM, as IIS asks for it. Needs isthmus[ntlm].")
    oauth2: OAuth2 | None = Field(None, description="A token got from an authorization server (client credentials).")
    exchange: Exchange | None = Field(
        None, description="A token for each caller, got from an authorization server for the caller's own (RFC 8693)."
    )
    forward: Forward | None = Field(None, description="What of the caller is sent on to the source.")

    @model_validator(mode="after")
    def _some_way(self) -> Auth:
        ways = ("bearer", "basic", "ntlm", "oauth2", "exchange")
        filling = [name for name in ways if getattr(self, name) is not None]
        if self.forward is not None and self.forward.token:
            filling.append("forward.token")
        keys = [key for key in self.api_key if key.header is not None and key.header.lower() == "authorization"]
        if not filling and not self.api_key and self.forward is None:
            raise ValueError("auth needs at least one of bearer, basic, ntlm, api_key, oauth2, exchange and forward")
        if len(filling) + len(keys) > 1:
            both = " and ".join([*filling, *("api_key" for _ in keys)])
            raise ValueError(f"{both} each fill the Authorization header: keep one of them")
        return self


class ReplicaSettings(Settings):
    """One of several addresses of one source, each of which answers whatever the others answer."""

    url: Address = Field(description="Its address.")
    name: ReplicaName | None = Field(
        None, description="What metrics and the log call it; its number in the list when absent."
    )


_MOST_REPLICAS = 50


def _replica(given: object) -> object:
    return {"url": given} if isinstance(given, str) else given


Replica = Annotated[ReplicaSettings, BeforeValidator(_replica, json_schema_input_type=Address | ReplicaSettings)]


def _differ(replicas: tuple[ReplicaSettings, ...]) -> tuple[ReplicaSettings, ...]:
    urls = [replica.url.rstrip("/") for replica in replicas]
    names = [replica.name or str(number) for number, replica in enumerate(replicas, 1)]
    for url in urls:
        if urls.count(url) > 1:
            raise ValueError(f"{url} stands there twice")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two replicas are called {name}")
    return replicas


Replicas = Annotated[
    tuple[Replica, ...], Field(min_length=1, max_length=_MOST_REPLICAS), AfterValidator(_differ)
]  # more than a page of addresses is the work of a load balancer


def _one_or_several(given: object) -> str:
    return "several" if isinstance(given, list | tuple) else "one"


Where = Annotated[
    Annotated[Address, Tag("one")] | Annotated[Replicas, Tag("several")], Discriminator(_one_or_several)
]  # told apart by what is written, so that a wrong address is not told to be a list


class HttpSettings(NetworkSettings, SourceSettings):
    """The further keys of sources that are reached over HTTP."""

    url: Where | None = Field(
        None,
        description="Where calls go; the description's own address when absent. A list: replicas of one source, any of "
        "which may be asked.",
    )
    auth: Auth | None = Field(None, description="How the gateway proves itself to the source.")
    headers: dict[HeaderName, SecretStr] = Field(default_factory=dict, description="Sent with every call.")
    deadline_header: (
        Annotated[DeadlineHeader, BeforeValidator(_header, json_schema_input_type=HeaderName | DeadlineHeader)] | None
    ) = Field(
        None,
        description="The header that tells the source how long its answer is waited for: a name, such as "
        "X-Request-Timeout, for seconds; or name and unit. Absent: it is not told.",
    )
    allowed_servers: tuple[str, ...] = Field(
        (),
        description="Hosts that the description may name as its server, and no other. Without it a description that "
        "came from the network may name any host but this machine and its link (169.254.0.0/16); url overrules both.",
    )
    error_detail: bool = Field(
        False,
        description="Whether callers see the members of an error's body, or of a fault's detail, that the description "
        "declares, in extensions.detail. Each operation may say otherwise.",
    )
    idempotency_key: KeyHeader | None = Field(
        None,
        description="The header (Idempotency-Key) by which the source knows a change that it has had before. Set it "
        "only where it does: changes may then be sent again. Each operation may say otherwise.",
    )
    connect_timeout_s: float = Field(
        3.0,
        gt=0,
        le=60,
        description="Longest time to find an address, to connect and to shake hands, in seconds; where there are other "
        "replicas, the next is asked then.",  # a host that is there answers the first or the second packet
    )
    max_reply_bytes: int = Field(
        10_485_760, gt=0, description="Largest reply that is read, in bytes, after decompression."
    )

    @model_validator(mode="after")
    def _one_word_on_time(self) -> HttpSettings:
        if self.deadline_header is None:
            return self
        taken = {name.lower() for name in self.headers}
        if self.auth is not None:
            taken |= {key.header.lower() for key in self.auth.api_key if key.header is not None}
            if self.auth.forward is not None:
                taken |= {name.lower() for name in (*self.auth.forward.claims, *self.auth.forward.headers)}
        if self.deadline_header.name.lower() in taken:
            raise ValueError(f"the header {self.deadline_header.name} is filled twice")
        return self

    @property
    def replicas(self) -> tuple[ReplicaSettings, ...]:
        """Every address that the settings name; empty where the description names it."""
        if self.url is None or isinstance(self.url, tuple):
            return self.url or ()
        return (ReplicaSettings(url=self.url),)

    @property
    def address(self) -> str | None:
        """The address that requests are made out to: the first, whichever replica they are then sent to."""
        return self.url[0].url if isinstance(self.url, tuple) else self.url
