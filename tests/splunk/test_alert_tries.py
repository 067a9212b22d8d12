"""Tries: bounded, inside the time, the other side's wish honoured."""

from __future__ import annotations

from typing import List

from alerting import FakeClock
from busybody_splunk.alerts.outcome import LATER, REFUSED, SENT, UNFIT, Outcome, outcome_of
from busybody_splunk.alerts.tries import Budget, Clock, deliver
from hypothesis import given
from hypothesis import strategies as st

OUTCOMES = st.one_of(
    st.sampled_from([Outcome(SENT), Outcome(REFUSED, "no"), Outcome(UNFIT, "no")]),
    st.builds(lambda wait: Outcome(LATER, "later.", wait), st.none() | st.floats(0, 200)),
)


def play(outcomes: List[Outcome], seconds: float = 60.0) -> tuple[Outcome, int, List[float]]:
    clock = FakeClock()
    waiting = list(outcomes)
    last = deliver(lambda: waiting.pop(0), Budget(seconds, clock.clock()))
    return last, len(outcomes) - len(waiting), clock.slept


def test_a_failure_is_tried_three_times_with_growing_delays() -> None:
    last, tries, slept = play([Outcome(LATER, "500.")] * 9)
    assert (last.kind, last.error, tries, slept) == (LATER, "500. Tried 3 times.", 3, [1.0, 2.0])


def test_retry_after_is_waited_for_and_costs_no_try() -> None:
    last, tries, slept = play([Outcome(LATER, "slow.", 7.0)] * 4 + [Outcome(LATER, "500."), Outcome(SENT)])
    assert (last.kind, tries, slept) == (SENT, 6, [7.5, 7.5, 7.5, 7.5, 1.0])


def test_a_wish_beyond_the_time_ends_at_once() -> None:
    last, tries, slept = play([Outcome(LATER, "slow.", 120.0), Outcome(SENT)])
    assert (last.error, tries, slept) == ("slow. No time is left to try again.", 1, [])


def test_a_retry_after_of_nothing_still_waits() -> None:
    assert play([Outcome(LATER, "slow.", 0.0), Outcome(SENT)])[2] == [1.5]


def test_without_time_nothing_is_tried() -> None:
    last, tries, _ = play([Outcome(SENT)], seconds=0.0)
    assert (last.kind, tries) == (LATER, 0)


@given(st.lists(OUTCOMES, min_size=1, max_size=30), st.floats(0.1, 300))
def test_it_always_ends_in_time(outcomes: List[Outcome], seconds: float) -> None:
    last, tries, slept = play([*outcomes, Outcome(SENT)], seconds)
    assert sum(slept) < seconds
    assert tries <= 30 + 1
    assert sum(outcome.kind == LATER and outcome.wait is None for outcome in outcomes[: tries - 1]) <= 2
    assert last.kind != LATER or "." in last.error


@given(st.floats(0, 1, exclude_max=True))
def test_jitter_stays_between_half_and_one_and_a_half(random: float) -> None:
    slept: List[float] = []
    waiting = [Outcome(LATER, "x")] * 3
    deliver(waiting.pop, Budget(60, Clock(lambda: 0.0, slept.append, lambda: random)))
    assert 0.5 <= slept[0] <= 1.5
    assert 1.0 <= slept[1] <= 3.0


def test_an_outcome_survives_its_journey() -> None:
    for outcome in (Outcome(SENT, reply={"ts": "1"}), Outcome(LATER, "x", 3.0), Outcome(REFUSED, "y")):
        assert outcome_of(outcome.document()) == outcome


def test_an_answer_of_another_shape_is_tried_again() -> None:
    for strange in (None, [], {}, {"outcome": "maybe"}, "sent"):
        assert outcome_of(strange).kind == LATER
    assert outcome_of({"outcome": "sent", "wait": "soon", "reply": 3, "error": None}) == Outcome(SENT)
