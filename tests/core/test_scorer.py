"""Scoring is pure, total and calm: it writes nothing, knows nobody it was not told of, and survives any text."""

from __future__ import annotations

import json
import math
from typing import Any, Dict

import pytest
from builders import (
    FAR,
    HOME,
    HOSTING,
    LAPTOP,
    PLACES,
    STRANGE,
    TOR,
    adversarial,
    at,
    company,
    finding,
    live,
    model,
    names,
    people_of,
    policy,
    population_of,
    profile_of,
    reloaded,
    settled,
    signin,
    state_of,
)  # fmt: skip
from busybody.fusion import BASE
from busybody.scorer import MODEL, Scorer
from busybody.signin import SignIn
from busybody.verdict import Verdict
from hypothesis import given
from hypothesis import strategies as st

USERS = ("user0", "user1", "user2")
HOSTILE = (
    "x" * 100_000, "\x00\x1b[2J\r\n\t", "\ud800", "a\udfffb", "\u202egnp.exe", "{reason}", "%s%n", "'; DROP TABLE people;--", "🙂" * 50, " ",
    '"],"v":2}', "asn:64510",
)  # fmt: skip


@pytest.fixture(scope="module")
def lived() -> Scorer:
    """A model after some hostile weeks. Shared: scoring must not change it."""
    scorer = model()
    for event in adversarial(1, odd=0.3):
        scorer.process(event)
    return scorer


def test_scoring_twice_gives_the_same_and_changes_no_state(lived: Scorer) -> None:
    before = state_of(lived, USERS)
    for event in adversarial(2, length=200, odd=0.6):
        moved = event._replace(time=event.time + 120 * 86400.0)
        assert lived.score(moved) == lived.score(moved)
    assert state_of(lived, USERS) == before


def test_scoring_somebody_unknown_creates_nobody(lived: Scorer) -> None:
    before = state_of(lived, [*USERS, "nobody"])
    assessment = lived.score(signin(30, 9, user="nobody", **FAR, **STRANGE))
    assert lived.people.get("nobody") is None
    assert state_of(lived, [*USERS, "nobody"]) == before
    assert assessment.user == "nobody"
    assert assessment.previous is None


def test_scoring_writes_nothing_to_the_store(lived: Scorer) -> None:
    scorer = reloaded(lived)
    lived.score(signin(200, 9, user="user0", **FAR))
    changes = scorer.people.collect()
    assert not changes.profiles
    assert not changes.journals


def test_assessment_carries_the_sign_in_and_the_model() -> None:
    assessment = model().score(signin(0, 9, id="e1", **HOME))
    assert (assessment.event_id, assessment.time, assessment.user, assessment.model) == ("e1", at(0, 9), "ana", MODEL)


def test_scores_are_finite_and_within_bounds(lived: Scorer) -> None:
    for event in adversarial(5, length=300, odd=0.9):
        assessment = lived.score(event._replace(time=event.time + 200 * 86400.0))
        assert 0.0 <= assessment.risk <= 100.0
        assert math.isfinite(assessment.log_odds)
        assert all(math.isfinite(found.contribution) for found in assessment.findings)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_hostile_text_passes_through_score_learn_describe_and_save(text: str) -> None:
    scorer = model()
    for day in range(4):
        event = signin(
            day, 9, id=text + str(day), **{**HOME, "as_org": text, "city": text, "country": text}, device=text, app=text, session=text,
            device_id=text, group=text, source=text, user_agent=text, region=text,
        )  # fmt: skip
        scorer.process(event)
    odd = signin(4, 9, id=text, **{**TOR, "as_org": text, "city": text}, device=text + "2")
    assessment = scorer.process(odd)
    sentence = scorer.describe(odd, assessment)
    assert sentence.isprintable()
    assert len(sentence) < 1500
    again = reloaded(settled(scorer, at(6)))
    assert again.score(signin(7, 9, **HOME, device=text)).user == "ana"


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.strip()], ids=lambda text: ascii(text[:12]))
def test_hostile_name_of_a_person_passes_through(text: str) -> None:
    scorer = model()
    for day in range(4):
        scorer.process(signin(day, 9, user=text, **HOME, **LAPTOP))
    again = reloaded(settled(scorer, at(4)))
    assert people_of(again, [text]).keys() == {text}


