"""Why a record became the sign-in that it became: field by field, path, raw value, final value, reason."""

from __future__ import annotations

import json
from typing import Any, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..errors import RecordError, shown
from ..signin import SignIn
from .conditions import always, is_present
from .getters import Entry
from .intake import Intake, Skipped, event_place
from .paths import Slots
from .reader import NEEDED, PlaceGroup, Reader

COMPUTED = {
    "subnet": "the site of the address",
    "network": "class of the network",
    "device": "fingerprint of the user agent, without versions",
    "version": "major version of the browser",
}
IGNORED = "ignored"
PLACE = ("country", "region", "city", "lat", "lon", "accuracy_km")


class Line(NamedTuple):
    """One field of the sign-in: where it was found, what stood there, what it became and why."""

    field: str
    path: Optional[str]
    raw: Any
    value: Any
    why: str


class Explanation(NamedTuple):
    """The map that was chosen and why, what came of the record, and its fields."""

    map: Optional[str]
    why: str
    result: str  # sign-in, skipped: …, or error: …
    lines: Tuple[Line, ...]
    nearly: Tuple[str, ...]  # maps of which a part fits, where none was chosen
    ignored: Tuple[str, ...] = ()  # values that cannot be meant and were left out: "source.as.number: -5 is no …"


def explain(intake: Intake, record: Mapping[str, Any]) -> Explanation:
    """Everything that there is to know of how the record is read. Never raises for a bad record."""
    reader, slots = intake.registry.find(record)
    if reader is None:
        return Explanation(
            None, "no map fits: none of the conditions in `detect` holds", "skipped", (), nearly(intake, record)
        )
    found = reader.map
    why = f"{found.title}: all {reader.detect.tests} tests of its `detect` hold, more than of any other map that fits"
    try:
        signin = intake.read(record)
    except RecordError as error:
        return Explanation(found.name, why, f"error: {error}", _lines(reader, slots, None), ())
    if isinstance(signin, Skipped):
        return Explanation(found.name, why, f"skipped: {signin.reason}", _lines(reader, slots, None), ())
    return Explanation(found.name, why, "sign-in", _lines(reader, slots, signin), (), tuple(_ignored(reader, slots)))


def nearly(intake: Intake, record: Mapping[str, Any]) -> Tuple[str, ...]:
    """The three maps of which most is there, fields and conditions that no empty record would meet."""
    scored: List[Tuple[int, str]] = []
    for reader in intake.registry.readers:
        slots = reader.slots(record)
        hits = [name for name, entries in reader.entries.items() if _raw(entries, slots, reader)[0] is not None]
        nothing = reader.slots({})
        met = sum(holds(slots) and not holds(nothing) for _, holds in reader.detect_parts)
        if hits or met:
            failed = [json.dumps(part, ensure_ascii=False) for part, holds in reader.detect_parts if not holds(slots)]
            text = f"{reader.map.name}: {', '.join(sorted(hits)) or 'no field'} found; of `detect` fails {' and '.join(failed)}"
            scored.append((-len(hits) - met, text))
    return tuple(text for _, text in sorted(scored)[:3])


def _ignored(reader: Reader, slots: Slots) -> Iterator[str]:
    """What the record says and cannot mean, of fields that a sign-in can do without."""
    places = [entries for group in reader.places if group.when(slots) for entries in group.entries.values()]
    fields = [entries for name, entries in reader.entries.items() if name not in NEEDED]
    for entries in (*fields, *places):
        for entry in entries:
            note = _converted(reader, slots, entry)[2]
            if note:
                yield f"{note}; {IGNORED}"


def _lines(reader: Reader, slots: Slots, signin: Optional[SignIn]) -> Tuple[Line, ...]:
    lines = [_line(reader, slots, name, entries, signin) for name, entries in sorted(reader.entries.items())]
    group = _group(reader, slots)
    for name in PLACE:
        lines.append(_place_line(reader, slots, name, group, signin))
    if signin is not None:
        lines += [
            Line(name, None, None, getattr(signin, name), why)
            for name, why in COMPUTED.items()
            if name not in reader.entries
        ]
        lines.append(Line("flags", None, None, signin.flags, "flags of the map whose condition holds"))
    return tuple(lines)


