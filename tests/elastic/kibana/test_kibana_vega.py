"""The maps as Kibana draws them: their request on genuine nodes, vega of Kibana's version, and what can be seen in Chromium."""

from __future__ import annotations

import os
import re
import shutil
from typing import Any

import kibana_vega
import pytest
from kibana_dashboards import maps
from kibana_month import Month, lived
from kibana_pictures import SIZES, person, response
from kibana_style import LEVELS

IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
MAPS = {panel.dashboard: panel for panel in maps()}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def vega() -> None:
    try:
        if not shutil.which("node"):
            raise RuntimeError("no Node.js")
        kibana_vega.modules()
    except RuntimeError as error:
        if IN_CI:
            raise
        pytest.skip(f"{error}: the maps are NOT drawn")


@pytest.fixture(scope="module")
def month() -> Month:
    return lived()


def labels(svg: str) -> list[str]:
    return re.findall(r'aria-label="([^",]+@[^"]+, [^"]+)"', svg)


@pytest.mark.parametrize("name", MAPS)
def test_each_sign_in_is_a_dot_in_the_colour_of_its_level(name: str, month: Month) -> None:
    panel = MAPS[name]
    answer = response(panel, month)
    svg, warnings = kibana_vega.drawn(panel, answer, *SIZES[name])
    assert warnings == []
    hits = [hit["_source"] for hit in answer["hits"]["hits"]]
    assert hits
    dots = labels(svg)
    assert len(dots) == len(hits)
    for hit in hits:
        assert any(dot.startswith(f"{hit['user']['name']}, {hit['busybody']['level']}, ") for dot in dots)
    for level, colour in LEVELS.items():
        shown = any(hit["busybody"]["level"] == level for hit in hits)
        assert (f'fill="{colour}"' in svg.split('role="legend"')[0] or colour.lower() in svg.lower()) or not shown
    assert not re.search(r"NaN|undefined", svg)


def test_riskiest_is_drawn_last_and_a_line_leads_from_the_one_before(month: Month) -> None:
    panel = MAPS["busybody_overview"]
    answer = response(panel, month)
    svg, _ = kibana_vega.drawn(panel, answer, *SIZES["busybody_overview"])
    levels = [dot.split(", ")[1] for dot in labels(svg)]
    assert levels[0] == "medium"
    assert levels[-1] == "critical"
    far = [
        hit
        for hit in (row["_source"] for row in answer["hits"]["hits"])
        if hit["busybody"]["level"] in ("high", "critical")
        and (before := hit["busybody"].get("previous"))
        and before.get("lat") is not None
        and max(abs(before[name] - hit["source"]["geo"]["location"][name]) for name in ("lat", "lon")) > 1
    ]
    assert far
    assert len(re.findall(r'stroke-width="1.2"', svg)) == len(far)


def test_nothing_found_says_so(month: Month) -> None:
    svg, warnings = kibana_vega.drawn(MAPS["busybody_person"], {"hits": {"hits": []}}, 600, 300)
    assert "No such sign-in in this time range" in svg
    assert warnings == []


def test_missing_city_and_position_before_break_nothing(month: Month) -> None:
    answer = response(MAPS["busybody_overview"], month)
    for hit in answer["hits"]["hits"][:3]:
        source = dict(hit["_source"])
        source["source"] = {"geo": {key: value for key, value in source["source"]["geo"].items() if key != "city_name"}}
        source["busybody"] = {
            key: value for key, value in source["busybody"].items() if key not in ("previous", "sentence")
        }
        hit["_source"] = source
    svg, warnings = kibana_vega.drawn(MAPS["busybody_overview"], answer, 880, 430)
    assert warnings == []
    assert "undefined" not in svg


@pytest.mark.browser
@pytest.mark.parametrize("theme", kibana_vega.THEMES)
def test_land_and_levels_can_be_told_from_the_background(theme: str, month: Month, browser: Any) -> None:
    """Pixels, as the eye gets them: the land is neither invisible nor louder than a dot."""
    panel = MAPS["busybody_overview"]
    width, height = SIZES["busybody_overview"]
    svg, _ = kibana_vega.drawn(panel, response(panel, month), width, height)
    page = browser.new_page(viewport={"width": width, "height": height})
    try:
        page.set_content(f'<body style="margin:0;background:{kibana_vega.THEMES[theme]}">{svg}</body>')
        seen = page.evaluate(
            """async ([width, height]) => {
              const image = new Image();
              const text = new XMLSerializer().serializeToString(document.querySelector('svg'));
              image.src = 'data:image/svg+xml;base64,' + btoa(unescape(encodeURIComponent(text)));
              await image.decode();
              const canvas = new OffscreenCanvas(width, height).getContext('2d');
              canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
              canvas.fillRect(0, 0, width, height);
              canvas.drawImage(image, 0, 0);
              const count = {};
              const data = canvas.getImageData(0, 0, width, height).data;
              for (let at = 0; at < data.length; at += 4) {
                const key = data.slice(at, at + 3).join(',');
                count[key] = (count[key] || 0) + 1;
              }
              return count;
            }""",
            [width, height],
        )
    finally:
        page.close()
    (ground, empty), (land, solid), *_ = sorted(seen.items(), key=lambda row: -row[1])
    assert 0.12 < solid / (width * height) < 0.5 < empty / (width * height)  # the land, not the globe turned inside out
    step = max(abs(int(one) - int(other)) for one, other in zip(ground.split(","), land.split(","), strict=True))
    assert 15 < step < 60


def test_the_person_map_is_of_one_person(month: Month) -> None:
    url = kibana_vega.request_of(MAPS["busybody_person"], month.now, person(month))
    assert {"match_phrase": {"user.name": person(month)}} in url["body"]["query"]["bool"]["filter"]
    assert "%" not in str(url)
