"""The weighted sum: contribution = weight · surprisal, in log-odds, added in catalogue order.

BASE is the log-odds of a sign-in about which nothing is odd. The weights are the policy's, bounded by the
catalogue's; see `detectors.catalogue`.
"""

from __future__ import annotations

from typing import Dict, List, Tuple

from ..detectors import CATALOGUE, Signal
from ..policy import Policy
from ..population.calibration import BASE
from ..signin import Finding

__all__ = ["BASE", "fuse"]

ORDER = {row.name: place for place, row in enumerate(CATALOGUE)}


def fuse(signals: Dict[str, Signal], policy: Policy) -> Tuple[float, List[Finding]]:
    """Log-odds and findings in catalogue order. Adding up again gives the same number, bit for bit."""
    findings: List[Finding] = []
    log_odds, weights = BASE, policy.weights
    for name in signals if len(signals) < 2 else sorted(signals, key=ORDER.__getitem__):
        signal = signals[name]
        contribution = weights[name] * signal.surprisal
        log_odds += contribution
        findings.append(Finding(name, contribution, signal.evidence))
    return log_odds, findings
