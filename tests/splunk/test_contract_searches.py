"""Every search that the app ships names things that exist: commands, options, macros, lookups, alert actions, views."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, Set, Tuple

import pytest
import spl
from conf_files import is_true
from content import DEFAULT, VIEWS, conf, definition, options, searches
from packaged import tool

SEARCHES = list(searches())
NAMES = [name for name, _ in SEARCHES]
# What the preset that renders Studio dashboards has; an unknown one is an empty box that nothing warns of.
VISUALISATIONS = {
    f"splunk.{name}"
    for name in (
        "area", "bar", "bubble", "choropleth.map", "choropleth.svg", "column", "ellipse", "events", "fillergauge", "image", "line",
        "linkgraph", "map", "markdown", "markergauge", "parallelcoordinates", "pie", "punchcard", "rectangle", "sankey", "scatter",
        "singlevalue", "singlevalueicon", "singlevalueradial", "table", "timeline",
    )
}  # fmt: skip
SOURCES = {"ds.search", "ds.savedSearch", "ds.chain"}
MOST_RUNS = 12  # of a scheduled search in an hour; beyond it Splunk Cloud's review objects


@pytest.mark.parametrize(("name", "search"), SEARCHES, ids=NAMES)
def test_it_names_commands_and_options_that_exist(name: str, search: str) -> None:
    assert spl.unknown(search, options()) == []


@pytest.mark.parametrize(("name", "search"), SEARCHES, ids=NAMES)
def test_it_names_macros_that_exist(name: str, search: str) -> None:
    assert spl.macros(search) <= set(conf("macros"))


@pytest.fixture(scope="module")
def lookups() -> Set[str]:
    names = [entry.name for entry in tool("contents").entries()]
    return set(conf("transforms")) | {name[len("lookups/") :] for name in names if name.startswith("lookups/")}


@pytest.mark.parametrize(("name", "search"), SEARCHES, ids=NAMES)
def test_it_names_lookups_that_exist(name: str, search: str, lookups: Set[str]) -> None:
    assert spl.lookups(search) <= lookups


@pytest.mark.parametrize(("name", "search"), SEARCHES, ids=NAMES)
def test_it_reads_our_index_by_its_macro(name: str, search: str) -> None:
    assert not re.search(r"index\s*=\s*\"?busybody\b", search), "an administrator may have another index"


def test_macros_do_not_call_themselves() -> None:
    def called(name: str, above: Tuple[str, ...]) -> Iterator[str]:
        assert name not in above, " -> ".join((*above, name))
        yield name
        for inner in spl.macros(conf("macros")[name]["definition"]):
            yield from called(inner, (*above, name))

    for name in conf("macros"):
        list(called(name, ()))


def scheduled() -> Dict[str, Dict[str, str]]:
    return {name: stanza for name, stanza in conf("savedsearches").items() if is_true(stanza.get("enableSched", "0"))}


def test_scheduled_searches_are_off_until_somebody_switches_them_on() -> None:
    assert [name for name, stanza in scheduled().items() if not is_true(stanza["disabled"])] == []


def test_scheduled_searches_look_back_a_limited_time() -> None:
    for name, stanza in scheduled().items():
        earliest, latest = stanza["dispatch.earliest_time"], stanza["dispatch.latest_time"]
        assert re.match(r"-\d+[mhd]", earliest), name
        assert latest == "now" or re.match(r"[-+@]", latest), name


def test_scheduled_searches_run_at_most_twelve_times_an_hour() -> None:
    for name, stanza in scheduled().items():
        minutes = stanza["cron_schedule"].split()[0]
        assert len(list(minutes_of(minutes))) <= MOST_RUNS, name


def minutes_of(field: str) -> Iterator[int]:
    """The minutes of a cron line's first field."""
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start, end = (0, 59) if span == "*" else (int(first), int(last or first))
        yield from range(start, end + 1, int(step or 1))


