"""Incidents are counted once, and the budget is what it says."""

from __future__ import annotations

from typing import List, Tuple

import pytest
from busybody.evaluate.bootstrap import difference, draws, interval
from busybody.evaluate.incidents import BUDGETS, Incident, Judged, incidents, together
from hypothesis import given
from hypothesis import strategies as st

from .rows import WHEN, attack, row


def test_a_person_a_day_and_a_cause_count_once() -> None:
    rows = [row(1.1, 5.0), row(1.2, 9.0), row(2, 7.0), row(3, 1.0), row(1.3, 8.0, attack()), row(1.4, 2.0, attack()),
            row(1.5, 6.0, attack("vpn"))]  # fmt: skip
    judged = Judged(incidents(rows, WHEN), exposure=1.0)  # one false incident is allowed at 1 per 1,000
    figures = judged.figures()
    assert (figures.honest, figures.attacks) == (3, 2)
    assert judged.threshold(1.0) == 7.0
    assert figures.found[BUDGETS.index(1.0)] == 0.5
    assert figures.by_class["naive"][2] == 1.0
    assert figures.mean[BUDGETS.index(1.0)] == 0.5
    assert figures.precision == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert figures.base_rate == 2 / 5


def test_an_incident_alerts_when_any_of_its_signins_does() -> None:
    for alerts in ((True, False), (False, True)):
        rows = [row(1.1, 1.0, attack(), alert=alerts[0]), row(1.2, 2.0, attack(), alert=alerts[1])]
        figures = Judged(incidents(rows, WHEN), 1.0).figures()
        assert (figures.own_found, figures.own_false) == (1.0, 0.0)


def test_equal_scores_favour_the_honest() -> None:
    rows = [row(1, 5.0, user="bo"), row(2, 5.0, attack())]
    assert Judged(incidents(rows, WHEN), 0.0).figures().found == (0.0,) * len(BUDGETS)


scores = st.lists(st.tuples(st.integers(-5, 5), st.booleans(), st.integers(0, 3)), min_size=1, max_size=40)


@given(scores, st.floats(0.01, 20.0))
def test_found_is_what_lies_above_the_threshold(drawn: List[Tuple[int, bool, int]], exposure: float) -> None:
    """The counting walk against the plain definition: how many attacks score above the (k+1)th honest incident."""
    found = [
        Incident(f"p{user}", place, "x", bad, float(score), False) for place, (score, bad, user) in enumerate(drawn)
    ]
    judged = Judged(sorted(found, key=lambda one: one.order), exposure)
    figures = judged.figures()
    honest = sorted((one.score for one in found if not one.attack), reverse=True)
    attacks = [one.score for one in found if one.attack]
    if not attacks:
        return
    for place, budget in enumerate(BUDGETS):
        allowed = int(budget * exposure)
        cut = honest[allowed] if allowed < len(honest) else float("-inf")
        assert figures.found[place] == pytest.approx(sum(score > cut for score in attacks) / len(attacks))


@given(scores)
def test_counting_everybody_twice_changes_no_share(drawn: List[Tuple[int, bool, int]]) -> None:
    found = [
        Incident(f"p{user}", place, "x", bad, float(score), False) for place, (score, bad, user) in enumerate(drawn)
    ]
    judged = Judged(sorted(found, key=lambda one: one.order), 0.0)
    once, twice = judged.figures(), judged.figures([2] * len(judged.users))
    if once.attacks:
        assert twice.found == once.found
        assert twice.attacks == 2 * once.attacks


def test_runs_together_weigh_by_their_incidents() -> None:
    many = [row(day, 9.0, attack(), user=f"u{day}") for day in range(9)]
    first = Judged(incidents(many, WHEN), 1.0).figures()
    second = Judged(
        incidents([row(1, 1.0, attack()), row(1, 5.0, user="bo"), row(2, 5.0, user="bo")], WHEN), 1.0
    ).figures()
    both = together([first, second])
    assert both.attacks == 10
    assert both.found[1] == pytest.approx(0.9)
    assert both.precision == pytest.approx((1.0 + 1 / 3) / 2)


def test_the_interval_holds_the_value_and_a_method_is_never_ahead_of_itself() -> None:
    rows = [row(day, float(day % 7), user=f"u{day}") for day in range(40)]
    rows += [row(day, float(day % 9), attack(), user=f"v{day}") for day in range(30)]
    judged = Judged(incidents(rows, WHEN), 1.0)
    sample = draws([judged], 100)
    between = interval([one.precision for one in sample])
    assert between is not None
    assert between.low < judged.figures().precision < between.high
    assert difference(sample, draws([judged], 100), lambda one: one.precision) == (0.0, 0.0)
