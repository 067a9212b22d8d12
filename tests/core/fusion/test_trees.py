"""The learned fusion keeps the promises of the sum: parts that add up, and no finding that lowers the odds."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional

import pytest
from builders import HOME, LAPTOP, adversarial, live, model, policy, profile_of, signin, state_of, sum_of_parts
from busybody.detectors import CATALOGUE, Signal, entry
from busybody.errors import LONGEST_VALUE, ModelError
from busybody.fusion import BASE, trees
from busybody.fusion.features import HABITS, NAMES
from busybody.fusion.trees import SHIPPED, Trees, assembled, averaged, chosen, contributions, parse, to_json
from busybody.fusion.weighted_sum import fuse
from busybody.policy import Policy
from busybody.profile import Profile
from hypothesis import given
from hypothesis import strategies as st

TEXT = SHIPPED.read_text(encoding="utf-8")
ROW: Dict[str, Any] = json.loads(TEXT)
TREES = parse(TEXT, "trees.json")
THERE = signin(30, 9.0, **{**HOME, "lat": 41.9, "lon": 12.5, "country": "IT", "city": "Rome"})


def thresholds(number: int) -> List[float]:
    """Where the shipped trees cut a feature."""
    cuts = {row[1] for tree in ROW["trees"] for row in tree if isinstance(row, list) and row[0] == number}
    return sorted(cuts) or [0.0]


VALUES = [
    st.one_of(st.sampled_from(thresholds(number)), st.floats(0.0, 12.0), st.just(0.0)) for number in range(len(NAMES))
]
VECTORS = st.tuples(*VALUES).map(list)
SURPRISALS = st.dictionaries(
    st.sampled_from([row.name for row in CATALOGUE if row.kind != "incident"]), st.floats(-3.0, 8.0), max_size=6
)
HABIT_SURPRISALS = st.dictionaries(st.sampled_from(HABITS), st.floats(0.0, 8.0), min_size=1, max_size=5)


def rules_of(share: float) -> Policy:
    """Every weight at so much of the catalogue's."""
    return policy(weights={row.name: row.weight * share for row in CATALOGUE if row.weight})


RULES = [Policy.default(), rules_of(0.5), rules_of(1.4)]


@pytest.fixture(scope="module")
def ana() -> Profile:
    scorer = model()
    live(scorer, 30)
    return profile_of(scorer)


def fused(surprisals: Dict[str, float], profile: Profile, rules: Optional[Policy] = None) -> Any:
    signals = {name: Signal(value, {}) for name, value in surprisals.items()}
    used = rules or Policy.default()
    return fuse(signals, used, contributions(TREES, signals, THERE, profile, used))


@given(surprisals=SURPRISALS, rules=st.sampled_from(RULES))
def test_base_and_contributions_are_the_log_odds_bit_for_bit(
    ana: Profile, surprisals: Dict[str, float], rules: Policy
) -> None:
    log_odds, findings = fused(surprisals, ana, rules)
    total = BASE
    for found in findings:
        total += found.contribution
    assert total == log_odds
    order = [row.name for row in CATALOGUE if row.name in surprisals]
    assert [found.detector for found in findings] == order


@given(values=VECTORS, number=st.integers(0, len(NAMES) - 1), more=st.floats(0.0, 6.0))
def test_the_shipped_margin_never_falls_where_a_feature_grows(values: List[float], number: int, more: float) -> None:
    odder = [value + more * (place == number) for place, value in enumerate(values)]
    assert TREES.margin(odder) >= TREES.margin(values)


@pytest.mark.parametrize("tree", range(len(TREES.roots)))
def test_every_shipped_tree_is_monotone_by_its_shape(tree: int) -> None:
    grid = [[0.0, *(cut + side for cut in thresholds(number) for side in (0.0, 1e-9))] for number in range(len(NAMES))]
    alone = assembled((TREES.roots[tree],), TREES.scale, TREES.blend, {})
    for odd in ([0.0] * len(NAMES), [1.0] * len(NAMES), [9.0] * len(NAMES)):
        for number in range(len(NAMES)):
            found = [alone.margin([*odd[:number], value, *odd[number + 1 :]]) for value in grid[number]]
            assert found == sorted(found)


@given(surprisals=HABIT_SURPRISALS, data=st.data(), more=st.floats(0.0, 4.0))
def test_more_surprise_never_lowers_the_log_odds(
    ana: Profile, surprisals: Dict[str, float], data: Any, more: float
) -> None:
    name = data.draw(st.sampled_from(sorted(surprisals)))
    before, _ = fused(surprisals, ana)
    after, _ = fused({**surprisals, name: surprisals[name] + more}, ana)
    assert after >= before - 1e-9


@given(surprisals=HABIT_SURPRISALS, name=st.sampled_from(HABITS), value=st.floats(0.0, 8.0))
def test_another_finding_never_lowers_the_log_odds(
    ana: Profile, surprisals: Dict[str, float], name: str, value: float
) -> None:
    rest = {key: said for key, said in surprisals.items() if key != name}
    assert fused({**rest, name: value}, ana)[0] >= fused(rest, ana)[0] - 1e-9


