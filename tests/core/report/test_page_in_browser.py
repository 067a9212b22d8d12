"""The page in a real Chromium: it runs, it is reached by keyboard, it fits, it can be read in the dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator, List

import pytest
from busybody.report import write

from .invented import month
from .test_page import hostile_lines

pytestmark = pytest.mark.browser

CONTRAST = """() => {
  const channel = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0.99) return c;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const e of document.querySelectorAll("body *:not(svg *)")) {
    const own = Array.from(e.childNodes).some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility() || e.tagName === "SCRIPT" || e.classList.contains("skip")) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)} ${e.textContent.slice(0, 30)}`);
  }
  return [...new Set(low)];
}"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("report") / "report.html"
    write(path, month(80))
    return path.as_uri()


@pytest.fixture
def opened(browser: Any) -> Iterator[Any]:
    """A function that opens an address and keeps what went wrong and what was asked of the network."""
    pages: List[Any] = []

    def open_page(address: str, **options: Any) -> Any:
        page = browser.new_page(**options)
        pages.append(page)
        page.wrong = []
        page.asked = []
        page.on("console", lambda message: page.wrong.append(message.text))
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(address)
        return page

    yield open_page
    for page in pages:
        page.close()


def test_it_opens_without_an_error_and_asks_for_nothing(opened: Any, report: str) -> None:
    page = opened(report)
    assert page.wrong == []
    assert page.asked == [report]
    assert "4 people need a look" in page.inner_text(".verdict")


def test_hostile_values_run_nothing(opened: Any, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    write(path, hostile_lines())
    page = opened(path.as_uri())
    assert page.wrong == []
    assert page.asked == [path.as_uri()]
    assert "<script>alert(1)</script>" in page.inner_text("#people")


def test_the_keyboard_reaches_everything_in_reading_order(opened: Any, report: str) -> None:
    page = opened(report)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["y"] >= 0
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.closest('nav, .verdict, .controls, thead, tbody, details')?.tagName")
        )
        style = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(style) != "none"
    assert {"NAV", "P", "DIV", "THEAD", "TBODY"} <= reached


def test_a_head_sorts_by_keyboard_and_says_so(opened: Any, report: str) -> None:
    page = opened(report)
    page.locator("th >> text=Person").focus()
    page.keyboard.press("Enter")
    names = page.locator(".people tbody th a").all_inner_texts()
    assert names == sorted(names)
    assert page.get_attribute("th[data-sort]:has-text('Person')", "aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert page.locator(".people tbody th a").all_inner_texts() == names[::-1]


def test_a_name_leads_to_its_finding_and_opens_it(opened: Any, report: str) -> None:
    page = opened(report)
    link = page.locator(".people tbody th a").last
    target = link.get_attribute("href")
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.tagName === 'SUMMARY'")
    assert page.locator(target).get_attribute("open") is not None


def test_looking_for_a_person_leaves_only_theirs(opened: Any, report: str) -> None:
    page = opened(report)
    page.fill("#find", "yara.tanaka")
    assert page.locator(".people tbody tr:visible").count() == 1
    assert page.inner_text("output") == "1 person"
    assert all("yara.tanaka" in text for text in page.locator("details.card:visible h3").all_inner_texts())


@pytest.mark.parametrize("width", [320, 380, 768, 1400])
def test_nothing_runs_over_the_edge(opened: Any, report: str, width: int) -> None:
    page = opened(report, viewport={"width": width, "height": 900})
    page.click("#unfold")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_hostile_names_do_not_widen_the_page(opened: Any, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    write(path, hostile_lines())
    page = opened(path.as_uri(), viewport={"width": 380, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 380


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(opened: Any, report: str, scheme: str) -> None:
    page = opened(report, color_scheme=scheme)
    assert page.evaluate(CONTRAST) == []


def test_the_schemes_differ_and_print_is_light(opened: Any, report: str) -> None:
    page = opened(report, color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(14, 17, 22)"
    page.emulate_media(media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    assert not page.locator(".controls").is_visible()


def test_without_a_script_everything_is_still_there(browser: Any, report: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report)
    assert page.locator(".people tbody tr").count() > 4
    assert not page.locator(".controls").is_visible()
    context.close()
