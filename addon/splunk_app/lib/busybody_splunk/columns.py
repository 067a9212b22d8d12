"""What busyscore adds to a row: the risk with its reasons, and from an alert up the fields of a risk event.

    busy_risk busy_level busy_sentence busy_findings busy_techniques busy_previous_* busy_learned busy_incident busy_report
    busy_new busy_event_id busy_source busy_skipped busy_error [busy_explain]
    risk_object risk_object_type risk_score risk_message threat_object threat_object_type annotations.mitre_attack

The first kind begins with the prefix that was asked for; the second has the names that Enterprise Security reads.
Most rows repeat a habit and say the same: they share one tuple of cells.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

if TYPE_CHECKING:
    from busybody.signin import Assessment, Finding, SignIn

    from .cells import Cell

PREFIX = "busy_"
SAID = (
    "risk", "level", "sentence", "findings", "techniques", "previous_time", "previous_country", "previous_city",
    "previous_ip", "previous_device", "learned", "incident", "report", "new", "event_id", "source", "skipped", "error",
)  # fmt: skip
PREVIOUS = ("time", "country", "city", "ip")
RISK_EVENT = (
    "risk_object", "risk_object_type", "risk_score", "risk_message", "threat_object", "threat_object_type",
    "annotations.mitre_attack",
)  # fmt: skip
NO_EVENT: Tuple[Cell, ...] = ("",) * len(RISK_EVENT)
Cells = Sequence["Cell"]
NEW, KNOWN = "1", "0"  # whether an earlier run had the row; empty where nothing could be scored
REMEMBERED = 1_000  # tuples of cells that are shared


def names(prefix: str = PREFIX, explain: bool = False) -> List[str]:
    """The columns, in the order of the cells."""
    said = [*SAID, "explain"] if explain else SAID
    return [*(prefix + name for name in said), *RISK_EVENT]


class Said(NamedTuple):
    """One row's own part, by name."""

    risk: str = ""
    level: str = ""
    sentence: str = ""
    findings: Cell = ""
    techniques: Cell = ""
    previous_time: str = ""
    previous_country: str = ""
    previous_city: str = ""
    previous_ip: str = ""
    previous_device: str = ""
    learned: str = ""
    incident: str = ""
    report: str = ""
    new: str = ""
    event_id: str = ""
    source: str = ""
    skipped: str = ""
    error: str = ""


class Columns:
    """Makes the cells of a search's rows."""

    def __init__(self, prefix: str = PREFIX, *, explain: bool = False, least_risk: float = 0.0) -> None:
        """Rows of a risk below `least_risk` stay empty."""
        self.names = names(prefix, explain)
        self.error = prefix + "error"
        self._explain = explain
        self._least = least_risk
        self._plain: Dict[
            Tuple[float, str, str], Cells
        ] = {}  # of habitual ones, by risk, what is learned of them, and new
        self._skipped: Dict[Tuple[str, str], Cells] = {}

    def broken(self, what: str, new: str = "") -> Cells:
        """Of a row that cannot be read; without `new` of one that was not scored, which nobody shall take for new."""
        return self._cells(Said(error=what, new=new))

    def skipped(self, why: str, new: str) -> Cells:
        """Of what is no sign-in; `why` may be empty."""
        known = self._skipped.get((why, new))
        if known is None:
            _bound(self._skipped)
            known = self._skipped[why, new] = self._cells(Said(skipped=why, new=new))
        return known

    def scored(self, signin: SignIn, new: str, assessment: Assessment, sentence: str, report: bool) -> Cells:
        """Of a scored sign-in; `report` where somebody is to hear of it now."""
        if assessment.risk < self._least:
            return self.skipped("", new)
        if not (assessment.findings or self._explain or assessment.incident):
            key = assessment.risk, assessment.learned, new
            known = self._plain.get(key)
            if known is None:
                _bound(self._plain)
                said = Said(exactly(assessment.risk), assessment.level, learned=assessment.learned, report="0", new=new)
                known = self._plain[key] = self._cells(said)
            return known
        return self._odd(signin, new, assessment, sentence, report)

    def _odd(self, signin: SignIn, new: str, assessment: Assessment, sentence: str, report: bool) -> Cells:
        from busybody.contracts import splunk
        from busybody.devices import describe

        row = splunk(signin, assessment, sentence)
        before = assessment.previous or {}
        said = Said(
            exactly(assessment.risk), assessment.level, sentence, several(row["busy_findings"]),
            several(row["busy_techniques"]), learned=assessment.learned, incident=row["busy_incident"],
            report="1" if report else "0", new=new, event_id=assessment.event_id,
            source=leading(assessment.findings) or "",
            previous_device=describe(before["device"]) if before.get("device") else "",
        )._replace(**{f"previous_{name}": text(before.get(name)) for name in PREVIOUS})  # fmt: skip
        if not assessment.alert:
            return self._cells(said, explained(assessment))
        threats = {
            kind: value for kind, value in (("ip_address", signin.ip), ("http_user_agent", signin.user_agent)) if value
        }
        event: List[Cell] = [
            row["risk_object"], row["risk_object_type"], str(row["risk_score"]), row["risk_message"],
            several(list(threats.values())), several(list(threats)), several(row["busy_techniques"]),
        ]  # fmt: skip
        return self._cells(said, explained(assessment), event)

    def _cells(self, said: Said, lines: Optional[List[str]] = None, event: Sequence[Cell] = NO_EVENT) -> Cells:
        return (*said, *([several(lines or [])] if self._explain else ()), *event)


def _bound(shared: Dict[Any, Cells]) -> None:
    if len(shared) >= REMEMBERED:
        shared.clear()


def leading(findings: Sequence[Finding]) -> Optional[str]:
    """The detector that says most, of those that count: the source of the risk event."""
    from busybody.filters.marks import counts

    against = [found for found in findings if counts(found) and found.contribution > 0.0]
    return max(against, key=lambda found: found.contribution).detector if against else None


def explained(assessment: Assessment) -> List[str]:
    """One line for each finding, and one for where all start; the numbers in front add up to the log-odds."""
    from busybody.contracts import detector_of
    from busybody.sentence import reason

    lines = [f"{exactly(found.contribution)} {detector_of(found)}: {reason(found)}" for found in assessment.findings]
    return [*lines, f"{exactly(assessment.base)} base: the odds before anything is known of the sign-in"]


@lru_cache(maxsize=4_096)
def exactly(number: float) -> str:
    """A number as text that says it to twelve digits, and no more than it has."""
    return format(number, ".12g")


def several(values: Sequence[str]) -> Cell:
    """Of one value the value, of none an empty cell."""
    return list(values) if len(values) > 1 else values[0] if values else ""


def text(value: object) -> str:
    """A value as a cell; empty where nothing is known."""
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)
