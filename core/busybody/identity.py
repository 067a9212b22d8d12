"""Identity: which person is it? The name that a record carries -> the person it stands for.

    map, then domain:  user_map[name]  |  user_map[name@user_domain]  |  name@user_domain  |  name

The source's map is asked first; only when it misses and the name has no `@`, the source's domain is added and the
map asked once more. What the map gives is final: hits are never chained. Case is folded unless the policy says not.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import unicodedata
from typing import Any, Dict, Mapping, NamedTuple, Optional

from .errors import PolicyError

_REMEMBERED = 65536  # names per source
_SOURCES = 256
SHORTEST_KEY = 16  # bytes; a shorter one can be guessed
PSEUDONYM_LENGTH = 32  # hex digits, 128 bits


class Rules(NamedTuple):
    """What one source says of its names."""

    user_map: Mapping[str, str]
    user_domain: Optional[str]


class Identity:
    """Resolves names by the rules of a policy; makes pseudonyms where the policy names a key."""

    def __init__(self, policy: Any = None) -> None:
        section = getattr(policy, "identity", None)
        self._fold: bool = getattr(section, "case_fold", True)
        self._key_file: Optional[str] = getattr(section, "pseudonym_key_file", None)
        self._key_env: Optional[str] = getattr(section, "pseudonym_key_env", None)
        self._key: Optional[bytes] = None
        self._sources: Mapping[str, Any] = getattr(policy, "sources", None) or {}
        self._rules: Dict[str, Rules] = {}
        self._known: Dict[str, Dict[str, str]] = {}  # source -> name -> person

    def resolve(self, name: str, source: str = "") -> str:
        """The person that this name of this source stands for; the name itself where no rule says more."""
        known = self._known.get(source)
        if known is None:
            if len(self._known) >= _SOURCES:
                self._known.clear()
                self._rules.clear()
            known = self._known[source] = {}
        person = known.get(name)
        if person is None:
            if len(known) >= _REMEMBERED:
                known.clear()
            person = known[name] = self._resolve(name, source)
        return person

    def _resolve(self, name: str, source: str) -> str:
        rules = self._rules.get(source)
        if rules is None:
            rules = self._rules[source] = self._of(source)
        plain = self.normal(name)
        mapped = rules.user_map.get(plain)
        if mapped is None and rules.user_domain and "@" not in plain:
            plain = self.normal(f"{plain}@{rules.user_domain.lstrip('@')}")
            mapped = rules.user_map.get(plain)
        return plain if mapped is None else self.normal(mapped)

    def _of(self, source: str) -> Rules:
        section = self._sources.get(source)
        raw = getattr(section, "user_map", None) or {}
        user_map: Dict[str, str] = {}
        for name, person in raw.items():
            spelled = self.normal(name)
            if user_map.setdefault(spelled, person) != person:
                raise PolicyError(
                    f"{name!r} and another spelling of it stand for different people. Keep one of them",
                    key=f"sources.{source}.user_map",
                )
        return Rules(user_map, getattr(section, "user_domain", None))

    def normal(self, name: str) -> str:
        """The spelling by which people are compared: composed characters, no space around, case folded."""
        plain = name if name.isascii() else unicodedata.normalize("NFC", name)
        plain = plain.strip()
        return plain.casefold() if self._fold else plain

    @property
    def has_pseudonyms(self) -> bool:
        """Whether the policy asks for pseudonyms in stores and exports."""
        return bool(self._key_file or self._key_env)

    def pseudonym(self, user: str) -> str:
        """HMAC-SHA256 of the person under the policy's key, 32 hex digits; the person where there is no key.

        The same person and key give the same pseudonym everywhere. Raises PolicyError where the key cannot be had.
        """
        if not self.has_pseudonyms:
            return user
        if self._key is None:
            self._key = self._read_key()
        digest = hmac.new(self._key, self.normal(user).encode("utf-8", "surrogatepass"), hashlib.sha256)
        return digest.hexdigest()[:PSEUDONYM_LENGTH]

    def _read_key(self) -> bytes:
        if self._key_file:
            where = "identity.pseudonym_key_file"
            try:
                with open(self._key_file, "rb") as stream:
                    key = stream.read().strip()
            except OSError as error:
                raise PolicyError(f"{self._key_file} cannot be read: {error.strerror}", key=where) from error
        else:
            where = "identity.pseudonym_key_env"
            key = os.environ.get(self._key_env or "", "").strip().encode("utf-8", "surrogateescape")
        if len(key) < SHORTEST_KEY:
            raise PolicyError(f"the key has {len(key)} bytes. Give at least {SHORTEST_KEY} random ones", key=where)
        return key
