"""The dashboards: what is shipped is what the sources say, every search is answered, and Splunk's own components draw it.

The searches run over a month out of the commands themselves (dashboards_month), by an evaluator that refuses what it does
not know. A browser and Node are needed for the last part; where they are missing it is skipped aloud, and fails in CI.
"""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import dashboards_month
import dashboards_page
import dashboards_sources
import pytest
from dashboards_answers import Answers, defaults, filled
from dashboards_checks import Board, problems, tokens
from dashboards_page import IN_CI, NoNode, Page, definition, tabbed

NAMES = ("overview", "person", "health")
IMAGES = dashboards_page.ROOT / "docs" / "images"
BOARDS = {name: definition(name) for name in NAMES}
HEAVIEST = 300_000  # bytes of a picture in the docs


@pytest.fixture(scope="module")
def month() -> Iterator[dashboards_month.Month]:
    with dashboards_month.lived() as found:
        yield found


@pytest.fixture(scope="module")
def answers(month: dashboards_month.Month) -> Answers:
    return Answers(dashboards_sources.sources(month), month.now)


@pytest.fixture(scope="module")
def somebody(answers: Answers) -> str:
    """Who did most that was odd, and answered."""
    found = answers.table(
        "| inputlookup busybody_incidents where status=malicious | stats sum(risk) AS risk dc(status) AS kinds by user | sort 0 - risk, user"
    )
    return str(found.rows[0]["user"])


def board_of(name: str, somebody: str) -> Dict[str, Any]:
    """A dashboard, with a person chosen where it is about one."""
    board = copy.deepcopy(BOARDS[name])
    if name == "person":
        board["inputs"]["input_user"]["options"]["defaultValue"] = somebody
    return board


def answered(board: Board, answers: Answers) -> Dict[str, List[Dict[str, Any]]]:
    chosen = defaults(board)
    return {
        name: answers.table(filled(source["options"]["query"], chosen)).rows
        for name, source in board["dataSources"].items()
    }


def columns(board: Board, answers: Answers) -> Dict[str, List[str]]:
    chosen = defaults(board)
    return {
        name: answers.table(filled(source["options"]["query"], chosen)).columns
        for name, source in board["dataSources"].items()
    }


# What is shipped --------------------------------------------------------------------------------------------


def test_the_views_are_what_their_sources_say() -> None:
    build = dashboards_page.TOOLS / "build.py"
    done = subprocess.run([sys.executable, str(build), "--check"], check=False)
    assert done.returncode == 0, "python3 tools/splunk/dashboards/build.py writes them"


@pytest.mark.parametrize("name", NAMES)
def test_a_link_to_a_dashboard_sets_inputs_that_it_has(name: str) -> None:
    import re

    for panel in BOARDS[name]["visualizations"].values():
        for handler in panel.get("eventHandlers", ()):
            view, _, query = handler["options"]["url"].partition("?")
            assert view.startswith("/app/busybody/")
            set_there = set(re.findall(r"form\.([\w.]+)=", query))
            assert set_there <= tokens(BOARDS[view.rpartition("/")[2]])


@pytest.mark.parametrize("name", ["overview", "person"])
def test_pages_with_places_say_whose_geography_it_is(name: str) -> None:
    texts = [
        panel["options"]["markdown"]
        for panel in BOARDS[name]["visualizations"].values()
        if panel["type"] == "splunk.markdown"
    ]
    assert any("[IP Geolocation by DB-IP](https://db-ip.com)" in text for text in texts)


