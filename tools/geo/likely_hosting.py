"""Find the systems that look like hosting although neither an override nor a word of their name says so.

What hosters have in common beyond telling names: scattered small blocks, addresses placed in several countries, young
AS numbers, kinds of company. A logistic regression learns it from the systems that overrides and patterns class (the
matched words blanked out of their names) and is asked about the others. Those above `THRESHOLD` become the section
`likely` of `networks.json`; run it, then `build_classes.py`, after a new table or many new overrides. About a minute.
"""

from __future__ import annotations

import json
import math
import random
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Tuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "core"))

from busybody.places import networks, table  # noqa: E402  after the path is set
from busybody.places.locator import table as packaged  # noqa: E402

THRESHOLD = 1.0  # log-odds; in cross-validation 1 % of residential and mobile systems lie above it, 36 % of hosting
SERVERS = ("hosting", "vpn")
EPOCHS = 5
ERAS = (10000, 23000, 40000, 65536, 150000, 197000, 206000, 212000, 262000, 280000, 393000, 398000)  # blocks of RIRs
Features = Dict[str, float]


class Shape(NamedTuple):
    """What the table knows of a system's IPv4 addresses."""

    runs: List[int]  # sizes of its contiguous blocks
    first_octets: int
    countries: Counter[str]  # addresses in each
    cells: Counter[int]


def shapes() -> Dict[int, Shape]:
    """The shape of every system that has IPv4 addresses."""
    found: Dict[int, Tuple[List[int], set[int], Counter[int]]] = defaultdict(lambda: ([], set(), Counter()))
    opened = packaged()
    cities = iter(_ranges(opened._city4))  # noqa: SLF001  the only other reader of whole columns
    city = next(cities)
    for start, end, asn in _ranges(opened._asn4):  # noqa: SLF001
        runs, octets, cells = found[asn]
        runs.append(end - start)
        octets.add(start >> 24)
        while city[1] <= start:
            city = next(cities)
        while True:
            cells[city[2]] += min(end, city[1]) - max(start, city[0])
            if city[1] >= end:
                break
            city = next(cities)
    del found[0]
    found.pop(table.PRIVATE_ASN, None)
    return {asn: Shape(runs, len(octets), _countries(cells), cells) for asn, (runs, octets, cells) in found.items()}


def features(asn: int, name: str, shape: Shape) -> Features:
    """The system as named weights, most of them 1: its addresses by orders of magnitude, its name by words and quads."""
    size = sum(shape.runs)
    blocks = max(2.0, size / 256)
    places = [count / size for count in shape.cells.values()]
    (home, most), *others = shape.countries.most_common(2)
    words = re.findall(r"[^\W_]+|&", masked(name).lower())
    text = f" {' '.join(words)} "
    flags = [
        f"size {int(math.log2(size))}", f"runs {min(8, int(math.log2(len(shape.runs))))}",
        f"largest {min(16, int(math.log2(max(shape.runs))))}", f"octets {min(6, int(math.log2(shape.first_octets) * 1.5))}",
        f"countries {min(6, len(shape.countries))}", f"home {home}", f"home share {int(4 * most / size)}",
        f"entropy {min(6, int(-sum(share * math.log2(share) for share in places)))}", f"top place {int(5 * max(places))}",
        f"places per block {max(-3, min(6, int(math.log2(len(places) / blocks))))}",
        f"era {sum(asn >= first for first in ERAS)}", f"words {min(6, len(words))}", f"last {words[-1:]}",
        *(f"second {country}" for country, _ in others), *(f"word {word}" for word in words),
    ]  # fmt: skip
    found = dict.fromkeys(flags, 1.0)
    found.update((f"quad {text[at : at + 4]}", 0.4) for at in range(len(text) - 3))
    found["scatter"] = math.log2(len(shape.runs)) / math.log2(blocks + 1)
    found["octet scatter"] = math.log2(shape.first_octets) / math.log2(blocks + 1)
    found["always"] = 1.0
    return found


def masked(name: str) -> str:
    """The name without the words by which a pattern classes it, so that nothing learns the patterns back."""
    for _, pattern in networks.rules().patterns:
        name = pattern.sub(" ", name)
    return name


def train(examples: List[Tuple[Features, bool]]) -> Features:
    """Weights of a logistic regression (AdaGrad, small L2); the same for the same examples."""
    weights: Features = defaultdict(float)
    squares: Features = defaultdict(lambda: 1e-8)
    order = random.Random(1)
    for _ in range(EPOCHS):
        order.shuffle(examples)
        for found, positive in examples:
            error = 1 / (1 + math.exp(-max(-30.0, min(30.0, score(weights, found))))) - positive
            for key, value in found.items():
                gradient = error * value + 1e-4 * weights[key]
                squares[key] += gradient * gradient
                weights[key] -= 0.15 * gradient / math.sqrt(squares[key])
    return weights


def score(weights: Features, found: Features) -> float:
    """Log-odds that a system with these features is hosting."""
    return sum(weights.get(key, 0.0) * value for key, value in found.items())


def examples() -> Tuple[Dict[int, Tuple[Features, bool]], Dict[int, Features]]:
    """The systems that overrides and patterns class, as examples, and those that they do not."""
    names = table.organisations()
    known, unknown = {}, {}
    for asn, shape in shapes().items():
        network = networks.reviewed(asn, names[asn])
        found = features(asn, names[asn], shape)
        if network is None:
            unknown[asn] = found
        else:
            known[asn] = (found, network in SERVERS)
    return known, unknown


def main() -> None:
    known, unknown = examples()
    weights = train([known[asn] for asn in sorted(known)])
    likely = sorted(asn for asn, found in unknown.items() if score(weights, found) > THRESHOLD)
    text = Path(networks.FILE).read_text("utf-8")
    Path(networks.FILE).write_text(
        re.sub(r'"likely": \[[^]]*\]', lambda _: f'"likely": {json.dumps(likely)}', text), "utf-8"
    )
    print(f"{networks.FILE}: {len(likely):,} of {len(unknown):,} systems without a class look like hosting")


def _ranges(column: Tuple[memoryview, memoryview, memoryview]) -> Iterator[Tuple[int, int, int]]:
    """(first address, address after the last, value) of an IPv4 column, in rising order."""
    bucket, low, value = column
    starts = [(high << 16) | low[at] for high in range(65536) for at in range(bucket[high], bucket[high + 1])]
    return zip(starts, [*starts[1:], 1 << 32], value)


def _countries(cells: Counter[int]) -> Counter[str]:
    column = packaged()._countries  # noqa: SLF001
    found: Counter[str] = Counter()
    for cell, count in cells.items():
        found[str(column[2 * cell : 2 * cell + 2], "ascii") if cell else "?"] += count
    return found


if __name__ == "__main__":
    main()
