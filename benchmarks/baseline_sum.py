"""The three-field sum with travel: the baseline that a model has to beat, and the difficulty gauge of the simulator.

    python benchmarks/baseline_sum.py --people 800 --seeds 7,11,101,202

A successful sign-in scores the surprisal of its network class, ASN and device in the person's own history, each
-ln((count + 0.5) / (n + 1)), plus 4.6 times the greatest probability, over the last five places, that the way from
there was impossible. It learns everything, gates nothing and has no parameter to tune.

Evaluation: the unit is the incident, person x 24 h x cause. The threshold lets through a given number of honest
incidents per 1,000 people per day, taken from the test's own honest sign-ins; the first ten days only teach.
"""

from __future__ import annotations

import argparse
import math
import sys
from bisect import bisect_left
from collections import Counter, defaultdict, deque
from pathlib import Path
from typing import Any, Deque, Dict, Iterable, List, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "core"))

from busybody.signin import SignIn
from busybody.simulate import Event, Organisation, generate
from busybody.simulate.world import distance_km

BUDGETS = (0.3, 1.0, 3.0, 10.0)  # false incidents per 1,000 people per day
RADII_KM = {"mobile": 250.0, "hosting": 500.0, "vpn": 500.0, "tor": 500.0}  # 67 % radius by network class, else 40
TRAVEL_WEIGHT = 4.6  # ln(0.5 / 0.005)


class Sum:
    """History of every person, as plain counts."""

    def __init__(self, travel: bool = True) -> None:
        self.travel = travel
        self.counts: Dict[Tuple[str, int], Counter[Any]] = defaultdict(Counter)
        self.sizes: Counter[str] = Counter()
        self.places: Dict[str, Deque[Tuple[float, float, float, float]]] = defaultdict(lambda: deque(maxlen=5))

    def score_and_learn(self, signin: SignIn) -> float:
        user, size = signin.user, self.sizes[signin.user]
        total = 0.0
        for field, value in enumerate((signin.network, signin.asn, signin.device)):
            if value is None:  # missing weighs nothing
                continue
            counts = self.counts[user, field]
            total -= math.log((counts[value] + 0.5) / (size + 1))
            counts[value] += 1
        self.sizes[user] += 1
        return total + (TRAVEL_WEIGHT * self._impossible(signin) if self.travel else 0.0)

    def _impossible(self, signin: SignIn) -> float:
        if signin.lat is None or signin.lon is None:
            return 0.0
        radius = RADII_KM.get(signin.network or "", 40.0)
        worst = 0.0
        for time, lat, lon, other in self.places[signin.user]:
            distance = distance_km(lat, lon, signin.lat, signin.lon)
            if distance < 100:
                continue
            hours = abs(signin.time - time) / 3600.0
            feasible = max(100 * hours + 30, 850 * (hours - 0.75))
            sigma = math.hypot(radius, other) / 1.489 + 20
            worst = max(worst, 0.5 + 0.5 * math.erf((distance - feasible) / sigma / math.sqrt(2)))
        self.places[signin.user].append((signin.time, signin.lat, signin.lon, radius))
        return worst


class Incidents:
    """Scores of incidents: the highest of their sign-ins."""

    def __init__(self, people: int, days: float) -> None:
        self.exposure = people * days / 1000.0
        self.honest: Dict[Tuple[str, int], Tuple[float, str]] = {}
        self.attacks: Dict[Tuple[str, int, str], float] = {}

    def add(self, event: Event, day: int, score: float) -> None:
        user = event.signin.user
        if event.truth.attack:
            key = (user, day, event.truth.label)
            self.attacks[key] = max(score, self.attacks.get(key, -1e9))
        else:
            self.honest[user, day] = max((score, event.truth.label), self.honest.get((user, day), (-1e9, "")))

    def threshold(self, budget: float) -> float:
        """The lowest score that at most `budget` honest incidents per 1,000 people per day exceed."""
        scores = sorted((score for score, _ in self.honest.values()), reverse=True)
        return scores[min(len(scores) - 1, int(budget * self.exposure))]

    def found(self, budget: float, label: Optional[str] = None) -> float:
        cut = self.threshold(budget)
        scores = [score for (_, _, name), score in self.attacks.items() if label in (None, name)]
        return sum(score > cut for score in scores) / len(scores) if scores else math.nan

    def average_precision(self) -> float:
        attacks = sorted(self.attacks.values(), reverse=True)
        honest = sorted(score for score, _ in self.honest.values())
        total = 0.0
        for rank, score in enumerate(attacks, 1):
            total += rank / (rank + len(honest) - bisect_left(honest, score))
        return total / len(attacks)


def evaluate(events: Iterable[Event], config: Organisation, model: Sum, warmup: Optional[int] = None) -> Incidents:
    first = config.warmup if warmup is None else warmup
    incidents = Incidents(config.people, config.days - first)
    for event in events:
        if event.signin.outcome != "success":
            continue
        score = model.score_and_learn(event.signin)
        day = int((event.signin.time - config.start) // 86400)
        if day >= first:
            incidents.add(event, day, score)
    return incidents


def show(name: str, runs: Sequence[Incidents]) -> None:
    mean = [sum(run.found(budget) for run in runs) / len(runs) for budget in BUDGETS]
    precision = sum(run.average_precision() for run in runs) / len(runs)
    print(f"{name:24s} PR-AUC {precision:.2f}  TPR at 0.3/1/3/10 " + " ".join(f"{value:.2f}" for value in mean))


def main(arguments: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--people", type=int, default=800)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seeds", default="7,11,101,202")
    parser.add_argument("--shape", default="mixed")
    parser.add_argument("--verbose", action="store_true", help="which honest kinds raise the threshold")
    options = parser.parse_args(arguments)
    runs: List[Incidents] = []
    for seed in map(int, options.seeds.split(",")):
        config = Organisation(people=options.people, days=options.days, seed=seed, shape=options.shape)
        run = evaluate(generate(config), config, Sum())
        runs.append(run)
        rate = len(run.attacks) / (len(run.attacks) + len(run.honest))
        show(f"seed {seed}, base {rate:.2%}", [run])
        if options.verbose:
            cut = run.threshold(1.0)
            print("   cut", round(cut, 2), Counter(label for score, label in run.honest.values() if score >= cut))
    show("mean", runs)
    for label in sorted({key[2] for run in runs for key in run.attacks}):
        values = [run.found(1.0, label) for run in runs]
        print(f"  {label:20s} " + " ".join(f"{value:.2f}" for value in values))


if __name__ == "__main__":
    main()