values = st.one_of(st.none(), st.text(max_size=20))
fields = st.fixed_dictionaries(
    {},
    optional={
        "outcome": st.sampled_from(("success", "failure", "unknown")),
        "ip": values, "subnet": values, "country": values, "city": values, "as_org": values, "device": values, "device_id": values,
        "app": values, "session": values, "group": values, "user_agent": values,
        "network": st.sampled_from((None, "residential", "mobile", "hosting", "vpn", "tor", "organisation", "private", "unknown")),
        "lat": st.one_of(st.none(), st.floats(-90, 90)), "lon": st.one_of(st.none(), st.floats(-180, 180)),
        "accuracy_km": st.one_of(st.none(), st.floats(0, 20000)), "asn": st.one_of(st.none(), st.integers(0, 2**32)),
        "version": st.one_of(st.none(), st.integers(0, 10**9)), "interactive": st.sampled_from((None, True, False)),
        "flags": st.sampled_from(((), ("threat",), ("proxy", "tor"), ("managed_device",))), "mfa": st.sampled_from(("passed", "denied")),
        "method": st.sampled_from((None, "password", "passkey")), "day": st.floats(-20000, 40000), "hour": st.floats(0, 24),
    },
)  # fmt: skip


@given(st.lists(fields, max_size=12))
def test_any_sign_ins_can_be_scored_learned_described_and_saved(rows: list[Dict[str, Any]]) -> None:
    scorer = model()
    for number, row in enumerate(rows):
        event = signin(**{**row, "id": str(number)})
        assessment = scorer.process(event)
        assert 0.0 <= assessment.risk <= 100.0
        scorer.describe(event, assessment)
    assert state_of(reloaded(scorer), ["ana"]) == state_of(scorer, ["ana"])


def test_missing_fields_say_nothing() -> None:
    scorer = model()
    live(scorer, 30)
    bare = scorer.score(signin(30, 8))
    assert (bare.findings, bare.log_odds) == ((), BASE)


def test_first_sign_in_of_a_person_accuses_nobody_of_novelty() -> None:
    assessment = model().score(signin(0, 9, **HOME, **LAPTOP))
    assert assessment.level in ("none", "low", "medium")


def test_failure_teaches_nothing() -> None:
    scorer = model()
    live(scorer, 20)
    settled(scorer, at(20))
    before = people_of(scorer, ["ana"])
    for hour in range(24):
        assessment = scorer.process(signin(21, hour, **HOSTING, **STRANGE, outcome="failure"))
        assert assessment.learned == "withheld"
        assert not assessment.alert
    settled(scorer, at(22))
    assert people_of(scorer, ["ana"]) == before


def test_unknown_outcome_teaches_nothing() -> None:
    scorer = model()
    live(scorer, 20)
    settled(scorer, at(20))
    before = people_of(scorer, ["ana"])
    assert scorer.process(signin(21, 9, **HOME, **LAPTOP, outcome="unknown")).learned == "withheld"
    settled(scorer, at(22))
    assert people_of(scorer, ["ana"]) == before


def test_failures_create_no_profile() -> None:
    scorer = model()
    for number in range(50):
        scorer.process(signin(0, 9, user=f"guess{number}", **HOSTING, outcome="failure"))
    assert all(scorer.people.get(f"guess{number}") is None for number in range(50))


def test_what_the_policy_vouches_for_is_not_judged() -> None:
    rules = policy(networks={"trusted": ["AS64530"], "ignored": ["198.18.210.0/24"]}, countries={"ignored": ["NL"]})
    scorer = model(rules)
    live(scorer, 30)
    for place in (FAR, TOR):
        assert scorer.score(signin(30, 8, **place, **LAPTOP)).findings == ()


def test_ignored_person_is_scored_but_filtered_and_never_alerts() -> None:
    rules = policy(people={"ignored": ["ana"]})
    usual, ignoring = model(), model(rules)
    for scorer in (usual, ignoring):
        company(scorer)
        live(scorer, 30)
    event = signin(30, 9, **FAR, **STRANGE, flags=("threat",))
    mine, theirs = usual.score(event), ignoring.score(event)
    assert mine.alert
    assert not theirs.alert
    assert theirs.log_odds == mine.log_odds
    assert {found.filtered_by for found in theirs.findings} == {("people.ignored",)}


def test_who_is_not_enabled_never_alerts() -> None:
    scorer = model(policy(people={"enabled": ["/colleague.*/"]}))
    live(scorer, 30)
    assessment = scorer.score(signin(30, 9, **FAR, **STRANGE, flags=("threat",)))
    assert not assessment.alert
    assert {found.filtered_by for found in assessment.findings} == {("people.enabled",)}


def test_alert_wants_a_success_that_is_not_late() -> None:
    scorer = model(policy(alerts={"threshold": 30}))
    company(scorer)
    live(scorer, 30)
    odd = {**FAR, **STRANGE, "flags": ("threat",)}
    assert scorer.score(signin(30, 9, **odd)).alert
    assert not scorer.score(signin(30, 9, **odd, outcome="failure")).alert
    assert not scorer.score(signin(29, 3, **odd)).alert


