"""Runs the app's own scheduled search as it is written, over events in memory and a fake splunkd.

Splunk's part (index times, subsearches, eval, where, collect) is played here; the commands are the real ones.
"""

from __future__ import annotations

import fnmatch
import re
from typing import Any, Dict, List, NamedTuple, Sequence

import pytest
from busybody.errors import BusybodyError
from busybody_splunk.commands import cursor
from content import conf
from dashboards_table import pieces
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

    def run(self, now: float) -> None:
        """One run. The subsearches are answered first, as Splunk does; where one fails, so does the search."""
        self._patch.setattr(cursor, "now", lambda: now)
        search = self._search
        try:
            for inner in re.findall(r"\[\s*\|\s*(busycursor[^\]]*)\]", search):
                search = search.replace(f"[| {inner}]", self._subsearch(inner))
        except BusybodyError as error:
            self.errors.append(str(error))
            return
        first, *rest = pieces(search, "|")
        rows = self._found(first, now)
        for part in rest:
            command, _, words = part.strip().partition(" ")
            rows = getattr(self, f"_{command}")(words.strip(), rows, now)

    def _subsearch(self, inner: str) -> str:
        call, *rest = pieces(inner, "|")
        name, *words = call.split()
        outcome = self._head.run(name, (), *words)
        (row,) = outcome.rows
        if not rest:
            return str(row["search"])
        found = re.search(re.findall(r'rex field=search "(.*)"', rest[0])[0].replace("(?<", "(?P<"), str(row["search"]))
        assert found is not None
        assert rest[1].strip() == "return $" + next(iter(found.groupdict()))
        return next(iter(found.groupdict().values()))

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

    def _eventstats(self, words: str, rows: List[Row], now: float) -> List[Row]:
        found = re.fullmatch(r"count\((\w+)\) AS (\w+)", words)
        assert found is not None
        count = sum(row.get(found[1]) is not None for row in rows)
        return [{**row, found[2]: count} for row in rows]

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


def expanded(search: str) -> str:
    """With the macros in place."""
    for _ in range(5):
        search = re.sub(r"`(\w+)`", lambda found: conf("macros")[found[1]]["definition"], search)
    return " ".join(search.split())
