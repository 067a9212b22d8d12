"""What there is to install, in the order in which it must be; the cluster's part. Kibana's is in kibana/."""

from __future__ import annotations

import re
from typing import Any, Iterator, NamedTuple

from ..assets import Body, folder, load
from ..assets import read as assets
from ..cluster.protocol import Cluster
from ..names import OBJECTS, objects_prefix
from . import lifecycle
from .features import DSL, ILM, ISM, Features
from .stored import (
    BARE_PIPELINE,
    COMPONENT,
    ILM_POLICY,
    ISM_POLICY,
    PIPELINE,
    TEMPLATE,
    WATCH,
    Absent,
    Asset,
    Ledger,
    Stored,
    read,
)  # fmt: skip

SAMPLE_KIBANA, SAMPLE_CHANNEL, SAMPLE_RESPONDER = (
    "https://kibana.example.com",
    "#security-alerts",
    "responder.example.com",
)
OF_NAMESPACE = re.compile(r"\b(busybody[a-z._-]*-)default\b")
NOTES = {"notified"}  # actions that note whom a watch told; alone they would count people as told whom nobody heard of
NOBODY = "it has nobody to tell: set alerts.slack_channel or alerts.responder, then run upgrade"


class Wanted(NamedTuple):
    """What an asset's samples are replaced by; what is empty leaves out what would need it."""

    namespace: str = "default"
    kibana: str = ""  # its address as people reach it
    channel: str = ""  # of Slack
    responder: str = ""  # host and port
    space: str = "default"  # of that Kibana

    def filled(self, value: Any) -> Any:
        """The samples in all strings of a body, its keys too, replaced."""
        if isinstance(value, dict):
            return {self.filled(key): self.filled(entry) for key, entry in value.items()}
        if isinstance(value, list):
            return [self.filled(entry) for entry in value]
        if not isinstance(value, str):
            return value
        value = OF_NAMESPACE.sub(rf"\g<1>{self.namespace}", value).replace(OBJECTS, self.prefix)
        for sample, ours in (
            (SAMPLE_KIBANA, self.front),
            (SAMPLE_CHANNEL, self.channel),
            (f"https://{SAMPLE_RESPONDER}", self.responder and f"https://{self.responder}"),
            (SAMPLE_RESPONDER, self.host),
        ):
            value = value.replace(sample, ours or sample)
        return value

    @property
    def prefix(self) -> str:
        return objects_prefix(self.namespace, self.space)

    @property
    def front(self) -> str:
        """Kibana's address with its space, where links begin."""
        return self.kibana and self.kibana.rstrip("/") + ("" if self.space == "default" else f"/s/{self.space}")

    @property
    def host(self) -> str:
        return self.responder.partition(":")[0]

    @property
    def port(self) -> int:
        return int(self.responder.partition(":")[2] or 443)


class Plan:
    """The assets of the cluster itself. Building them raises ClusterError where it does not let us look."""

    def __init__(self, cluster: Cluster, features: Features, ledger: Ledger, wanted: Wanted) -> None:
        self._cluster, self._features, self._ledger, self._wanted = cluster, features, ledger, wanted

    def lifecycles(self) -> Iterator[Asset | Absent]:
        """Policies first, as the components name them."""
        way = self._features.lifecycle()
        for name, row in lifecycle.retention().items():
            policy = f"busybody-{name}"
            match way:
                case _ if "days" not in row:
                    if way == ISM:
                        yield self._stored(ISM_POLICY, policy, lifecycle.ism_keep(row["stream"]))
                case "ilm":
                    body = lifecycle.ilm_policy(row["days"], row["rollover_days"], row["rollover_gb"])
                    yield self._stored(ILM_POLICY, policy, body)
                    yield self._stored(COMPONENT, f"busybody-lifecycle-{name}", lifecycle.ilm_component(policy))
                case "dsl":
                    yield self._stored(COMPONENT, f"busybody-lifecycle-{name}", lifecycle.dsl_component(row["days"]))
                case "ism":
                    body = lifecycle.ism_policy(row["stream"], row["days"], row["rollover_days"], row["rollover_gb"])
                    yield self._stored(ISM_POLICY, policy, body)
                case _:
                    yield Absent(
                        "lifecycle policy",
                        policy,
                        "it has neither ILM, data stream lifecycle nor ISM: delete old data yourself",
                    )

    def pipelines(self) -> Iterator[Asset]:
        place = PIPELINE if self._cluster.flavour == "elasticsearch" else BARE_PIPELINE
        for name, body in assets("pipelines").items():
            needs = body["_meta"]["needs"]
            plain = body if place.meta else {key: value for key, value in body.items() if key != "_meta"}
            yield self._stored(place, name, plain, needs)

    def components(self) -> Iterator[Asset]:
        for name, body in assets("templates/component").items():
            yield self._stored(COMPONENT, name, body, body["_meta"].get("needs", ""))

    def templates(self) -> Iterator[Asset]:
        """Index templates of those components that the cluster takes, and of your own <name>@custom where there is one."""
        known = assets("templates/component")
        lives = self._features.lifecycle() in (ILM, DSL)
        for name, body in assets("templates/index").items():
            parts = []
            for part in body.get("composed_of", ()):
                needs = known[part]["_meta"].get("needs", "") if part in known else ""
                if not self._features.lacks(needs) and (part in known or lives):
                    parts.append(part)
            if read(self._cluster, f"{COMPONENT.path}{name}@custom") is not None:
                parts.append(f"{name}@custom")
            yield self._stored(TEMPLATE, name, {**body, "composed_of": parts})

    def watches(self) -> Iterator[Asset]:
        root = folder("watcher")
        for path in sorted(root.glob("*/watch.json")):
            body = without(self._wanted.filled(load(path)), self._wanted)
            idle = "" if body["actions"].keys() - NOTES else NOBODY
            yield self._stored(WATCH, f"busybody-{path.parent.name}-{self._wanted.namespace}", body, "watcher", idle)

    def _stored(self, place: Any, name: str, body: Body, needs: str = "", idle: str = "") -> Stored:
        return Stored(self._cluster, self._ledger, place, name, body, needs, idle)


def without(watch: Body, wanted: Wanted) -> Body:
    """A watch without the actions for which there is no address, and without links where there is no Kibana."""
    actions = dict(watch["actions"])
    if not wanted.kibana:
        watch = {**watch, "metadata": {**watch["metadata"], "kibana": ""}}
        for part in actions["slack"]["slack"]["message"].get("attachments", ()) if "slack" in actions else ():
            part.pop("title_link", None)
    if not wanted.channel:
        actions.pop("slack", None)
    if not wanted.responder:
        actions.pop("responder", None)
    elif "responder" in actions:
        webhook = {**actions["responder"]["webhook"], "port": wanted.port}
        actions["responder"] = {**actions["responder"], "webhook": webhook}
    return {**watch, "actions": actions}