def _line(reader: Reader, slots: Slots, name: str, entries: Sequence[Entry], signin: Optional[SignIn]) -> Line:
    path, raw, converted, why = _found(reader, slots, entries, "" if name in NEEDED else f"; {IGNORED}")
    value = converted if signin is None else getattr(signin, name)
    if converted is None and value not in (None, "unknown"):
        instead = "computed from the whole record" if name == "id" else "the record has none; from the map or the table"
        why = instead if path is None else f"{why}; from the map or the table"
    return Line(name, path, raw, value, why)


def _found(
    reader: Reader, slots: Slots, entries: Sequence[Entry], after: str = f"; {IGNORED}"
) -> Tuple[Optional[str], Any, Any, str]:
    """(path, raw, converted, why) of the first entry that gives a value, else of the first whose value is ignored."""
    passed: List[str] = []
    ignored: Tuple[Optional[str], Any] = (None, None)
    for entry in entries:
        raw, converted, note = _converted(reader, slots, entry)
        if converted is not None:
            return entry.label, raw, converted, "; ".join(passed) or "first of the map"
        if note and ignored[0] is None:
            ignored = entry.label, raw
        passed.append(f"{note}{after}" if note else _nothing(slots, entry, raw))
    return (*ignored, None, "; ".join(passed))


def _converted(reader: Reader, slots: Slots, entry: Entry) -> Tuple[Any, Any, str]:
    """(raw, converted, what is wrong with it)"""
    raw = entry.raw(slots) if entry.when(slots) else None
    if not is_present(raw, reader.map.missing):
        return None, None, ""
    try:
        return raw, entry.convert(raw), ""
    except (ValueError, OverflowError) as error:
        return raw, None, f"{entry.label}: {error}"


def _nothing(slots: Slots, entry: Entry, raw: Any) -> str:
    if not entry.when(slots):
        return f"{entry.label}: its condition does not hold"
    return f"{entry.label}: {'not there' if raw is None else f'{shown(raw)} means nothing here'}"


def _raw(entries: Sequence[Entry], slots: Slots, reader: Reader) -> Tuple[Optional[str], Any]:
    for entry in entries:
        raw = entry.raw(slots)
        if not entry.label.startswith("always ") and entry.when is always and is_present(raw, reader.map.missing):
            return entry.label, raw
    return None, None


def _group(reader: Reader, slots: Slots) -> Optional[PlaceGroup]:
    """The place that is taken, or else the first that says anything."""
    groups = [group for group in reader.places if group.when(slots)]
    for group in groups:
        if event_place(slots, (group,)) is not None:
            return group
    return next(
        (group for group in groups if any(_said(reader, slots, entries) for entries in group.entries.values())), None
    )


def _said(reader: Reader, slots: Slots, entries: Sequence[Entry]) -> bool:
    return any(_converted(reader, slots, entry)[0] is not None for entry in entries)


def _place_line(reader: Reader, slots: Slots, name: str, group: Optional[PlaceGroup], signin: Optional[SignIn]) -> Line:
    value = None if signin is None else getattr(signin, name)
    if group is None:
        return Line(name, None, None, value, "the record has no place" + ("" if value is None else "; from the table"))
    entries = [*group.entries.get(name, ())]
    if name in ("lat", "lon"):
        entries = [*group.entries.get("location", ()), *entries]
    path, raw, converted, why = _found(reader, slots, entries)
    if isinstance(converted, tuple):  # a location
        converted = converted[name == "lon"]
    if signin is None:
        return Line(name, path, raw, converted, why)
    if converted is not None and value is None:
        return Line(name, path, raw, None, f"one coordinate alone is no place; {IGNORED}")
    if value is not None and value != converted:
        table = "from the table, or assumed for this class of network"
        return Line(name, path, raw, value, f"{why}; {table}" if IGNORED in why else table)
    return Line(name, path, raw, value, why)
