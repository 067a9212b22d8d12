"""Open incident: the risk stays, the odds are the sign-in's own."""

from __future__ import annotations

from builders import FAR, HOME, LAPTOP, STRANGE, adding, at, finding, live, settled, signin
from busybody.detectors.open_incident import detect
from busybody.sentence import reason
from hypothesis import given
from hypothesis import strategies as st


@given(st.floats(-20, 20), st.floats(-20, 20))
def test_speaks_where_the_incident_was_odder_and_adds_nothing(of_incident: float, log_odds: float) -> None:
    signal = detect({"log_odds": of_incident, "id": "x", "opened": 0.0}, log_odds)
    if of_incident <= log_odds:
        assert signal is None
    else:
        assert signal is not None
        assert signal.surprisal == 0.0


def test_without_an_incident_there_is_nothing_to_add() -> None:
    assert detect(None, -6.0) is None


def test_calmer_sign_in_of_the_same_attacker_keeps_the_incidents_risk_and_alert() -> None:
    scorer = adding()
    live(scorer, 30)
    opening = scorer.process(signin(30, 9, **FAR, **STRANGE, flags=("threat",)))
    settled(scorer, at(30, 9))
    again = scorer.score(signin(30, 20, **FAR, **LAPTOP))
    joined = finding(again, "open_incident")
    assert joined is not None
    assert again.log_odds < opening.log_odds
    assert again.risk == opening.risk
    assert again.alert
    assert f"): {reason(joined)};" in scorer.describe(signin(30, 20, **FAR, **LAPTOP), again)
    assert reason(joined).startswith("part of the incident opened 2026-04-01 09:00 UTC: ")
    assert joined.evidence["incident"] == opening.incident


def test_everyday_sign_in_is_no_part_of_it() -> None:
    scorer = adding()
    live(scorer, 30)
    scorer.process(signin(30, 9, **FAR, **STRANGE, flags=("threat",)))
    settled(scorer, at(30, 9))
    assert scorer.score(signin(30, 13, **HOME, **LAPTOP)).findings == ()
