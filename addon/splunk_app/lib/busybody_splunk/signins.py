"""Rows of a search -> sign-ins, through the field maps of the core.

A map whose time is `_time` reads the columns of a row (`splunk_cim`, which is the default, `windows_splunk`); every
other one reads the event's own text in `_raw`, JSON or syslog. What is no sign-in comes back as the reason why, what
cannot be read as `Broken`: both as the core's own streams have them.
"""

from __future__ import annotations

import json
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Sequence, Tuple

from busybody.errors import PolicyError, RecordError, shown

from .chunks import Chunk

if TYPE_CHECKING:
    from busybody.policy import Policy
    from busybody.stream.entries import Payload

    from .memory import Memory

DEFAULT = "splunk_cim"
DAY = 86400.0
PIECE = 5_000  # rows
RAW = ("_time", "_raw")  # the columns that a map of the event's own text is read from
NEEDS = (
    "By default a row needs _time, user, action and src, as the Authentication data model names them; "
    "fields=<map> reads others, such as fields=okta the events of Okta in _raw."
)
TEXTS = ("path", "join")  # keys of a map under which paths stand


def columns_wanted(fields: str) -> Optional[Sequence[str]]:
    """The columns that a packaged map reads; None, which asks for all, where the policy may have a map of that name.

    Reads the map's JSON and nothing else: this happens before the first reply to splunkd, which is to come at once.
    """
    import busybody

    if not fields.isidentifier():
        return None
    try:  # without pathlib, which alone would cost a twentieth of the time until the reply
        with open(f"{busybody.__path__[0]}/fields/maps/{fields}.json", encoding="utf-8") as file:
            raw = json.load(file)
    except FileNotFoundError:
        return None
    names = dict.fromkeys(name.partition("[")[0] for name in _paths(raw) if not name.startswith("$"))
    return sorted(names) if "_time" in names else RAW


def _paths(raw: Dict[str, Any]) -> Iterator[str]:
    """Every path that a map names."""
    for key in ("detect", "skip", "flags", "kind", "fields", "places"):
        yield from _named(raw.get(key, ()), key in ("kind", "fields", "places"))


def _named(value: Any, bare: bool) -> Iterator[str]:
    """The paths within a part of a map; a `bare` text is one itself."""
    if isinstance(value, str):
        if bare:
            yield value
    elif isinstance(value, list):
        for element in value:
            yield from _named(element, bare)
    elif isinstance(value, dict):
        tests = "when" in value or "path" in value or "join" in value or "value" in value
        for key, inner in value.items():
            yield from _named(inner, key in TEXTS or (bare and not tests))


