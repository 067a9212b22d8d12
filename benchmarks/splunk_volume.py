"""What the Splunk app writes into its indexes, in bytes for each sign-in, over a simulated month.

    python benchmarks/splunk_volume.py [--people 100] [--days 30]

A simulated organisation, attacks included, is learned for two weeks with busytrain; then the saved search that scores runs
once a day for a month, as it is written, over what came in since. Counted is what `collect output_format=hec` is given:
the text of each event, and its fields as JSON. Whether Splunk's licence counts the fields too is for Splunk to say.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

ROOT = Path(__file__).resolve().parents[1]
for folder in (ROOT / "addon" / "splunk_app" / "lib", ROOT / "core", ROOT / "tests" / "splunk"):
    sys.path.insert(0, str(folder))

import pytest  # noqa: E402
from fake_splunkd import FakeSplunkd  # noqa: E402
from pipeline import Indexed, Scheduler  # noqa: E402
from searching import Head, events_of  # noqa: E402

DAY = 86400.0
LEARNED_DAYS = 14
DELAY = 60.0  # seconds until an event is indexed
META = ("_time", "_raw", "host", "source", "sourcetype")  # not among the fields that hec writes
Row = Mapping[str, Any]


class Volume(NamedTuple):
    """Of a number of events, in bytes."""

    events: int
    text: int
    fields: int


def volume(rows: Sequence[Row]) -> Volume:
    """What the rows take."""
    fields = [{name: value for name, value in row.items() if name not in META} for row in rows]
    as_json = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in fields]
    return Volume(len(rows), sum(map(_bytes, (row["_raw"] for row in rows))), sum(map(_bytes, as_json)))


def _bytes(text: str) -> int:
    return len(text.encode("utf-8"))


def month(people: int, days: int) -> List[Dict[str, str]]:
    """The sign-ins of the organisation as the data model has them, oldest first."""
    from busybody.simulate import Organisation, generate

    found = events_of([one.signin for one in generate(Organisation(people=people, days=LEARNED_DAYS + days, seed=7))])
    return [{**row, "event_uid": f"e{number}", "sourcetype": "OktaIM2:log"} for number, row in enumerate(found)]


def written(signins: Sequence[Dict[str, str]], days: int) -> List[Row]:
    """What the saved search writes of the sign-ins after the first two weeks."""
    begin = float(signins[0]["_time"]) + LEARNED_DAYS * DAY
    learned = [row for row in signins if float(row["_time"]) < begin]
    fresh = [row for row in signins if begin <= float(row["_time"]) < begin + days * DAY]
    events = [Indexed(row, float(row["_time"]) + DELAY, float(row["_time"]) + DELAY) for row in fresh]
    with tempfile.TemporaryDirectory() as folder, FakeSplunkd() as fake, pytest.MonkeyPatch.context() as patch:
        head = Head(fake, Path(folder) / "splunk")
        patch.setenv("SPLUNK_HOME", str(head.home))
        head.run("busytrain", learned)
        scheduler = Scheduler(head, events, patch, "Busybody: score sign-ins")
        for day in range(days + 1):
            scheduler.run(begin + (day + 1) * DAY)
    if scheduler.errors:
        raise SystemExit(f"the search failed: {scheduler.errors[0]}")
    return [row for rows in scheduler.written.values() for row in rows]


def show(name: str, part: Volume, signins: int) -> None:
    """One line: how many, and bytes for each and for each sign-in."""
    each = max(part.events, 1)
    print(
        f"{name:34} {part.events:7,} events  {part.text / each:6,.0f} B text + {part.fields / each:6,.0f} B fields each"
        f"  = {(part.text + part.fields) / signins:6,.0f} B a sign-in ({part.text / signins:,.0f} of it text)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--days", type=int, default=30)
    options = parser.parse_args()
    rows = written(month(options.people, options.days), options.days)
    scores = [row for row in rows if row["sourcetype"] == "busybody:score"]
    kept = [row for row in scores if row.get("busy_level") != "none" or row.get("busy_report") == "1"]
    signins = len(scores)
    print(f"{options.people} people, {options.days} days, {signins:,} sign-ins written")
    show("scores (busybody_write_scores)", volume(scores), signins)
    show("findings (busybody_write_findings)", volume(kept), signins)
    show("risk events", volume([row for row in rows if row["sourcetype"] == "busybody:risk"]), signins)


if __name__ == "__main__":
    main()
