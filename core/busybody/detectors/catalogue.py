"""The only list of detectors: catalogue.json, in the order in which contributions are added."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple

from .signal import Signal

KINDS = ("habit", "hard", "evidence", "proof", "incident")
Detect = Callable[..., Optional[Signal]]


class Entry(NamedTuple):
    """One detector: what it is called, what it means, how much it counts by default."""

    name: str
    title: str
    kind: str  # one of KINDS: evidence and proof are asked only where there is a doubt; incident comes last
    weight: float  # log-odds per nat of surprise
    techniques: Tuple[str, ...]  # MITRE ATT&CK
    description: str
    reason: str  # str.format template over the evidence
    usual: str  # what stands beside it: the person's habit

    def detect(self) -> Detect:
        """The function in the file of the same name."""
        function: Detect = import_module(f"{__package__}.{self.name}").detect
        return function


def _load(part: str) -> Tuple[Entry, ...]:
    rows: Dict[str, Any] = json.loads(Path(__file__).with_name("catalogue.json").read_text(encoding="utf-8"))
    return tuple(Entry(**{**row, "techniques": tuple(row["techniques"])}) for row in rows[part])


CATALOGUE: Tuple[Entry, ...] = _load("detectors")
STATED: Tuple[Entry, ...] = _load("stated")  # what a policy finds odd by itself; no detector is asked
_BY_NAME = {row.name: row for row in (*CATALOGUE, *STATED)}


def entry(name: str) -> Entry:
    """The catalogue entry of a detector; of any other name, that of the behaviour profiles."""
    return _BY_NAME.get(name) or _BY_NAME["custom_profile"]
