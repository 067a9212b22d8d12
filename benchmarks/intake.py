"""Records in: what a record costs on its way from a line of JSON to a SignIn, for each format that `simulate` writes.

    python benchmarks/intake.py [--people 200] [--days 10] [FORMAT ...]

Microseconds of CPU per record, best of seven, each beside `json.loads` of the same lines in the same run: `records` are
the lines through the reader of files, `SignIn` is what the maps add to `json.loads`, when the values have been met
before and in the first pass. The locator is the packaged table. The last column is what is left of the speed of a loop
that only does `json.loads` and counts four fields, where that loop knows them (ECS).
"""

from __future__ import annotations

import argparse
import gc
import io
import json
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core"))

from busybody.fields import containers, json_text
from busybody.fields.intake import Intake
from busybody.places import Locator
from busybody.policy import Policy
from busybody.simulate import run as simulate
from busybody.simulate.writers import FORMATS

NOW = 1780000000.0  # dates syslog
Run = Callable[[], Any]


def log(name: str, people: int, days: int) -> List[bytes]:
    """The simulated records, each as a line of JSON, whatever the format is packed in."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        simulate(people, days, 7, name, str(path), None, ())
        with path.open("rb") as stream:
            found = [record.value for record in containers.records(stream, name, reference_time=NOW)]
    return [json.dumps(value).encode() + b"\n" for value in found if value is not None]


def reference(lines: Sequence[bytes]) -> None:
    """json.loads of every line of ECS and four counters."""
    counters: List[Dict[Any, int]] = [{}, {}, {}, {}]
    for line in lines:
        parsed = json.loads(line)
        source = parsed["source"]
        keys = (parsed["user"]["email"], source["ip"], source["as"]["number"], source["geo"]["country_iso_code"])
        for counter, key in zip(counters, keys):
            counter[key] = counter.get(key, 0) + 1


def cost(run: Run, events: int) -> float:
    """Microseconds of CPU per event."""
    start = time.process_time()
    run()
    return (time.process_time() - start) / events * 1e6


def row(name: str, lines: List[bytes]) -> str:
    """One line of the table."""
    intake, loads, content = Intake(Policy.default(), Locator(), reference_time=NOW), json.loads, b"".join(lines)

    def parse() -> None:
        for line in lines:
            loads(line)

    def understand() -> None:
        for line in lines:
            intake.read(loads(line))

    def unpack() -> None:
        for _ in containers.records(io.BytesIO(content), name, "jsonl"):
            pass

    runs: List[Run] = [parse, unpack, understand]
    if name == "ecs":
        runs.append(lambda: reference(lines))
    parse()
    first = cost(understand, len(lines))
    best = [min(costs) for costs in zip(*([cost(run, len(lines)) for run in runs] for _ in range(7)))]
    parsed, unpacked, whole = best[:3]
    left = f"{best[3] / whole:10.2f}" if name == "ecs" else ""
    figures = (parsed, unpacked, whole - parsed, (whole - parsed) / parsed, first - parsed)
    return f"{name:18}{len(content) // len(lines):8}" + "".join(f"{figure:10.2f}" for figure in figures) + left


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help=f"of {', '.join(FORMATS)}; default: all")
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--days", type=int, default=10)
    options = parser.parse_args()
    gc.set_threshold(20_000, 20, 100)  # as the commands do
    quick = json_text.fastest() is not json_text.loads
    print(f"Python {platform.python_version()}; records by {'orjson' if quick else 'json'}; µs of CPU per record")
    print(f"{'':18}{'bytes':>8}{'json.loads':>10}{'records':>10}{'SignIn':>10}{'/ loads':>10}{'first':>10}{'left':>10}")
    for name in options.formats or FORMATS:
        print(row(name, log(name, options.people, options.days)), flush=True)


if __name__ == "__main__":
    main()
