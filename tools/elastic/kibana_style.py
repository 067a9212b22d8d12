"""Colours and ids of everything that Kibana gets: one place, so that a level looks the same in every panel.

A mark has a contrast of at least 3 : 1 against the panels of the light and the dark theme (a test computes it).
"""

from __future__ import annotations

import uuid
from typing import Any

LEVELS = {"critical": "#D1304A", "high": "#D4651F", "medium": "#B5830F", "low": "#5F86BD"}
QUIET = "#75808F"  # of what has no level: axes, volumes, a risk below 20
WELL = "#3F9384"  # nothing to do
LOWEST_RISK = {"low": 20, "medium": 40, "high": 70, "critical": 90}  # of a level, inclusive
NAMESPACE = uuid.UUID("8a4b6f0e-5d3c-5c7e-9f55-6d0c2f3b1e77")  # of ids only; any constant does


def uid(*parts: str) -> str:
    """An id that is the same in every build."""
    return str(uuid.uuid5(NAMESPACE, "/".join(parts)))


def palette(starts: list[tuple[str, float]]) -> dict[str, Any]:
    """Bands of colour by number: each colour from its start to the next one's, the last without end."""
    ends = [start for _, start in starts[1:]] + [starts[-1][1] + 10]
    return {
        "name": "custom",
        "type": "palette",
        "params": {
            "name": "custom",
            "reverse": False,
            "rangeType": "number",
            "rangeMin": starts[0][1],
            "rangeMax": None,
            "progression": "fixed",
            "continuity": "above",
            "steps": len(starts),
            "maxSteps": 5,
            "stops": [{"color": color, "stop": end} for (color, _), end in zip(starts, ends)],
            "colorStops": [{"color": color, "stop": start} for color, start in starts],
        },
    }


def risk_palette() -> dict[str, Any]:
    """Risk 0 to 100 in the colours of its levels."""
    return palette([(QUIET, 0), *((LEVELS[level], float(start)) for level, start in LOWEST_RISK.items())])


def alarm_palette(starts: dict[float, str]) -> dict[str, Any]:
    """From each number up its colour: a level's name, `well` or `quiet`."""
    named = {**LEVELS, "well": WELL, "quiet": QUIET}
    return palette([(named[name], float(start)) for start, name in sorted(starts.items())])
