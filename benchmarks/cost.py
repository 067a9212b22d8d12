"""Cost per sign-in against the length of the history and the number of people, as a table and as a plot.

    python benchmarks/cost.py [--svg docs/images/cost.svg] [--quick]

Score and learn on simulated sign-ins without attacks, in CPU microseconds of one process with the store in memory.
History: one organisation of 200 people, the mean of every ten days. People: organisations of growing size, the
mean of the last four of fourteen days. The sizes of the profiles at the end of the long history are printed, too.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import sys
import time
from datetime import datetime, timezone
from math import log10
from pathlib import Path
from typing import List, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core"))

from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.simulate import Organisation, generate
from busybody.stores import Store
from busybody.stores import open as open_store

Points = List[Tuple[float, float]]
SLICE, DAYS, WARM = 10, 14, 10  # days
WIDTH, HEIGHT, LEFT, TOP, BOTTOM, GAP = 400, 260, 46, 40, 44, 20  # pixels of one panel
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #333 } .title { font-weight: 600; font-size: 13px }
  .grid { stroke: #ccc; stroke-width: 1 } .line { stroke: #2457a8; stroke-width: 2; fill: none } .dot { fill: #2457a8 }
  .ground { fill: #fff }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .grid { stroke: #444 } .line { stroke: #8ab4f8 } .dot { fill: #8ab4f8 } .ground { fill: #14181f }
  }
"""


def costs(people: int, ends: Sequence[int]) -> Tuple[Points, Store]:
    """CPU microseconds a sign-in from each of these days to the next: (last day, cost); and what was learned."""
    signins = [event.signin for event in generate(Organisation(people=people, days=ends[-1], seed=7, attacks={}))]
    store = open_store(":memory:")
    scorer = Scorer(Policy.default(), store)
    first, place = signins[0].time, 0
    points: Points = []
    gc.collect()
    for day in ends:
        start, begun = place, time.process_time()
        until = first + day * 86400.0
        while place < len(signins) and signins[place].time < until:
            scorer.process(signins[place])
            place += 1
        points.append((float(day), (time.process_time() - begun) / max(1, place - start) * 1e6))
    scorer.save()
    return points, store


def by_people(sizes: Sequence[int]) -> Points:
    """The cost once people are known: days 11 to 14."""
    return [(float(people), costs(people, (WARM, DAYS))[0][-1][1]) for people in sizes]


def profile_sizes(store: Store) -> str:
    """How large the profiles are as JSON, without their journals."""
    found = sorted(len((store.profile(user) or "").encode()) for user in store.users())
    return f"profiles: median {found[len(found) // 2]:,} bytes, 95th percentile {found[int(len(found) * 0.95)]:,}, largest {found[-1]:,}"


def panel(title: str, axis: str, points: Points, highest: float, left: float, logarithmic: bool) -> str:
    """One plot as SVG."""
    scale = log10 if logarithmic else float
    lowest_x, highest_x = (scale(points[0][0]), scale(points[-1][0])) if logarithmic else (0.0, points[-1][0])
    wide, high = WIDTH - LEFT - GAP, HEIGHT - TOP - BOTTOM

    def x(value: float) -> float:
        return left + LEFT + (scale(value) - lowest_x) / (highest_x - lowest_x) * wide

    def y(value: float) -> float:
        return TOP + (1.0 - value / highest) * high

    out = [f'<text class="title" x="{left + LEFT}" y="20">{title}</text>']
    for step in range(5):
        value = highest * step / 4
        out.append(
            f'<line class="grid" x1="{left + LEFT}" x2="{left + LEFT + wide}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
        )
        out.append(f'<text x="{left + LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.0f}</text>')
    labelled = points if logarithmic else [point for point in points if point[0] % 30 == 0]
    for value, _ in labelled:
        out.append(f'<text x="{x(value):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{value:,.0f}</text>')
    out.append(f'<text x="{left + LEFT + wide / 2}" y="{HEIGHT - 6}" text-anchor="middle">{axis}</text>')
    line = " ".join(f"{x(value):.1f},{y(cost):.1f}" for value, cost in points)
    out.append(f'<polyline class="line" points="{line}"/>')
    out += [f'<circle class="dot" cx="{x(value):.1f}" cy="{y(cost):.1f}" r="3"/>' for value, cost in points]
    return "\n".join(out)


def drawn(history: Points, people: Points, caption: str) -> str:
    """The whole picture."""
    highest = 4 * -(-max(cost for _, cost in history + people) * 1.1 // 4)
    both = panel("µs a sign-in, 200 people", "days of history", history, highest, 0, False)
    both += "\n" + panel("µs a sign-in, after ten days", "people", people, highest, WIDTH, True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {HEIGHT + 22}" role="img">\n'
        f"<title>Cost per sign-in by length of history and number of people</title>\n<style>{STYLE}</style>\n"
        f'<rect class="ground" width="{2 * WIDTH}" height="{HEIGHT + 22}"/>\n{both}\n'
        f'<text x="{LEFT}" y="{HEIGHT + 16}">{caption}</text>\n</svg>\n'
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--svg", type=Path, help="write the plot there")
    parser.add_argument("--quick", action="store_true", help="a few points only")
    options = parser.parse_args()
    history, store = costs(200, range(SLICE, 31 if options.quick else 181, SLICE))
    people = by_people((100, 300) if options.quick else (100, 300, 1000, 3000, 10_000))
    today = datetime.now(timezone.utc).strftime("%Y-%m-%d")
    caption = f"{os.cpu_count()} virtual cores, CPython {platform.python_version()}, {today}, benchmarks/cost.py"
    print(caption)
    for name, points in (("days", history), ("people", people)):
        for value, cost in points:
            print(f"{value:>10,.0f} {name:8}{cost:8.1f} µs a sign-in")
    print(profile_sizes(store))
    if options.svg:
        options.svg.write_text(drawn(history, people, caption), encoding="utf-8")


if __name__ == "__main__":
    main()
