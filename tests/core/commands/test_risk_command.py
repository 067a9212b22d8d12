"""`busybody risk` lists who is at risk, the riskiest first."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any, Dict

import pytest
from busybody.report.reading import LEVELS
from busybody.risk import level_of

from .conftest import Busybody


def test_the_riskiest_come_first_with_their_reason(busybody: Busybody, month: Path) -> None:
    ran = busybody("risk", "--store", month / "store.db", "--output", "json")
    places = [(LEVELS.index(row["level"]), row["risk"]) for row in ran.rows]
    assert ran.code == 0
    assert places == sorted(places, reverse=True)
    assert places
    assert all(row["risk"] > 0 for row in ran.rows)
    assert all(row["incidents"][0]["sentence"].startswith("Risk ") for row in ran.rows)


def test_the_level_is_at_least_that_of_the_worst_open_incident(busybody: Busybody, month: Path) -> None:
    store = ("--store", month / "store.db", "--all", "--output")
    for row in busybody("risk", *store, "json").rows:
        worst = max((one["risk"] for one in row["incidents"]), default=0.0)
        assert row["worst"] == pytest.approx(worst, abs=0.01)
        assert row["level"] == level_of(max(row["risk"], row["worst"]))
    shown = {row["user"]: row for row in csv.DictReader(io.StringIO(busybody("risk", *store, "csv").out))}
    severe = [row for row in shown.values() if float(row["worst"]) >= 90 > float(row["risk"])]
    assert severe, "the month has a critical incident that adds up to less"
    assert {row["level"] for row in severe} == {"critical"}


def test_an_incident_that_is_long_past_no_longer_counts(busybody: Busybody, month: Path) -> None:
    later = busybody("risk", "--store", month / "store.db", "--at", "2026-05-30T00:00:00Z")
    assert (later.code, later.out) == (0, "Nobody is at risk.\n")


def test_everybody_is_listed_when_asked_for(busybody: Busybody, month: Path) -> None:
    ran = busybody("risk", "--store", month / "store.db", "--all", "--min", 0, "--output", "json")
    users = [row["user"] for row in ran.rows]
    assert users == sorted(users)
    assert len(users) in (23, 24)
    assert any(row["risk"] == 0 for row in ran.rows)


def test_top_and_min_bound_the_list(busybody: Busybody, month: Path) -> None:
    store = ("--store", month / "store.db", "--output", "json")
    everybody = busybody("risk", *store, "--top", 100).rows
    assert busybody("risk", *store, "--top", 2).rows == everybody[:2]
    assert (
        busybody("risk", *store, "--min", 10).rows
        == [row for row in everybody if max(row["risk"], row["worst"]) >= 10][:20]
    )


def test_risk_decays_with_time(busybody: Busybody, month: Path) -> None:
    store = ("risk", "--store", month / "store.db", "--output", "json")
    then, later = (
        busybody(*store, "--at", "2026-03-18T00:00:00Z").rows,
        busybody(*store, "--at", "2026-03-25T00:00:00Z").rows,
    )
    by_user = {row["user"]: row["risk"] for row in later}
    assert all(by_user[row["user"]] < row["risk"] for row in then[:5])


def test_the_table_fits_people(busybody: Busybody, month: Path, taken: Dict[str, Any]) -> None:
    ran = busybody("risk", "--store", month / "store.db", "--top", 100)
    assert ran.out.splitlines()[0].split() == [
        "LEVEL",
        "WORST",
        "RISK",
        "OPEN",
        "PERSON",
        "LAST",
        "SEEN",
        "(UTC)",
        "WHY",
    ]
    assert taken["user"] in ran.out
    assert "people in the store; RISK at 2026-03-1" in ran.err


def test_csv_can_be_read_again_and_runs_nothing(busybody: Busybody, evil: Path) -> None:
    ran = busybody("risk", "--store", evil, "--all", "--min", 0, "--output", "csv")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert len(rows) == 1
    assert rows[0]["user"].startswith("'=cmd")
    assert ran.out.count("\n") == 2


def test_names_never_command_the_terminal(busybody: Busybody, evil: Path) -> None:
    for output in ("table", "csv", "json"):
        ran = busybody("risk", "--store", evil, "--all", "--min", 0, "--output", output)
        assert not set("\x1b\x9b\u202e") & set(ran.out + ran.err)


def test_a_store_that_is_not_there_is_not_begun(busybody: Busybody, tmp_path: Path) -> None:
    ran = busybody("risk", "--store", "nothing.db")
    assert ran.code == 3
    assert "nothing.db: there is no store. `busybody score FILE` begins one" in ran.err
    assert not (tmp_path / "nothing.db").exists()


def test_wrong_words_are_named(busybody: Busybody, month: Path) -> None:
    assert "'101' is no risk" in busybody("risk", "--min", 101).err
    at = busybody("risk", "--store", month / "store.db", "--at", "soon")
    assert at.code == 2
    assert "--at: 'soon' is no time. Give epoch seconds, or ISO 8601" in at.err
