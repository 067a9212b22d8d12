"""From a log to a model: deterministic, with its provenance, and without the blind spots of busybody 1.0."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import pytest
from builders import DAY, FAR, HOME, HOTEL, LAPTOP, NOWHERE, START, STRANGE, policy, signin
from busybody.errors import MissingExtra, ModelError
from busybody.policy import Policy
from busybody.profile import known
from busybody.signin import SignIn
from busybody.simulate import Organisation, generate
from busybody.train import libraries
from busybody.train.fit import Settings
from busybody.train.history import Lived, live
from busybody.train.outliers import Request, train
from busybody.trained import Trained, load
from busybody.trained.features import PLACE_NETWORK_DEVICE, vector
from busybody.trained.file import dump
from busybody.trained.model import ALGORITHMS, PERSON

from .conftest import Original

WHEN = START + 100 * DAY
MILAN = {**HOME, "city": "Milan", "country": "IT", "lat": 45.46, "lon": 9.19, "as_org": "Telecom"}
PREDECESSOR = Request(Settings(), PLACE_NETWORK_DEVICE, PERSON)


@pytest.fixture(scope="module")
def month() -> List[SignIn]:
    return [event.signin for event in generate(Organisation(people=12, days=25, seed=3, attacks={}))]


def model_of(signins: List[SignIn], request: Request = PREDECESSOR, rules: Optional[Policy] = None) -> Trained:
    return load(dump(train(signins, rules or Policy.default(), request, WHEN)), "model.json")


@pytest.mark.parametrize("algorithm", list(ALGORITHMS))
def test_same_log_and_seed_give_the_same_bytes(original: Original, month: List[SignIn], algorithm: str) -> None:
    request = Request(Settings(algorithm, trees=10, max_samples=64))
    one, other = (dump(train(iter(month), Policy.default(), request, WHEN)) for _ in range(2))
    assert one == other
    model = load(one, "model.json")
    part = model.part("")
    assert part is not None
    assert part.score([8.0] * len(part.usual)) > part.score(part.usual)


def test_provenance_says_when_on_what_and_with_what(original: Original, month: List[SignIn]) -> None:
    model = model_of(month, Request(Settings(trees=5)))
    told = model.provenance
    assert told["trained"] == "2026-06-10T00:00:00.000Z"
    assert 0 < told["people"] <= 12
    assert 0 < told["signins"] < len(month)
    assert "2026-03-02" <= told["since"] < told["until"] <= "2026-03-28"
    assert set(told["libraries"]) == {"busybody", "python", "numpy", "scikit-learn"}
    assert told["settings"] == {**Settings(trees=5)._asdict()}


def test_nothing_is_trained_on_what_failed_or_came_first(month: List[SignIn]) -> None:
    lived = [row.case.signin for row in live(month, Policy.default())]
    assert lived
    assert all(row.outcome == "success" for row in lived)
    first = {event.user: event.id for event in reversed(month)}
    assert not set(first.values()) & {row.id for row in lived}


def test_a_log_that_is_too_short_says_so() -> None:
    with pytest.raises(ModelError, match="there are 1 sign-ins of people with a past to train on, and 5 are the least"):
        train(milan(2), Policy.default(), PREDECESSOR, WHEN)


def test_only_the_named_people_are_trained_on(original: Original, month: List[SignIn]) -> None:
    somebody = month[0].user
    model = model_of(month, PREDECESSOR._replace(people={somebody}, settings=Settings(trees=5)))
    assert list(model.parts) == [somebody]


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    with pytest.raises(MissingExtra, match=r"needs the package scikit-learn\. .*busybody\[train\]"):
        libraries.library("sklearn.ensemble", "scikit-learn", "training")


def test_scoring_needs_no_package() -> None:
    core = Path(libraries.__file__).parents[2]
    model = Path(__file__).parents[1] / "detectors" / "outliers.json"
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from busybody.trained import loaded\n"
        "print(loaded(sys.argv[2]).part('ana').score([5.0, 0.1, 0.0]) > 0, 'numpy' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(core), str(model)], capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["True", "False"]


# The blind spots of busybody 1.0's forest -----------------------------------------------------------------------


def milan(number: int, **fields: Any) -> List[SignIn]:
    return [signin(day, 9.0, **{**MILAN, **LAPTOP, **fields}) for day in range(number)]


def judged(signins: List[SignIn], rules: Optional[Policy] = None) -> List[Tuple[SignIn, float, bool]]:
    """Every sign-in with a past as the model trained on all of them finds it: score, and whether it is an outlier."""
    model, rules = model_of(signins, rules=rules), rules or Policy.default()
    part = model.part("ana")
    assert part is not None
    found = []
    for lived in live(signins, rules):
        score = part.score(part.prepared(vector(lived.case, model.features)))
        found.append((lived.case.signin, score, score > part.threshold))
    return found


def last_of(signins: List[SignIn]) -> Lived:
    *_, last = live(signins, Policy.default())
    return last


def scored(history: List[SignIn], **fields: Any) -> float:
    """A new sign-in, by the model of the history alone."""
    model = model_of(history)
    part, rules = model.part("ana"), Policy.default()
    assert part is not None
    lived = last_of([*history, signin(len(history), 9.0, **{**MILAN, **LAPTOP})])
    event = lived.case.signin._replace(**fields)
    case = lived.case._replace(signin=event, seen=known(lived.case.profile, event), policy=rules)
    return part.score(part.prepared(vector(case, model.features)))


def test_the_outlier_is_the_one_that_is_flagged(original: Original) -> None:
    tokyo = signin(9, 9.0, **{**FAR, **STRANGE})
    flagged = [event for event, _, odd in judged([*milan(9), tokyo]) if odd]
    assert flagged == [tokyo]


def test_identical_sign_ins_flag_nothing(original: Original) -> None:
    assert not any(odd for _, _, odd in judged(milan(10)))


def test_a_constant_history_does_not_flag_the_next_everyday_sign_in(original: Original) -> None:
    history = milan(30)
    part = model_of(history).part("ana")
    assert part is not None
    assert scored(history) <= part.threshold


NEW: Dict[str, Dict[str, Any]] = {
    "network": {"asn": 64530, "as_org": "Yuki Net", "subnet": "198.19.7.0/24"},
    "device": STRANGE,
    "place": {"lat": FAR["lat"], "lon": FAR["lon"], "city": "Sapporo", "country": "JP"},
}


@pytest.mark.parametrize("what", list(NEW))
def test_something_never_seen_counts_though_training_knew_one_value_only(original: Original, what: str) -> None:
    """Its forest never cut a column that was constant in training: a new network at home scored like every day."""
    history = milan(30)
    part = model_of(history).part("ana")
    assert part is not None
    assert scored(history, **NEW[what]) > scored(history) + 0.05
    assert scored(history, **NEW[what]) > part.threshold


def test_the_worst_of_the_training_is_not_flagged_for_being_the_worst(original: Original) -> None:
    """Its threshold was the worst score of training, and reached by it."""
    history = [*milan(20), *(signin(20 + day, 9.0, **{**HOTEL, **LAPTOP}) for day in range(20))]
    model = model_of(history)
    part = model.part("ana")
    assert part is not None
    everyday = [odd for event, _, odd in judged(history) if event.country == "IT"]
    assert not any(everyday)


def test_unknown_places_and_devices_stop_nothing(original: Original) -> None:
    """An empty vocabulary or an address without a place ended its whole run."""
    history = [signin(day, 9.0, **(NOWHERE if day % 2 else {**MILAN, **LAPTOP})) for day in range(20)]
    assert len(judged(history)) == 19
    nobody_knows = [signin(day, 9.0) for day in range(20)]
    assert not any(odd for _, _, odd in judged(nobody_knows))


def test_time_and_travel_are_features_where_all_are_asked_for(original: Original) -> None:
    request = PREDECESSOR._replace(features=("hour", "speed", "distance", "operator", "device"))
    part = model_of(milan(30), request).part("ana")
    assert part is not None
    usual = list(part.usual)
    assert part.score([8.0, *usual[1:]]) > part.score(usual)
    assert part.score([usual[0], 5.0, *usual[2:]]) > part.score(usual)


def test_people_are_told_apart_by_their_pseudonyms(original: Original, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSEUDONYM_KEY", "0123456789abcdef0123456789abcdef")
    model = model_of(milan(12), rules=policy(identity={"pseudonym_key_env": "PSEUDONYM_KEY"}))
    assert [len(name) for name in model.parts] == [32]
