"""Behaviour profiles through the scorer: learned, explained, forgotten and confirmed like everything else."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random
from typing import Any, Dict, List

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from builders import (
    DAY,
    HOME,
    LAPTOP,
    START,
    at,
    company,
    live,
    model,
    policy,
    profile_of,
    reloaded,
    settled,
    signin,
    state_of,
    sum_of_parts,
)  # fmt: skip
from busybody.custom.profiles import FULL
from busybody.errors import PolicyError
from busybody.fields.intake import Intake, Skipped
from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.signin import Assessment, SignIn
from busybody.verdict import Verdict

APPS: Dict[str, Any] = {
    "profile": "apps",
    "fields": [
        {"path": "app.name"},
        {"path": "app.scope", "reporter": "optional"},
        {"paths": ["app.name", "app.zone"]},
    ],
}
MAIL = {"app.name": "mail", "app.zone": "eu"}
PAYROLL = {"app.name": "payroll", "app.zone": "eu"}


def rules(**profile: Any) -> Policy:
    return policy(profiles=[{**APPS, **profile}])


def lived(**profile: Any) -> Scorer:
    scorer = model(rules(**profile))
    company(scorer)
    live(scorer, extra=MAIL)
    return scorer


def usual(day: float, hour: float = 9.0, **fields: Any) -> SignIn:
    return signin(day, hour, **{**HOME, **LAPTOP, "extra": MAIL, **fields})


def test_finding_is_named_after_the_profile_and_says_the_values() -> None:
    scorer, event = lived(), usual(30, extra=PAYROLL)
    assessment = scorer.process(event)
    (found,) = assessment.findings
    assert found.detector == "apps"
    assert found.evidence["scores"] == {"app.name": 1.0, "app.name + app.zone": 1.0}
    assert "apps: app.name payroll; app.name + app.zone payroll, eu (usually mail" in scorer.describe(event, assessment)
    assert assessment.log_odds == sum_of_parts(assessment)
    assert found.contribution == pytest.approx(FULL * (1.0 - 0.2 * 0.9))
    assert assessment.level in ("high", "critical")


def test_usual_values_say_nothing_and_the_sign_in_stays_habitual() -> None:
    assessment = lived().process(usual(30))
    assert assessment.findings == ()
    assert assessment.habitual


def test_missing_mandatory_field_is_odd_and_a_missing_optional_one_is_not() -> None:
    scopes = {**MAIL, "app.scope": "read"}
    scorer = model(rules())
    company(scorer)
    live(scorer, extra=scopes)
    assert scorer.score(usual(30, extra=MAIL)).findings == ()  # the scope is optional
    (found,) = scorer.score(usual(30, extra={"app.zone": "eu", "app.scope": "read"})).findings
    assert found.evidence["what"].startswith("app.name missing")


def test_nobody_is_odd_in_their_first_records() -> None:
    scorer = model(rules())
    told = [scorer.process(usual(day, extra={"app.name": f"app {day}", "app.zone": "eu"})).findings for day in range(9)]
    assert not any(told)


def test_a_burst_of_small_oddities_becomes_one_that_counts() -> None:
    """Each scores 0.6, too little by itself: 0.6 − 0.2 is below the threshold. A run of them is not."""
    scorer = lived(fields=[{"path": "app.name", "weight": 0.6}])
    told = [scorer.process(usual(30, 9.0 + n / 3600.0, id=f"e{n}", extra={"app.name": f"x{n}"})) for n in range(9)]
    assert [bool(one.findings) for one in told][:2] == [False, False]
    assert told[-1].findings
    slow = lived(fields=[{"path": "app.name", "weight": 0.6}])
    assert not any(slow.process(usual(30, 9.0 + n / 20.0, extra={"app.name": f"x{n}"})).findings for n in range(9))


def test_alerted_values_teach_nothing_until_the_person_confirms_them() -> None:
    scorer = lived()
    first = scorer.process(usual(30, extra=PAYROLL))
    settled(scorer, at(30, 9))
    again = usual(31, extra=PAYROLL)
    assert scorer.score(again).findings
    verdict = Verdict("ana", first.event_id, "benign", at(30, 20))
    scorer.feedback(verdict)
    assert scorer.score(again).findings, "without a second factor it changes nothing"
    scorer.feedback(verdict._replace(verified=True))
    assert scorer.process(again).findings == ()
    assert scorer.process(usual(32, extra={"app.name": "wiki", "app.zone": "eu"})).findings, "only what was confirmed"


def test_counts_survive_the_store_and_are_the_same_whatever_the_order_of_arrival() -> None:
    random, states = Random(7), []
    events = [
        usual(30, 9.0 + n / 100.0, id=f"e{n}", extra={"app.name": f"a{n % 3}", "app.zone": "eu"}) for n in range(12)
    ]
    for _ in range(3):
        scorer = model(rules(learning_records=1000))
        for event in random.sample(events, len(events)):
            scorer.process(event)
        states.append(state_of(settled(reloaded(scorer), at(30, 10)), ["ana"]))
    assert states[0] == states[1] == states[2]
    assert '"n": 12' in states[0]


def test_state_is_bounded_and_decays() -> None:
    scorer = lived()
    for day in range(30, 90):
        for hour in (9.0, 14.0):
            scorer.process(usual(day, hour, extra={"app.name": f"a{day}{hour}", "app.zone": "eu"}))
    row = profile_of(settled(scorer, at(90))).custom["apps"]
    assert all(len(field) <= 32 for field in row["fields"])
    assert len(row["held"]) <= 8


def test_profile_whose_fields_changed_starts_anew() -> None:
    scorer = lived()
    other = Scorer(rules(fields=[{"path": "app.zone"}]), reloaded(scorer).people._store)
    assert other.process(usual(30, extra={"app.zone": "us"})).findings == ()


def test_only_what_matches_is_looked_at() -> None:
    scorer = lived(match={"app.zone": ["EU"]})
    assert scorer.score(usual(30, extra=PAYROLL)).findings
    assert not scorer.score(usual(30, extra={"app.name": "payroll", "app.zone": "us"})).findings
    assert not scorer.score(usual(30, extra={})).findings


# Records of their own ----------------------------------------------------------------------------------------

DATABASE = {
    "profile": "database",
    "actor": ["db.user", "db.role"],
    "time": "ts",
    "match": {"kind": "query"},
    "fields": [{"path": "command"}, {"path": "rows[0].table"}],
}


def query(n: int, command: str = "select", **extra: Any) -> Dict[str, Any]:
    fixed = {"ts": START + n * DAY, "kind": "query", "db": {"user": "billing"}, "rows": [{"table": "invoices"}]}
    return {**fixed, "command": command, **extra}


def scored(records: List[Dict[str, Any]]) -> List[Assessment]:
    own = policy(profiles=[DATABASE])
    intake, scorer = Intake(own, None), model(own)
    signins = [intake.read(record) for record in records]
    assert not [one for one in signins if isinstance(one, Skipped)]
    return [scorer.process(one) for one in signins if isinstance(one, SignIn)]


def test_any_record_with_an_actor_and_a_time_is_scored_by_the_same_core() -> None:
    *calm, odd = scored([*(query(n) for n in range(20)), query(20, "drop", rows=[{"table": "users"}])])
    assert not any(one.findings for one in calm)
    assert odd.user == "billing"
    (found,) = odd.findings
    assert found.evidence["what"] == "command drop; rows[0].table users"


def test_records_that_do_not_match_are_none_of_the_profile() -> None:
    found = Intake(policy(profiles=[DATABASE]), None).read({**query(1), "kind": "vacuum"})
    assert isinstance(found, Skipped)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"profile": "new_device"}, "profiles[0].profile: 'new_device' is a detector's name. Choose another."),
        ({"feilds": []}, "profiles[0].feilds: is no key of a profile. Did you mean 'fields'?"),
        ({"fields": []}, "profiles[0].fields: [] is no list of fields. Give 1 to 16 of them."),
        ({"time": []}, "profiles[0].time: is missing: records of their own need an actor and a time."),
        ({"analyzer": {"threshold": 2}}, "profiles[0].analyzer.threshold: 2 is out of bounds. Give a number from 0 to 1."),
        ({"fields": [{"path": "a", "reporter": "x"}]}, "profiles[0].fields[0].reporter: 'x' is no reporter. Give one of mandatory, optional."),
    ],
)  # fmt: skip
def test_wrong_profile_is_refused_by_its_key(change: Dict[str, Any], told: str) -> None:
    with pytest.raises(PolicyError) as caught:
        policy(profiles=[{**DATABASE, **change}])
    assert told in str(caught.value)


def test_profile_may_stand_in_a_file_and_its_errors_name_it(tmp_path: Path) -> None:
    import json

    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(DATABASE), encoding="utf-8")
    bad.write_text('{"profile": "x", "profile": "y"}', encoding="utf-8")
    assert isinstance(Intake(policy(profiles=[str(good)]), None).read(query(1)), SignIn)
    with pytest.raises(PolicyError, match=r"bad\.json: is no JSON: the key .* stands twice"):
        Intake(policy(profiles=[str(bad)]), None)
