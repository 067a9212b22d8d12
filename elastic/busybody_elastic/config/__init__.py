"""The configuration: YAML, the environment over it, secrets from files or the environment.

    config = Config.load("/etc/busybody/elastic.yaml")
    config.cluster.url, config.reader.indices, config.policy

BUSYBODY_ELASTIC_CLUSTER__URL sets cluster.url, and so on. A secret is {file: path} or {env: NAME}, or <key>_file, or
the environment variable of its key; printing a configuration never shows it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, fields, is_dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Iterator, Mapping
from urllib.parse import urlsplit

from busybody.errors import shown
from busybody.policy import InvalidPolicy, Policy
from busybody.policy.yaml_text import read

from ..errors import ConfigError
from .kinds import Secret
from .reading import PREFIX, InvalidConfig, Reading, overlaid
from .sections import (
    AlertsSection,
    ClusterSection,
    GatewaySection,
    KibanaSection,
    LimitsSection,
    LogSection,
    ReaderSection,
    Sections,
    ServerSection,
    StateSection,
    TLSSection,
)

__all__ = [
    "AlertsSection", "ClusterSection", "Config", "GatewaySection", "InvalidConfig", "KibanaSection", "LimitsSection",
    "LogSection", "ReaderSection", "Secret", "ServerSection", "StateSection", "TLSSection",
]  # fmt: skip

DIGEST = re.compile("sha256:[0-9A-Fa-f]{64}")
WHERE = PREFIX + "CONFIG"  # the variable that names the file


@dataclass(frozen=True)
class Config(Sections):
    """One whole, valid configuration."""

    @classmethod
    def load(cls, path: str | Path | None = None, env: Mapping[str, str] | None = None) -> Config:
        """From a YAML file and the environment (os.environ by default), which wins.

        Without a path BUSYBODY_ELASTIC_CONFIG names it; without that there is none. Raises InvalidConfig with every
        problem, each with file and line or the variable's name.
        """
        environment = os.environ if env is None else env
        path = path or environment.get(WHERE) or None
        if path is None:
            return cls.from_mapping({}, env=environment)
        try:
            text = Path(path).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
            message = f"cannot be read: {reason}. Check the path and who may read it."
            raise ConfigError(message, source=str(path)) from None
        try:
            document = read(text, str(path))
        except InvalidPolicy as error:
            message = error.message.replace("is no policy", "is no configuration").replace("name: office", "cluster:")
            raise ConfigError(message, source=error.source, line=error.line, key=error.key) from None
        return cls.from_mapping(document.mapping, source=str(path), lines=document.lines, env=environment)

    @classmethod
    def from_mapping(
        cls, mapping: Mapping[str, Any], *, source: str | None = None, lines: Any = None,
        env: Mapping[str, str] | None = None,
    ) -> Config:  # fmt: skip
        """From plain values and an environment (none by default). Raises InvalidConfig."""
        reading = Reading(source, lines or {}, env or {})
        config = reading.section(cls, overlaid(mapping, env or {}, WHERE))
        if not reading.problems:
            for key, message in _together(config):
                reading.problem(key, message)
        if reading.problems:
            raise InvalidConfig(sorted(reading.problems, key=lambda problem: problem.line or 0))
        server = config.server
        return config if server.tls and server.tls.cert else replace(config, server=replace(server, tls=None))

    def describe(self) -> dict[str, Any]:
        """Every key as it holds, for people to check. Of a secret only whether there is one; of the policy its name."""
        return dict(_described(self))


def _described(section: Any) -> Iterator[tuple[str, Any]]:
    for one in fields(section):
        value = getattr(section, one.name)
        if is_dataclass(value):
            yield one.name, dict(_described(value))
        elif one.metadata.get("kind") and one.metadata["kind"].secret:
            yield one.name, (f"{len(value)} set" if isinstance(value, tuple) else "set") if value else "not set"
        elif isinstance(value, Policy):
            yield one.name, value.name
        elif isinstance(value, tuple):
            yield one.name, list(value)
        else:
            yield one.name, str(value) if isinstance(value, Path) else value


def _together(config: Sections) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is wrong between keys that are right by themselves."""
    cluster, state = config.cluster, config.state
    yield from _credentials("cluster", cluster)
    yield from _credentials("kibana", config.kibana)
    if (cluster.client_cert is None) != (cluster.client_key is None):
        yield ("cluster", "client_cert"), "goes with client_key. Give both, or none"
    if not cluster.plain_http:
        for section, key, urls in (
            ("cluster", "url", cluster.url), ("gateway", "upstream", config.gateway.upstream),
            ("kibana", "url", (config.kibana.url,)), ("state", "address", (state.address,)),
        ):  # fmt: skip
            for url in filter(_in_the_clear, urls):
                told = f"{shown(url)} would send passwords in the clear. Use https, or set cluster.plain_http: true"
                yield (section, key), f"{told} where something else encrypts"
    if state.kind == "sqlite" and state.path is None:
        yield ("state", "path"), "is missing. Say where the SQLite file of the profiles shall lie"
    if state.kind == "cluster" and state.path is not None:
        yield ("state", "path"), "is for kind: sqlite. Remove it, or set state.kind"
    if state.kind == "sqlite" and (state.partitions > 1 or state.address):
        yield ("state", "kind"), "sqlite is for one instance with one partition. Use kind: cluster for several"
    if state.address and not state.internal_key:
        yield ("state", "internal_key"), "is missing. Instances that reach each other need a common secret"
    yield from _doors(config)


def _doors(config: Sections) -> Iterator[tuple[tuple[str, ...], str]]:
    server, tls = config.server, config.server.tls
    if tls and (tls.cert is None) != (tls.key is None):
        yield ("server", "tls", "cert"), "goes with key. Give both, or none"
    if tls and tls.client_ca and not tls.cert:
        yield ("server", "tls", "client_ca"), "needs cert and key. Give them, too"
    if not is_loopback(server.host) and not server.keys and not (tls and tls.client_ca):
        told = f"lets others than this machine reach {server.host}, and no key is asked for. Add server.keys or "
        yield ("server", "host"), told + "server.tls.client_ca, or listen on 127.0.0.1"
    for number, key in enumerate(server.keys):
        if key.reveal().startswith("sha256:") and not DIGEST.fullmatch(key.reveal()):
            yield (
                ("server", f"keys[{number}]"),
                "is no digest: that is sha256: and 64 hexadecimal digits. Use sha256sum",
            )
    if config.gateway.keys and not server.keys:
        yield ("gateway", "keys"), "asks for keys, and server.keys has none. Give some"


def _credentials(name: str, section: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    if section.api_key and section.username:
        yield (name, "api_key"), "stands beside username. Keep one of the two"
    if section.password and not section.username:
        yield (name, "username"), "is missing beside the password. Give it"
    if section.username and not section.password:
        yield (name, "password"), "is missing beside username. Give it as {file: path} or {env: NAME}"


def _in_the_clear(url: str) -> bool:
    """Whether what is sent there crosses a network unencrypted."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address. A name counts as one that others reach, except localhost."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
