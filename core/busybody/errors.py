"""Errors: what is wrong, where, and what to do next.

BusybodyError
├── InputError      a file or stream that cannot be read at all
│   └── RecordError     one record of it; the records around it are still processed
├── PolicyError     a key of a policy, named by its dotted path
├── StoreError      profiles at rest: locked, corrupt, of a newer version
├── ModelError      an exported model that does not fit
└── MissingExtra    an optional package that is not installed
"""

from __future__ import annotations

from typing import Any, Optional

LONGEST_VALUE = 80  # characters; a log line is no place for a 10 MB value


class BusybodyError(Exception):
    """Everything that Busybody raises on purpose. Prints as `source:line: key: what happened. Next step.`"""

    def __init__(
        self, message: str, *, source: Optional[str] = None, line: Optional[int] = None, key: Optional[str] = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.line = line
        self.key = key

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.source, self.line) if part is not None)
        return ": ".join(part for part in (place, self.key, self.message) if part)


class InputError(BusybodyError):
    """A file or stream cannot be read."""


class RecordError(InputError):
    """One record is no good; the ones around it are."""


class PolicyError(BusybodyError):
    """A policy key is unknown, misplaced or out of bounds."""


class StoreError(BusybodyError):
    """The store is locked, corrupt or written by a newer version."""


class ModelError(BusybodyError):
    """An exported model is damaged or of another version."""


class MissingExtra(BusybodyError):
    """An optional package is needed and absent."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs the package {package}. Install it with: pip install 'busybody[{extra}]'.")


def shown(value: Any) -> str:
    """The value as it may stand in an error: at most 80 characters, on one line."""
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
