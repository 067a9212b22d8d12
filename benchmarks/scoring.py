"""Score and learn, in sign-ins per second, beside a loop that does only what any such model must.

    python benchmarks/scoring.py [--people 1000] [--days 20] [--long]

The reference does, for each sign-in, four dictionary counters, four logarithms and one great-circle distance. Both are
timed in CPU seconds of the same run, best of three, on the simulator's sign-ins after a first week of learning.
"""

from __future__ import annotations

import argparse
import gc
import platform
import sys
import time
from math import asin, cos, log, radians, sin, sqrt
from pathlib import Path
from typing import Any, Dict, List

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core"))

from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.signin import SignIn
from busybody.simulate import Organisation, generate
from busybody.stores import Store
from busybody.stores import open as open_store


def reference(signins: List[SignIn]) -> int:
    """Four counters, four logarithms, one distance."""
    asns: Dict[Any, int] = {}
    countries: Dict[Any, int] = {}
    networks: Dict[Any, int] = {}
    devices: Dict[Any, int] = {}
    people: Dict[Any, Any] = {}
    odd = 0
    for signin in signins:
        user = signin.user
        key = (user, signin.asn)
        a = asns[key] = asns.get(key, 0) + 1
        key = (user, signin.network)
        n = networks[key] = networks.get(key, 0) + 1
        key = (user, signin.country)
        c = countries[key] = countries.get(key, 0) + 1
        key = (user, signin.device)
        d = devices[key] = devices.get(key, 0) + 1
        count, lat, lon = people.get(user, (0, 0.0, 0.0))
        count += 1
        here, there = signin.lat or 0.0, signin.lon or 0.0
        phi, psi = radians(lat), radians(here)
        half = sin((psi - phi) / 2) ** 2 + cos(phi) * cos(psi) * sin(radians(there - lon) / 2) ** 2
        distance = 12742.0 * asin(sqrt(half))
        people[user] = (count, here, there)
        if log(a / count) + log(c / count) + log(d / count) + log(n / count) - distance / 900.0 < -5.0:
            odd += 1
    return odd


def scoring(signins: List[SignIn], scorer: Scorer) -> int:
    odd = 0
    for signin in signins:
        if scorer.process(signin).findings:
            odd += 1
    return odd


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--long", action="store_true", help="without the short path")
    arguments = parser.parse_args()
    signins = [
        event.signin
        for event in generate(Organisation(people=arguments.people, days=arguments.days, seed=7, attacks={}))
    ]
    split = next(place for place, signin in enumerate(signins) if signin.time > signins[0].time + 7 * 86400)
    best, best_reference, odd = float("inf"), float("inf"), 0
    for _ in range(3):
        store = open_store(":memory:")
        scorer = Scorer(Policy.default(), store, short_path=not arguments.long)
        scoring(signins[:split], scorer)
        gc.collect()
        start = time.process_time()
        odd = scoring(signins[split:], scorer)
        best = min(best, time.process_time() - start)
        start = time.process_time()
        reference(signins[split:])
        best_reference = min(best_reference, time.process_time() - start)
    number = len(signins) - split
    print(
        f"python {platform.python_version()}: {number:,} sign-ins of {arguments.people} people, {odd / number:.1%} odd"
    )
    print(f"score and learn {number / best:>10,.0f} /s")
    print(f"reference loop  {number / best_reference:>10,.0f} /s")
    print(f"ratio           {best_reference / best:>10.3f}")
    print_sizes(scorer, store)


def print_sizes(scorer: Scorer, store: Store) -> None:
    """Bytes of JSON that a person's profile and journal take at rest."""
    scorer.save()
    profiles = sorted(len((store.profile(user) or "").encode()) for user in store.users())
    journals = sorted(len((store.journal(user) or "").encode()) for user in store.users())
    place = int(len(profiles) * 0.95)
    print(
        f"profile         {profiles[len(profiles) // 2]:>10,} bytes at the median, {profiles[place]:,} at the 95th percentile"
    )
    print(
        f"journal         {journals[len(journals) // 2]:>10,} bytes at the median, {journals[place]:,} at the 95th percentile"
    )


if __name__ == "__main__":
    main()
