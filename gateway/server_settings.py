"""``ServerSettings``: the section ``server`` of the file, composed of what each part of the edge says of itself."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from gateway.audit.settings import AuditSettings
from gateway.cors import CorsSettings
from gateway.edge.request_log import LogSettings
from gateway.identity import (
    ApiKeysSettings,
    Issuers,
    ProxiedSettings,
    RevocationSettings,
)
from gateway.kept.settings import KeptSettings
from gateway.metrics.settings import MetricsSettings
from gateway.overload.settings import OverloadSettings
from gateway.rates.settings import RateLimitSettings
from gateway.redis import RedisSettings
from gateway.registered.settings import DocumentSettings
from gateway.reload_settings import ReloadSettings
from gateway.request.limits import LimitSettings
from gateway.request.uploads import UploadSettings
from gateway.tls import TlsSettings
from gateway.tracing.settings import TracingSettings
from gateway.workers.settings import Workers
from resolvers import Settings
from schema import Executor


class ServerSettings(Settings):
    host: str = Field("127.0.0.1", description="Address that is listened on.")
    port: int = Field(8000, ge=0, le=65_535, description="Port that is listened on; 0: any free one.")
    jwt: Issuers = Field((), description="Whose access tokens are accepted: an issuer, or a list; absent: none.")
    api_keys: ApiKeysSettings | None = Field(None, description="Which API keys are accepted; absent: none.")
    tls: TlsSettings | None = Field(None, description="TLS, and callers by their certificates; absent: plain HTTP.")
    client_cert: ProxiedSettings | None = Field(
        None,
        description="Callers by certificates that trusted_proxies pass on in Client-Cert (RFC 9440); absent: none.",
    )
    revocation: RevocationSettings | None = Field(None, description="What was taken back before its time.")
    limits: LimitSettings = Field(LimitSettings.model_validate({}), description="What one request may take.")
    hosts: tuple[str, ...] | None = Field(
        None,
        min_length=1,
        description="Names by which it may be asked (Host), without ports. Absent: any; but where it listens on "
        "loopback and needs no token, only localhost, 127.0.0.1 and [::1].",
    )
    trusted_proxies: tuple[str, ...] = Field(
        (), description="Networks (10.0.0.0/8) of proxies whose X-Forwarded-For tells the address of callers."
    )
    cors: CorsSettings | None = Field(None, description="Web pages of other origins that may ask; absent: none.")
    documents: DocumentSettings | None = Field(None, description="Operations that are registered; absent: none.")
    rate_limits: RateLimitSettings | None = Field(None, description="How many requests whom is allowed; absent: any.")
    overload: OverloadSettings = Field(
        OverloadSettings.model_validate({}), description="When there is more to do than the process can."
    )
    audit: AuditSettings | None = Field(None, description="Who asked for what is protected, on record; absent: none.")
    redis: RedisSettings | None = Field(None, description="What processes of one gateway share; absent: nothing.")
    cache: KeptSettings = Field(
        KeptSettings.model_validate({}), description="Where answers of sources are kept whose cache says so."
    )
    log: LogSettings = Field(LogSettings(), description="What is written to standard error, one line of JSON each.")
    tracing: TracingSettings | None = Field(
        None, description="Traces (W3C Trace Context, OpenTelemetry); {}: a caller's is passed on; absent: nothing."
    )
    metrics: MetricsSettings | None = Field(
        None, description="Figures for Prometheus, on a listener of their own; {}: the defaults; absent: none."
    )
    uploads: UploadSettings | None = Field(None, description="Files inside requests (multipart forms); absent: none.")
    subgraph: bool = Field(
        False, description="Whether it is served to the router of a federation too: _service and _entities."
    )
    reload: ReloadSettings = Field(
        ReloadSettings.model_validate({}), description="What is looked at while the server runs."
    )
    get: bool = Field(True, description="Queries may come by GET; mutations never do.")
    explorer: bool = Field(True, description="A browser that opens /graphql gets the explorer.")
    notice_s: float = Field(
        0.0,
        ge=0,
        le=60,
        description="How long, after SIGTERM, /readyz says 503 while new connections are still taken, in seconds: "
        "give load balancers the time to notice.",
    )
    workers: Workers | None = Field(
        None,
        description="How many processes serve the port, or auto: one for each core; each opens the sources for itself. "
        "Absent: this one serves, and nobody supervises it.",
    )
    executor: Executor = Field(
        "columns",
        description="columns; or reference: graphql-core runs every operation field by field, for doubt. The "
        "environment's ISTHMUS_EXECUTOR comes first.",
    )
    drain_s: float = Field(20.0, ge=0, description="Longest wait for running requests at the end, in seconds.")

    @field_validator(
        "jwt", "api_keys", "tls", "client_cert", "revocation", "documents", "rate_limits", "metrics", mode="before"
    )
    @classmethod
    def _says_something(cls, given: object) -> object:
        if given is None or given in ([], ()):
            raise ValueError(
                "nothing is said here, and it would be as if it were absent: leave it out, or say what it is"
            )
        return given

    @model_validator(mode="after")
    def _shared_somewhere(self) -> ServerSettings:
        if self.rate_limits is not None and self.rate_limits.store == "redis" and self.redis is None:
            message = "rate_limits with store: redis needs server.redis"
            raise ValueError(message)
        if self.cache.store == "redis" and self.redis is None:
            raise ValueError("cache with store: redis needs server.redis")
        if self.revocation is not None and self.revocation.redis and self.redis is None:
            raise ValueError("revocation looks into Redis, and there is no server.redis")
        if self.client_cert is not None and not self.trusted_proxies:
            raise ValueError("client_cert believes trusted_proxies, and there are none")
        return self

    @property
    def identifies(self) -> bool:
        """Whether anybody can be more than anonymous."""
        certificates = self.client_cert is not None or (self.tls is not None and self.tls.client_ca is not None)
        return bool(self.jwt) or self.api_keys is not None or certificates

    def placed(self, base: Path) -> ServerSettings:
        """The settings with paths seen from ``base``, the folder of the file."""
        documents = self.documents
        if documents is not None:
            manifest = tuple(base / path for path in documents.manifest)
            documents = documents.model_copy(update={"manifest": manifest})
        return self.model_copy(
            update={
                "jwt": tuple(each.placed(base) for each in self.jwt),
                "api_keys": self.api_keys and self.api_keys.placed(base),
                "tls": self.tls and self.tls.placed(base),
                "revocation": self.revocation and self.revocation.placed(base),
                "documents": documents,
                "audit": self.audit and self.audit.placed(base),
            }
        )

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for network in networks:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise ValueError(f'"{network}" is no network such as 10.0.0.0/8, or an address') from error
        return networks
