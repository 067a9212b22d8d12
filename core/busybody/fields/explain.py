"""Why a record became the sign-in that it became: field by field, path, raw value, final value, reason."""

from __future__ import annotations

import json
from typing import Any, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..errors import PolicyError, RecordError
from ..signin import SignIn
from .conditions import always, is_present
from .getters import Entry
from .intake import Intake, Skipped
from .paths import Slots
from .reader import PlaceGroup, Reader

COMPUTED = {
    "subnet": "the site of the address",
    "network": "class of the network",
    "device": "fingerprint of the user agent, without versions",
    "version": "major version of the browser",
}
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
    return Explanation(found.name, why, "sign-in", _lines(reader, slots, signin), ())


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


def _lines(reader: Reader, slots: Slots, signin: Optional[SignIn]) -> Tuple[Line, ...]:
    lines = [_line(reader, slots, name, entries, signin) for name, entries in sorted(reader.entries.items())]
    group = next((group for group in reader.places if _carries(group, slots)), None)
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
    path, raw, converted, why = _found(reader, slots, entries)
    value = converted if signin is None else getattr(signin, name)
    if path is None and value not in (None, "unknown"):
        why = "computed from the whole record" if name == "id" else "the record has none; from the map or the table"
    return Line(name, path, raw, value, why)


def _found(reader: Reader, slots: Slots, entries: Sequence[Entry]) -> Tuple[Optional[str], Any, Any, str]:
    """(path, raw, converted, why) of the first entry that gives a value."""
    passed: List[str] = []
    for entry in entries:
        if not entry.when(slots):
            passed.append(f"{entry.label}: its condition does not hold")
            continue
        raw = entry.raw(slots)
        if not is_present(raw, reader.map.missing):
            passed.append(f"{entry.label}: not there")
            continue
        try:
            converted = entry.convert(raw)
        except (ValueError, OverflowError) as error:
            return entry.label, raw, None, str(error)
        if converted is not None:
            why = "first of the map" if not passed else "; ".join(passed)
            return entry.label, raw, converted, why
        passed.append(f"{entry.label}: {raw!r:.80} means nothing here")
    return None, None, None, "; ".join(passed)


def _raw(entries: Sequence[Entry], slots: Slots, reader: Reader) -> Tuple[Optional[str], Any]:
    for entry in entries:
        raw = entry.raw(slots)
        if not entry.label.startswith("always ") and entry.when is always and is_present(raw, reader.map.missing):
            return entry.label, raw
    return None, None


def _carries(group: PlaceGroup, slots: Slots) -> bool:
    try:
        return group.when(slots) and any(get(slots) is not None for get in group.getters.values())
    except (ValueError, OverflowError, PolicyError):
        return True


def _place_line(reader: Reader, slots: Slots, name: str, group: Optional[PlaceGroup], signin: Optional[SignIn]) -> Line:
    value = None if signin is None else getattr(signin, name)
    if group is None:
        return Line(name, None, None, value, "the record has no place" + ("" if value is None else "; from the table"))
    entries = [*group.entries.get(name, ())]
    if name in ("lat", "lon"):
        entries = [*group.entries.get("location", ()), *entries]
    path, raw, converted, why = _found(reader, slots, entries)
    if value is not None and (path is None or (name not in ("lat", "lon") and value != converted)):
        return Line(name, path, raw, value, "from the table, or assumed for this class of network")
    return Line(name, path, raw, converted if signin is None else value, why)
