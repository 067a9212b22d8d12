"""What a password spray costs: the habitual sign-in during it, the memory that it takes, and the spray itself.

    python benchmarks/spray.py --failures 1000000

A million failures for as many names, from two hundred networks in a day, in one process. Between them a few hundred
people sign in as they always do: their cost during the spray is given as a ratio to their cost on the day before, in
the same run, each the best of eight stretches of the day.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Iterator, List, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "core"))

from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.signin import SignIn
from busybody.stores.memory import MemoryStore

START, DAY = 1772409600.0, 86400.0
PEOPLE, DAYS, A_DAY = 400, 12, 40
STRETCHES = 8


def habit(person: int, when: float, number: int) -> SignIn:
    """Somebody at the usual place, at one of the hours of a day that is everyday all round."""
    subnet = f"10.{person // 200}.{person % 200}"
    return SignIn(
        f"{person}.{number}", when, f"person{person}", "success", f"{subnet}.7", f"{subnet}.0/24", "residential", "PT",
        lat=38.7, lon=-9.1, asn=64500 + person % 5, device="windows-desktop-chrome", version=140, method="password",
        session=f"s{person}.{number // 4}",
    )  # fmt: skip


def failure(number: int, when: float, names: int) -> SignIn:
    subnet = f"198.18.{number % 200}"
    return SignIn(
        f"f{number}", when, f"name{number * 7919 % names}", "failure", f"{subnet}.9", f"{subnet}.0/24", "hosting", "NL",
        lat=52.1, lon=5.1, asn=65000 + number % 20, device="tool-python-requests", method="password",
    )  # fmt: skip


def everyday(day: int) -> Iterator[Tuple[float, int]]:
    for number in range(A_DAY):
        for person in range(PEOPLE):
            yield START + day * DAY + (number + person / PEOPLE) * DAY / A_DAY, person


def timed(scorer: Scorer, signins: Sequence[SignIn]) -> Tuple[float, int]:
    """Seconds of processor time, and how many were habitual."""
    begin = time.process_time()
    habitual = sum(scorer.process(signin).habitual for signin in signins)
    return time.process_time() - begin, habitual


def main(arguments: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--failures", type=int, default=1_000_000)
    options = parser.parse_args(arguments)
    scorer = Scorer(Policy.default(), MemoryStore())
    calm: List[float] = []
    for day in range(DAYS):
        signins = [habit(person, when, day * A_DAY + place) for place, (when, person) in enumerate(everyday(day))]
        size = len(signins) // STRETCHES
        calm = [timed(scorer, signins[part * size : (part + 1) * size])[0] / size for part in range(STRETCHES)]
    stormy, spray, habitual = [], 0.0, 0
    signins = [habit(person, when, DAYS * A_DAY + place) for place, (when, person) in enumerate(everyday(DAYS))]
    size, each = len(signins) // STRETCHES, options.failures // STRETCHES
    for part in range(STRETCHES):
        begin = START + DAYS * DAY + part * DAY / STRETCHES
        step = DAY / STRETCHES / each
        attack = [failure(part * each + one, begin + one * step, options.failures) for one in range(each // 2)]
        spray += timed(scorer, attack)[0]
        seconds, some = timed(scorer, signins[part * size : (part + 1) * size])
        stormy.append(seconds / size)
        habitual += some
        attack = [failure(part * each + one, begin + one * step, options.failures) for one in range(each // 2, each)]
        spray += timed(scorer, attack)[0]
    window = len(json.dumps(scorer.evidence.to_json()))
    print(
        f"habitual sign-in   {min(calm) * 1e6:.1f} µs before, {min(stormy) * 1e6:.1f} µs during: ratio {min(stormy) / min(calm):.2f}"
    )
    print(f"still habitual     {habitual / (size * STRETCHES):.1%} of the sign-ins during the spray")
    print(
        f"failure            {spray / options.failures * 1e6:.1f} µs, {spray / options.failures / min(calm):.1f} habitual sign-ins"
    )
    print(f"window of evidence {window / 1e6:.1f} MB as JSON after {options.failures:,} failures")


if __name__ == "__main__":
    main()
