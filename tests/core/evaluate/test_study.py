"""A small study from end to end, and each analysis on what was made by hand."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, List

import pytest
from busybody.detectors.catalogue import CATALOGUE
from busybody.evaluate import published
from busybody.evaluate.ablation import ablation
from busybody.evaluate.blocks import blocks, text
from busybody.evaluate.calibration import calibration, counted
from busybody.evaluate.cold_start import shortened
from busybody.evaluate.explanation import explained, planted
from busybody.evaluate.feedback import repeated
from busybody.evaluate.page import render
from busybody.evaluate.replay import DAY, Replay, Split, replay, split
from busybody.evaluate.study import added
from busybody.evaluate.timing import detection_times, drift, hard_negatives, new_people
from busybody.simulate import ATTACKS, Truth

from .rows import WHEN, attack, event, row


def test_the_quick_evaluation_gives_every_table(said: Dict[str, Any]) -> None:
    main = json.loads(json.dumps(said["main"]))
    titles = [block.title for block in blocks(main)]
    assert titles[0] == "Methods"
    assert {"By attack class", "Cold start", "Drift", "Feedback", "Poisoning", "Levels"} <= set(titles)
    own, *others = main["methods"]
    assert own["name"] == "busybody"
    assert len(others) == 6
    assert 0.0 <= own["pooled"][0]["value"] <= own["pooled"][3]["value"] <= 1.0
    assert main["explanation"]["not_adding_up"] == 0
    assert any(line.startswith("  busybody") for line in text(main))


def test_the_document_keeps_what_is_outside_its_marks(said: Dict[str, Any]) -> None:
    page = f"before\n{published.BEGIN}\nlast year's\n{published.END}\nafter\n"
    new = published.filled(page, said)
    assert new.startswith("before\n")
    assert new.endswith("\nafter\n")
    assert "last year" not in new
    assert "### Methods" in new
    assert published.filled(new, said) == new


def test_the_page_needs_no_network_and_no_script(said: Dict[str, Any]) -> None:
    page = "".join(render(said["main"]))
    assert page.count("<svg") == 5
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_seeds_of_tuning_are_never_published() -> None:
    assert not {7, 11} & {task.seed for task in published.tasks(quick=False)}


def test_every_attack_has_one_or_two_causes_that_a_detector_names() -> None:
    assert set(planted()) == set(ATTACKS)
    known = {one.name for one in CATALOGUE}
    for detectors in planted().values():
        assert 1 <= len(detectors) <= 2
        assert set(detectors) <= known


def test_each_signin_is_judged_before_it_is_learned() -> None:
    class Seen:
        def __init__(self) -> None:
            self.ids: List[str] = []

        def score_and_learn(self, signin: Any) -> float:
            self.ids.append(signin.id)
            return float(len(self.ids))

    run = replay(Seen(), [event(0, asn=1), event(1, asn=1, outcome="failure"), event(2, asn=1)], WHEN)
    assert [(one.score, one.before, one.known_network) for one in run.rows] == [(1, 0, False), (3, 1, True)]
    assert run.people == 1


def test_a_third_of_the_log_teaches() -> None:
    assert split(0.0, 30 * DAY) == Split(0.0, 10 * DAY, 10 * DAY, 30 * DAY)
    assert split(0.0, 30 * DAY, 5, 3) == Split(0.0, 5 * DAY, 8 * DAY, 30 * DAY)


def run_of(*rows: Any) -> Replay:
    return Replay(list(rows), len({one.user for one in rows}), WHEN)


def test_time_to_detect_runs_from_the_first_way_in() -> None:
    run = run_of(row(1, 0.0, attack()), row(1.5, 9.0, attack()), row(2, 0.0, attack("vpn", "y")))
    assert detection_times(run, 5.0) == {
        "naive": {"attacks": 1, "at_once": 0, "hours": [12.0]},
        "vpn": {"attacks": 1, "at_once": 0, "hours": []},
    }


def test_honest_kinds_are_counted_by_the_day() -> None:
    trip = Truth("trip", False, "", False)
    run = run_of(row(1.1, 9.0, trip), row(1.2, 0.0, trip, alert=True), row(2, 0.0, trip), row(1, 9.0, attack()))
    assert hard_negatives(run, 5.0) == {"trip": {"person_days": 2, "above_cut": 1, "alerts": 1}}


def test_drift_counts_signins_until_the_first_below_medium() -> None:
    moved = Truth("moved_home", False, "", False)
    run = run_of(*(row(day, 0.0, moved, risk=risk) for day, risk in enumerate((60.0, 45.0, 39.0, 80.0))))
    assert drift(run)["moved_home"] == {"odd": [2]}


def test_newcomers_are_those_first_seen_in_the_test() -> None:
    rows = [row(1, 0.0), row(50, 9.0, user="bo", alert=True), row(70, 9.0, user="bo", alert=True)]
    told = new_people(Replay(rows, 2, Split(0.0, 40 * DAY, 40 * DAY, 100 * DAY)), 5.0)["newcomers"]
    assert told == {"people": 1, "person_days": 14.0, "above_cut": 1, "alerts": 1}


def test_the_first_alert_is_the_one_that_has_to_explain() -> None:
    run = run_of(
        row(1.1, 1.0, attack("insider"), causes=("new_country",)),
        row(1.2, 9.0, attack("insider"), causes=("new_country", "unusual_hour")),
        row(1.3, 9.0, attack("insider"), causes=("unusual_hour",)),
    )
    told = explained(run, 5.0)
    assert told["all"] == {"alerts": 1, "first": 0, "among_three": 1}


def test_a_repeated_alert_is_of_the_same_kind_within_a_week() -> None:
    trip = Truth("trip", False, "", False)
    assert repeated(run_of(*(row(day, 0.0, trip, alert=True) for day in (1.0, 1.1, 3.0, 20.0)))) == 1


def test_a_risk_that_comes_as_often_as_promised_is_kept() -> None:
    rows = [row(1, -6.0, user=f"u{n}", risk=55.0 if n % 100 == 0 else 0.0) for n in range(2000)]
    table = calibration([counted(run_of(*rows))])
    at_fifty = next(one for one in table["risks"] if one["risk"] == 50.0)
    assert at_fifty["kept"]
    assert at_fifty["observed"] == pytest.approx(0.01)
    at_twenty = next(one for one in table["risks"] if one["risk"] == 20.0)
    assert not at_twenty["kept"]


def test_only_the_victims_lose_their_history() -> None:
    events = [event(1), event(2), event(3, user="bo"), event(4), event(5, attack())]
    assert [one.signin.time for one in shortened(events, 0)] == [3, 5]
    assert [one.signin.time for one in shortened(events, 2)] == [2, 3, 4, 5]
    assert len(shortened(events, 9)) == 5


def test_details_of_several_logs_add_up() -> None:
    assert added([{"a": 1, "b": {"c": [1]}}, {"a": 2, "b": {"c": [2], "d": 3}}]) == {"a": 3, "b": {"c": [1, 2], "d": 3}}


def test_a_part_that_changes_nothing_earns_nothing() -> None:
    """What is left out is out: without the network nobody's network is named, and an unused part costs nothing."""
    with ThreadPoolExecutor(1) as pool:
        rows = ablation(pool, 30, (7,), number=5)
    by_name = {str(one["detector"]): one for one in rows}
    assert set(by_name) == {one.name for one in CATALOGUE}
    assert by_name["outlier"]["pooled_at_1"] == {"value": 0.0, "interval": (0.0, 0.0)}
