"""An organisation of 100,000 people fits into the SQLite store without filling the memory."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from busybody import stores
from busybody.stores import Row

def peak():  # not ru_maxrss: that begins with the size of the process that started this one
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024

with stores.open(sys.argv[1]) as store:
    for start in range(0, 100_000, 1000):
        store.commit({f"user{n:06}": Row(f"{n:06}" * 400, float(n)) for n in range(start, start + 1000)}, {})
        if start == 10_000:
            early = peak()
    assert sum(1 for _ in store.users()) == store.count() == 100_000
    assert all(store.profile(f"user{n:06}") == f"{n:06}" * 400 for n in range(0, 100_000, 997))
    assert store.verify() == []
    assert store.prune(1, 86_400.0 + 50_000) == 50_000
print(early, peak())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux shows it")
def test_memory_does_not_grow_with_the_people(tmp_path: object) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", SCRIPT, f"{tmp_path}/s.db"], capture_output=True, text=True, check=True
    )
    early, late = map(float, answer.stdout.split())
    assert late < early + 20, "MB at 10,000 and at 100,000 people"
    assert late < 80
