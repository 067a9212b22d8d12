"""One list of promises that every detector of the catalogue keeps."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Callable, Iterator, List, NamedTuple, Optional, Tuple

import pytest
from builders import DAY, FAR, HOSTING, START, STRANGE, TOOL, adversarial, model, signin, state_of
from busybody import detectors
from busybody.detectors import CATALOGUE, Entry, Signal
from busybody.detectors.catalogue import KINDS
from busybody.detectors.signal import foreign
from busybody.policy import Policy
from busybody.population import About, Population
from busybody.population.crowd import Many
from busybody.profile import Profile, incidents, known
from busybody.profile.codec import decode, encode
from busybody.scorer import Scorer
from busybody.sentence import reason
from busybody.signin import Finding, SignIn

LARGEST = 15.0  # nats: nothing that one detector says may drown all others
ASKED = [row for row in CATALOGUE if row.kind != "incident"]
TRAINED = Policy.from_mapping({"trained": {"model": str(Path(__file__).with_name("outliers.json"))}})
EVERY_DETECTOR = pytest.mark.parametrize("row", ASKED, ids=lambda row: row.name)


class Case(NamedTuple):
    signin: SignIn
    profile: Profile
    population: Population


def ask(row: Entry, case: Case, policy: Optional[Policy] = None) -> Optional[Signal]:
    seen = known(case.profile, case.signin)
    return row.detect()(case.signin, case.profile, seen, case.population, policy or TRAINED)


@pytest.fixture(scope="module")
def lived() -> Scorer:
    scorer = model()
    for seed in (1, 2):
        for event in adversarial(seed, odd=0.2):
            scorer.process(event._replace(user=f"{event.user}.{seed}"))
    return scorer


@pytest.fixture(scope="module")
def cases(lived: Scorer) -> List[Case]:
    """Odd and everyday sign-ins of people with a past, and of somebody without; soon after their last one, and long after."""
    found = []
    for number, event in enumerate(adversarial(3, length=250, odd=0.7)):
        for user in (f"{event.user}.1", f"{event.user}.2", "nobody"):
            person = lived.people.get(user)
            profile = person.profile if person is not None else Profile()
            later = number * 600.0 if number % 2 else (event.time - START) / 2.0
            moved = event._replace(user=user, time=(profile.last or START) + later)
            population = lived._population(moved, profile, lived.evidence.about(moved))
            found.append(Case(moved, profile, population))
            if number % 5 == 0:
                found += under_attack(Case(moved, profile, population), number)
    return found


def under_attack(case: Case, number: int) -> List[Case]:
    """The same sign-in after what attackers do, and as they do it."""
    time, place, known = case.signin.time, case.signin.subnet or "", case.profile
    tries = tuple((time - 60.0 * left, place) for left in range(20, 0, -1))
    crowd = Many(40, time - 900.0)
    told = (
        About(failed=tries[-4:]), About(failed=tries), About(failed=tries[-1:], source=crowd, family=crowd, device=crowd),
        About(device=crowd), About(source=crowd), About(denied=tries[-5:]), About(arrived=crowd, tool=crowd),
    )  # fmt: skip
    others = [case._replace(population=case.population._replace(about=about)) for about in told]
    sessions = [entry.signin.session for entry in known.window if entry.signin.session is not None]
    others.append(case._replace(signin=case.signin._replace(session=[*sessions, "s1"][0], method="device_code")))
    others.append(case._replace(signin=case.signin._replace(method="legacy", **HOSTING, **TOOL)))
    if known.previous is not None:
        soon = case.signin._replace(time=known.previous.time + 300.0 + number, **HOSTING, **STRANGE)
        others.append(case._replace(signin=soon))
        at_risk = decode(encode(known))
        at_risk.incidents = [incidents.blank("e1", time - DAY, [], [])]
        others.append(Case(case.signin._replace(**FAR, **STRANGE), at_risk, case.population))
    return others


def told(row: Entry, cases: List[Case]) -> Iterator[Tuple[Case, Signal]]:
    for case in cases:
        signal = ask(row, case)
        if signal is not None:
            yield case, signal


@EVERY_DETECTOR
def test_detector_has_something_to_say_in_these_cases(row: Entry, cases: List[Case]) -> None:
    assert any(True for _ in told(row, cases)), "the promises below would be empty"


@EVERY_DETECTOR
def test_detector_changes_nothing(row: Entry, cases: List[Case], lived: Scorer) -> None:
    users = sorted({case.signin.user for case in cases})
    before, organisation = state_of(lived, users), json.dumps(cases[0].population.organisation.to_json())
    for case in cases:
        ask(row, case)
    assert state_of(lived, users) == before
    assert json.dumps(cases[0].population.organisation.to_json()) == organisation


@EVERY_DETECTOR
def test_detector_says_the_same_when_asked_again(row: Entry, cases: List[Case]) -> None:
    for case in cases:
        assert ask(row, case) == ask(row, case)


@EVERY_DETECTOR
def test_detector_is_finite_and_bounded(row: Entry, cases: List[Case]) -> None:
    for case, signal in told(row, cases):
        assert math.isfinite(signal.surprisal), case.signin
        assert abs(signal.surprisal) <= LARGEST, case.signin


@EVERY_DETECTOR
def test_detector_accuses_or_relieves_as_its_kind_says(row: Entry, cases: List[Case]) -> None:
    for case, signal in told(row, cases):
        total = signal.surprisal + signal.beyond
        assert total < 0.0 if row.kind == "proof" else total > 0.0, case.signin


@EVERY_DETECTOR
def test_missing_says_nothing(row: Entry, lived: Scorer) -> None:
    """A sign-in of which only person and time are known; the time itself is its everyday one."""
    for user in ("user0.1", "nobody"):
        person = lived.people.get(user)
        profile = person.profile if person is not None else Profile()
        busiest = max(range(24), key=lambda hour: profile.hours[hour])
        last = profile.last or START
        bare = SignIn(id="bare", time=last - last % 86400.0 + busiest * 3600.0, user=user, outcome="success")
        assert ask(row, Case(bare, profile, lived._population(bare, profile, lived.evidence.about(bare)))) is None


@EVERY_DETECTOR
def test_nothing_known_of_the_person_is_no_error(row: Entry) -> None:
    scorer = model()
    for event in adversarial(4, length=120, odd=0.8):
        signal = ask(row, Case(event, Profile(), scorer._population(event, Profile(), scorer.evidence.about(event))))
        assert signal is None or math.isfinite(signal.surprisal)


@EVERY_DETECTOR
def test_detector_says_the_same_after_the_profile_was_stored(row: Entry, cases: List[Case]) -> None:
    for case in cases:
        stored = case._replace(profile=decode(encode(case.profile)))
        mine, theirs = ask(row, case), ask(row, stored)
        assert (mine is None) == (theirs is None)
        if mine is not None and theirs is not None:
            assert (mine.surprisal, mine.hard) == (theirs.surprisal, theirs.hard)
            assert reason(Finding(row.name, 1.0, mine.evidence)) == reason(Finding(row.name, 1.0, theirs.evidence))


@EVERY_DETECTOR
def test_reason_can_be_said_of_every_signal(row: Entry, cases: List[Case]) -> None:
    for _, signal in told(row, cases):
        words = reason(Finding(row.name, 1.0, signal.evidence))
        assert words
        assert not any(wrong in words for wrong in ("None", "{")), words


# The catalogue -----------------------------------------------------------------------------------------------


def test_catalogue_is_the_folder() -> None:
    folder = {path.stem for path in Path(detectors.__file__).parent.glob("*.py")} - {"__init__", "catalogue", "signal"}
    assert [row.name for row in CATALOGUE] == list(dict.fromkeys(row.name for row in CATALOGUE)), "each once"
    assert {row.name for row in CATALOGUE} == folder


def test_every_detector_has_a_test_file() -> None:
    here = {path.stem for path in Path(__file__).parent.glob("test_*.py")}
    assert {f"test_{row.name}" for row in CATALOGUE} <= here


def test_every_row_says_what_it_means() -> None:
    for row in CATALOGUE:
        assert row.kind in KINDS
        assert row.title
        assert row.description.endswith(".")
        assert row.reason
        assert 0.0 < row.weight <= 2.0
        assert all(technique[0] == "T" and technique[1:].replace(".", "").isdigit() for technique in row.techniques)
        assert row.techniques or row.kind == "proof", "what accuses names its ATT&CK technique"


def test_incident_is_asked_last() -> None:
    assert [row.kind for row in CATALOGUE].index("incident") == len(CATALOGUE) - 1


def test_default_weights_of_the_policy_are_the_catalogues() -> None:
    assert dict(Policy.default().weights) == {row.name: row.weight for row in CATALOGUE}


def detector(name: str) -> Callable[..., Any]:
    return next(row for row in CATALOGUE if row.name == name).detect()


def test_module_says_what_it_computes() -> None:
    for row in CATALOGUE:
        words = __import__(f"busybody.detectors.{row.name}", fromlist=["__doc__"]).__doc__
        assert words is not None, row.name
        assert len(words.strip().splitlines()[0]) > 30, row.name


def test_sign_in_of_nobody_in_particular_is_well_formed() -> None:
    assert signin().user == "ana"


@pytest.mark.parametrize("row", [row for row in ASKED if row.kind == "evidence"], ids=lambda row: row.name)
def test_evidence_says_nothing_where_nothing_is_foreign(row: Entry, cases: List[Case]) -> None:
    """The judge does not even ask for recent evidence then."""
    homely = [
        case
        for case in cases
        if not foreign(case.signin, case.profile, known(case.profile, case.signin), case.population)
    ]
    assert any(case.population.about.failed for case in homely)
    assert not list(told(row, homely))
