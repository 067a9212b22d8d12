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
    """By attack class: attacks, how many score above `cut` at some time, and how long after the first way in."""
    attacks: Dict[str, List[Row]] = {}
    for row in run.tested:
        if row.truth.attack:
            attacks.setdefault(row.truth.incident or f"{row.user}\n{row.truth.label}", []).append(row)
    by_class: Dict[str, List[Optional[Tuple[float, int]]]] = {}
    for rows in attacks.values():
        found = next((place for place, row in enumerate(rows) if row.score > cut), None)
        waited = None if found is None else ((rows[found].time - rows[0].time) / 3600.0, found)
        by_class.setdefault(rows[0].truth.label, []).append(waited)
    return {label: _waits(waits) for label, waits in sorted(by_class.items())}


def _waits(waits: Sequence[Optional[Tuple[float, int]]]) -> Dict[str, Any]:
    hours = sorted(one[0] for one in waits if one is not None)
    return {
        "attacks": len(waits),
        "found": len(hours),
        "at_once": sum(one is not None and one[1] == 0 for one in waits),
        "median_hours": quantile(hours, 0.5),
        "p90_hours": quantile(hours, 0.9),
    }


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
    return {
        "above_cut": above,
        "alerts": alerts,
        "above_cut_per_1000": 1000.0 * above / person_days if person_days else None,
        "alerts_per_1000": 1000.0 * alerts / person_days if person_days else None,
    }


def _curve(run: Replay, cut: float) -> List[Dict[str, Any]]:
    """Honest sign-ins by how many sign-ins of the person came before: the share above `cut`, and that alerts."""
    answer = []
    for low, high in zip(KNOWN_BEFORE, (*KNOWN_BEFORE[1:], 1 << 30)):
        rows = [row for row in run.rows if low <= row.before < high and not row.truth.attack]
        alerts = sum(row.detail is not None and row.detail.alert for row in rows)
        above = sum(row.score > cut for row in rows)
        answer.append({"from": low, "signins": len(rows), "above_cut": above, "alerts": alerts})
    return answer


def drift(run: Replay) -> Dict[str, Dict[str, Any]]:
    """By change: episodes, and how many sign-ins stay at medium or above before the first that does not.

    A move counts with a known device, a new device on a known network; the rest of their sign-ins say nothing of it.
    """
    episodes: Dict[Tuple[str, str], List[float]] = {}
    for row in run.rows:
        label = row.truth.label
        if label in CHANGES and row.detail is not None:
            if row.known_device if label == "moved_home" else row.known_network:
                episodes.setdefault((label, row.user), []).append(row.detail.risk)
    answer: Dict[str, Dict[str, Any]] = {}
    for label in CHANGES:
        told = [risks for (name, _), risks in sorted(episodes.items()) if name == label]
        odd = sorted(_leading(risks) for risks in told)
        answer[label] = {
            "episodes": len(told),
            "below_at_once": sum(count == 0 for count in odd),
            "below_within_three": sum(count < 3 for count in odd),
            "longest": odd[-1] if odd else None,
        }
    return answer


def _leading(risks: Sequence[float]) -> int:
    return next((place for place, risk in enumerate(risks) if risk < MEDIUM), len(risks))
