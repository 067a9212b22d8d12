"""Train the fusion that Busybody ships, on honest sign-ins of simulated organisations of every shape.

    python tools/fusion/build_trees.py            writes core/busybody/fusion/trees.json

Needs scikit-learn. The seeds are used for nothing else; no attack is simulated.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import List, Tuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "core"))

from busybody.fusion.trees import SHIPPED, to_json  # noqa: E402
from busybody.policy import Policy  # noqa: E402
from busybody.simulate import Organisation, generate  # noqa: E402
from busybody.train.fusion import Examples, examples, fit  # noqa: E402

ORGANISATIONS: List[Tuple[int, int, int, str]] = [  # people, days, seed, shape
    (700, 30, 1001, "mixed"), (500, 30, 1002, "office"), (500, 30, 1003, "remote"), (700, 30, 1004, "global"),
    (500, 30, 1005, "school"), (700, 45, 1006, "mixed"),
]  # fmt: skip


def of_organisation(organisation: Tuple[int, int, int, str]) -> Examples:
    people, days, seed, shape = organisation
    honest = generate(Organisation(people=people, days=days, seed=seed, shape=shape, attacks={}))
    return examples((event.signin for event in honest), Policy.default(), seed)


def main() -> None:
    found = Examples()
    with ProcessPoolExecutor() as pool:
        for part in pool.map(of_organisation, ORGANISATIONS):
            found.add(part)
    simulated = [f"{people} people, {days} days, seed {seed}, {shape}" for people, days, seed, shape in ORGANISATIONS]
    row = to_json(fit(found, {"simulated": simulated}))
    trees = row.pop("trees")
    head = json.dumps(row, indent=1)[:-2]
    lines = ",\n  ".join(json.dumps(tree, separators=(",", ":")) for tree in trees)
    SHIPPED.write_text(f'{head},\n "trees": [\n  {lines}\n ]\n}}\n', encoding="utf-8")
    print(
        f"{len(found.honest):,} odd honest sign-ins of {found.signins:,}, {len(found.impostors):,} impostors: {SHIPPED}"
    )


if __name__ == "__main__":
    main()
