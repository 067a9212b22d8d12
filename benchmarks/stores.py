"""How fast and how large the SQLite store is: commits, random reads, size, memory.

    python3 benchmarks/stores.py [--people 100000] [--bytes 2500] [--batch 1000]

Prints one figure per line. The reference, run beside it, writes the same text to one plain file.
"""

from __future__ import annotations

import argparse
import platform
import random
import resource
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Callable, Iterator, List

from busybody import stores
from busybody.stores import Row


def text_of(person: int, size: int) -> str:
    """JSON of the given length that does not repeat, as profiles do not."""
    chance = random.Random(person)
    return '{"person":' + "".join(f"{chance.random():.6f}," for _ in range(size // 9))[:size] + "}"


def megabytes() -> float:
    """The most memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(name: str, amount: int, unit: str, work: Callable[[], object]) -> None:
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    print(f"{name:<34} {amount / seconds:>12,.0f} {unit}/s   {seconds:7.2f} s   peak {megabytes():6.1f} MB")


def batches(people: int, size: int) -> Iterator[range]:
    for start in range(0, people, size):
        yield range(start, min(start + size, people))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--bytes", type=int, default=2_500)
    parser.add_argument("--batch", type=int, default=1_000)
    options = parser.parse_args()
    print(
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.system()} {platform.machine()}"
    )
    print(f"{options.people:,} people of {options.bytes:,} bytes, {options.batch:,} to a commit")
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), options.people, options.bytes, options.batch)


def run(folder: Path, people: int, size: int, batch: int) -> None:
    texts = [text_of(n, size) for n in range(200)]  # made before the clock starts; each with its person's number below

    def text(person: int) -> str:
        return f"{person:08}{texts[person % len(texts)]}"

    def reference() -> None:
        with open(folder / "reference", "w", encoding="utf-8") as file:
            file.writelines(text(n) for n in range(people))

    def commit() -> None:
        for numbers in batches(people, batch):
            store.commit({f"user{n:06}@example.com": Row(text(n), float(n)) for n in numbers}, {})

    def read(users: List[str]) -> None:
        for user in users:
            store.profile(user)

    def read_together(users: List[str]) -> None:
        for start in range(0, len(users), 500):
            store.profiles(users[start : start + 500])

    timed("reference: one plain file", people, "people", reference)
    path = folder / "profiles.db"
    chance = random.Random(1)
    some = [f"user{chance.randrange(people):06}@example.com" for _ in range(20_000)]
    with stores.open(str(path)) as store:
        timed("first commit of everybody", people, "people", commit)
        timed("second commit of everybody", people, "people", commit)
        timed("single commits", 300, "commits", lambda: [store.commit({u: Row(text(1), 1.0)}, {}) for u in some[:300]])
        timed("random reads, one by one", len(some), "reads", lambda: read(some))
        timed("random reads, 500 together", len(some), "reads", lambda: read_together(some))
        timed("list of users", people, "people", lambda: sum(1 for _ in store.users()))
        timed("verify", people, "people", store.verify)
        timed("forget", 20, "people", lambda: [store.forget(user) for user in some[:20]])
    start = time.perf_counter()
    stores.open(str(path)).close()
    print(f"open and close: {(time.perf_counter() - start) * 1000:.1f} ms")
    print(f"file: {path.stat().st_size / 1e6:,.1f} MB for {people * size / 1e6:,.1f} MB of text")


if __name__ == "__main__":
    main()