def test_versions_of_the_packages_are_exact() -> None:
    import json

    package = json.loads((dashboards_page.TOOLS / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((dashboards_page.TOOLS / "package-lock.json").read_text(encoding="utf-8"))
    for name, version in package["dependencies"].items():
        assert lock["packages"][f"node_modules/{name}"]["version"] == version
    assert all(
        row["resolved"].startswith("https://registry.npmjs.org/")
        for row in lock["packages"].values()
        if "resolved" in row
    )


def test_pictures_in_the_docs_are_light() -> None:
    for name in NAMES:
        assert 0 < (IMAGES / f"splunk-{name}.png").stat().st_size < HEAVIEST


# Searches and names -----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_search_finds_something_in_a_busy_month(name: str, answers: Answers, somebody: str) -> None:
    quiet = {"faults", "errors"}  # there may be none
    found = answered(board_of(name, somebody), answers)
    assert [search for search, rows in found.items() if not rows and search not in quiet] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wrong_that_the_validator_would_miss(name: str, answers: Answers, somebody: str) -> None:
    board = board_of(name, somebody)
    assert problems(board, columns(board, answers)) == []


@pytest.mark.slow
def test_what_is_wrong_is_found(answers: Answers) -> None:
    good = BOARDS["overview"]
    known = columns(good, answers)

    def wrong(path: str, value: Any) -> List[str]:
        board = copy.deepcopy(good)
        *parents, last = path.split("/")
        inner: Any = board
        for key in parents:
            inner = inner[int(key)] if isinstance(inner, list) else inner[key]
        inner[last] = value
        return problems(board, known)

    level = "visualizations/table_people/options/columnFormat/Level/rowColors"
    assert (
        wrong("visualizations/table_people/dataSources/primary", "peeple")[0]
        == "data source peeple is asked for and not there"
    )
    assert any("qury is unknown" in problem for problem in wrong("dataSources/people/options/qury", "x"))
    assert any(
        "is no formatter" in problem for problem in wrong(level, '> table | seriesByNane("Level") | matchValue(levels)')
    )
    assert any(
        "a column that is not" in problem
        for problem in wrong(level, '> table | seriesByName("level") | matchValue(levels)')
    )
    assert any(
        "not in the context" in problem
        for problem in wrong(level, '> table | seriesByName("Level") | matchValue(level)')
    )
    assert any(
        "overlap" in problem for problem in wrong("layout/structure/1/position", {"x": 20, "y": 20, "w": 200, "h": 90})
    )
    assert any(
        "not on the canvas" in problem
        for problem in wrong("layout/structure/1/position", {"x": 1300, "y": 16, "w": 200, "h": 90})
    )
    assert any(
        "as it is" in problem
        for problem in wrong("dataSources/people/options/query", "| busyrisk | search user=$user$")
    )
    assert any(
        "no input sets" in problem
        for problem in wrong("dataSources/people/options/query", "| busyrisk | search user=$usr|s$")
    )
    assert any(
        "does not fit" in problem
        for problem in wrong("visualizations/table_people/options/columnFormat/Person/width", 60)
    )


@pytest.mark.slow
def test_on_the_first_day_each_table_says_what_to_do(month: dashboards_month.Month) -> None:
    nothing = Answers(dashboards_sources.empty(month), month.now)
    for name in NAMES:
        board = BOARDS[name]
        tables = {
            panel["dataSources"]["primary"]
            for panel in board["visualizations"].values()
            if panel["type"] == "splunk.table"
        }
        found = answered(board, nothing)
        for search in tables:
            assert len(found[search]) == 1, f"{name}: {search}"
            assert any(isinstance(cell, str) for cell in found[search][0].values())
        for search in set(found) & {"totals", "at_risk", "budget", "now", "scores", "model", "faults"}:
            assert len(found[search]) == 1, f"{name}: {search}"


# In a browser -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built() -> Path:
    try:
        return dashboards_page.bundle()
    except NoNode as absent:
        if IN_CI:
            pytest.fail(str(absent))
        pytest.skip(str(absent))


@pytest.fixture(scope="module")
def page(browser: Any, built: Path) -> Iterator[Page]:
    with Page(browser, built) as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("name", NAMES)
def test_splunks_own_components_draw_it(name: str, page: Page, answers: Answers, somebody: str, tmp_path: Path) -> None:
    answers.refused.clear()
    page.draw(board_of(name, somebody), answers)
    assert page.faults() == []
    assert answers.refused == []
    picture = page.picture(tmp_path / f"{name}.png")
    if os.environ.get("BUSYBODY_PICTURES"):
        shutil.copyfile(picture, Path(os.environ["BUSYBODY_PICTURES"]) / f"splunk-{name}.png")


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("name", NAMES)
def test_an_empty_dashboard_is_drawn_all_the_same(name: str, page: Page, month: dashboards_month.Month) -> None:
    nothing = Answers(dashboards_sources.empty(month), month.now)
    page.draw(BOARDS[name], nothing)
    assert nothing.refused == []
    assert page.faults() == []


@pytest.mark.slow
@pytest.mark.browser
def test_a_search_that_nobody_answers_is_an_error_on_its_panel(page: Page, answers: Answers) -> None:
    board = copy.deepcopy(BOARDS["overview"])
    board["dataSources"]["people"]["options"]["query"] = "| busyrsk"
    answers.refused.clear()
    page.draw(board, answers)
    assert page.faults() == ["unknown command 'busyrsk'"]
    assert len(answers.refused) == 1
    answers.refused.clear()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("name", NAMES)
def test_splunks_validator_and_its_lists_of_options_agree(name: str, page: Page) -> None:
    assert page.validate(tabbed(BOARDS[name])) == []
    assert list(unknown_options(BOARDS[name], page.options())) == []
    broken = copy.deepcopy(BOARDS[name])
    next(iter(broken["visualizations"].values()))["type"] = "splunk.singlevlue"
    assert page.validate(tabbed(broken)) != []


def unknown_options(board: Board, known: Dict[str, List[str]]) -> Iterator[Tuple[str, str]]:
    for name, one in {**board["visualizations"], **board["inputs"]}.items():
        for option in one["options"]:
            if option not in known[one["type"]] and option != "token":
                yield name, option
