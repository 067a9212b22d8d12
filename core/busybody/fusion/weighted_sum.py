"""The weighted sum: contribution = weight · surprisal, in log-odds, added in catalogue order.

What a signal says beyond its surprisal is log-odds already; the policy's weight scales it in proportion.

BASE is the log-odds of a sign-in about which nothing is odd. The weights are the policy's, bounded by the
catalogue's; see `detectors.catalogue`.
"""

from __future__ import annotations

from typing import Dict, List, Mapping, Tuple

from ..detectors import CATALOGUE, Signal
from ..policy import Policy
from ..population.calibration import BASE
from ..signin import Finding

__all__ = ["BASE", "fuse"]

NOTHING_LEARNED: Mapping[str, float] = {}
ORDER = {row.name: place for place, row in enumerate(CATALOGUE)}
DEFAULT = {row.name: row.weight for row in CATALOGUE}


def fuse(
    signals: Dict[str, Signal], policy: Policy, learned: Mapping[str, float] = NOTHING_LEARNED
) -> Tuple[float, List[Finding]]:
    """Log-odds and findings in catalogue order. Adding up again gives the same number, bit for bit.

    `learned` are contributions by detector that take the place of weight times surprisal.
    """
    findings: List[Finding] = []
    log_odds, weights = BASE, policy.weights
    for name in signals if len(signals) < 2 else sorted(signals, key=ORDER.__getitem__):
        signal = signals[name]
        contribution = learned[name] if name in learned else weights[name] * signal.surprisal
        if signal.beyond:
            contribution += weights[name] / DEFAULT[name] * signal.beyond
        log_odds += contribution
        findings.append(Finding(name, contribution, signal.evidence))
    return log_odds, findings