class SignIns:
    """Reads chunks by one map."""

    def __init__(self, policy: Policy, fields: str, now: float) -> None:
        """`now` in epoch seconds: what lies a day beyond is broken. Raises PolicyError for a map that nobody has."""
        from busybody.fields.intake import Intake
        from busybody.places import Locator

        self._intake = Intake(policy, Locator(policy), reference_time=now)
        self._latest = now + DAY
        registry = self._intake.registry
        reader = registry.of_source(fields)
        if reader is None:
            names = ", ".join(sorted(found.map.name for found in registry.readers))
            raise PolicyError(f"there is no field map {shown(fields)}. Known are: {names}.", key="fields")
        registry.readers[:] = [reader]
        self._reader = reader
        self._plain = not policy.profiles  # those read further columns
        self.by_column = "_time" in reader.tree()
        self._columns: Tuple[str, ...] = ()
        self._places: Dict[str, int] = {}  # of the columns that the map knows
        self._ordered: Tuple[Tuple[str, int], ...] = ()
        self._memory: Optional[Memory] = None

    def pieces(self, chunk: Chunk) -> Iterator[List[Payload]]:
        """The payload of each row, in their order; so many at a time that a large chunk is not held twice."""
        payloads = self._from_columns(chunk) if self.by_column else map(self._checked, self._texts(chunk))
        while True:
            piece = list(islice(payloads, PIECE))
            if not piece:
                return
            yield piece

    def read(self, chunk: Chunk) -> List[Payload]:
        """All of them."""
        return [payload for piece in self.pieces(chunk) for payload in piece]

    def forget(self) -> None:
        """What was made of equal cells before."""
        self._memory = None

    # By column ------------------------------------------------------------------------------------------------

    def _from_columns(self, chunk: Chunk) -> Iterator[Payload]:
        from .memory import Memory

        if chunk.columns != self._columns or self._memory is None:
            self._columns = chunk.columns
            tree = self._reader.tree()
            self._places = {name: chunk.index[name] for name in chunk.columns if name in tree}
            self._ordered = tuple(self._places.items())
            locate = partial(self._intake.where, self._reader)
            self._memory = Memory(self._reader, self._places, self._latest, locate)
        memory = self._memory
        recall = memory.recall if self._plain and memory.works else _nothing
        for row in chunk.rows:
            found = recall(row)
            if found is None:
                found = self._checked(self._record(chunk, row))
                memory.remember(row, found)
            yield found

    def _record(self, chunk: Chunk, row: Sequence[str]) -> Any:
        """The row as the core has it from a CSV export: empty cells are missing, several values are a list."""
        record: Dict[str, Any] = {name: row[place] for name, place in self._ordered if row[place]}
        joined = "".join(record.values())
        if "\n" in joined:
            for name, cell in record.items():
                if "\n" in cell:
                    values = chunk.values(row, name)
                    record[name] = values if len(values) > 1 else [part for part in cell.splitlines() if part]
        if not joined.isascii() and not _is_text(joined):
            return RecordError("the row is no valid UTF-8.")
        return record

    # By the event's own text ----------------------------------------------------------------------------------

    def _texts(self, chunk: Chunk) -> Iterator[Any]:
        """The record in each event's text; where there is none, why it is no sign-in, or the RecordError."""
        from busybody.fields.envelopes import unwrapped
        from busybody.fields.json_text import loads
        from busybody.fields.syslog_lines import SyslogReader, looks_like_syslog

        raw_at, time_at = chunk.index.get("_raw"), chunk.index.get("_time")
        if raw_at is None:
            raise RecordError(
                f"the rows have no column _raw, which fields={self._reader.map.name} reads. "
                "Take it into the search, or use the default fields, which read CIM columns.",
                key="_raw",
            )
        lines = SyslogReader(None)
        for row in chunk.rows:
            text = row[raw_at].strip()
            if not text:
                yield "it has no text in _raw"
            elif text.startswith("{"):
                try:
                    value = loads(text.encode("utf-8", "surrogatepass"))
                    yield unwrapped(value) or value
                except ValueError as error:
                    yield RecordError(f"{error}.", key="_raw")
            elif looks_like_syslog(text):
                record = lines.read(text)
                if time_at is not None and row[time_at]:
                    record["timestamp"] = row[time_at]  # Splunk has given it a year and a zone
                yield record
            else:
                yield RecordError(f"{shown(text)} is neither JSON nor syslog.", key="_raw")

    # Both -----------------------------------------------------------------------------------------------------

    def _checked(self, record: Any) -> Payload:
        from busybody.contracts import iso
        from busybody.fields.intake import Skipped
        from busybody.stream.entries import Broken

        if isinstance(record, str):
            return record
        try:
            if isinstance(record, RecordError):
                raise record
            found = self._intake.read(record)
        except RecordError as error:
            return Broken(error.key, error.message)
        if isinstance(found, Skipped):
            return found.reason
        if found.time > self._latest:
            return Broken("time", f"{iso(found.time)} is in the future. Check the clock of its source.")
        return found


def _nothing(_row: Sequence[str]) -> None:
    """In place of a memory."""


def _is_text(cell: str) -> bool:
    try:
        cell.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


__all__ = ["DEFAULT", "NEEDS", "SignIns", "columns_wanted"]
