"""How much one caller may ask for, and how much all may at once."""

from __future__ import annotations

from typing import NamedTuple

from .config import LimitsSection

MEBIBYTE = 1 << 20


class Limits(NamedTuple):
    """Bounds of the doors. Beyond them a caller is told so (413, 408, 429), never silently cut."""

    body: int = 100 * MEBIBYTE  # bytes of a request as sent; a cluster takes as many by default
    unpacked: int = 100 * MEBIBYTE  # bytes of it once it is decompressed
    seconds: float = 30.0  # to send a request, and to answer at POST /score
    concurrent: int = 64  # requests at once
    documents: int = 10_000  # in one request at POST /score
    operations: int = 100_000  # in one bulk request

    @classmethod
    def of(cls, section: LimitsSection) -> Limits:
        """From `server.limits` of the configuration."""
        return cls(
            int(section.body_mb * MEBIBYTE), int(section.unpacked_mb * MEBIBYTE), section.seconds, section.concurrent,
            section.documents,
        )  # fmt: skip


def too_many(most: int, what: str) -> Refused:
    """What somebody hears who sends more than that many at a time."""
    return Refused(413, f"the request has more than {most:,} {what}. Send fewer at a time.")


class Refused(Exception):
    """A request that is not taken, with its HTTP status and the words for the caller."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Turnstile:
    """Counts who is inside; whoever finds it full is asked to come again.

    Used from the event loop alone, so that no lock is needed.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.inside = 0

    def __enter__(self) -> None:
        if self.inside >= self._most:
            raise Refused(429, f"{self._most} requests are being answered already. Send this one again in a second.")
        self.inside += 1

    def __exit__(self, *_: object) -> None:
        self.inside -= 1
