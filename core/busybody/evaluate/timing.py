"""What happens over time: how soon an attack is found, how new people fare, how long a real change stays odd."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

from .incidents import incidents
from .replay import DAY, Replay, Row

NEW_DAYS = 14.0
KNOWN_BEFORE = (0, 1, 3, 10, 30)  # successful sign-ins
CHANGES = ("moved_home", "new_laptop", "new_phone")
MEDIUM = 40.0


def detection_times(run: Replay, cut: float) -> Dict[str, Dict[str, Any]]:
    """By attack class: attacks, and for those that score above `cut` at some time how long after the first way in."""
    attacks: Dict[str, List[Row]] = {}
    for row in run.tested:
        if row.truth.attack:
            attacks.setdefault(row.truth.incident or f"{row.user}\n{row.truth.label}", []).append(row)
    by_class: Dict[str, Dict[str, Any]] = {}
    for rows in attacks.values():
        counts = by_class.setdefault(rows[0].truth.label, {"attacks": 0, "at_once": 0, "hours": []})
        found = next((place for place, row in enumerate(rows) if row.score > cut), None)
        counts["attacks"] += 1
        if found is not None:
            counts["at_once"] += found == 0
            counts["hours"].append((rows[found].time - rows[0].time) / 3600.0)
    return by_class


def quantile(ordered: Sequence[float], share: float) -> Optional[float]:
    return ordered[round(share * (len(ordered) - 1))] if ordered else None


def hard_negatives(run: Replay, cut: float) -> Dict[str, Dict[str, Any]]:
    """By honest kind: person-days on which it happened, and how many of them score above `cut` or alert."""
    days: Dict[str, Dict[Tuple[str, int], Tuple[bool, bool]]] = {}
    for row in run.tested:
        if row.truth.attack:
            continue
        kind, key = days.setdefault(row.truth.label, {}), (row.user, run.split.day(row.time))
        above, alert = kind.get(key, (False, False))
        kind[key] = (above or row.score > cut, alert or (row.detail is not None and row.detail.alert))
    return {
        label: {
            "person_days": len(kind),
            "above_cut": sum(above for above, _ in kind.values()),
            "alerts": sum(alert for _, alert in kind.values()),
        }
        for label, kind in sorted(days.items())
    }


def new_people(run: Replay, cut: float) -> Dict[str, Any]:
    """False incidents in somebody's first two weeks: of newcomers in the test, and of everybody in a new organisation."""
    first: Dict[str, float] = {}
    for row in run.rows:
        first.setdefault(row.user, row.time)
    newcomers = {user: time for user, time in first.items() if time >= run.split.test}
    rows = [r for r in run.rows if r.user in newcomers and r.time < newcomers[r.user] + NEW_DAYS * DAY]
    days = sum(min(NEW_DAYS * DAY, run.split.end - time) for time in newcomers.values()) / DAY
    young = [row for row in run.rows if row.time < run.split.start + NEW_DAYS * DAY]
    return {
        "newcomers": {"people": len(newcomers), **_false(run, rows, days, cut)},
        "new_organisation": {"people": len(first), **_false(run, young, NEW_DAYS * run.people, cut)},
        "by_signins_before": _curve(run, cut),
    }


def _false(run: Replay, rows: Iterable[Row], person_days: float, cut: float) -> Dict[str, Any]:
    honest = [one for one in incidents(rows, run.split) if not one.attack]
    above, alerts = sum(one.score > cut for one in honest), sum(one.alert for one in honest)
    return {"person_days": person_days, "above_cut": above, "alerts": alerts}


def _curve(run: Replay, cut: float) -> Dict[str, Dict[str, int]]:
    """Honest sign-ins by how many sign-ins of the person came before: the share above `cut`, and that alerts."""
    answer = {}
    for low, high in zip(KNOWN_BEFORE, (*KNOWN_BEFORE[1:], 1 << 30)):
        rows = [row for row in run.rows if low <= row.before < high and not row.truth.attack]
        alerts = sum(row.detail is not None and row.detail.alert for row in rows)
        above = sum(row.score > cut for row in rows)
        answer[str(low)] = {"signins": len(rows), "above_cut": above, "alerts": alerts}
    return answer


def drift(run: Replay) -> Dict[str, Dict[str, Any]]:
    """By change and episode, how many sign-ins stay at medium or above before the first that does not.

    A move counts with a known device, a new device on a known network; the rest of their sign-ins say nothing of it.
    """
    episodes: Dict[Tuple[str, str], List[float]] = {}
    for row in run.rows:
        label = row.truth.label
        if label in CHANGES and row.detail is not None:
            if row.known_device if label == "moved_home" else row.known_network:
                episodes.setdefault((label, row.user), []).append(row.detail.risk)
    return {
        label: {"odd": [_leading(risks) for (name, _), risks in sorted(episodes.items()) if name == label]}
        for label in CHANGES
    }


def _leading(risks: Sequence[float]) -> int:
    return next((place for place, risk in enumerate(risks) if risk < MEDIUM), len(risks))
