"""What a user could write or already has: each a small class with `score_and_learn(signin) -> float`."""

from __future__ import annotations

from typing import Callable, Mapping

from ..replay import Method
from .forest import Forest
from .freeman import Freeman
from .rules import BuffaLogs, Elastic, Okta
from .sums import Sum

BASELINES: Mapping[str, Callable[[], Method]] = {
    "sum + travel": Sum.strong,
    "plain sum": Sum.plain,
    "Freeman": Freeman,
    "BuffaLogs-like": BuffaLogs,
    "Okta-like": Okta,
    "Elastic rules": Elastic,
}
SLOW: Mapping[str, Callable[[], Method]] = {"forest per person": Forest}

__all__ = ("BASELINES", "SLOW", "BuffaLogs", "Elastic", "Forest", "Freeman", "Okta", "Sum")
