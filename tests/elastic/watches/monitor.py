"""OpenSearch Alerting, as far as our monitors use it, on a node without the plugin.

The search and every painless condition run on the node: a bucket trigger as the bucket_selector that it is, a query
trigger as a script over `ctx.results`. Imitated: an alert for each bucket stays active while its bucket is selected, an
action runs for each new alert and, where it asks for that, for those that go on, not within its throttle.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Mapping

from watches.cluster import Cluster

Body = Mapping[str, Any]


class Monitor:
    """A monitor and what it remembers between runs."""

    def __init__(self, body: Body, cluster: Cluster) -> None:
        self._body, self._cluster = body, cluster
        self._active: set[tuple[str, str]] = set()  # trigger and bucket
        self._told: dict[tuple[str, str], datetime] = {}

    def run(self, now: datetime) -> list[str]:
        """The messages of one execution."""
        search = self._body["inputs"][0]["search"]
        query = self._rendered(search["query"], {"period_end": int(now.timestamp() * 1000)})
        messages: list[str] = []
        for trigger in self._body["triggers"]:
            [(kind, row)] = trigger.items()
            wanted = self._selecting(query, row) if kind == "bucket_level_trigger" else query
            found = self._cluster.search(search["indices"], wanted)
            if kind == "bucket_level_trigger":
                buckets = (
                    found.get("aggregations", {}).get(row["condition"]["parent_bucket_path"], {}).get("buckets", [])
                )
                keys = [",".join(map(str, bucket["key"].values())) for bucket in buckets]
            else:
                met = self._cluster.painless(row["condition"]["script"]["source"], {"results": [found]})
                keys = [""] if met else []
            messages += self._acted(row, keys, found, now)
        return messages

    def _selecting(self, query: Body, row: Body) -> Any:
        condition = row["condition"]
        wanted = json.loads(json.dumps(query))
        selector = {"buckets_path": condition["buckets_path"], "script": condition["script"]}
        parent = wanted["aggregations"][condition["parent_bucket_path"]]
        parent.setdefault("aggregations", {})["selected"] = {"bucket_selector": selector}
        return wanted

    def _acted(self, row: Body, keys: list[str], found: Body, now: datetime) -> list[str]:
        alerts = {(row["name"], key) for key in keys}
        new = alerts - self._active
        self._active = {alert for alert in self._active if alert[0] != row["name"]} | alerts
        messages = []
        for action in row["actions"]:
            policy = action.get("action_execution_policy", {}).get("action_execution_scope", {})
            kinds = policy.get("per_alert", {"actionable_alerts": ["NEW", "DEDUPED"]})["actionable_alerts"]
            pause = timedelta(minutes=action["throttle"]["value"]) if action["throttle_enabled"] else timedelta(0)
            for alert in sorted(alerts):
                kind = "NEW" if alert in new else "DEDUPED"
                quiet = kind == "DEDUPED" and alert in self._told and now - self._told[alert] < pause
                if kind not in kinds or quiet:
                    continue
                self._told[alert] = now
                shown = [{"bucket_keys": alert[1]}]
                ctx = {"results": [found], "newAlerts": [], "dedupedAlerts": []}
                ctx["newAlerts" if kind == "NEW" else "dedupedAlerts"] = shown
                messages.append(self._cluster.text(action["message_template"]["source"], {"ctx": ctx}))
        return messages

    def _rendered(self, query: Body, model: Body) -> Any:
        return self._cluster.render(json.dumps(query), model)
