"""Watcher, as far as our watches use it: inputs, conditions, transforms, throttling and actions in its order.

Searches run on one node, mustache and painless on an OpenSearch node, since no Watcher is to be had. What Watcher does
and is imitated here: a missing index is no error, totals are numbers, a chain's inputs see the earlier ones, `foreach`
gives each item as payload and ignores the action's own transform, an empty `foreach` is an error, an action that
succeeded is silent for its throttle period.
"""

from __future__ import annotations

import json
import operator
from datetime import datetime, timedelta
from typing import Any, Callable, Mapping

import httpx
from watches.cluster import Cluster
from watches.loopback import Loopback

Body = Mapping[str, Any]
Ctx = dict[str, Any]
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "not_eq": operator.ne, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le,
}  # fmt: skip
UNIT = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
DEFAULT_THROTTLE, MOST_ITERATIONS = "5s", 100


class Watch:
    """A watch and what it remembers between runs."""

    def __init__(self, name: str, body: Body, data: Cluster, scripts: Cluster, outside: Loopback) -> None:
        self.name, self.body = name, body
        self._data, self._scripts, self._outside = data, scripts, outside
        self._acted: dict[str, datetime] = {}

    def run(self, now: datetime) -> bool:
        """One execution; whether its condition was met."""
        moment = now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        ctx: Ctx = {
            "watch_id": self.name,
            "metadata": self.body["metadata"],
            "trigger": {"scheduled_time": moment, "triggered_time": moment},
            "execution_time": moment,
        }
        ctx["payload"] = self._input(self.body["input"], ctx)
        if not self._met(self.body["condition"], ctx):
            return False
        if "transform" in self.body:
            ctx["payload"] = self._transformed(self.body["transform"], ctx)
        for name, action in self.body["actions"].items():
            pause = action.get("throttle_period", self.body.get("throttle_period", DEFAULT_THROTTLE))
            if name not in self._acted or now - self._acted[name] >= duration(pause):
                self._act(action, ctx)
                self._acted[name] = now
        return True

    def _input(self, given: Body, ctx: Ctx) -> Any:
        [(kind, body)] = given.items()
        if kind == "chain":
            payload: dict[str, Any] = {}
            for step in body["inputs"]:
                [(name, inner)] = step.items()
                payload[name] = self._input(inner, {**ctx, "payload": payload})
            return payload
        assert kind == "search", kind
        request = body["request"]
        template = request["template"]["source"] if "template" in request else json.dumps(request["body"])
        query = self._scripts.render(template, {"ctx": ctx})
        return self._data.search(request["indices"], query, rest_total_hits_as_int="true")

    def _met(self, condition: Body, ctx: Ctx) -> bool:
        [(kind, body)] = condition.items()
        if kind == "script":
            met = self._scripts.painless(body["source"], ctx)
            assert isinstance(met, bool)
            return met
        assert kind == "compare", kind
        [(path, rule)] = body.items()
        [(word, value)] = rule.items()
        found = at({"ctx": ctx}, path)
        return found is not None and COMPARE[word](found, value)

    def _transformed(self, transform: Body, ctx: Ctx) -> Any:
        return self._scripts.painless(transform["script"]["source"], ctx)

    def _act(self, action: Body, ctx: Ctx) -> None:
        if "foreach" in action:
            items = at({"ctx": ctx}, action["foreach"])
            assert items, "Watcher fails over an empty list"
            payloads = items[: action.get("max_iterations", MOST_ITERATIONS)]
        elif "transform" in action:
            payloads = [self._transformed(action["transform"], ctx)]
        else:
            payloads = [ctx["payload"]]
        for payload in payloads:
            inner = {**ctx, "payload": payload}
            if "slack" in action:
                self._slack(action["slack"]["message"], inner)
            elif "webhook" in action:
                self._webhook(action["webhook"], inner)
            else:
                self._index(action["index"], inner)

    def _slack(self, message: Body, ctx: Ctx) -> None:
        rendered = self._rendered(message, ctx)
        for channel in rendered.pop("to"):
            body = {
                "channel": channel,
                "username": rendered["from"],
                "text": rendered["text"],
                "attachments": rendered["attachments"],
            }
            httpx.post(f"{self._outside.url}/slack", json=body).raise_for_status()

    def _webhook(self, request: Body, ctx: Ctx) -> None:
        assert request["scheme"] == "https"
        body = self._scripts.render(request["body"], {"ctx": ctx})
        httpx.request(
            request["method"], self._outside.url + request["path"], json=body, headers=request["headers"]
        ).raise_for_status()

    def _index(self, action: Body, ctx: Ctx) -> None:
        assert action.get("op_type") == "create", "403: the role that saves watches has create_doc, and `index` is more"
        documents = ctx["payload"].get("_doc", [ctx["payload"]])
        time = {action["execution_time_field"]: ctx["execution_time"]}
        self._data.write([(action["index"], None, {**document, **time}) for document in documents])

    def _rendered(self, value: Any, ctx: Ctx) -> Any:
        if isinstance(value, dict):
            return {key: self._rendered(item, ctx) for key, item in value.items()}
        if isinstance(value, list):
            return [self._rendered(item, ctx) for item in value]
        return self._scripts.text(value, {"ctx": ctx}) if isinstance(value, str) and "{{" in value else value


def at(model: Any, path: str) -> Any:
    """The value at a dotted path; None where there is none."""
    for part in path.split("."):
        model = model.get(part) if isinstance(model, dict) else None
    return model


def duration(text: str) -> timedelta:
    return timedelta(**{UNIT[text[-1]]: int(text[:-1])})
