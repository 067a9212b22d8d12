"""Each panel's query on genuine Elasticsearch nodes over a simulated month: not empty, and the numbers that Python counts."""

from __future__ import annotations

import math
import secrets
from collections import Counter
from typing import Any, Iterator

import pytest
from kibana_dashboards import Panel, lens_panels, maps, panels, views
from kibana_lens_query import moment
from kibana_month import Month, lived
from kibana_node import Holder
from kibana_pictures import person
from kibana_vega import request_of
from nodes import Node

pytestmark = [pytest.mark.node, pytest.mark.slow]
LENS = {panel.name: panel for panel in lens_panels()}
VIEWS = views()
PATTERNS = {key.removeprefix("busybody_view_"): view["title"] for key, view in VIEWS.items()}


@pytest.fixture(scope="module")
def month() -> Month:
    return lived()


@pytest.fixture(scope="module")
def holder(elasticsearch_node: Node, month: Month) -> Iterator[Holder]:
    """A node with the month in a namespace of its own. Kibana speaks to Elasticsearch only, so no OpenSearch here."""
    held = Holder(elasticsearch_node, f"t{secrets.token_hex(5)}")
    try:
        held.fill(month, PATTERNS)
        yield held
    finally:
        held.empty(PATTERNS)


def documents(month: Month, view: str) -> list[dict[str, Any]]:
    return month.of(view.removeprefix("busybody_view_"))


def same(left: Any, right: Any) -> bool:
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return math.isclose(left, right, rel_tol=1e-5, abs_tol=1e-6)  # the index keeps floats of 32 bits
    return left == right or (left in (None, 0) and right in (None, 0))  # a sum of nothing


def rows_of(panel: Panel, holder: Holder, month: Month, **chosen: str) -> list[list[tuple[Any, ...]]]:
    """The rows of each layer as the node answers, after they were compared with Python's; `chosen` as a filter pill."""
    found = []
    for view, layer in panel.layers(month.now, VIEWS):
        layer.filters += [{field.replace("__", "."): value} for field, value in chosen.items()]
        got = layer.rows(holder.search(VIEWS[view]["title"], layer.ask()))
        expected = layer.reckon(documents(month, view))
        assert len(got) == len(expected)
        for one, other in zip(got, expected, strict=True):
            assert len(one) == len(other)
            assert all(map(same, one, other)), (one, other)
        found.append(got)
    return found


@pytest.mark.parametrize("name", LENS)
def test_panel_shows_what_python_counts(name: str, holder: Holder, month: Month) -> None:
    for rows in rows_of(LENS[name], holder, month):
        assert rows
        cells = [cell for row in rows for cell in row if isinstance(cell, (int, float))]
        assert any(cells), f"{name}: nothing but zeros"


@pytest.mark.parametrize("name", [name for name in LENS if name.startswith("person: ")])
def test_a_person_is_whole_by_name_and_by_the_hash_in_the_link_of_an_alert(
    name: str, holder: Holder, month: Month
) -> None:
    who = person(month)
    (alert,) = {row["event"]["url"] for row in month.of("incident") if row["user"]["name"] == who}
    assert who not in alert
    hashed = alert.split("user.hash%20:%20%22")[1].split("%22")[0]
    by_name = rows_of(LENS[name], holder, month, user__name=who)
    assert by_name == rows_of(LENS[name], holder, month, user__hash=hashed)
    assert any(cell for rows in by_name for row in rows for cell in row)


def number(name: str, holder: Holder, month: Month) -> Any:
    return rows_of(LENS[name], holder, month)[0][0][-1]


def test_tiles_say_what_is_open(holder: Holder, month: Month) -> None:
    open_ = Counter(
        "critical" if row["busybody"]["state"] == "malicious" else row["busybody"]["level"]
        for row in month.of("incident")
        if row["busybody"]["state"] in ("open", "malicious")
    )
    assert open_["critical"] > 1
    assert open_["high"]
    assert number("overview: Critical incidents open", holder, month) == open_["critical"]
    assert number("overview: High incidents open", holder, month) == open_["high"]
    assert number("overview: Medium and low incidents open", holder, month) == open_["medium"] + open_["low"]


def test_people_who_need_a_look_come_worst_first_with_their_sentence(holder: Holder, month: Month) -> None:
    ((*rows,),) = rows_of(LENS["overview: People who need a look, the worst first"], holder, month)
    expected = {row["user"]["name"]: row for row in month.of("risk_latest") if row["busybody"]["incidents"]}
    assert {row[0] for row in rows} == set(expected)
    assert [row[3] for row in rows] == sorted((row[3] for row in rows), reverse=True)
    for name, level, _, _, incidents, _, why in rows:
        body = expected[name]
        assert level == body["user"]["risk"]["static_level"]
        assert incidents == body["busybody"]["incidents"]
        assert why == body["busybody"]["sentence"]
        assert why.startswith("Risk ")


def test_a_day_without_sign_ins_is_an_empty_cell(holder: Holder, month: Month) -> None:
    ((*rows,),) = rows_of(
        LENS["health: Days with sign-ins, each source; an empty cell is a day without"], holder, month
    )
    seen = {(source, (day - month.now) // 86400 + 30) for day, source, count in rows if count}
    quiet = {int(day) for source, day in seen if source == "azure.signinlogs"}
    assert quiet == set(range(30))
    assert not {(source, day) for source, day in seen if source == "o365.audit" and day in (20, 21, 22)}


def test_a_restart_is_no_negative_rate(holder: Holder, month: Month) -> None:
    ((*rows,),) = rows_of(LENS["health: Sign-ins scored per hour, each instance"], holder, month)
    rates = [row[-1] for row in rows if row[-1] is not None]
    assert rates
    assert min(rates) >= 0
    assert all(200 < rate < 700 for rate in sorted(rates)[3:-3])  # 5 to 11 a minute


def test_the_map_asks_for_the_riskiest_that_have_a_place(holder: Holder, month: Month) -> None:
    for panel in maps():
        url = request_of(panel, month.now)
        hits = holder.search(url["index"], url["body"])["hits"]["hits"]
        start, end = panel.range(month.now)
        expected = [
            row
            for row in month.of("score")
            if start <= moment(row["@timestamp"]) < end and "location" in row.get("source", {}).get("geo", {})
        ]
        if panel.dashboard == "busybody_overview":
            expected = [row for row in expected if row["busybody"]["level"] in ("medium", "high", "critical")]
        expected.sort(key=lambda row: (-row["event"]["risk_score"], -moment(row["@timestamp"])))
        assert hits
        assert [hit["_source"]["busybody"]["risk"] for hit in hits] == [
            row["busybody"]["risk"] for row in expected[: url["body"]["size"]]
        ]


def test_every_panel_was_looked_at() -> None:
    rest = [panel for panel in panels() if panel.title and panel.name not in LENS]
    assert {panel.name for panel in rest} == {panel.name for panel in maps()}
