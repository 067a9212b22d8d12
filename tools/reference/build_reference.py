"""Write core/busybody/population/reference.json: how log-odds are spread over honest sign-ins.

    python tools/reference/build_reference.py

Simulated organisations of every shape, without attacks; of each the scores that its own calibration holds after a
month, which leave out repetitions of an open incident. A new organisation is measured against these until it has
sign-ins of its own. Rerun it when a detector or a weight changes; the output is the same on every Python.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Counter as Tally

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "core"))

from busybody.policy import Policy  # noqa: E402
from busybody.population.calibration import REFERENCE  # noqa: E402
from busybody.scorer import Scorer  # noqa: E402
from busybody.simulate import SHAPES, Organisation, generate  # noqa: E402
from busybody.stores import open as open_store  # noqa: E402

PEOPLE, DAYS, SEEDS = 400, 40, (9001, 9002)  # seeds used for nothing else


def main() -> None:
    bins: Tally[int] = Counter()
    for shape in sorted(SHAPES):
        for seed in SEEDS:
            scorer = Scorer(Policy.default(), open_store(":memory:"))
            for event in generate(Organisation(people=PEOPLE, days=DAYS, seed=seed, shape=shape, attacks={})):
                scorer.process(event.signin)
            scores = scorer.organisation.scores
            weight = sum(scores.values())
            for index, count in scores.items():
                bins[index] += round(1_000_000 * count / weight)
            print(
                f"{shape} {seed}: {scorer.organisation.signins:,.0f} sign-ins, {scorer.organisation.signins_a_day():.2f} a day"
            )
    rows = {str(index): bins[index] for index in sorted(bins) if bins[index]}
    about = "Log-odds of honest sign-ins of simulated organisations, by bin of busybody.population.calibration"
    document = {"about": about, "signins": 100_000, "bins": rows}
    REFERENCE.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"{REFERENCE.relative_to(ROOT)}: {len(rows)} bins")


if __name__ == "__main__":
    main()
