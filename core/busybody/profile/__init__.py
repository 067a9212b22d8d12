"""What is known of one person: counts, anchors, trust, incidents, journal, codec."""

from __future__ import annotations

from .known import Known, known
from .profile import Anchor, Profile, Waiting

__all__ = ["Anchor", "Known", "Profile", "Waiting", "known"]
