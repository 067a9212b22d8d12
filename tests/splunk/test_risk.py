"""busyrisk: who is at risk, worst first; everybody in pages."""

from __future__ import annotations

import json

import pytest
from busybody.cli import main
from busybody_splunk.commands import generating
from searching import DAY, FAR, START, Head, csv_file, event, habit, head

__all__ = ["head"]
AT = f"at={START + 16 * DAY:.0f}"


@pytest.fixture
def known(head: Head) -> Head:
    people = [f"p{number:02}" for number in range(12)]
    head.run("busytrain", [row for user in ("ana", "bo", *people) for row in habit(user)])
    mild = {**FAR, "is_proxy": "", "user_agent": "", "Country": "PT", "City": "Porto", "lat": "41.1", "lon": "-8.6"}
    head.run(
        "busyscore", [event("bo", day=15, hour=10.0, **mild), event("ana", day=15, hour=11.0, **FAR)], "update=true"
    )
    return head


def test_those_at_risk_come_worst_first(known: Head) -> None:
    rows = known.run("busyrisk", (), AT).rows
    assert rows[0]["user"] == "ana"
    assert (rows[0]["level"], rows[0]["status"], rows[0]["incidents"]) == ("critical", "open", "1")
    assert 0.0 < float(rows[0]["busy_risk"]) < float(rows[0]["worst"])
    assert rows[0]["sentence"].startswith("Risk ")
    assert float(rows[0]["last"]) == float(event(day=15, hour=11.0)["_time"])
    assert len(rows) <= 2


def test_risk_halves_in_a_week_and_the_worst_stays_what_it_was(known: Head) -> None:
    (now,) = known.run("busyrisk", (), AT, "user=ana").rows
    (later,) = known.run("busyrisk", (), f"at={START + 23 * DAY:.0f}", "user=ana").rows
    assert float(later["busy_risk"]) == pytest.approx(float(now["busy_risk"]) / 2, abs=0.02)
    assert later["worst"] == now["worst"]


def test_everybody_comes_in_pages_and_in_order(known: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generating, "PAGE", 4)
    rows = known.run("busyrisk", (), "all=true", AT).rows
    users = [row["user"] for row in rows]
    assert users == sorted(users)
    assert len(users) == 14
    quiet = rows[-1]
    assert {name: quiet[name] for name in ("busy_risk", "level", "worst", "incidents")} == {
        "busy_risk": "0", "level": "none", "worst": "0", "incidents": "0",
    }  # fmt: skip
    least = known.run("busyrisk", (), "all=true", "min_risk=40", AT).rows
    assert [row["user"] for row in least] == [row["user"] for row in rows if float(row["worst"]) >= 40.0]


def test_it_is_the_risk_of_the_command_line(known: Head, tmp_path: object, capfd: pytest.CaptureFixture[str]) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    events = [*habit("ana"), event("ana", day=15, hour=11.0, **FAR)]
    store = str(folder / "store.db")
    assert main(["score", str(csv_file(folder / "log.csv", events)), "--store", store]) == 0
    capfd.readouterr()
    assert main(["risk", "--store", store, "--at", str(START + 16 * DAY), "--output", "json"]) == 0
    expected = json.loads(capfd.readouterr().out)
    known.run("busyscore", events, "update=true", "model=alone")
    (row,) = known.run("busyrisk", (), AT, "model=alone").rows
    assert float(row["busy_risk"]) == expected["risk"]
    assert (row["level"], float(row["worst"])) == (expected["level"], expected["worst"])
    assert row["sentence"] == expected["incidents"][0]["sentence"]


def test_the_script_says_the_same_page_by_page(known: Head) -> None:
    assert known.script("busyrisk", (), "all=true", AT).rows == known.run("busyrisk", (), "all=true", AT).rows
    wrong = known.script("busyrisk", (), "at=yesterday")
    assert wrong.exit_code == 1
    assert "at: 'yesterday' is no time" in str(wrong.error)
