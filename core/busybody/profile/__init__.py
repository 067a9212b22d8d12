"""What is known of one person: counts, anchors, trust, incidents, journal, codec."""

from __future__ import annotations

from .known import Known, known
from .profile import Profile, Waiting

__all__ = ["Known", "Profile", "Waiting", "known"]