def test_alert_windows_by_index_time_touch_without_overlapping() -> None:
    """What one run leaves the next one takes: the window is as long as the time between two runs."""
    seen = 0
    for name, stanza in scheduled().items():
        found = re.search(r"_index_earliest=-(\d+)m@m _index_latest=-(\d+)m@m", stanza["search"])
        if found:
            seen += 1
            minutes = list(minutes_of(stanza["cron_schedule"].split()[0]))
            gaps = {(after - before) % 60 for before, after in zip(minutes, [*minutes[1:], minutes[0]])}
            assert gaps == {int(found[1]) - int(found[2])}, name
            assert stanza["realtime_schedule"] == "0", f"{name}: a run that is skipped would be lost"
    assert seen >= 3


def test_actions_of_saved_searches_exist() -> None:
    for name, stanza in conf("savedsearches").items():
        actions = {key.split(".")[1] for key in stanza if key.startswith("action.")}
        assert actions <= set(conf("alert_actions")) | {"risk", "correlationsearch"}, name


def test_scores_are_written_before_risk_and_only_reported_rows_become_risk() -> None:
    search = conf("savedsearches")["Busybody: score sign-ins"]["search"]
    places = [search.index(part) for part in ("busycursor", "sort 0 _time", "busyscore update=true cursor=true")]
    places += [
        search.index(part) for part in ("`busybody_write_scores`", "where busy_report=1", "`busybody_write_risk`")
    ]
    assert places == sorted(places)


# Dashboards ---------------------------------------------------------------------------------------------------

DASHBOARDS = sorted(VIEWS.glob("*.xml"))


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_every_panel_has_a_known_kind_and_a_data_source_that_exists(path: Path) -> None:
    board = definition(path)
    sources: Dict[str, Any] = board["dataSources"]
    assert {source["type"] for source in sources.values()} <= SOURCES
    used: Set[str] = {source["options"]["extend"] for source in sources.values() if source["type"] == "ds.chain"}
    for name, panel in board["visualizations"].items():
        assert panel["type"] in VISUALISATIONS, name
        used |= set(panel.get("dataSources", {}).values())
    for panel in board.get("inputs", {}).values():
        used |= set(panel.get("dataSources", {}).values())
    assert used - set(sources) == set(), "data sources that nobody defines"
    assert set(sources) - used == set(), "data sources that nobody looks at"


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_tokens_are_set_by_an_input(path: Path) -> None:
    board = definition(path)
    text = path.read_text(encoding="utf-8")
    tokens = set(re.findall(r"(?<![\w.])\$([a-z_]+)(?:\.(?:earliest|latest))?(?:\|\w)?\$", text))
    given = {panel["options"]["token"] for panel in board.get("inputs", {}).values()}
    built_in = {"env", "row", "result", "click", "name", "value", "trellis"}
    assert tokens - given - built_in == set()


def test_navigation_and_drill_downs_lead_to_views_that_exist() -> None:
    views = {path.stem for path in DASHBOARDS} | {"search", "reports", "alerts", "dashboards"}
    nav = (DEFAULT / "data" / "ui" / "nav" / "default.xml").read_text(encoding="utf-8")
    assert set(re.findall(r'view name="(\w+)"', nav)) <= views
    led_to: List[str] = []
    for path in DASHBOARDS:
        led_to += re.findall(r"/app/busybody/(\w+)", path.read_text(encoding="utf-8"))
    assert set(led_to) <= views
    for path in DASHBOARDS:
        assert f'view name="{path.stem}"' in nav, f"{path.stem} cannot be reached"


# The reader itself --------------------------------------------------------------------------------------------


def test_a_search_is_taken_apart() -> None:
    search = '`signins` [| busycursor model=a] | eval x="| gone [" | lookup t a OUTPUT b | appendpipe [stats count | where count=0]'
    assert [(step.command, step.words.strip()) for step in spl.steps(search)] == [
        ("eval", 'x=""'), ("lookup", "t a OUTPUT b"), ("appendpipe", ""), ("busycursor", "model=a"), ("stats", "count"),
        ("where", "count=0"),
    ]  # fmt: skip
    assert spl.macros(search) == {"signins"}
    assert spl.lookups(search) == {"t"}
    assert spl.unknown(search, {"busycursor": {"prefix"}}) == [("busycursor", "model")]
    assert spl.unknown("index=a | bizyscore", {}) == [("bizyscore", "")]


def test_a_macro_with_arguments_is_another_name() -> None:
    assert spl.macros("`one` `two(a, b)`") == {"one", "two(2)"}
