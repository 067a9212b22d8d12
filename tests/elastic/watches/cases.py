"""The watches' own tests, `elastic/watcher/<watch>/tests/<case>.json`, run on nodes.

A case is a row of steps, each a run of the watch `at` so many seconds after NOON: events (`offset` seconds from the step)
arrive first; `match` says whether the condition is met, `expected_response` what Slack and the responder get, whole.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Iterator, Mapping

from watches.cluster import ROOT, Cluster, merge, renamed
from watches.loopback import Loopback
from watches.watcher import Watch

WATCHES = ROOT / "elastic" / "watcher"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FILES = sorted(WATCHES.glob("*/tests/*.json"))


def load(path: Path, namespace: str) -> Any:
    """An asset's JSON, as the installer would name things."""
    return renamed(json.loads(path.read_text()), namespace)


def stamped(events: list[dict[str, Any]], now: datetime) -> Iterator[tuple[str, str | None, Mapping[str, Any]]]:
    """Index, id and document of events whose offset is taken from `now`."""
    for event in events:
        moment = (now + timedelta(seconds=event["offset"])).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        document: dict[str, Any] = {"@timestamp": moment, "event": {"ingested": moment}}
        merge(document, event["document"])
        yield event["index"], event.get("id"), document


def run(path: Path, data: Cluster, scripts: Cluster) -> list[dict[str, Any]]:
    """What came of each step: `match`, and `expected_response` where something was sent."""
    case = load(path, data.namespace)
    watch = load(path.parent.parent / case["watch_file"], data.namespace)
    outcome = []
    with Loopback() as outside:
        runner = Watch(f"busybody-{case['watch_name']}-{data.namespace}", watch, data, scripts, outside)
        for step in case["steps"]:
            now = NOON + timedelta(seconds=step["at"])
            data.write(stamped(step["events"], now))
            outside.slack, outside.responder = [], []
            found: dict[str, Any] = {"match": runner.run(now)}
            sent = {name: bodies for name in ("slack", "responder") if (bodies := getattr(outside, name))}
            assert not outside.refused
            outcome.append({**found, **({"expected_response": sent} if sent else {})})
    return outcome
