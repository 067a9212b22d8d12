"""The digest of a back-fill: what it found, in counts, since it pages nobody.

It goes out when the back-fill is said to be done, or when nothing of it has come for a minute.
"""

from __future__ import annotations

import hashlib
import json
from typing import Iterable

from .documents import Document, Documents
from .flight import Scored

IDLE = 60.0  # seconds without any back-filled sign-in after which a back-fill is over
MOST = 5_000  # incidents told apart


class Digest:
    """Gathers one back-fill. Times are epoch seconds."""

    def __init__(self) -> None:
        self.id = ""
        self.first, self.last, self.heard = 0.0, 0.0, 0.0
        self.signins = 0
        self.incidents: dict[str, str] = {}  # -> level

    @property
    def is_empty(self) -> bool:
        return not self.signins

    def add(self, scored: Iterable[Scored], now: float) -> None:
        for one in scored:
            if not one.incoming.quiet:
                continue
            time, assessment = one.assessment.time, one.assessment
            if not self.signins:
                self.id = "backfill-" + hashlib.sha256(one.incoming.identity.encode()).hexdigest()[:16]
                self.first = self.last = time
            self.first, self.last, self.heard = min(self.first, time), max(self.last, time), now
            self.signins += 1
            if assessment.alert and assessment.incident is not None and len(self.incidents) < MOST:
                self.incidents.setdefault(assessment.incident, assessment.level)

    def is_due(self, done: bool, now: float) -> bool:
        return not self.is_empty and (done or now - self.heard >= IDLE)

    def document(self, documents: Documents, written: float) -> Document:
        levels: dict[str, int] = {}
        for level in self.incidents.values():
            levels[level] = levels.get(level, 0) + 1
        return documents.digest(self.id, self.first, self.last, self.signins, levels, written)

    def to_json(self) -> str:
        """For the state's notes; nothing where there is nothing."""
        if self.is_empty:
            return ""
        return json.dumps([self.id, self.first, self.last, self.heard, self.signins, self.incidents])

    @classmethod
    def from_json(cls, text: str) -> Digest:
        digest = cls()
        if text:
            digest.id, digest.first, digest.last, digest.heard, digest.signins, digest.incidents = json.loads(text)
        return digest
