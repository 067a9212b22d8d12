"""Errors of the service, in the core's tree.

BusybodyError
├── ConfigError      a key of the configuration, named by its dotted path
├── ClusterError     the cluster refused or could not be reached; `status` is what it answered
│   └── PartialResults   it answered with a part of the truth only
└── Lost             somebody else owns the people now; what was not committed is theirs to do
"""

from __future__ import annotations

from busybody.errors import BusybodyError


class ConfigError(BusybodyError):
    """A key of the configuration is unknown, misplaced or out of bounds."""


class ClusterError(BusybodyError):
    """The cluster refused, or could not be reached."""

    def __init__(self, message: str, *, status: int | None = None, source: str | None = None) -> None:
        """`status` is the HTTP status; None where there was no answer."""
        super().__init__(message, source=source)
        self.status = status


class PartialResults(ClusterError):
    """An answer that lacks a shard or ended early: to read on from it would lose sign-ins."""


class Lost(BusybodyError):
    """The lease went to somebody else: nothing of ours may be written any more."""