def test_previous_is_the_place_that_the_journey_was_measured_from() -> None:
    scorer = model()
    live(scorer, 30)
    scorer.process(signin(30, 9, **HOME, **LAPTOP))
    settled(scorer, at(30, 9))
    previous = scorer.score(signin(30, 12, **FAR, **LAPTOP)).previous
    assert previous is not None
    assert (previous["time"], previous["city"], previous["asn"], previous["device"]) == (
        at(30, 9),
        "Lisbon",
        64510,
        LAPTOP["device"],
    )
    assert set(previous) == {"time", "country", "city", "lat", "lon", "asn", "as_org", "network", "ip", "device", "app"}


def test_state_is_json_and_names_nobody_in_the_organisations_tables() -> None:
    scorer = model()
    company(scorer, people=6)
    row = population_of(scorer)
    assert "colleague" not in json.dumps([row["organisation"], row["evidence"]])


def test_pseudonyms_keep_names_out_of_the_store(tmp_path: Any) -> None:
    key = tmp_path / "key"
    key.write_text("a secret of at least thirty-two characters, as is asked for", encoding="utf-8")
    rules = policy(identity={"pseudonym_key_file": str(key)})
    private, plain = model(rules), model()
    for scorer in (private, plain):
        for day in range(20):
            scorer.process(signin(day, 9, user="zephyrine", id=f"n{day}", **HOME, **LAPTOP))
        scorer.process(signin(20, 9, user="zephyrine", id="odd", **FAR, **STRANGE))
    private.save()
    store = private.people._store
    texts = [store.population() or "", *store.users()]
    for user in store.users():
        texts += [store.profile(user) or "", store.journal(user) or ""]
    assert len(texts) == 4
    assert not any("zephyrine" in text for text in texts)
    again = signin(20, 11, user="zephyrine", id="again", **FAR, **STRANGE)
    mine, theirs = Scorer(rules, store).score(again), plain.score(again)
    assert (mine.user, mine.risk, mine.log_odds) == ("zephyrine", theirs.risk, theirs.log_odds)


def test_an_answer_may_hold_the_pseudonym_alone(tmp_path: Any) -> None:
    key = tmp_path / "key"
    key.write_text("a secret of at least thirty-two characters, as is asked for", encoding="utf-8")
    scorers = [model(policy(identity={"pseudonym_key_file": str(key)})) for _ in range(2)]
    pseudonym = scorers[0].people.key("zephyrine")
    for scorer, user in zip(scorers, ("zephyrine", pseudonym)):
        for day in range(20):
            scorer.process(signin(day, 9, user="zephyrine", id=f"n{day}", **HOME, **LAPTOP))
        scorer.process(signin(20, 9, user="zephyrine", id="odd", **FAR, **STRANGE))
        assert scorer.feedback(Verdict(user, "odd", "malicious", at(20, 10), analyst=True)).startswith("disowned: ")
        assert scorer.feedback(Verdict("somebody", "odd", "malicious", at(20, 10))).startswith("unknown person")
        scorer.save()
    name, short = (scorer.people._store.profile(pseudonym) for scorer in scorers)
    assert name == short is not None


def test_every_network_class_can_be_scored() -> None:
    scorer = model()
    live(scorer, 15)
    for place in PLACES:
        assessment = scorer.score(signin(16, 9, **place, **LAPTOP))
        assert assessment.user == profile_name(scorer, assessment)


def profile_name(scorer: Scorer, assessment: Any) -> str:
    assert profile_of(scorer).count > 0
    return str(assessment.user)


def test_signals_of_the_provider_count_even_for_somebody_unknown() -> None:
    assessment = model().score(signin(0, 9, user="new", **HOME, flags=("threat",)))
    assert "anonymous_network" in names(assessment)
    assert finding(assessment, "anonymous_network") is not None


def test_sign_in_record_is_not_changed_by_scoring() -> None:
    event: SignIn = signin(0, 9, **HOME)
    copy = SignIn(*event)
    model().process(event)
    assert event == copy


def test_people_on_the_vip_list_alert_from_high_on_whatever_the_budget() -> None:
    strict = {"alerts": {"budget": 0.00001}}
    plain, watched = model(policy(**strict)), model(policy(**strict, people={"vip": ["ana"]}))
    for scorer in (plain, watched):
        company(scorer, people=6)
        live(scorer, 30)
    event = signin(30, 9, **FAR, **STRANGE)
    without, with_list = plain.score(event), watched.score(event)
    assert without.risk == with_list.risk >= 70.0
    assert with_list.alert
    assert not without.alert
