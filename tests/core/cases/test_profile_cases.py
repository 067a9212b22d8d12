"""ScryWarden's reporters, bursts and messages. Scores of a batch are those of its messages one at a time."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from builders import START, policy
from busybody.custom import message, reporter
from busybody.custom.burst import is_odd, weighted
from busybody.custom.declaration import Analyzer
from busybody.fields.intake import Intake
from busybody.scorer import Scorer
from busybody.signin import SignIn
from busybody.stores.memory import MemoryStore

CASES = json.loads((Path(__file__).parents[2] / "data" / "predecessor_cases.json").read_text(encoding="utf-8"))


def of(kind: str) -> List[Any]:
    return [pytest.param(case, id=case["id"]) for case in CASES if case["kind"] == kind]


Counted = Dict[Tuple[Any, Any], reporter.Counts]


def known(features: List[Any]) -> Counted:
    """(field, actor) -> counts."""
    counts: Counted = {}
    for raw in features:
        row = raw if isinstance(raw, dict) else {"value": raw[0], "count": raw[1]}
        counts.setdefault((row.get("field"), row.get("actor")), {})[row["value"]] = row["count"]
    return counts


def one_at_a_time(kind: str, features: List[Any], messages: List[Any]) -> List[float]:
    counts, scores = known(features), []
    for raw in messages:
        row = raw if isinstance(raw, dict) else {"value": raw}
        mine = counts.setdefault((row.get("field"), row.get("actor")), {})
        scores.append(reporter.SCORES[kind.lower()](mine, row["value"]))
        reporter.count(mine, row["value"])
    return scores


@pytest.mark.parametrize("case", of("reporter_score"))
def test_reporter_scores_as_scrywarden_one_at_a_time(case: Dict[str, Any]) -> None:
    given = case["input"]
    found = one_at_a_time(given["reporter"], given["features"], given["messages"])
    assert found == pytest.approx(case["expected"]["scores"], abs=1e-6)


@pytest.mark.parametrize("case", of("batch_vs_sequential"))
def test_score_does_not_depend_on_the_borders_of_batches(case: Dict[str, Any]) -> None:
    given = case["input"]
    found = one_at_a_time(given["reporter"], given["features"], given["messages"])
    assert found == pytest.approx(case["expected"]["one_at_a_time"], abs=1e-6)
    assert found != pytest.approx(case["expected"]["upstream_batch"], abs=1e-6)


@pytest.mark.parametrize("case", of("exponential_decay_analyzer"))
def test_burst_weighs_as_scrywardens(case: Dict[str, Any]) -> None:
    given, expected = case["input"], case["expected"]
    analyzer = Analyzer(given["weight"], given["decay"], given["threshold"])
    answers = {actor: weighted(scores, analyzer) for actor, scores in given["groups"].items()}
    assert answers == pytest.approx(expected["weighted_mean"], abs=1e-6)
    odd = {int(actor) for actor, answer in answers.items() if is_odd(answer, analyzer)}
    assert odd == set(expected["malicious_actors"])


@pytest.mark.parametrize("case", of("feature_count_update"))
def test_messages_are_counted_by_field_actor_and_value(case: Dict[str, Any]) -> None:
    counts = known(case["input"]["features"])
    for row in case["input"]["messages"]:
        reporter.count(counts.setdefault((row["field"], row["actor"]), {}), row["value"])
    assert counts == known(case["expected"]["features"])


@pytest.mark.parametrize("case", of("message_get"))
def test_value_at_a_path(case: Dict[str, Any]) -> None:
    data, path = case["input"]["data"], case["input"]["field"]
    if "error" in case["expected"]:
        with pytest.raises(KeyError):
            message.get(data, path)
    else:
        assert message.get(data, path) == case["expected"]["value"]
    assert message.get(data, ()) == data


@pytest.mark.parametrize("case", of("message_keys"))
def test_every_path_of_a_message(case: Dict[str, Any]) -> None:
    data = case["input"]["data"]
    assert [list(path) for path in message.keys(data)] == case["expected"]
    assert all(message.get(data, path) is not None for path in message.keys(data))


GREETINGS = {"profile": "greetings", "actor": "person", "time": "time", "fields": [{"path": "greeting"}]}


def findings(messages: List[Dict[str, Any]], learning_records: Optional[int] = None) -> List[List[float]]:
    """The scores of each message's anomalies, all through the one door of the core."""
    learning = {} if learning_records is None else {"learning_records": learning_records}
    rules = policy(profiles=[{**GREETINGS, **learning}])
    intake, scorer = Intake(rules, None), Scorer(rules, MemoryStore())
    found = []
    for number, one in enumerate(messages):
        signin = intake.read({**one, "time": START + number})
        assert isinstance(signin, SignIn)
        assessment = scorer.process(signin)
        found.append([score for row in assessment.findings for score in row.evidence["scores"].values()])
    return found


@pytest.mark.parametrize("case", of("readme_end_to_end"))
def test_example_of_the_readme_end_to_end(case: Dict[str, Any]) -> None:
    """Without a learning period its alerts; with ours, nobody's first message is malicious.

    There, an alerted message counts as normal the next time; here it waits for somebody to confirm it.
    """
    messages = case["input"]["messages"]
    scores = [score for found in findings(messages[:3], learning_records=0) for score in found]
    assert scores == case["expected"]["anomaly_scores"]
    assert (
        sum(map(bool, findings(messages[:3], learning_records=0)))
        == case["expected"]["malicious_with_default_analyzer"]
    )
    assert not any(findings(messages))
