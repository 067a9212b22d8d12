"""Detections for Enterprise Security, rendered from detections.json: stanzas of savedsearches.conf with risk and ATT&CK annotations.

They read the risk events that the app writes into its own index and hand them to the risk framework, by index time, so that an
event that came late is not missed. The shape is that of Splunk's own content; a test has contentctl render the same detections.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Tuple

from busybody.detectors.catalogue import CATALOGUE, STATED

FILE = Path(__file__).with_name("detections.json")
LABEL = "Busybody"
MESSAGE = "$risk_message$"
SOURCE = "Busybody risk events"
SILENT = ("proof",)  # kinds of detectors that only lower the odds, and lead nothing
CRON, EARLIEST, LATEST = "3-59/15 * * * *", "-7d@d", "+1d@d"
WINDOW = "_index_earliest=-18m@m _index_latest=-3m@m"
COLUMNS = (
    "_time, user, src, user_agent, app, busy_risk, busy_level, busy_source, busy_incident, busy_event_id, risk_message"
)
THREATS = (("src", "ip_address"), ("user_agent", "http_user_agent"))


class Detection(NamedTuple):
    """One of them; score is 1 to 100."""

    name: str
    id: str
    version: int
    score: int
    detectors: Tuple[str, ...]
    description: str
    story: str
    date: str
    named: Tuple[str, ...] = ()  # for the one that takes all others: what the rest name

    @property
    def stanza(self) -> str:
        return f"{LABEL} - {self.name} - Rule"

    @property
    def techniques(self) -> List[str]:
        """ATT&CK ids of its detectors, sorted, each once; a technique goes where one of its sub-techniques says it."""
        found = {technique for row in catalogue() if row.name in self.detectors for technique in row.techniques}
        return sorted(found - {technique.partition(".")[0] for technique in found if "." in technique})

    @property
    def search(self) -> str:
        which = (
            f"NOT busy_source IN ({', '.join(self.named)})"
            if self.named
            else f"busy_source IN ({', '.join(self.detectors)})"
        )
        return f"index=`busybody_risk_index` sourcetype=busybody:risk {which} {WINDOW} | table {COLUMNS}"


def catalogue() -> Tuple[Any, ...]:
    """Every detector that can lead a risk event."""
    return tuple(row for row in (*STATED, *CATALOGUE) if row.kind not in SILENT)


def read() -> List[Detection]:
    data = json.loads(FILE.read_text(encoding="utf-8"))
    common = {"story": data["story"], "date": data["date"]}
    named = tuple(name for row in data["detections"] if not row.get("others") for name in row["detectors"])
    found = []
    for row in data["detections"]:
        own = {"detectors": tuple(row["detectors"]), "named": named if row.pop("others", False) else ()}
        found.append(Detection(**{**row, **common, **own}))
    return found


def settings(detection: Detection) -> Dict[str, str]:
    """The stanza's keys and values, in order."""
    return {
        "description": detection.description,
        "action.risk": "1",
        "action.risk.param._risk_message": MESSAGE,
        "action.risk.param._risk": json.dumps(risk_of(detection)),
        "action.risk.param._risk_score": "0",
        "action.risk.param.verbose": "0",
        "action.correlationsearch.enabled": "1",
        "action.correlationsearch.detection_type": "ebd",
        "action.correlationsearch.label": detection.stanza,
        "action.correlationsearch.annotations": json.dumps(annotations_of(detection)),
        "action.correlationsearch.metadata": json.dumps(metadata_of(detection)),
        "cron_schedule": CRON,
        "dispatch.earliest_time": EARLIEST,
        "dispatch.latest_time": LATEST,
        "schedule_window": "auto",
        "allow_skew": "0",
        "alert.digest_mode": "1",
        "disabled": "true",
        "enableSched": "1",
        "counttype": "number of events",
        "relation": "greater than",
        "quantity": "0",
        "realtime_schedule": "0",
        "is_visible": "false",
        "search": detection.search,
    }


def risk_of(detection: Detection) -> List[Mapping[str, Any]]:
    person = {"risk_object_field": "user", "risk_object_type": "user", "risk_score": detection.score}
    return [person, *({"threat_object_field": field, "threat_object_type": kind} for field, kind in THREATS)]


def annotations_of(detection: Detection) -> Mapping[str, Any]:
    return {
        "analytic_story": [detection.story],
        "cis20": ["CIS 10"],
        "data_source": [SOURCE],
        "mitre_attack": detection.techniques,
        "nist": ["DE.AE"],
        "type": "Anomaly",
        "type_list": ["Anomaly"],
    }


def metadata_of(detection: Detection) -> Mapping[str, Any]:
    published = datetime.strptime(detection.date, "%Y-%m-%d").replace(tzinfo=timezone.utc)
    return {
        "deprecated": "0",
        "detection_id": detection.id,
        "detection_version": str(detection.version),
        "publish_time": published.timestamp(),
    }


def stanzas() -> Iterator[str]:
    """The text of each stanza."""
    for detection in read():
        lines = [f"[{detection.stanza}]", *(f"{key} = {value}" for key, value in settings(detection).items())]
        yield "\n".join(lines) + "\n"