@given(values=VECTORS, owners=st.lists(st.integers(0, 5), min_size=len(NAMES), max_size=len(NAMES)))
def test_lifts_are_never_negative_and_sum_to_the_margin_s_rise(values: List[float], owners: List[int]) -> None:
    owned: Dict[str, List[int]] = {}
    for place, owner in enumerate(owners):
        owned.setdefault(f"detector {owner}", []).append(place)
    lifts = TREES.lifts(values, owned)
    assert min(lifts.values()) >= -1e-12
    assert sum(lifts.values()) == pytest.approx(TREES.margin(values) - TREES.rest, abs=1e-12)


@given(values=VECTORS, number=st.integers(0, len(NAMES) - 1))
def test_a_detector_alone_gets_all(values: List[float], number: int) -> None:
    only = [value * (place == number) for place, value in enumerate(values)]
    assert TREES.lifts(only, {"it": [number]}) == {"it": TREES.margin(only) - TREES.rest}


def test_two_detectors_that_do_the_same_share_evenly() -> None:
    both = assembled(((0, 0.5, (1, 0.5, 0.0, 1.0), 1.0),), 1.0, 0.0, {})  # one or the other
    values = [1.0, 1.0] + [0.0] * (len(NAMES) - 2)
    assert both.lifts(values, {"a": [0], "b": [1]}) == {"a": 0.5, "b": 0.5}


def test_a_policy_s_weight_scales_what_its_detector_says(ana: Profile) -> None:
    _, (usual,) = fused({"new_device": 3.0}, ana)
    _, (half,) = fused({"new_device": 3.0}, ana, policy(weights={"new_device": entry("new_device").weight / 2}))
    assert half.contribution == pytest.approx(usual.contribution / 2)
    _, (proof,) = fused({"strong_proof": -1.5}, ana)
    assert proof.contribution == -1.5 * entry("strong_proof").weight  # what is no habit adds by itself


# The file


def test_what_is_written_is_read_again() -> None:
    assert to_json(parse(json.dumps(to_json(TREES)), "again")) == to_json(TREES)
    assert to_json(TREES) == ROW


def test_the_average_of_two_is_the_mean_of_their_margins() -> None:
    flat = assembled(((0, 1.0, 0.0, 2.0),), TREES.scale, TREES.blend, {})
    both = averaged(TREES, flat)
    values = [2.0, 1.0, 0.0, 1.5, 0.0, 0.0, 2.0, 0.0, 5.0, 3.0]
    assert both.margin(values) == pytest.approx((TREES.margin(values) + 2.0) / 2.0, abs=1e-12)
    assert both.rest == both.margin([0.0] * len(NAMES))
    assert to_json(parse(json.dumps(to_json(both)), "both")) == to_json(both)


def with_tree(*rows: Any) -> str:
    return json.dumps({**ROW, "trees": [list(rows)]})


def without(key: str) -> str:
    return json.dumps({name: value for name, value in ROW.items() if name != key})


def chain(length: int) -> List[Any]:
    """A tree as deep as it is long."""
    rows: List[Any] = []
    for place in range(length):
        rows += [[0, 1.0, 2 * place + 1, 2 * place + 2], 0.0]
    return [*rows, 1.0]


