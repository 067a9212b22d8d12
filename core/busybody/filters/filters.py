"""Filters: which findings do not count, and why. All that apply are recorded on the finding, by their policy key.

    what counts = base + contributions of findings that nothing sets aside      [log-odds]

Risk, alert, incident and the calibration of the budget rest on that; the assessment's own log-odds are of everything,
so that a reader sees what a filter hides. One filter is of another kind: who is below `alert_minimum_risk_score` does
not alert, but their findings count, or nobody would ever rise to it.
"""

from __future__ import annotations

from typing import Callable, List, Optional, Sequence, Tuple

from ..policy import Policy
from ..profile import Profile
from ..profile.learning import Judgement
from ..risk import LEVELS
from ..signin import SignIn
from .marks import SERVICE, SILENT, counted

OF_PEOPLE = frozenset(("impossible_travel", "unusual_hour", "dormant_account"))  # say nothing of a program
MOBILE = frozenset(("ios", "ipados", "android", "windowsphone"))  # systems, as fingerprints begin with them
DAY = 86400.0
ORDER = [name for name, _ in reversed(LEVELS)]

Test = Tuple[str, Callable[[SignIn, float], bool]]  # of a sign-in and when its person was first seen
TravelTest = Tuple[str, Callable[[str, str], bool]]


class Filters:
    """The filters that a policy switches on."""

    def __init__(self, policy: Policy) -> None:
        self._types = policy.filters.filtered_alerts_types
        self._signin = _signin_tests(policy)
        self._travel = _travel_tests(policy)
        self._least = ORDER.index(policy.filters.alert_minimum_risk_score)

    def judged(self, signin: SignIn, profile: Profile, judgement: Judgement, lists: Sequence[str]) -> Judgement:
        """The judgement with what is set aside marked, and the log-odds of what counts.

        `lists` are those that the person stands on (`watch.lists`). The same object where nothing is set aside.
        """
        if not judgement.findings or not (lists or self._types or self._signin or self._travel):
            return judgement
        first = signin.time if profile.first is None else profile.first
        start = judgement.anchor.country if judgement.anchor is not None else None
        whole = self._of_signin(signin, first, lists)
        found = [(one, (*whole, *self._of(one.detector, signin, start, lists))) for one in judgement.findings]
        if not any(reasons for _, reasons in found):
            return judgement
        findings = tuple(one._replace(filtered_by=reasons) if reasons else one for one, reasons in found)
        incident = None if whole else judgement.incident
        return judgement._replace(findings=findings, log_odds=counted(findings), incident=incident)

    def holds_back(self, risk: float) -> bool:
        """Whether somebody of this risk, 0 to 100, is below the level from which people alert."""
        return risk < LEVELS[len(LEVELS) - 1 - self._least][1]

    def reasons(
        self, detector: str, signin: SignIn, first: float, lists: Sequence[str], start: Optional[str]
    ) -> Tuple[str, ...]:
        """What sets aside a finding of one detector; `first` is when the person was first seen, `start` where travel began."""
        return (*self._of_signin(signin, first, lists), *self._of(detector, signin, start, lists))

    def _of_signin(self, signin: SignIn, first: float, lists: Sequence[str]) -> List[str]:
        whole = [name for name in lists if name in SILENT]
        return whole + [name for name, holds in self._signin if holds(signin, first)]

    def _of(self, detector: str, signin: SignIn, start: Optional[str], lists: Sequence[str]) -> List[str]:
        """What sets aside the findings of one detector."""
        reasons = ["filters.filtered_alerts_types"] if detector in self._types else []
        if detector == "impossible_travel" and start is not None and signin.country is not None:
            reasons += [name for name, holds in self._travel if holds(start, signin.country)]
        if SERVICE in lists and detector in OF_PEOPLE:
            reasons.append(SERVICE)
        return reasons


def is_mobile(signin: SignIn) -> bool:
    return signin.device is not None and signin.device.partition("-")[0] in MOBILE


def _signin_tests(policy: Policy) -> List[Test]:
    rules = policy.filters
    tests: List[Test] = []
    if rules.user_learning_period:
        seconds = rules.user_learning_period * DAY
        tests.append(("user_learning_period", lambda signin, first: signin.time - first < seconds))
    if rules.ignored_ips:
        tests.append(("ignored_ips", lambda signin, _: rules.ignored_ips.matches(signin.ip, signin.asn)))
    if rules.allowed_countries:
        tests.append(("allowed_countries", lambda signin, _: signin.country in rules.allowed_countries))
    if rules.ignored_ISPs:
        tests.append(("ignored_ISPs", lambda signin, _: rules.ignored_ISPs.matches(signin.as_org or "")))
    if rules.ignore_mobile_logins:
        tests.append(("ignore_mobile_logins", lambda signin, _: is_mobile(signin)))
    return [(f"filters.{name}", test) for name, test in tests]


def _travel_tests(policy: Policy) -> List[TravelTest]:
    rules = policy.filters
    couples = rules.ignored_impossible_travel_countries_couples
    tests: List[TravelTest] = []
    if rules.ignored_impossible_travel_all_same_country:
        tests.append(("filters.ignored_impossible_travel_all_same_country", lambda start, end: start == end))
    if couples:
        name = "filters.ignored_impossible_travel_countries_couples"
        tests.append((name, lambda start, end: (min(start, end), max(start, end)) in couples))
    return tests
