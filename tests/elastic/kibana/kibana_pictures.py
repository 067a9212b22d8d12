"""Takes the pictures of the documentation: the Vega panels over the simulated month, in the light and the dark theme.

    PYTHONPATH=core:elastic python tests/elastic/kibana/kibana_pictures.py docs/images

Needs Node.js, npm once, and Chromium.

No picture of a Lens panel: only Kibana draws those, and something that resembles them would claim too much.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from kibana_dashboards import maps
from kibana_lens_query import moment
from kibana_month import Document, Month, lived
from kibana_vega import THEMES, Json, Panel, drawn

SIZES = {"busybody_overview": (880, 430), "busybody_person": (820, 430)}


def person(month: Month) -> str:
    """Who has most open incidents: somebody to look at."""
    return max(month.of("risk_latest"), key=lambda row: row["busybody"]["incidents"])["user"]["name"]


def response(panel: Panel, month: Month) -> Json:
    """What a node answers to the panel, in short."""
    start, end = panel.range(month.now)

    def shown(row: Document) -> bool:
        if not start <= moment(row["@timestamp"]) < end or "location" not in row.get("source", {}).get("geo", {}):
            return False
        if panel.dashboard == "busybody_overview":
            return row["busybody"]["level"] in ("medium", "high", "critical")
        return row["user"]["name"] == person(month)

    rows = sorted(filter(shown, month.of("score")), key=lambda row: -row["busybody"]["risk"])
    return {"hits": {"hits": [{"_source": row} for row in rows[:500]]}}


def photograph(svg: str, theme: str, size: tuple[int, int], target: Path) -> None:
    """The SVG in Chromium on the theme's background, as PNG."""
    page = target.with_suffix(".html")
    page.write_text(
        f'<html style="background:{THEMES[theme]}"><body style="margin:0;overflow:hidden">{svg}', encoding="utf-8"
    )
    width, height = size
    subprocess.run(
        ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1",
         f"--screenshot={target}", f"--window-size={width},{height}", page.as_uri()],
        check=True, capture_output=True, timeout=90,
    )  # fmt: skip
    page.unlink()


def main(folder: str) -> None:
    """All pictures into the folder."""
    month = lived()
    for panel in maps():
        size = SIZES[panel.dashboard]
        svg, _ = drawn(panel, response(panel, month), *size)
        for theme in THEMES:
            name = f"elastic-{panel.dashboard.removeprefix('busybody_')}-map-{theme}.png"
            photograph(svg, theme, size, Path(folder).resolve() / name)


if __name__ == "__main__":
    main(sys.argv[1])
