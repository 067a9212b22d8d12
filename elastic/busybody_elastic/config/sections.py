"""The sections of the configuration, key by key with their defaults. Units stand in the names."""

# ruff: noqa: RUF009 - setting(), hidden() and section() give dataclasses.field()

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from busybody.policy import Policy

from . import kinds
from .kinds import Kind, Secret

NAMESPACE = r"[a-z0-9][a-z0-9_.]{0,99}"  # as data streams allow, without the dash that parts their names


def setting(default: Any, kind: Kind) -> Any:
    """A key of a section."""
    return field(default=default, metadata={"kind": kind})


def section(of: type) -> Any:
    """A section within a section."""
    return field(default_factory=of)


def hidden(default: Any, kind: Kind) -> Any:
    return field(default=default, metadata={"kind": kind}, repr=False)


@dataclass(frozen=True)
class ClusterSection:
    """How to reach Elasticsearch or OpenSearch. Which of the two it is shows itself."""

    url: tuple[str, ...] = setting(("https://localhost:9200",), kinds.urls())  # any node; the next when one is gone
    ca_file: Path | None = setting(None, kinds.path())  # PEM; None: the authorities that the machine trusts
    api_key: Secret = hidden(Secret(), kinds.secret())  # encoded, or id:key
    username: str = setting("", kinds.text(empty=True))
    password: Secret = hidden(Secret(), kinds.secret())
    client_cert: Path | None = setting(None, kinds.path())  # PEM
    client_key: Path | None = setting(None, kinds.path())  # PEM, without a passphrase
    timeout_seconds: float = setting(30.0, kinds.number(0.1, 600))  # of one request
    connections: int = setting(16, kinds.integer(1, 1000))  # at once, to each node
    compress: bool = setting(False, kinds.boolean())  # requests by gzip, where the network is the narrow place
    plain_http: bool = setting(False, kinds.boolean())  # allow http:// beyond this machine: a mesh encrypts for us


