"""The page in a real Chromium: it loads nothing, says nothing on the console, and fits a phone, in light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import pytest
from busybody.evaluate.page import render

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_the_page_fits_and_asks_for_nothing(
    said: Dict[str, Any], browser: Any, tmp_path: Path, scheme: str, width: int
) -> None:
    path = tmp_path / "page.html"
    path.write_text("".join(render(said["main"])), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    wrong: List[str] = []
    asked: List[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("svg.chart").count() == 5
    assert wrong == []
    assert asked == [path.as_uri()]
    page.close()
