"""Kibana's Elasticsearch query rules, as far as ours use them, without Kibana.

The search is the one that Kibana sends: the rule's query within its window, hits with the newest first, a bucket for each
group (as `composite`, since the nodes of Elasticsearch here lack `multi_terms`). Imitated: an alert for each group that
meets the threshold; an action on change, or again after its throttle; a summary of the alerts that are new.
"""

from __future__ import annotations

import json
import operator
from datetime import datetime, timedelta
from typing import Any, Mapping

from watches.cluster import Cluster

Body = Mapping[str, Any]
COMPARE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
UNIT = {"m": "minutes", "h": "hours", "d": "days"}
RECOVERED = "recovered"


class Rule:
    """A rule and what it remembers between runs."""

    def __init__(self, body: Body, data: Cluster, scripts: Cluster) -> None:
        self._body, self._data, self._scripts = body, data, scripts
        self._active: set[str] = set()
        self._told: dict[tuple[int, str], datetime] = {}
        self._unsummed: dict[int, list[str]] = {}  # of each summary, the new alerts since its last

    def run(self, now: datetime) -> list[tuple[str, Any]]:
        """(connector, what it is given) of one execution."""
        groups = self._groups(now)
        threshold, compare = self._body["params"]["threshold"][0], COMPARE[self._body["params"]["thresholdComparator"]]
        alerts = {name for name, (value, _) in groups.items() if compare(value, threshold)}
        new, gone = alerts - self._active, self._active - alerts
        self._active = alerts
        done: list[tuple[str, Any]] = []
        for number, action in enumerate(self._body["actions"]):
            frequency = action["frequency"]
            if frequency["summary"]:
                waiting = self._unsummed.setdefault(number, [])
                waiting += sorted(new)
                if waiting and self._due(number, "", frequency, now):
                    data = [{"kibana": {"alert": {"instance": {"id": name}}}} for name in waiting]
                    done.append(self._given(action, {"alerts": {"new": {"count": len(data), "data": data}}}))
                    waiting.clear()
                continue
            for name in sorted(gone if action["group"] == RECOVERED else alerts):
                changed = name in new or action["group"] == RECOVERED
                if changed or (frequency["throttle"] and self._due(number, name, frequency, now)):
                    self._told[number, name] = now
                    value, hits = groups.get(name, (0, []))
                    done.append(self._given(action, {"context": {"value": value, "hits": hits}, "alert": {"id": name}}))
        return done

    def _due(self, number: int, name: str, frequency: Body, now: datetime) -> bool:
        last = self._told.get((number, name))
        due = last is None or now - last >= span(frequency["throttle"])
        if due:
            self._told[number, name] = now
        return due

    def _groups(self, now: datetime) -> dict[str, tuple[float, list[Any]]]:
        params = self._body["params"]
        moment = now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        since = (now - span(f"{params['timeWindowSize']}{params['timeWindowUnit']}")).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        window = {"range": {params["timeField"]: {"gte": since, "lte": moment, "format": "strict_date_optional_time"}}}
        newest = [{params["timeField"]: {"order": "desc", "unmapped_type": "date"}}]
        body: dict[str, Any] = {
            "size": params["size"],
            "sort": newest,
            "track_total_hits": True,
            "query": {"bool": {"filter": [json.loads(params["esQuery"])["query"], window]}},
        }
        if params["groupBy"] == "top":
            fields = params["termField"] if isinstance(params["termField"], list) else [params["termField"]]
            sources = [{f"f{number}": {"terms": {"field": field}}} for number, field in enumerate(fields)]
            hits = {"hits": {"top_hits": {"size": params["size"], "sort": newest}}}
            body |= {
                "size": 0,
                "aggs": {"groups": {"composite": {"sources": sources, "size": params["termSize"]}, "aggs": hits}},
            }
        found = self._data.search(params["index"], body)
        if params["groupBy"] == "all":
            return {"query matched": (found["hits"]["total"]["value"], found["hits"]["hits"])}
        buckets = found.get("aggregations", {"groups": {"buckets": []}})["groups"]["buckets"]
        return {
            ",".join(map(str, bucket["key"].values())): (bucket["doc_count"], bucket["hits"]["hits"]["hits"])
            for bucket in buckets
        }

    def _given(self, action: Body, model: Body) -> tuple[str, Any]:
        return action["id"], self._rendered(action["params"], {"rule": {"url": ""}, **model})

    def _rendered(self, value: Any, model: Body) -> Any:
        if isinstance(value, dict):
            return {key: self._rendered(item, model) for key, item in value.items()}
        if isinstance(value, list):
            return [self._rendered(item, model) for item in value]
        return self._scripts.text(value, model) if isinstance(value, str) else value


def span(text: str) -> timedelta:
    return timedelta(**{UNIT[text[-1]]: int(text[:-1])})
