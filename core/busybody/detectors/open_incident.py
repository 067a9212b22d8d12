"""Open incident: a sign-in that shares an untrusted network or device with one keeps its risk, and is told as part of it.

The log-odds stay what the sign-in says by itself: what one odd sign-in said must not count again each day. It is asked
last, with the log-odds of everything else; see `profile.incidents` for what belongs to an incident.
"""

from __future__ import annotations

from typing import Any, Mapping, Optional

from .signal import Signal


def detect(incident: Optional[Mapping[str, Any]], log_odds: float) -> Optional[Signal]:
    if incident is None or incident["log_odds"] <= log_odds:
        return None
    return Signal(0.0, {"incident": incident["id"], "opened": incident["opened"], "why": why(incident)})


def why(incident: Mapping[str, Any]) -> str:
    """What the incident was, without the risk that its sentence begins with."""
    words = str(incident.get("sentence", ""))
    return (words.partition("): ")[2] or words).rstrip(".") or "an odd sign-in"
