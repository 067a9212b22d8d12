"""Who may use a door: API keys, kept as digests and compared in constant time.

A key comes in `X-Busybody-Key` or as `Authorization: ApiKey <key>`; at the gateway in `X-Busybody-Key` alone, since
Authorization belongs to the caller and is forwarded to the cluster.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Iterable

from starlette.datastructures import Headers

from .errors import ConfigError

HEADER = "x-busybody-key"
INTERNAL = "x-busybody-internal"  # the secret that instances share, from one to the other
SCHEME = "apikey "
DIGEST = "sha256:"  # how a key that is configured as its digest begins


class Keys:
    """The keys that open a door. None at all: whoever reaches it may enter (loopback, or mutual TLS)."""

    def __init__(self, keys: Iterable[str]) -> None:
        """Each is the key itself, or `sha256:` and the digest of its UTF-8 text in hexadecimal. Raises ConfigError."""
        self._digests = tuple(_configured(key) for key in keys)

    def __bool__(self) -> bool:
        return bool(self._digests)

    def accept(self, headers: Headers, *, own_header_only: bool = False) -> bool:
        """Whether one of the keys is presented. Takes as long for a wrong key as for a right one."""
        if not self._digests:
            return True
        presented = headers.get(HEADER)
        if presented is None and not own_header_only:
            authorization = headers.get("authorization", "")
            if authorization[: len(SCHEME)].lower() == SCHEME:
                presented = authorization[len(SCHEME) :].strip()
        return self._hold(presented or "")

    def are_in(self, authorization: str) -> bool:
        """Whether one of the keys is in that value of an Authorization header, whatever scheme it names."""
        whole = authorization.strip()
        return self._hold(whole) | self._hold(whole.partition(" ")[2].strip())

    def _hold(self, presented: str) -> bool:
        found = _digest(presented)
        return sum(hmac.compare_digest(found, known) for known in self._digests) > 0


def _configured(key: str) -> bytes:
    if not key.startswith(DIGEST):
        return _digest(key)
    try:
        digest = bytes.fromhex(key[len(DIGEST) :])
    except ValueError:
        digest = b""
    if len(digest) != sha256().digest_size:
        raise ConfigError("a digest is sha256: and 64 hexadecimal digits. Make it with sha256sum.", key="server.keys")
    return digest


def _digest(key: str) -> bytes:
    return sha256(key.encode("utf-8", "surrogateescape")).digest()
