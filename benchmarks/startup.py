"""How long Busybody takes to begin, in milliseconds over a bare interpreter: python benchmarks/startup.py [--rounds 15]

Each round starts every command once, in turn, so that what else the machine does falls on all of them; the median
counts. "-I" leaves out the user's own packages. Compiled files are in place, as after an installation.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List, Tuple

CORE = Path(__file__).resolve().parents[1] / "core"
PATH = f"import sys; sys.path.insert(0, {str(CORE)!r}); "
COMMANDS: Tuple[Tuple[str, str], ...] = (
    ("a bare interpreter", "import sys"),
    ("import busybody", PATH + "import busybody"),
    ("import busybody.scorer", PATH + "import busybody.scorer"),
    ("busybody --help", PATH + "from busybody.cli import main; main(['--help'])"),
    ("busybody score --help", PATH + "from busybody.cli import main; main(['score', '--help'])"),
)


def milliseconds(code: str) -> float:
    """Wall-clock time from start to exit."""
    start = time.perf_counter()
    with open(os.devnull, "wb") as nowhere:
        subprocess.run([sys.executable, "-I", "-c", code], stdout=nowhere, check=True)
    return (time.perf_counter() - start) * 1000.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    times: Dict[str, List[float]] = {name: [] for name, _ in COMMANDS}
    for number in range(rounds + 1):
        for name, code in COMMANDS:
            taken = milliseconds(code)
            if number:  # the first round fills the caches
                times[name].append(taken)
    bare = statistics.median(times["a bare interpreter"])
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, median of {rounds}")
    print(f"{'':24}{'ms':>8}{'over bare':>12}")
    for name, taken_times in times.items():
        median = statistics.median(taken_times)
        print(f"{name:24}{median:8.1f}{median - bare:12.1f}")


if __name__ == "__main__":
    main()