DAMAGED: Dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "no JSON": lambda: "{",
    "a list": lambda: "[]",
    "null": lambda: "null",
    "a number": lambda: "3",
    "cut off": lambda: TEXT[: len(TEXT) // 2],
    "another format": lambda: json.dumps({**ROW, "format": "busybody-trained"}),
    "a later version": lambda: json.dumps({**ROW, "version": 2}),
    "other features": lambda: json.dumps({**ROW, "features": [*NAMES[:-1], "colour"]}),
    "features in another order": lambda: json.dumps({**ROW, "features": NAMES[::-1]}),
    "features are a number": lambda: json.dumps({**ROW, "features": 10}),
    **{f"no {key}": partial(without, key) for key in ROW},
    "scale is text": lambda: json.dumps({**ROW, "scale": "much"}),
    "scale is a list": lambda: json.dumps({**ROW, "scale": []}),
    "provenance is a number": lambda: json.dumps({**ROW, "provenance": 3}),
    "trees is a number": lambda: json.dumps({**ROW, "trees": 5}),
    "an empty tree": with_tree,
    "a node that leads to itself": lambda: with_tree([0, 1.0, 0, 1], 0.0),
    "a node that leads back": lambda: with_tree([0, 1.0, 1, 2], [0, 1.0, 0, 2], 0.0),
    "a node before its parent": lambda: with_tree([0, 1.0, 2, 1], [0, 1.0, -1, 2], 0.0),
    "a node that is not there": lambda: with_tree([0, 1.0, 1, 7], 0.0),
    "a node of three": lambda: with_tree([0, 1.0, 1], 0.0),
    "a node of five": lambda: with_tree([0, 1.0, 1, 2, 3], 0.0, 1.0),
    "a feature that is not there": lambda: with_tree([len(NAMES), 1.0, 1, 2], 0.0, 1.0),
    "a negative feature": lambda: with_tree([-1, 1.0, 1, 2], 0.0, 1.0),
    "a threshold of text": lambda: with_tree([0, "high", 1, 2], 0.0, 1.0),
    "a leaf of text": lambda: with_tree([0, 1.0, 1, 2], "0.5", 1.0),
    "a leaf of null": lambda: with_tree(None),
    "children of text": lambda: with_tree([0, 1.0, "1", "2"], 0.0, 1.0),
    "deeper than Python recurses": lambda: with_tree(*chain(100_000)),
    "nested deeper than JSON is read": lambda: "[" * 1_000_000,
    "a scale beyond any": lambda: TEXT.replace('"scale": 0.8', '"scale": 1e999'),
    "a scale of 400 digits": lambda: TEXT.replace('"scale": 0.8', f'"scale": 1{"0" * 400}'),
    "a scale that is no number": lambda: TEXT.replace('"scale": 0.8', '"scale": NaN'),
    "a scale in quotes": lambda: json.dumps({**ROW, "scale": "0.8"}),
    "a scale that is too long to say": lambda: json.dumps({**ROW, "scale": "x" * 10_000}),
    "a leaf beyond any": lambda: with_tree([0, 1.0, 1, 2], 0.0, float("inf")),
    "a leaf of 400 digits": lambda: with_tree([0, 1.0, 1, 2], 0.0, 10**400),
    "a leaf that is no number": lambda: with_tree([0, 1.0, 1, 2], 0.0, float("nan")),
    "a leaf of true": lambda: with_tree([0, 1.0, 1, 2], 0.0, True),
    "a threshold of 400 digits": lambda: with_tree([0, 10**400, 1, 2], 0.0, 1.0),
    "a threshold in quotes": lambda: with_tree([0, "1.0", 1, 2], 0.0, 1.0),
    "half a feature": lambda: with_tree([0.5, 1.0, 1, 2], 0.0, 1.0),
    "a node of two parents": lambda: with_tree([0, 1.0, 1, 1], 0.0),
    "a node of no parent": lambda: with_tree([0, 1.0, 1, 2], 0.0, 1.0, 2.0),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_file_is_one_error_that_names_it(kind: str) -> None:
    with pytest.raises(ModelError) as raised:
        parse(DAMAGED[kind](), "ours.json")
    assert str(raised.value).startswith("ours.json: this is no fusion that this Busybody reads (")
    assert len(str(raised.value)) < 200 + 2 * LONGEST_VALUE


# The policy's choice


@pytest.fixture
def anew() -> Iterator[None]:
    """Files are read again."""
    chosen.cache_clear()
    yield
    chosen.cache_clear()


@pytest.mark.usefixtures("anew")
def test_the_plain_sum_never_reads_the_trees(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(trees, "SHIPPED", tmp_path / "absent.json")
    scorer = model(policy(trained={"fusion": "sum"}))
    live(scorer, 30)
    assert scorer.score(THERE).findings
    with pytest.raises(ModelError, match=r"absent\.json: cannot be read"):
        model()


@pytest.mark.usefixtures("anew")
def test_a_path_is_read_and_a_mistake_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ours.json"
    path.write_text(TEXT, encoding="utf-8")
    found = chosen(str(path))
    assert found is not None
    assert to_json(found) == to_json(TREES)
    for name, data in (("torn", b"{"), ("latin", b"\xff\xfe\x00"), ("none", None)):
        other = tmp_path / f"{name}.json"
        if data is not None:
            other.write_bytes(data)
        with pytest.raises(ModelError, match=rf"{name}\.json: "):
            model(policy(trained={"fusion": str(other)}))


# The scorer


@pytest.mark.parametrize("seed", range(40, 46))
def test_parts_add_up_and_the_short_path_agrees_on_hostile_streams(seed: int) -> None:
    rules = RULES[seed % len(RULES)]
    short, long = model(rules), model(rules, short_path=False)
    stream, odd = adversarial(seed, users=1 + seed % 3), 0
    for number, event in enumerate(stream):
        one, other = short.process(event), long.process(event)
        assert one == other, f"sign-in {number}"
        assert sum_of_parts(one) == one.log_odds, f"sign-in {number}"
        odd += bool(one.findings)
    users = {event.user for event in stream}
    assert state_of(short, users) == state_of(long, users)
    assert odd > 20


def test_what_is_usual_never_reaches_the_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = model()
    live(scorer, 30)
    monkeypatch.setattr(Trees, "margin", lambda *_: pytest.fail("asked"))
    assert scorer.score(signin(30, 8.0, **HOME, **LAPTOP)).log_odds == BASE
