"""Explanation: is the planted cause what the alert names first, and do the parts add up?

`causes.json` says for each attack class of the simulator which detectors (at most two) name its cause. It is
committed before a run, so that nobody fits it to the answers.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List, Mapping, Tuple

from .replay import Replay, Row

TABLE = Path(__file__).with_name("causes.json")


@lru_cache(maxsize=1)
def planted() -> Mapping[str, Tuple[str, ...]]:
    """Attack class -> the detectors that name its cause."""
    table: Dict[str, List[str]] = json.loads(TABLE.read_text(encoding="utf-8"))["causes"]
    return {name: tuple(detectors) for name, detectors in table.items()}


def explained(run: Replay, cut: float) -> Dict[str, Any]:
    """Shares of the true alerts (attack incidents above `cut` or alerted) that name the planted cause first, among three."""
    causes = planted()
    by_class: Dict[str, List[int]] = {}
    for label, row in _true_alerts(run, cut):
        if label not in causes or row.detail is None:
            continue
        wanted, named = causes[label], row.detail.causes
        counts = by_class.setdefault(label, [0, 0, 0])
        counts[0] += 1
        counts[1] += bool(named) and named[0] in wanted
        counts[2] += any(name in wanted for name in named[:3])
    told = [row for row in run.rows if row.detail is not None]
    return {
        "by_class": {name: _row(counts) for name, counts in sorted(by_class.items())},
        "all": _row([sum(column) for column in zip(*by_class.values())] or [0, 0, 0]),
        "not_adding_up": sum(not row.detail.exact for row in told if row.detail is not None),
        "signins": len(told),
    }


def _row(counts: List[int]) -> Dict[str, Any]:
    return {"alerts": counts[0], "first": counts[1], "among_three": counts[2]}


def _true_alerts(run: Replay, cut: float) -> List[Tuple[str, Row]]:
    """For each attack incident that is found, the first sign-in of it that was."""
    first: Dict[Tuple[str, int, str], Row] = {}
    for row in run.tested:
        if row.truth.attack and row.detail is not None and (row.score > cut or row.detail.alert):
            first.setdefault((row.user, run.split.day(row.time), row.truth.label), row)
    return [(key[2], row) for key, row in first.items()]
