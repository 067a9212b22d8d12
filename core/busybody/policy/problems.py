"""What is wrong with a policy: every problem of a file at once, in the order of its lines."""

from __future__ import annotations

from typing import Optional, Tuple

from ..errors import LONGEST_VALUE, PolicyError, Several, shown

Path = Tuple[str, ...]  # keys from the outermost to the innermost; list positions as "[0]"


class InvalidPolicy(Several, PolicyError):
    """A policy that cannot be used."""


def invalid(
    message: str, *, source: Optional[str], line: Optional[int] = None, key: Optional[str] = None
) -> InvalidPolicy:
    """The exception for one problem."""
    return InvalidPolicy([PolicyError(message, source=source, line=line, key=key)])


def dotted(path: Path) -> str:
    """("people", "vip", "[0]") as "people.vip[0]"; a part that would spoil the line is quoted."""
    return ".".join(map(_part, path)).replace(".[", "[")


def _part(part: str) -> str:
    return part if part and part.isprintable() and len(part) <= LONGEST_VALUE else shown(part)
