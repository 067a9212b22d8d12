"""The same events through `busybody score` and through busyscore: the same risk, whatever the chunks and their order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Sequence

import pytest
from busybody.cli import main
from driver import Outcome
from searching import Event, Head, csv_file, head, interpreter, simulated

__all__ = ["head"]
EXACT = 1e-9
SAID = ("busy_risk", "busy_level", "busy_sentence", "busy_learned", "busy_incident")


def cli(store: Path, events: Sequence[Event], folder: Path, capfd: Any, *options: str) -> Dict[str, Dict[str, Any]]:
    """What the command line says, by event id."""
    log = csv_file(folder / "log.csv", events)
    capfd.readouterr()
    assert main(["score", str(log), "--store", str(store), "--output", "jsonl", *options]) == 0
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    return {row["event_id"]: row for row in rows}


def assert_same(outcome: Outcome, expected: Dict[str, Dict[str, Any]]) -> None:
    assert outcome.said("ERROR") == []
    assert len(outcome.rows) == len(expected)
    for row in outcome.rows:
        told = expected[str(row["event_hash"])]
        assert abs(float(str(row["busy_risk"])) - told["risk"]) <= EXACT
        found = [row.get(name, "") for name in SAID[1:]]
        assert found == [told["level"], told["sentence"], told["learned"], told["incident"] or ""]


@pytest.mark.parametrize("size", [1, 1_000, 50_000])
def test_learning_gives_what_the_command_line_gives(head: Head, tmp_path: Path, capfd: Any, size: int) -> None:
    events = simulated()[: 250 if size == 1 else None]
    expected = cli(tmp_path / "cli.db", events, tmp_path, capfd)
    assert_same(head.run("busyscore", events, "update=true", size=size), expected)


@pytest.fixture
def learned(head: Head, tmp_path: Path, capfd: Any) -> Path:
    """A store of the command line; the default model of `head` has learned the same."""
    store = tmp_path / "cli.db"
    half = simulated()[: len(simulated()) // 2]
    cli(store, half, tmp_path, capfd)
    outcome = head.run("busytrain", half)
    assert outcome.rows[0]["signins"] == str(len(half))
    return store


def test_reading_gives_what_the_command_line_gives(head: Head, learned: Path, tmp_path: Path, capfd: Any) -> None:
    events = simulated()[len(simulated()) // 2 :]
    expected = cli(learned, events, tmp_path, capfd, "--no-learn")
    before = head.content()
    for size in (1_000, 50_000):
        assert_same(head.run("busyscore", events, size=size), expected)
        assert_same(head.run("busyscore", events[::-1], size=size), expected)
    assert_same(
        head.run("busyscore", events[:150], size=1), {e["event_hash"]: expected[e["event_hash"]] for e in events[:150]}
    )
    assert_same(
        head.run("busyscore", events[149::-1], size=1),
        {e["event_hash"]: expected[e["event_hash"]] for e in events[:150]},
    )
    assert head.content() == before


@pytest.mark.slow
def test_training_and_scoring_in_pieces_is_one_history(head: Head, tmp_path: Path, capfd: Any) -> None:
    """What was trained, then learned in several windows, is the model of one run."""
    events = simulated()
    cuts = [0, len(events) // 3, len(events) // 2, len(events)]
    parts = [events[start:end] for start, end in zip(cuts, cuts[1:])]
    expected = cli(tmp_path / "cli.db", events, tmp_path, capfd)
    head.run("busytrain", parts[0][::-1])
    rows: List[Any] = []
    for part in parts[1:]:
        rows += head.run("busyscore", part, "update=true", size=100).rows
    later = {str(row["event_hash"]): expected[str(row["event_hash"])] for row in rows}
    assert_same(Outcome({}, rows, [], {}, None, 0, "", []), later)


@pytest.mark.slow
def test_scripts_give_what_the_command_line_gives(
    head: Head, learned: Path, tmp_path: Path, capfd: Any, any_python: str
) -> None:
    events = simulated()[len(simulated()) // 2 :]
    expected = cli(learned, events, tmp_path, capfd, "--no-learn")
    assert_same(head.script("busyscore", events, python=any_python, size=300), expected)
    expected = cli(learned, events, tmp_path, capfd)
    assert_same(head.script("busyscore", events, "update=true", python=any_python, size=300), expected)


@pytest.fixture(params=["3.9", "3.11", "3.13"])
def any_python(request: pytest.FixtureRequest) -> str:
    return interpreter(str(request.param))
