"""Ten thousand people: requests, seconds and memory, over HTTPS to a splunkd in another process."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
import tracemalloc
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple

import pytest
from busybody.stores import Row
from busybody_splunk.model import KVModel
from busybody_splunk.rest import Splunkd

PEOPLE = 10_000
PROFILE, JOURNAL, POPULATION = 3_000, 2_000, 2_000_000  # bytes; the bound of a profile, a full journal
CHUNK = 500  # people in one chunk of events


@pytest.fixture(scope="module")
def address() -> Iterator[Dict[str, Any]]:
    """Where a fake splunkd of its own process listens."""
    command = [sys.executable, str(Path(__file__).parent / "fake_splunkd.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.communicate("")


def text(size: int, seed: int) -> str:
    """JSON as profiles are: short values, many quotes; another one for each seed."""
    return f"[{seed},{_values(size, seed % 50)}]"


@lru_cache(maxsize=128)
def _values(size: int, seed: int) -> str:
    draw = random.Random(seed)
    values = [draw.choice([draw.randrange(10**9), f"asn:{draw.randrange(65536)}", [draw.random()]]) for _ in range(100)]
    some = json.dumps(values, separators=(",", ":"))
    return ",".join([some] * round(size / len(some)))


def measured(splunkd: Splunkd, what: str, work: Any) -> Tuple[int, float]:
    """Requests and seconds; printed for whoever runs this with -s."""
    requests, start, begun = splunkd.requests, time.perf_counter(), time.process_time()
    work()
    took = splunkd.requests - requests, time.perf_counter() - start
    print(f"{what}: {took[0]} requests, {took[1]:.2f} s, {time.process_time() - begun:.2f} s of CPU here")  # noqa: T201
    return took


@pytest.mark.slow
def test_ten_thousand_people(address: Dict[str, Any]) -> None:
    with Splunkd(address["uri"], address["session_key"], ca_file=address["ca_file"]) as splunkd:
        _measure(splunkd)


def _measure(splunkd: Splunkd) -> None:
    model = KVModel(splunkd)
    users = [f"user{n:05}@example.com" for n in range(PEOPLE)]
    profiles = {user: Row(text(PROFILE, n), 1.0) for n, user in enumerate(users)}
    journals = {user: text(JOURNAL, n) for n, user in enumerate(users)}
    population = text(POPULATION, 7)

    def train() -> None:
        with model.writer("train", 600) as writer:
            writer.commit(profiles, journals, population, {"cursor": "1"})

    requests, _ = measured(splunkd, f"train {PEOPLE:,} people", train)
    assert requests < 80
    model.refresh()
    requests, _ = measured(splunkd, "prefetch everybody", lambda: model.prefetch(users))
    assert requests <= 13
    assert all(model.profile(user) == row.text for user, row in profiles.items())
    model.refresh()
    requests, _ = measured(splunkd, f"prefetch {CHUNK} people", lambda: model.prefetch(users[:CHUNK]))
    assert requests <= 12
    requests, _ = measured(splunkd, "population", model.population)
    assert requests == 1

    def update() -> None:
        with model.writer("update", 600) as writer:
            active = users[1_000 : 1_000 + CHUNK]
            writer.prefetch(active, journals=True)
            changed = {user: Row(str(writer.profile(user)) + " ", 2.0) for user in active}
            writer.commit(changed, {user: str(writer.journal(user)) for user in active}, population, {"cursor": "2"})

    requests, _ = measured(splunkd, f"update {CHUNK} people", update)
    assert requests < 40
    assert model.verify() == []


@pytest.mark.slow
def test_memory_of_reading_is_that_of_the_texts(address: Dict[str, Any]) -> None:
    with Splunkd(address["uri"], address["session_key"], ca_file=address["ca_file"]) as splunkd:
        kept, peak = _memory(KVModel(splunkd, "memory"))
    print(f"prefetch of 4,000: {kept / 1e6:.1f} MB kept, {peak / 1e6:.1f} MB at most")  # noqa: T201
    texts = 4_000 * PROFILE
    assert kept < 1.3 * texts
    assert peak < 2.7 * texts + 20e6


def _memory(model: KVModel) -> Tuple[int, int]:
    """Bytes that a prefetch keeps, and that it takes at most."""
    users = [f"user{n:05}" for n in range(4_000)]
    with model.writer("train", 600) as writer:
        writer.commit({user: Row(text(PROFILE, n), 1.0) for n, user in enumerate(users)})
    model.refresh()
    tracemalloc.start()
    model.prefetch(users)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return kept, peak
