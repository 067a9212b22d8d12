"""Runs the app's own scheduled searches as they are written, over events in memory and a fake splunkd.

Splunk's part (index times, subsearches, eval, where, collect) is played here; the commands are the real ones. `Scheduler`
plays the search that scores, with faults where a test wants them, `made_up_for` the one that writes what was left unwritten.
"""

from __future__ import annotations

import csv
import fnmatch
import re
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import pytest
from busybody.errors import BusybodyError
from busybody_splunk.commands import cursor
from busybody_splunk.frames import Fatal
from content import ADDON, conf
from dashboards_spl import search as answered
from dashboards_table import Sources, Table, pieces
from dashboards_words import read
from searching import Head

Row = Dict[str, Any]


class Indexed(NamedTuple):
    """An event, when it was indexed, and from when on a search sees it; epoch seconds."""

    event: Row
    indexed: float
    visible: float


class Scheduler:
    """One saved search, run at the times that a test says. `written`: index -> rows as `collect` wrote them."""

    def __init__(self, head: Head, events: Sequence[Indexed], patch: pytest.MonkeyPatch, name: str) -> None:
        self._head, self._events, self._patch = head, events, patch
        self._search = expanded(conf("savedsearches")[name]["search"])
        self.written: Dict[str, List[Row]] = {}
        self.errors: List[str] = []

    def run(self, now: float, *, dies_after: Optional[str] = None) -> None:
        """One run. The subsearches are answered first, as Splunk does; where one fails, or a command ends the search, so
        does all of it. It `dies_after` a command's last row: what that one has stored stays."""
        self._patch.setattr(cursor, "now", lambda: now)
        try:
            self._run(now, dies_after)
        except (BusybodyError, Fatal) as error:
            self.errors.append(str(error))

    def _run(self, now: float, dies_after: Optional[str]) -> None:
        search = self._search
        for inner in re.findall(r"\[\s*\|\s*(busycursor[^\]]*)\]", search):
            search = search.replace(f"[| {inner}]", self._subsearch(inner))
        first, *rest = pieces(search, "|")
        rows, waits = self._found(first, now), False
        for part in rest:
            command, _, words = part.strip().partition(" ")
            if command == "busyscore":
                waits = True  # it commits with its last row, which nobody may have written before
            waits = waits and command != "sort"
            assert not (waits and command in ("where", "collect")), "nothing holds the rows until they are learned"
            rows = getattr(self, f"_{command}")(words.strip(), rows, now)
            if command == dies_after:
                return

    def write(self, part: str, rows: List[Row], now: float) -> None:
        """What a macro that ends with `collect` does to rows."""
        for piece in pieces(expanded(part), "|"):
            command, _, words = piece.strip().partition(" ")
            rows = getattr(self, f"_{command}")(words.strip(), rows, now)

    def _subsearch(self, inner: str) -> str:
        name, *words = inner.split()
        (row,) = self._head.run(name, (), *words).rows
        return str(row["search"])

    def _found(self, words: str, now: float) -> List[Row]:
        """Newest first, as Splunk gives events."""
        span = re.search(r"_index_earliest=(\d+) _index_latest=(\d+)", words)
        assert span is not None, words
        rows = [
            {**one.event, "_indextime": f"{one.indexed:.0f}"}
            for one in self._events
            if int(span[1]) <= one.indexed < int(span[2]) and one.visible <= now
        ]
        return sorted(rows, key=lambda row: -float(row["_time"]))

    # Commands -----------------------------------------------------------------------------------------------------

    def _sort(self, words: str, rows: List[Row], now: float) -> List[Row]:
        assert words == "0 _time"
        return sorted(rows, key=lambda row: float(row["_time"]))

    def _busyscore(self, words: str, rows: List[Row], now: float) -> List[Row]:
        outcome = self._head.run("busyscore", rows, *words.split())
        self.errors += outcome.said("ERROR")
        return [dict(row) for row in outcome.rows]

    def _where(self, words: str, rows: List[Row], now: float) -> List[Row]:
        test = read(words, now).of
        return [row for row in rows if test(row)]

    def _fields(self, words: str, rows: List[Row], now: float) -> List[Row]:
        names = re.findall(r"[\w.*]+", words)
        if words.startswith("-"):
            return [{key: value for key, value in row.items() if key not in names} for row in rows]
        return [{key: row[key] for key in row if any(fnmatch.fnmatchcase(key, name) for name in names)} for row in rows]

    def _eval(self, words: str, rows: List[Row], now: float) -> List[Row]:
        for part in pieces(words, ","):
            name, _, said = part.partition("=")
            value = read(said, now).of
            rows = [{**row, name.strip(): value(row)} for row in rows]
        return [{key: value for key, value in row.items() if value is not None} for row in rows]

    def _iplocation(self, words: str, rows: List[Row], now: float) -> List[Row]:
        assert words == "prefix=geo_ src"
        return [{**row, "geo_Country": "Nowhere"} if "src" in row else row for row in rows]

    def _collect(self, words: str, rows: List[Row], now: float) -> List[Row]:
        given = dict(word.split("=") for word in words.split())
        assert given["output_format"] == "hec"
        kept = [{key: value for key, value in row.items() if key in ("_time", "_raw") or key[0] != "_"} for row in rows]
        self.written.setdefault(given["index"], []).extend(kept)
        return rows


MAKES_UP = "Busybody: risk events that were not written"


def made_up_for(scheduler: Scheduler, head: Head, now: float) -> List[Row]:
    """One run of the search that writes the risk events of runs that died; which it wrote."""
    stanza = conf("savedsearches")[MAKES_UP]
    search, _, last = stanza["search"].rpartition("|")
    kept = head.fake.kv.collections.get("busybody_incidents", {})
    fields = [name.strip() for name in conf("transforms")["busybody_incidents"]["fields_list"].split(",")]
    incidents = Table(fields, [{name: row.get(name) for name in fields} for row in kept.values()])
    written = [{**row, "_time": float(row["_time"])} for row in scheduler.written.get("busybody", ())]
    columns = list(
        dict.fromkeys(
            ["_time", "sourcetype", "busy_incident", "busy_event_id", *(key for row in written for key in row)]
        )
    )
    sources = Sources(
        {name: macro["definition"] for name, macro in conf("macros").items()},
        {"busybody_incidents": incidents, "busybody_detectors": _detectors()},
        lambda index: Table(columns, written), {}, lambda ip: {},
    )  # fmt: skip
    found = answered(search.strip(), sources, stanza["dispatch.earliest_time"], stanza["dispatch.latest_time"], now)
    rows = [{name: value for name, value in row.items() if value is not None} for row in found.rows]
    scheduler.write(last.strip(), rows, now)
    return rows


def _detectors() -> Table:
    with (ADDON / "lookups" / "busybody_detectors.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return Table(list(reader.fieldnames or ()), list(reader))


def expanded(search: str) -> str:
    """With the macros in place."""
    for _ in range(5):
        search = re.sub(r"`(\w+)`", lambda found: conf("macros")[found[1]]["definition"], search)
    return " ".join(search.split())
