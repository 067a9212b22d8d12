"""Microseconds per user agent, read for the first time and again: python benchmarks/devices.py

The user agents are those of the ua-parser project's tests (tests/data/user-agents); reading them needs PyYAML.
"""

from __future__ import annotations

import platform
import sys
import time
from pathlib import Path
from typing import Callable, List

import yaml

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "core"))

from busybody.devices import parse  # noqa: E402
from busybody.devices.agents import _parse  # noqa: E402

USUAL = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Safari/537.36 Edg/145.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.2 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0",
]


def collected() -> List[str]:
    found = set()
    for path in sorted((ROOT / "tests" / "data" / "user-agents").glob("*.yaml")):
        cases = yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))["test_cases"]
        found.update(case["user_agent_string"] for case in cases)
    return sorted(found)


def microseconds(read: Callable[[str], object], agents: List[str], rounds: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        for agent in agents:
            read(agent)
        best = min(best, time.perf_counter() - started)
    return best / len(agents) * 1e6


def main() -> None:
    parse("curl/8")  # reads the table
    print(f"Python {platform.python_version()}, {platform.machine()}")
    agents = collected()
    print(f"usual browsers, uncached   {microseconds(_parse.__wrapped__, USUAL * 500, 5):6.2f} µs")
    print(f"collected agents, uncached {microseconds(_parse.__wrapped__, agents, 5):6.2f} µs  ({len(agents)} agents)")
    print(f"remembered                 {microseconds(parse, USUAL * 500, 5):6.2f} µs")


if __name__ == "__main__":
    main()
