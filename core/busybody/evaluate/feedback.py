"""Feedback: what the answers of the people are worth, with lies and silence; and whether one answer ends one change.

Every alert asks its person. A share stays silent; of the others a share says the opposite of the truth. Answers are
verified with a second factor, lies too: that is the worst case.
"""

from __future__ import annotations

from random import Random
from typing import Any, Dict, List, Mapping, Optional, Set, Tuple

from ..policy import Policy
from ..scorer import Scorer
from ..signin import Assessment, SignIn
from ..simulate.config import Event, Truth
from ..verdict import Verdict
from .incidents import Judged
from .replay import DAY, Replay, Split, replay
from .shipped import Busybody
from .timing import CHANGES, MEDIUM

LIES, SILENCE = 0.02, 0.30
AGAIN_DAYS = 7.0  # within which a second alert about the same person and kind is a repetition
ASKED_AGAIN_HOURS = 24.0  # nobody is asked twice within


class People:
    """Those who are asked; the listener of a `Busybody` method."""

    def __init__(self, events: List[Event], lies: float = LIES, silence: float = SILENCE, seed: int = 1) -> None:
        self._truths: Mapping[str, Truth] = {event.signin.id: event.truth for event in events}
        self._lies, self._silence = lies, silence
        self._rng = Random(seed)  # noqa: S311  seeded on purpose
        self._asked: Dict[str, float] = {}
        self.answers = self.lies = self.silent = 0

    def __call__(self, scorer: Scorer, signin: SignIn, assessment: Assessment) -> None:
        user, time = signin.user, signin.time
        if not assessment.alert or time - self._asked.get(user, -1e18) < ASKED_AGAIN_HOURS * 3600.0:
            return
        self._asked[user] = time
        if self._rng.random() < self._silence:
            self.silent += 1
            return
        self.answers += 1
        mine = not self._truths[signin.id].attack
        if self._rng.random() < self._lies:
            self.lies += 1
            mine = not mine
        answer = "benign" if mine else "malicious"
        scorer.feedback(Verdict(user, signin.id, answer, time, verified=True, signin=signin))
        if not mine:  # an analyst looks, changes the password and closes it
            scorer.feedback(Verdict(user, signin.id, "closed", time, analyst=True))


class OneAnswer:
    """Whoever has moved or has a new device says so, verified, at the first sign-in that is at medium or above."""

    def __init__(self, events: List[Event]) -> None:
        self._changes = {event.signin.id: event.truth.label for event in events if event.truth.label in CHANGES}
        self._told: Set[Tuple[str, str]] = set()

    def __call__(self, scorer: Scorer, signin: SignIn, assessment: Assessment) -> None:
        label = self._changes.get(signin.id)
        if label is None or assessment.risk < MEDIUM or (signin.user, label) in self._told:
            return
        self._told.add((signin.user, label))
        scorer.feedback(Verdict(signin.user, signin.id, "benign", signin.time, verified=True, signin=signin))


def with_feedback(events: List[Event], when: Split, without: Replay, policy: Optional[Policy] = None) -> Dict[str, Any]:
    """The same log with and without answers: false incidents, what is found, and alerts repeated within a week."""
    people = People(events)
    answered = replay(Busybody(policy, people), events, when)
    return {
        "answers": people.answers,
        "answers_false": people.lies,
        "silent": people.silent,
        "without": _measured(without),
        "with": _measured(answered),
    }


def _measured(run: Replay) -> Dict[str, float]:
    """Counts; the rates are made when the runs are added up."""
    judged = Judged.of(run)
    attacks = [one for one in judged.incidents if one.attack]
    cut = judged.threshold(1.0)
    return {
        "exposure": run.exposure,
        "false": sum(one.alert for one in judged.incidents if not one.attack),
        "attacks": len(attacks),
        "alerts": sum(one.alert for one in attacks),
        "above_cut": sum(one.score > cut for one in attacks),
        "repeated": repeated(run),
    }


def repeated(run: Replay) -> int:
    """Honest person-days with an alert that follow another of the same person and kind within a week."""
    last: Dict[Tuple[str, str], float] = {}
    days: Set[Tuple[str, str, int]] = set()
    count = 0
    for row in run.rows:
        if row.truth.attack or row.detail is None or not row.detail.alert:
            continue
        key, day = (row.user, row.truth.label), run.split.day(row.time)
        if (*key, day) in days:
            continue
        days.add((*key, day))
        count += row.time - last.get(key, -1e18) < AGAIN_DAYS * DAY
        last[key] = row.time
    return count
