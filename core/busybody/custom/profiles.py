"""The behaviour profiles of a policy at work: what of a record is odd, and what is learned of it.

    contribution = weight · FULL · weighted      [log-odds]      where the burst is odd, else none

A score rests on the records before: those that were learned, and those that still wait for their lateness bound, in
the order of time. So the order of arrival and the borders of batches change nothing. What was alerted is not counted;
it is held until the incident is confirmed to be the person's own, and then as usual as their other values.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..decay import Decay, shifted
from ..policy import Policy
from ..profile import Profile
from ..profile.learning import Outcome
from ..signin import Finding, SignIn
from . import burst, reporter
from .declaration import Declaration, as_text, load

FULL = 8.0  # log-odds of an answer of 1: a new value in every field
RISK = 40.0  # from medium on a record is not counted until somebody confirms it
MOST_RECENT = 64  # anomalies of one burst that are remembered once they are settled
MOST_HELD = 8  # alerted records of one person and profile that wait for an answer
DAY = 86400.0

Row = Dict[str, Any]  # of one person and profile: n, era, names and fields with their counts, held, recent


class Value(NamedTuple):
    """One field of one record."""

    text: str  # canonical
    shown: str
    score: float  # times the field's weight


class Profiles:
    """Those that the policy declares. False where it declares none."""

    def __init__(self, policy: Policy) -> None:
        """Raises PolicyError for a profile that cannot be used."""
        self._declared = [load(raw, number) for number, raw in enumerate(policy.profiles)]
        self._decay = Decay(policy.learning.half_life_days)

    def __bool__(self) -> bool:
        return bool(self._declared)

    def paths(self) -> List[str]:
        """What `SignIn.extra` has to carry."""
        return list(dict.fromkeys(path for declared in self._declared for path in declared.paths()))

    def maps(self) -> List[Mapping[str, Any]]:
        """A field map for each profile that reads records of its own."""
        return [field_map(declared) for declared in self._declared if declared.actor]

    def findings(self, signin: SignIn, profile: Profile) -> Tuple[Finding, ...]:
        """What is odd about a record; one finding for each profile that says so, named after it."""
        return tuple(
            found
            for declared in self._declared
            if _fits(declared, signin)
            for found in self._found(declared, signin, profile)
        )

    def _found(self, declared: Declaration, signin: SignIn, profile: Profile) -> Iterator[Finding]:
        row = _row(profile, declared)
        counts, known = _released(row, profile), row["n"]
        recent = [score for _, score in _within(declared, row["recent"], signin.time)]  # anomalies of the burst
        for entry in profile.window:
            before = entry.signin
            if before.time > signin.time or before.id == signin.id or not _fits(declared, before):
                continue
            values = _values(declared, before, counts)
            if before.time > signin.time - declared.seconds:
                recent += [value.score for value in values if value.score > 0.0]
            if entry.doubt is None or entry.doubt.risk < RISK:
                known += 1
                unit = self._unit(before, row)
                for field, value in zip(counts, values):
                    reporter.count(field, value.text, unit)
        if known < declared.learning_records:
            return
        values = _values(declared, signin, counts)
        odd = [(field, value) for field, value in zip(declared.fields, values) if value.score > 0.0]
        answer = burst.weighted([*recent, *(value.score for _, value in odd)], declared.analyzer)
        if odd and burst.is_odd(answer, declared.analyzer):
            told = "; ".join(f"{field.name} {value.shown}" for field, value in odd)
            usual = [_usual(counts[declared.fields.index(field)]) for field, _ in odd]
            evidence = {
                "profile": declared.name, "what": told, "usual": "; ".join(filter(None, usual)), "anomalies": len(recent) + len(odd),
                "weighted": round(answer, 6), "scores": {field.name: round(value.score, 6) for field, value in odd},
            }  # fmt: skip
            yield Finding(declared.name, declared.weight * FULL * answer, evidence)

    def taught(self, profile: Profile, signin: SignIn, outcome: Optional[Outcome], learned: bool) -> None:
        """Count a settled record, where it was learned; hold one that is part of an incident until that is confirmed."""
        alerted = outcome is not None and outcome.risk >= RISK
        for declared in self._declared:
            if not _fits(declared, signin):
                continue
            row = profile.custom[declared.name] = _row(profile, declared)
            self._move(row, signin)
            counts = row["fields"] = _released(row, profile)
            row["held"] = [held for held in row["held"] if _status(profile, held[0]) in ("open", "malicious")]
            values = _values(declared, signin, counts)
            odd = [[signin.time, value.score] for value in values if value.score > 0.0]
            row["recent"] = _within(declared, [*row["recent"], *odd], signin.time)[-MOST_RECENT:]
            if alerted and outcome is not None:
                held = [_incident(profile, signin, outcome), [one.text for one in values]]
                row["held"] = [*row["held"], held][-MOST_HELD:]
            elif learned:
                row["n"] += 1
                unit = self._unit(signin, row)
                for field, value in zip(counts, values):
                    reporter.count(field, value.text, unit)

    def _unit(self, signin: SignIn, row: Row) -> int:
        day = int(signin.time // DAY)
        return self._decay.weight(day, row["era"] or self._decay.era(day))

    def _move(self, row: Row, signin: SignIn) -> None:
        """Make the counts those of the record's era, where it is a later one."""
        era = self._decay.era(int(signin.time // DAY))
        if row["era"] and era > row["era"]:
            bits = self._decay.shift(row["era"], era)
            moved = [{text: shifted(number, bits) for text, number in field.items()} for field in row["fields"]]
            row["fields"] = [{text: number for text, number in field.items() if number} for field in moved]
        row["era"] = max(era, row["era"])


def _row(profile: Profile, declared: Declaration) -> Row:
    """What is known of a person; nothing, where the profile has other fields now."""
    names = [field.name for field in declared.fields]
    row: Optional[Row] = profile.custom.get(declared.name)
    if row is None or row["names"] != names:
        row = {"n": 0, "era": 0, "names": names, "fields": [{} for _ in names], "held": [], "recent": []}
    return row


def _within(declared: Declaration, recent: List[Any], time: float) -> List[Any]:
    """The anomalies of a burst: [time, score] of the last seconds."""
    return [row for row in recent if time - declared.seconds < row[0] <= time]


def _incident(profile: Profile, signin: SignIn, outcome: Outcome) -> Optional[str]:
    """The incident that an alerted record belongs to."""
    if outcome.incident is not None:
        return str(outcome.incident["id"])
    return next((str(row["id"]) for row in profile.incidents if row["opening"] == signin.id), None)


def _status(profile: Profile, incident: Optional[str]) -> Optional[str]:
    return next((row["status"] for row in profile.incidents if row["id"] == incident), None)


def _released(row: Row, profile: Profile) -> List[reporter.Counts]:
    """The counts, with what was held and is confirmed by now; copies."""
    counts = [dict(field) for field in row["fields"]]
    for incident, texts in row["held"]:
        if _status(profile, incident) == "benign":
            for field, text in zip(counts, texts):
                reporter.confirm(field, text)
    return counts


def _fits(declared: Declaration, signin: SignIn) -> bool:
    if declared.actor and signin.source != declared.name:
        return False
    extra = signin.extra
    if not extra:
        return bool(declared.actor)
    return all(_is_one(extra.get(path), wanted) for path, wanted in declared.match.items())


def _is_one(value: Any, wanted: Sequence[str]) -> bool:
    values = value if isinstance(value, list) else [value]
    return any(one is not None and as_text(one) in wanted for one in values)


def _values(declared: Declaration, signin: SignIn, counts: Sequence[reporter.Counts]) -> List[Value]:
    found: List[Value] = []
    for field, known in zip(declared.fields, counts):
        values = [signin.extra.get(path) for path in field.paths]
        text = reporter.canonical(values)
        shown = ", ".join("missing" if value is None else str(value) for value in values)
        found.append(Value(text, shown, field.weight * reporter.SCORES[field.reporter](known, text)))
    return found


def _usual(counts: reporter.Counts) -> str:
    """The most used value of a field, as it was written."""
    named = {text: number for text, number in counts.items() if text and not text.startswith("#")}
    return max(named, key=lambda text: (named[text], text)).strip('"') if named else ""


def field_map(declared: Declaration) -> Mapping[str, Any]:
    """The records of a profile as sign-ins of its actor, in the schema of the field maps."""
    detect: List[Any] = [{"path": list(paths), "exists": True} for paths in (declared.actor, declared.time)]
    detect += [{"path": path, "in": list(values)} for path, values in declared.match.items()]
    always = {"path": list(declared.time), "exists": True}
    return {
        "source": declared.name, "title": declared.about or declared.name, "documented_at": [], "detect": detect,
        "fields": {
            "user": list(declared.actor), "time": list(declared.time),
            "outcome": [{"value": "success", "when": always}], "interactive": [{"value": "false", "when": always}],
        },
    }  # fmt: skip
