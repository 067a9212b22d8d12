"""A few days of an organisation through the scheduled search: a model that has learned a fortnight, and what comes after."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Callable, Dict, Iterator, List, Set, Tuple

import pytest
from fake_splunkd import FakeSplunkd
from pipeline import Indexed, Scheduler
from searching import Head, events_of

NAME = "Busybody: score sign-ins"
TICK = 1800.0  # seconds between two runs; longer than the five minutes of the app, so that the test is shorter
DAY = 86400.0
DELAY = 60.0  # after which an event is usually indexed
Row = Dict[str, Any]


@lru_cache(maxsize=1)
def simulated() -> List[Row]:
    """A fortnight of a few people, with two attacks on the last day; each event has an id."""
    from busybody.simulate.config import Organisation
    from busybody.simulate.stream import generate

    found = events_of([event.signin for event in generate(Organisation(people=15, days=19, seed=4, warmup=12))])
    end = float(found[-1]["_time"]) - 2.3 * DAY
    return [{**row, "event_uid": f"e{number}"} for number, row in enumerate(found) if float(row["_time"]) < end]


@pytest.fixture(scope="module")
def trained() -> Iterator[Head]:
    """A search head that has learned all but the last days."""
    import tempfile
    from pathlib import Path

    with FakeSplunkd() as fake, tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPLUNK_HOME", folder)
        head = Head(fake, Path(folder) / "splunk")
        patch.setenv("SPLUNK_HOME", str(head.home))
        head.run("busytrain", history())
        yield head


def split() -> float:
    return float(simulated()[-1]["_time"]) - 1.1 * DAY


def history() -> List[Row]:
    return [row for row in simulated() if float(row["_time"]) < split()]


def fresh() -> List[Row]:
    return [row for row in simulated() if float(row["_time"]) >= split()]


def arriving(late: Dict[int, float], hidden: Dict[int, float]) -> List[Indexed]:
    """The fresh events; `late`: number -> seconds until it is indexed; `hidden`: until a search sees it after that."""
    found = []
    for number, row in enumerate(fresh()):
        indexed = float(row["_time"]) + late.get(number, DELAY)
        found.append(Indexed(row, indexed, indexed + hidden.get(number, 5.0)))
    return found


def start(head: Head, stored: Dict[str, Any]) -> None:
    head.fake.kv.collections.clear()
    head.fake.kv.collections.update({name: dict(rows) for name, rows in stored.items()})


def played(
    head: Head,
    events: List[Indexed],
    model: Dict[str, Any],
    skipped: Set[int],
    patch: pytest.MonkeyPatch,
    before: Callable[[int], None] = lambda tick: None,
) -> Scheduler:
    """From a model on: a run at every tick that is not skipped, from the first event to well after the last one."""
    start(head, model)
    scheduler = Scheduler(head, events, patch, NAME)
    try:
        for tick, now in enumerate(ticks(events)):
            before(tick)
            if tick not in skipped:
                scheduler.run(now)
    finally:
        head.fake.kv.down = None
    return scheduler


def ticks(events: List[Indexed]) -> Iterator[float]:
    """When the search runs."""
    start, end = min(one.indexed for one in events), max(one.visible for one in events)
    for tick in range(int((end - start) / TICK) + 3):
        yield start + tick * TICK + 40.0


def copy(head: Head) -> Dict[str, Any]:
    return {name: dict(rows) for name, rows in head.fake.kv.collections.items()}


@pytest.fixture(scope="module")
def model(trained: Head) -> Dict[str, Any]:
    return copy(trained)


@pytest.fixture(scope="module")
def plain(trained: Head, model: Dict[str, Any]) -> Scheduler:
    """Everything arrives in time, and every run runs."""
    with pytest.MonkeyPatch.context() as patch:
        return played(trained, arriving({}, {}), model, set(), patch)


def scores(scheduler: Scheduler) -> List[Row]:
    return [row for row in scheduler.written["busybody"] if row["sourcetype"] == "busybody:score"]


def risk(scheduler: Scheduler) -> List[Row]:
    return [row for row in scheduler.written["busybody"] if row["sourcetype"] == "busybody:risk"]


def key(row: Row) -> Tuple[str, str]:
    return str(row["_time"]), str(row["user"])
