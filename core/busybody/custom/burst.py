"""A burst weighs more than a single anomaly, by exponential decay.

    weighted = m − weight · (1 − decay)^(n − 1)      n anomalies of mean m within the window; odd from `threshold` on

With the defaults (0.2, 0.1, 0.5) one anomaly by itself has to score 0.7, and of a long run 0.5 is enough.
"""

from __future__ import annotations

from typing import Sequence

from .declaration import Analyzer

SLACK = 1e-9  # of the comparison with the threshold: 0.7 − 0.2 is not 0.5


def weighted(scores: Sequence[float], analyzer: Analyzer) -> float:
    """The answer for the anomalies (scores above 0) of one window; 0 where there are none."""
    if not scores:
        return 0.0
    mean = sum(scores) / len(scores)
    penalty: float = analyzer.weight * (1.0 - analyzer.decay) ** (len(scores) - 1)
    return mean - penalty


def is_odd(answer: float, analyzer: Analyzer) -> bool:
    return answer >= analyzer.threshold - SLACK
