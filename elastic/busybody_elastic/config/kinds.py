"""Kinds of values in the configuration: what is right, in words, and the check that says so.

A check takes what YAML gives and returns the value as it is used; it raises ValueError with what is wrong and what to
write instead. `from_text` makes of an environment variable's text what YAML would have given.
"""

from __future__ import annotations

import hmac
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Sequence
from urllib.parse import urlsplit

from busybody.errors import shown
from busybody.policy.suggest import nearest

LONGEST_SECRET = 1 << 16  # characters; a file of keys, one in a line
HOST = re.compile(r"[A-Za-z0-9_.-]{1,200}(?::(?P<port>[0-9]{1,5}))?")
DIGEST = re.compile(r"sha256:[0-9a-fA-F]{64}")


class Secret(str):
    """Text that does not show itself: repr, str and format give ***. `reveal()` is the text, and so is encode()."""

    __slots__ = ()

    def reveal(self) -> str:
        return str.__str__(self)

    def __str__(self) -> str:
        return "***" if len(self) else ""

    def __repr__(self) -> str:
        return f"Secret({str(self)!r})"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and hmac.compare_digest(self.encode(), other.encode())

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return str.__hash__(self)


@dataclass(frozen=True)
class Kind:
    """One kind of value."""

    check: Callable[[Any], Any]
    from_text: Callable[[str], Any] = str
    secret: bool = False
    many: bool = False


def integer(low: int, high: int) -> Kind:
    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"{shown(value)} is no whole number from {low} to {high}. Give one")
        return int(value)

    return Kind(check, _number)


def number(low: float, high: float, *, absent: bool = False) -> Kind:
    """Both bounds are allowed; with `absent` so is nothing at all."""

    def check(value: Any) -> float | None:
        if absent and value is None:
            return None
        right = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not right or not low <= value <= high:
            raise ValueError(f"{shown(value)} is no number from {low:g} to {high:g}. Give one")
        return float(value)

    return Kind(check, _number)


def _number(text: str) -> Any:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            pass
    return text or None


def boolean() -> Kind:
    def check(value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"{shown(value)} is neither true nor false. Give one of the two")
        return value

    return Kind(check, lambda text: {"true": True, "false": False}.get(text.strip().lower(), text))


def choice(*names: str) -> Kind:
    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in names:
            raise ValueError(f"{shown(value)} is no choice.{nearest(str(value), names)} Give one of {', '.join(names)}")
        return value

    return Kind(check)


def text(pattern: str = r"(?s).+", right: str = "text", *, empty: bool = False) -> Kind:
    def check(value: Any) -> str:
        if empty and (value is None or value == ""):
            return ""
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError(f"{shown(value)} will not do. Give {right}")
        return value

    return Kind(check)


def texts(pattern: str, right: str) -> Kind:
    """A list; one text alone is a list of one. In the environment they are separated by commas."""
    return Kind(lambda value: _each(value, text(pattern, right).check, right), _split, many=True)


def urls(*, empty: bool = False) -> Kind:
    return Kind(lambda value: () if empty and not value else _each(value, _url, "URLs"), _split, many=True)


def url() -> Kind:
    """One URL, or nothing."""
    return Kind(lambda value: _url(value) if value else "")


def _url(value: Any) -> str:
    parts = urlsplit(value) if isinstance(value, str) else None
    try:
        good = parts and parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:  # a port that is none
        good = False
    if not parts or not good or parts.query or parts.fragment:
        raise ValueError(f"{_harmless(value)} is no URL of a server. Give one such as https://localhost:9200")
    if parts.username is not None:
        raise ValueError("has credentials in it. Put them into keys of their own, where nobody reads them by chance")
    return str(value).rstrip("/")


def _harmless(value: Any) -> str:
    return shown(re.sub(r"//[^/@]*@", "//…@", value) if isinstance(value, str) else value)


def server() -> Kind:
    """A host, with its port where it is not 443; or nothing."""

    def check(value: Any) -> str:
        if value is None or value == "":
            return ""
        found = HOST.fullmatch(value) if isinstance(value, str) else None
        if found is None or not 1 <= int(found["port"] or 443) <= 65_535:
            raise ValueError(f"{shown(value)} is no server. Give host or host:port, the port from 1 to 65535")
        return str(value)

    return Kind(check)


def path() -> Kind:
    """A file that is there, or None. A relative path starts at the working directory."""

    def check(value: Any) -> Path | None:
        if value is None or value == "":
            return None
        if not isinstance(value, str) or not Path(value).expanduser().is_file():
            raise ValueError(f"{shown(value)} is no file that is there. Check the path")
        return Path(value).expanduser()

    return Kind(check)


def new_path() -> Kind:
    """A file that may be made, in a folder that is there; or None."""

    def check(value: Any) -> Path | None:
        if value is None or value == "":
            return None
        if not isinstance(value, str) or not Path(value).expanduser().absolute().parent.is_dir():
            raise ValueError(f"the folder of {shown(value)} is not there. Make it, or give another path")
        return Path(value).expanduser()

    return Kind(check)


def secret() -> Kind:
    """From a file or the environment, never written out in the configuration; empty where there is none."""
    return Kind(lambda value: value, secret=True)


def secrets() -> Kind:
    """A list of them; what stands there as sha256:<hexadecimal> is no secret and may be written out."""
    return Kind(lambda value: value, secret=True, many=True)


def _each(value: Any, check: Callable[[Any], str], right: str) -> tuple[str, ...]:
    given: Sequence[Any] = [value] if isinstance(value, str) else value
    if not isinstance(given, (list, tuple)) or not given:
        raise ValueError(f"{shown(value)} is no list. Give {right}, each on a line of its own behind a dash")
    return tuple(check(entry) for entry in given)


def _split(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]
