"""One HTTPS POST: verified, with time-outs, without redirects, through a proxy where one is named.

A redirect is an answer like any other here: following it would hand the secret to whoever the answer names.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import time
from base64 import b64encode
from pathlib import Path
from typing import Dict, Mapping, NamedTuple, Optional, Tuple
from urllib.parse import urlsplit, urlunsplit

from busybody.errors import BusybodyError

TIMEOUT = 8.0  # seconds for each step: connect, send, each piece of the answer
DEADLINE = 12.0  # seconds for the whole answer, however slowly it drips
LARGEST_REPLY = 4 << 20  # bytes
BUNDLES = (  # where systems keep their authorities, for a Python that was built to look elsewhere
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)


class Unreachable(BusybodyError):
    """No answer came. Whether the other side took the request is not known."""


class Untrusted(BusybodyError):
    """The address, the certificate, the CA file or the secret is no good: trying again will not help."""


class Route(NamedTuple):
    """How to get there: a CA file of one's own, and a proxy `host:port` with its login `user:password`."""

    ca_file: str = ""
    proxy: str = ""
    proxy_login: str = ""


class Reply(NamedTuple):
    """What the other side answered. `wait`: its Retry-After in seconds."""

    status: int
    wait: Optional[float]
    body: bytes


def post(url: str, body: bytes, headers: Mapping[str, str], route: Route) -> Reply:
    """Send the body, return the answer whatever its status. Raises Unreachable or Untrusted.

    What it raises has neither the URL's path nor a header in it, and no cause that has: both may be secrets.
    """
    host, port, target = _place(url)
    if not all(_is_plain(value) for value in headers.values()):
        raise Untrusted("The stored secret has a line break or a letter beyond ASCII in it. Store it again.")
    try:
        return _exchange(_connect(host, port, route), target, body, headers)
    except ssl.SSLCertVerificationError as error:
        advice = "If the certificate is your own authority's, name its PEM file in ca_file."
        raise Untrusted(f"The certificate of {host} is not trusted: {error.verify_message}. {advice}") from None
    except (socket.timeout, TimeoutError):
        raise Unreachable(f"{host} did not answer in time.") from None
    except ValueError:  # http.client and the codecs repeat in their words what they refuse
        raise Untrusted(f"What is to be sent to {host} is no HTTP: check the address, the proxy, the secret.") from None
    except (OSError, http.client.HTTPException) as error:
        through = f" through the proxy {route.proxy}" if route.proxy else ""
        told = (isinstance(error, OSError) and str(error)) or type(error).__name__
        raise Unreachable(f"{host} cannot be reached{through}: {told}.") from None


def _place(url: str) -> Tuple[str, int, str]:
    """Host, port and what is asked for there. Raises Untrusted."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
    except ValueError:
        host = ""
    if not host or parts.scheme != "https" or parts.username or not _is_plain(url) or " " in url:
        raise Untrusted("This is no https:// address without a login in it.")
    return host, port, urlunsplit(("", "", parts.path or "/", parts.query, ""))


def _is_plain(text: str) -> bool:
    """Whether HTTP carries it as it is."""
    return text.isascii() and text.isprintable()


def trust(ca_file: str) -> ssl.SSLContext:
    """Verify against this file, or against the system's authorities. Raises Untrusted where there are none."""
    path = os.path.expandvars(ca_file)
    try:
        context = ssl.create_default_context(cafile=path or None)
        if path:
            # Python 3.13 asks for extensions that an organisation's own authority often lacks; 3.9 does not.
            context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
        elif not _has_authorities(context):
            context.load_verify_locations(_bundle())
    except (OSError, ssl.SSLError) as error:
        raise Untrusted(f"{path or 'The CA bundle'} cannot be read as PEM certificates ({error}).") from None
    return context


def _has_authorities(context: ssl.SSLContext) -> bool:
    folder = ssl.get_default_verify_paths().capath  # read on demand, so that it never shows in the statistics
    return context.cert_store_stats()["x509_ca"] > 0 or (bool(folder) and any(Path(folder).glob("*.0")))


def _bundle() -> str:
    """Splunk's own Python may look where nothing is: the certifi it ships, then the places that systems use."""
    for path in (*_certifi(), *BUNDLES):
        if Path(path).is_file():
            return path
    raise Untrusted("No CA certificates are found on this machine. Name a PEM bundle in ca_file.")


def _certifi() -> Tuple[str, ...]:
    try:
        from certifi import where  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return ()
    return (str(where()),)


def _connect(host: str, port: int, route: Route) -> http.client.HTTPSConnection:
    context = trust(route.ca_file)
    if not route.proxy:
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=context)
    name, _, number = route.proxy.rpartition(":")
    if not name or not number.isdecimal() or not 0 < int(number) < 65536 or "/" in name or not _is_plain(route.proxy):
        raise Untrusted("The proxy is no host:port.", key="proxy")
    connection = http.client.HTTPSConnection(name, int(number), timeout=TIMEOUT, context=context)
    login: Dict[str, str] = {}
    if route.proxy_login:
        login["Proxy-Authorization"] = "Basic " + b64encode(route.proxy_login.encode("utf-8")).decode("ascii")
    connection.set_tunnel(host, port, login)
    return connection


def _exchange(connection: http.client.HTTPSConnection, target: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    end = time.monotonic() + DEADLINE
    try:
        connection.request("POST", target, body, {**headers, "Connection": "close"})
        response = connection.getresponse()
        found = bytearray()
        while True:
            piece = response.read1(65536)
            found += piece
            if not piece or len(found) > LARGEST_REPLY:
                return Reply(response.status, _seconds(response.getheader("Retry-After")), bytes(found))
            if time.monotonic() > end:
                raise socket.timeout
    finally:
        connection.close()


def _seconds(header: Optional[str]) -> Optional[float]:
    """Slack and the responder send whole seconds; a date, which HTTP also allows, counts as no wish."""
    return float(header) if header and header.strip().isdigit() else None
