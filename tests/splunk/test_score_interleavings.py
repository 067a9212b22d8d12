"""Scoring, training and verdicts at the same time, in every order of their steps: the model is that of some order of the
searches that committed, and each verdict was applied once."""

from __future__ import annotations

from copy import deepcopy
from itertools import permutations
from typing import Any, Dict, List, Sequence, Tuple

import driver
import pytest
from busybody.errors import BusybodyError
from busybody_splunk.chunks import Chunk
from busybody_splunk.commands import score, train, verdict
from busybody_splunk.protocol import Messages
from searching import DAY, FAR, START, Event, Head, event, habit, head

__all__ = ["head"]
ODD = event(day=14, hour=11.0, **FAR)
SCORED = [event("ana", 15), event("bo", 15)]
TRAINED = [event("ana", 16), event("cy", 16)]
STEPS = {"S": 3, "T": 3, "V": 1}  # of a search that scores, one that trains, and a verdict


class Stepping:
    """A search of which each step is taken by hand: two chunks and the last one."""

    def __init__(self, head: Head, module: Any, name: str, events: Sequence[Event], *args: str) -> None:
        self._command, self._messages = module.command(), Messages()
        required = self._command.begin(head.search(name, args), self._messages)
        assert required is not None
        columns = [*required, "_chunked_idx"]
        parts = [events[:1], events[1:], ()]
        self._bodies = [
            driver.body_of(columns, [{**row, "_chunked_idx": str(place)} for place, row in enumerate(part)]) for part in parts
        ]  # fmt: skip
        self.failed = False

    def step(self) -> None:
        body = self._bodies.pop(0)
        if not self.failed:
            try:
                self._command.take(Chunk(body, finished=not self._bodies))
            except BusybodyError:
                self.failed = True
            said = self._messages.taken().get("messages", ())
            self.failed = self.failed or any(level == "ERROR" for level, _ in said)
        if self.failed or not self._bodies:
            self._command.close()

    def close(self) -> None:
        self._command.close()


def orders() -> List[Tuple[str, ...]]:
    return sorted(set(permutations([name for name, count in STEPS.items() for _ in range(count)])))


def run(head: Head, order: Sequence[str]) -> Tuple[str, ...]:
    """The steps in that order; which of the searches committed, in the order of their commits."""
    running = {
        "S": Stepping(head, score, "busyscore", SCORED, "update=true"),
        "T": Stepping(head, train, "busytrain", TRAINED),
    }
    committed: List[str] = []
    left = dict(STEPS)
    for name in order:
        left[name] -= 1
        if name == "V":
            head.run("busyverdict", (), "user=ana", f"event_id={ODD['event_hash']}", "verdict=malicious")
            continue
        before = head.number()
        running[name].step()
        if head.number() > before:
            committed.append(name)
    for one in running.values():
        one.close()
    return tuple(committed)


_START: Dict[str, Any] = {}  # what the KV store holds at the start


def prepared(head: Head) -> None:
    collections = head.fake.kv.collections
    if not _START:
        head.run("busytrain", [*habit("ana"), *habit("bo")])
        head.run("busyscore", [ODD], "update=true")
        _START.update(deepcopy(collections))
    collections.clear()
    collections.update(deepcopy(_START))


def told(head: Head) -> Dict[str, Any]:
    """What is known in the end, when the verdict is in in any case."""
    head.run("busyscore", (), "update=true")
    return head.content()


@pytest.fixture(autouse=True)
def one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A verdict says when it was given, and the profile keeps that."""
    monkeypatch.setattr(verdict, "now", lambda: START + 20 * DAY)


@pytest.fixture
def serial(head: Head) -> Dict[Tuple[str, ...], List[Dict[str, Any]]]:
    """The model after each order of searches, the verdict before, between and behind."""
    found: Dict[Tuple[str, ...], List[Dict[str, Any]]] = {}
    for committed in ((), ("S",), ("T",), ("S", "T"), ("T", "S")):
        for place in range(len(committed) + 1):
            prepared(head)
            order = [*committed[:place], "V", *committed[place:]]
            run(head, [name for name in order for _ in range(STEPS[name])])
            found.setdefault(committed, []).append(told(head))
    return found


@pytest.mark.slow
def test_every_order_of_steps_is_some_order_of_searches(head: Head, serial: Dict[Tuple[str, ...], Any]) -> None:
    seen = set()
    for order in orders()[::3]:  # of 140
        prepared(head)
        committed = run(head, order)
        assert committed, order  # at least one of them gets through
        seen.add(committed)
        assert told(head) in serial[committed], order
        assert [row["applied"] > 0 for row in head.fake.kv.collections["busybody_verdicts"].values()] == [True]
    assert seen == {("S",), ("S", "T"), ("T", "S")}


def test_who_comes_second_is_refused_and_may_come_again(head: Head) -> None:
    prepared(head)
    assert run(head, "STTTSSV") == ("S",)
    (trained,) = head.run("busytrain", TRAINED).rows
    assert trained["people"] == "3"
