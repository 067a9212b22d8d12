"""How odd a value is for somebody, by how often they had it: between 0 and 1.

    N = Σ c, over k distinct values; c_v = how often v was there before; "" stands for missing and null, and is counted

    mandatory   1 where v is missing or new; 0 where c_v ≥ N / k; else 1 − c_v / N
    optional    0 where v was there before or is missing; 1 where nothing is known; else c_"" / N

A mandatory field is one that the actor always fills in the same few ways; an optional one is news only to somebody
who usually leaves it empty. ScryWarden's reporters, counted one record at a time.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Callable, Dict, List, Mapping

MISSING = ""
LONGEST = 64  # characters; a longer value is known by its hash
MOST_VALUES = 32  # of one field of one actor; the rarest makes room
Counts = Dict[str, int]


def canonical(values: List[Any]) -> str:
    """A value, or the values of a joint field, as JSON text; empty where nothing is there."""
    present = values[0] if len(values) == 1 else None if all(value is None for value in values) else values
    if present is None:
        return MISSING
    text = json.dumps(present, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    if len(text) <= LONGEST:
        return text
    return "#" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def mandatory(counts: Mapping[str, int], value: str) -> float:
    seen = counts.get(value, 0)
    if value == MISSING or not seen:
        return 1.0
    total = sum(counts.values())
    return 0.0 if seen * len(counts) >= total else 1.0 - seen / total


def optional(counts: Mapping[str, int], value: str) -> float:
    if not counts:
        return 1.0 if value != MISSING else 0.0
    if value == MISSING or value in counts:
        return 0.0
    return counts.get(MISSING, 0) / sum(counts.values())


SCORES: Mapping[str, Callable[[Mapping[str, int], str], float]] = {"mandatory": mandatory, "optional": optional}


def count(counts: Counts, value: str, weight: int = 1) -> None:
    """Count one record more."""
    counts[value] = counts.get(value, 0) + weight
    if len(counts) > MOST_VALUES:
        del counts[min((known for known in counts if known != value), key=lambda known: (counts[known], known))]


def confirm(counts: Counts, value: str) -> None:
    """Make a value as usual as the others are on average: it is no anomaly from the next record on."""
    others = [number for known, number in counts.items() if known != value]
    mean = -(-sum(others) // len(others)) if others else 1
    missing = max(mean - counts.get(value, 0), 0)
    if missing:
        count(counts, value, missing)
