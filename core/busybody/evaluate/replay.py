"""Replay: one method over one labelled log, in the order of time, each sign-in judged before it is learned.

Successes become rows; failures are shown to the method, since some count them, and are no rows: whoever failed is
not in. The first days of the log only teach, the next may set a threshold (tune), the rest is measured (test).
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Protocol, Set, Tuple

from ..signin import SignIn
from ..simulate.config import Event, Truth

DAY = 86400.0


class Method(Protocol):
    """Anything that scores sign-ins: the higher, the odder. It sees every event once, by time, and nothing of the truth."""

    def score_and_learn(self, signin: SignIn) -> float: ...


class Detail(NamedTuple):
    """What a method may say beside its score."""

    risk: float  # 0 to 100
    alert: bool  # by the method's own threshold
    causes: Tuple[str, ...]  # detectors, in the order in which they are named
    exact: bool  # whether the parts add up to the score


class Row(NamedTuple):
    """One successful sign-in, scored."""

    event_id: str
    time: float
    user: str
    truth: Truth
    score: float
    before: int  # successful sign-ins of the person before this one
    known_network: bool  # the person came from this ASN before
    known_device: bool
    detail: Optional[Detail]


class Split(NamedTuple):
    """Epoch seconds: the log begins at `start`, tuning at `tune`, the test at `test`."""

    start: float
    tune: float
    test: float
    end: float

    @property
    def days(self) -> float:
        """Days of the test."""
        return (self.end - self.test) / DAY

    def day(self, time: float) -> int:
        return int((time - self.start) // DAY)


def split(start: float, end: float, learn_days: Optional[float] = None, tune_days: float = 0.0) -> Split:
    """The split of a log; without a wish the first third teaches."""
    if learn_days is None:
        learn_days = int((end - start) / DAY / 3 + 0.5)
    tune = start + learn_days * DAY
    return Split(start, tune, tune + tune_days * DAY, end)


class Replay(NamedTuple):
    """All rows of one method over one log."""

    rows: List[Row]
    people: int  # who signed in at least once
    split: Split

    @property
    def tested(self) -> List[Row]:
        return [row for row in self.rows if row.time >= self.split.test]

    @property
    def exposure(self) -> float:
        """Thousands of person-days in the test: false incidents are counted per one of them."""
        return self.people * self.split.days / 1000.0


def replay(method: Method, events: Iterable[Event], when: Split) -> Replay:
    """Let the method judge every event. A method that has `last_detail` is asked for it."""
    rows: List[Row] = []
    seen: Dict[str, int] = {}
    met: Set[Tuple[Any, ...]] = set()  # person and ASN, person and device
    judge = method.score_and_learn
    told: Any = getattr(method, "last_detail", None)
    for signin, truth in events:
        score = judge(signin)
        if signin.outcome == "failure":
            continue
        user = signin.user
        before = seen.get(user, 0)
        seen[user] = before + 1
        network, device = (user, 0, signin.asn), (user, 1, signin.device)
        detail = told() if told is not None else None
        rows.append(Row(signin.id, signin.time, user, truth, score, before, network in met, device in met, detail))
        if not truth.attack:
            met.update((network, device))
    return Replay(rows, len(seen), when)
