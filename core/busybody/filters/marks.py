"""The marks that filters leave on findings, and what they mean for those who read findings."""

from __future__ import annotations

from typing import Sequence, Tuple

from ..population.calibration import BASE
from ..signin import Finding

MINIMUM = "filters.alert_minimum_risk_score"
VIP_ONLY = "filters.alert_is_vip_only"
IGNORED, ENABLED, VIP, SERVICE, LEAVERS = (
    f"people.{name}" for name in ("ignored", "enabled", "vip", "service", "leavers")
)
SILENT = frozenset((VIP_ONLY, IGNORED, ENABLED))  # who is on one of these never alerts


def counts(found: Finding) -> bool:
    """Whether a finding counts for risk: nothing sets it aside, or only that its person is not risky enough yet."""
    return not found.filtered_by or tuple(found.filtered_by) == (MINIMUM,)


def counted(findings: Sequence[Finding]) -> float:
    """The log-odds of the findings that count."""
    log_odds: float = BASE
    for found in findings:
        if counts(found):
            log_odds += found.contribution
    return log_odds


def held_back(findings: Sequence[Finding]) -> Tuple[Finding, ...]:
    """The findings of somebody who is below the level from which people alert."""
    return tuple(found._replace(filtered_by=(*found.filtered_by, MINIMUM)) for found in findings)
