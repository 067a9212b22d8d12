"""Whom to trust as splunkd: the certificates that the instance itself trusts.

The chain is always verified. Two things are asked less strictly than a browser would, since Splunk's own default
certificates could never pass: they say CN=SplunkServerDefaultCert and no address, so on the loopback interface, where
nothing leaves the machine, the name is not compared (anywhere else it is); and their authority lacks the extensions
that VERIFY_X509_STRICT, the default of Python 3.13, demands.
"""

from __future__ import annotations

import os
import re
import ssl
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Iterator, Optional

from busybody.errors import StoreError

VARIABLE = re.compile(r"\$(\w+)")


def context_for(host: str, ca_file: Optional[str] = None) -> ssl.SSLContext:
    """TLS to a splunkd. Raises StoreError where there are no certificates to trust."""
    return _context(str(ca_file or trusted_file()), not is_loopback(host))


@lru_cache(maxsize=4)
def _context(ca_file: str, named: bool) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        told = f"cannot be read as PEM certificates: {error}. Check server.conf [sslConfig] sslRootCAPath."
        raise StoreError(told, source=ca_file) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = named
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def is_loopback(host: str) -> bool:
    """Whether the host is this machine for certain, by its address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def trusted_file() -> Path:
    """The PEM file that this Splunk trusts: sslRootCAPath of server.conf, else the one it ships."""
    home = os.environ.get("SPLUNK_HOME", "")
    if not home:
        raise StoreError(
            "is not set, so that splunkd cannot be verified. Start this from Splunk.", source="SPLUNK_HOME"
        )
    etc = Path(home, "etc")
    for conf in _layers(etc):
        named = setting(conf, "sslConfig", "sslRootCAPath")
        if named:
            path = Path(VARIABLE.sub(lambda found: os.environ.get(found[1], found[0]), named))
            return path if path.is_absolute() else Path(home) / path
    return etc / "auth" / "cacert.pem"


def _layers(etc: Path) -> Iterator[Path]:
    """The server.conf files in Splunk's order of precedence."""
    yield etc / "system" / "local" / "server.conf"
    apps = sorted((etc / "apps").glob("*/"), key=lambda app: app.name)
    for layer in ("local", "default"):
        for app in apps:
            yield app / layer / "server.conf"
    yield etc / "system" / "default" / "server.conf"


def setting(conf: Path, stanza: str, key: str) -> Optional[str]:
    """One value of one conf file; None where it is absent or the file cannot be read."""
    try:
        text = conf.read_text("utf-8-sig", "replace")
    except OSError:
        return None
    current, found = "", None
    for line in text.replace("\\\n", "").splitlines():
        content = line.strip()
        if content.startswith("[") and content.endswith("]"):
            current = content[1:-1]
        elif current == stanza and not content.startswith("#"):
            name, equals, value = content.partition("=")
            if equals and name.strip() == key:
                found = value.strip()
    return found
