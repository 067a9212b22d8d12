"""`busybody score` from file to file, in records per second, beside a loop that only parses the same lines.

    python benchmarks/end_to_end.py [--size 200000] [--people 1000] [--jobs 1 2] [--log FILE] [--fast]

The log is a simulated one in ECS. The reference, in a process of its own, too, parses each line with `json` and updates
four counters. Both are timed in wall-clock seconds and in CPU seconds of all their processes, start-up included. No
accelerator is used, unless --fast is given: orjson is hidden from both.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List, Tuple

CORE = Path(__file__).resolve().parents[1] / "core"
REFERENCE = """
import json, sys
users, addresses, countries, outcomes = {}, {}, {}, {}
for line in open(sys.argv[1], "rb"):
    record = json.loads(line)
    user, source = record["user"]["name"], record["source"]
    address, outcome = source["ip"], record["event"]["outcome"]
    country = source["geo"]["country_iso_code"] if "geo" in source else None
    users[user] = users.get(user, 0) + 1
    addresses[address] = addresses.get(address, 0) + 1
    countries[country] = countries.get(country, 0) + 1
    outcomes[outcome] = outcomes.get(outcome, 0) + 1
"""


def simulated(path: Path, size: int, people: int) -> int:
    """Writes a log of at most so many records; says how many."""
    sys.path.insert(0, str(CORE))
    from busybody.simulate import Organisation, generate
    from busybody.simulate.writers import lines

    number = 0
    days = max(14, int(size / people / 2.6))
    with path.open("w", encoding="utf-8") as log:
        for text, _, _ in lines(generate(Organisation(people=people, days=days, seed=7)), "ecs"):
            log.write(text + "\n")
            number += 1
            if number == size:
                break
    return number


def timed(command: List[str], environment: Dict[str, str]) -> Tuple[float, float]:
    """Wall-clock and CPU seconds of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    with open(os.devnull, "wb") as nowhere:
        code = subprocess.run(command, stdout=nowhere, env=environment, check=False).returncode
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if code not in (0, 1):
        raise SystemExit(f"{' '.join(command)} failed with {code}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=200_000, help="records, up to 1,000,000")
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--log", type=Path, help="use this log, or write it there")
    parser.add_argument("--fast", action="store_true", help="let both use orjson where it is installed")
    parser.add_argument("--core", type=Path, default=CORE)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = arguments.log or Path(folder) / "log.jsonl"
        if not log.exists():
            simulated(log, arguments.size, arguments.people)
        with log.open("rb") as stream:
            number = sum(1 for _ in stream)
        path = [str(arguments.core)]
        if not arguments.fast:
            (Path(folder) / "orjson.py").write_text("raise ImportError('hidden')\n", encoding="ascii")
            path.insert(0, folder)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
        size = log.stat().st_size
        print(f"python {platform.python_version()}, {os.cpu_count()} cores: {number:,} records, {size / 1e6:,.0f} MB")
        reference = min(timed([sys.executable, "-c", REFERENCE, str(log)], environment) for _ in range(2))
        print(f"{'':<12}{'records/s':>12}{'of the loop':>13}{'CPU records/s':>15}{'of the loop':>13}")
        print(f"{'parse only':<12}{number / reference[0]:>12,.0f}{1:>13.3f}{number / reference[1]:>15,.0f}{1:>13.3f}")
        for jobs in arguments.jobs:
            store = str(Path(folder) / f"{jobs}.db")
            words = ["score", str(log), "--output", "jsonl", "--store", store, "--jobs", str(jobs), "--no-progress"]
            wall, cpu = timed([sys.executable, "-m", "busybody", *words], environment)
            print(
                f"{f'jobs {jobs}':<12}{number / wall:>12,.0f}{reference[0] / wall:>13.3f}"
                f"{number / cpu:>15,.0f}{reference[1] / cpu:>13.3f}"
            )


if __name__ == "__main__":
    main()