@dataclass(frozen=True)
class StateSection:
    """Where profiles are kept, and which share of the people this instance may own."""

    kind: str = setting("cluster", kinds.choice("cluster", "sqlite"))
    path: Path | None = setting(None, kinds.new_path())  # of the SQLite file
    partitions: int = setting(1, kinds.integer(1, 256))  # the same on every instance, and for good
    instance: str = field(
        default_factory=lambda: socket.gethostname() or "busybody",
        metadata={"kind": kinds.text(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}", "1 to 100 letters, digits, . : _ -")},
    )
    address: str = setting("", kinds.url())  # where the other instances reach this one; empty: there are none
    internal_key: Secret = hidden(Secret(), kinds.secret())  # what the instances show each other
    lease_seconds: float = setting(
        15.0, kinds.number(1, 3600)
    )  # how long nobody takes over after the owner's last word


@dataclass(frozen=True)
class ReaderSection:
    """Following sign-ins that are in the cluster already."""

    enabled: bool = setting(True, kinds.boolean())
    indices: tuple[str, ...] = setting(
        ("logs-*",), kinds.texts(r"[^\s,]+", "names of indices or patterns such as logs-*")
    )
    filter: str = setting("signins", kinds.choice("signins", "all"))  # all: also what does not look like a sign-in
    page: int = setting(2000, kinds.integer(1, 10_000))  # documents
    interval_seconds: float = setting(1.0, kinds.number(0.05, 3600))
    overlap_seconds: float | None = setting(None, kinds.number(0, 86_400, absent=True))  # None: from refresh intervals
    learn_days: float = setting(30.0, kinds.number(0, 3650))  # of silence before the first sign-in that counts
    reconcile_minutes: float = setting(60.0, kinds.number(0, 10_080))  # between two sweeps for late ones; 0: never
    reconcile_hours: float = setting(24.0, kinds.number(0, 8760))  # how far back a sweep looks


@dataclass(frozen=True)
class TLSSection:
    """The doors' own certificate. With `client_ca` callers need one as well."""

    cert: Path | None = setting(None, kinds.path())
    key: Path | None = setting(None, kinds.path())
    client_ca: Path | None = setting(None, kinds.path())


@dataclass(frozen=True)
class LimitsSection:
    """What one caller may send, and how many may at once."""

    body_mb: float = setting(100.0, kinds.number(0.001, 2000))
    unpacked_mb: float = setting(100.0, kinds.number(0.001, 2000))
    seconds: float = setting(30.0, kinds.number(0.1, 600))
    concurrent: int = setting(64, kinds.integer(1, 10_000))
    documents: int = setting(10_000, kinds.integer(1, 1_000_000))  # in one request at POST /score


@dataclass(frozen=True)
class ServerSection:
    """The doors: score API, gateway, health and metrics."""

    host: str = setting("127.0.0.1", kinds.text(r"[A-Za-z0-9_.:-]+", "an address to listen on, such as 0.0.0.0"))
    port: int = setting(9280, kinds.integer(0, 65_535))
    tls: TLSSection | None = section(TLSSection)  # None where no certificate is given
    keys: tuple[Secret, ...] = hidden((), kinds.secrets())  # each opens the doors; sha256:<digest> will do
    limits: LimitsSection = section(LimitsSection)


@dataclass(frozen=True)
class GatewaySection:
    """The door that takes _bulk requests on their way to the cluster."""

    enabled: bool = setting(False, kinds.boolean())
    upstream: tuple[str, ...] = setting((), kinds.urls(empty=True))  # none: cluster.url
    ca_file: Path | None = setting(None, kinds.path())  # None: cluster.ca_file
    deadline_ms: float = setting(50.0, kinds.number(0, 60_000))  # of a batch, after which it goes on unscored
    per_signin_ms: float = setting(0.2, kinds.number(0, 1000))  # and this much more for each sign-in in it
    scores: str = setting("risky", kinds.choice("all", "risky", "none"))  # which get a document of their own besides
    fields: str = setting("brief", kinds.choice("brief", "full"))  # what is written into the sign-in itself
    keys: bool = setting(False, kinds.boolean())  # callers need one of server.keys in X-Busybody-Key


@dataclass(frozen=True)
class AlertsSection:
    """Whom an alert may still wake, and where the watches that are installed send it."""

    quiet_after_minutes: float = setting(60.0, kinds.number(1, 10_080))  # older sign-ins are marked, and page nobody
    slack_channel: str = setting(
        "", kinds.text(r"[#@]?[^\s#@]{1,80}", "a channel such as #security-alerts", empty=True)
    )
    responder: str = setting("", kinds.server())  # Busybody's


@dataclass(frozen=True)
class KibanaSection:
    """Kibana or OpenSearch Dashboards, for the installer and for links. Credentials default to the cluster's."""

    url: str = setting("", kinds.url())
    space: str = setting("default", kinds.text(r"[a-z0-9_-]{1,100}", "the identifier of a space, such as default"))
    ca_file: Path | None = setting(None, kinds.path())  # None: cluster.ca_file
    api_key: Secret = hidden(Secret(), kinds.secret())
    username: str = setting("", kinds.text(empty=True))
    password: Secret = hidden(Secret(), kinds.secret())


@dataclass(frozen=True)
class LogSection:
    """What the service says of itself; never of people."""

    level: str = setting("info", kinds.choice("debug", "info", "warning", "error"))
    format: str = setting("json", kinds.choice("json", "text"))


@dataclass(frozen=True)
class Sections:
    """All of it."""

    cluster: ClusterSection = section(ClusterSection)
    namespace: str = setting("default", kinds.text(NAMESPACE, "1 to 100 characters of a-z, 0-9, _ and dots"))
    policy: Policy = field(default_factory=Policy.default, repr=False)  # a path, or the core's keys in place
    state: StateSection = section(StateSection)
    reader: ReaderSection = section(ReaderSection)
    server: ServerSection = section(ServerSection)
    gateway: GatewaySection = section(GatewaySection)
    alerts: AlertsSection = section(AlertsSection)
    kibana: KibanaSection = section(KibanaSection)
    log: LogSection = section(LogSection)
