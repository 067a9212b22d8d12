"""Busybody itself as a method: the public Scorer, a store in memory, nothing else."""

from __future__ import annotations

from typing import Callable, Optional, Tuple

from ..policy import Policy
from ..scorer import Scorer
from ..sentence import ranked
from ..signin import Assessment, SignIn
from ..stores.memory import MemoryStore
from .replay import Detail

REPEATS = "open_incident"  # says only that an earlier finding still holds
NOTHING = Detail(0.0, False, (), True)
Listener = Callable[[Scorer, SignIn, Assessment], None]


class Busybody:
    """Scores are log-odds; the detail is the risk, the alert, and the detectors as the sentence names them."""

    def __init__(self, policy: Optional[Policy] = None, listener: Optional[Listener] = None) -> None:
        """`listener` hears of every assessment and may answer with feedback."""
        self.scorer = Scorer(policy or Policy.default(), MemoryStore())
        self._listener = listener
        self._last: Optional[Assessment] = None

    def score_and_learn(self, signin: SignIn) -> float:
        self._last = assessment = self.scorer.process(signin)
        if self._listener is not None:
            self._listener(self.scorer, signin, assessment)
        return assessment.log_odds

    def last_detail(self) -> Detail:
        """The detail of the latest score."""
        assessment = self._last
        if assessment is None:
            return NOTHING
        if not assessment.findings:
            return Detail(assessment.risk, assessment.alert, (), assessment.base == assessment.log_odds)
        return Detail(assessment.risk, assessment.alert, causes(assessment), adds_up(assessment))


def causes(assessment: Assessment) -> Tuple[str, ...]:
    """The detectors that speak for an attack, in the order in which the sentence names them."""
    speaking = [one for one in assessment.findings if one.contribution > 0 and one.detector != REPEATS]
    return tuple(one.detector for one in ranked(speaking))


def adds_up(assessment: Assessment) -> bool:
    """Whether base and contributions are the log-odds, to the rounding of the last digit."""
    total = assessment.base + sum(one.contribution for one in assessment.findings)
    return abs(total - assessment.log_odds) <= 1e-9
