"""A node as these tests use it: mappings of our own templates for one namespace, documents, searches, scripts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Iterable, Mapping

import httpx
from nodes import Node

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = ROOT / "elastic" / "templates"
NAMESPACE = re.compile(r"(?<=\bbusybody)([a-z.-]*-)default\b")
WATCHED = tuple(
    f"busybody-{name}" for name in ("alert", "score", "heartbeat", "notified", "risk", "risk-latest", "incident")
)
LENIENT = {"ignore_unavailable": "true", "allow_no_indices": "true"}  # what Watcher and Alerting ask with


def renamed(value: Any, namespace: str) -> Any:
    """An asset for another namespace, as the installer changes it: in every string, behind one of our names."""
    return json.loads(NAMESPACE.sub(rf"\g<1>{namespace}", json.dumps(value)))


class Cluster:
    """One node and one namespace on it."""

    def __init__(self, node: Node, namespace: str) -> None:
        self.name, self.flavour, self.namespace = node.name, node.flavour, namespace
        self._http = httpx.Client(base_url=node.url, auth=(node.user, node.password) if node.user else None, timeout=60)

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """The decoded answer; an error answer fails the test."""
        content = body if isinstance(body, (str, bytes)) or body is None else json.dumps(body)
        kind = "application/x-ndjson" if path.startswith("/_bulk") else "application/json"
        answer = self._http.request(method, path, content=content, params=params, headers={"Content-Type": kind})
        assert answer.status_code < 300, f"{method} {path} on {self.name}: {answer.text[:1000]}"
        return answer.json()

    def open(self) -> None:
        """Our mappings, for this namespace alone."""
        for name in WATCHED:
            template = json.loads((TEMPLATES / "index" / f"{name}.json").read_text())
            mappings: dict[str, Any] = {}
            for component in template["composed_of"]:
                file = TEMPLATES / "component" / f"{component}.json"
                if file.exists():  # those of the lifecycle have no mappings
                    merge(mappings, json.loads(file.read_text())["template"].get("mappings", {}))
            body = {
                "index_patterns": [pattern.replace("*", self.namespace) for pattern in template["index_patterns"]],
                "priority": 1000,
                "template": {"mappings": mappings, "settings": {"number_of_replicas": 0, "number_of_shards": 1}},
                **({"data_stream": {}} if "data_stream" in template else {}),
            }
            self.call("PUT", f"/_index_template/test-{self.namespace}-{name}", body)

    def clear(self) -> None:
        """Take away everything of the namespace."""
        for stream in ("logs-busybody.alert", "logs-busybody.score", "logs-busybody.heartbeat", "busybody-risk"):
            self._http.delete(
                f"/_data_stream/{stream}-{self.namespace}"
            )  # Elasticsearch here has no such door: it stays
        for index in ("busybody-notified", "busybody-risk-latest", "busybody-incident"):
            self._http.delete(f"/{index}-{self.namespace}")
        for template in WATCHED:
            self._http.delete(f"/_index_template/test-{self.namespace}-{template}")

    def hang_up(self) -> None:
        self._http.close()

    def write(self, documents: Iterable[tuple[str, str | None, Mapping[str, Any]]]) -> None:
        """Index, id and source of each; seen by the next search."""
        lines = []
        for index, name, source in documents:
            stream = index.startswith("logs-") or index == f"busybody-risk-{self.namespace}"
            action = "create" if stream or name is None else "index"
            lines += [{action: {"_index": index, **({"_id": name} if name else {})}}, source]
        if lines:
            answer = self.call("POST", "/_bulk", "".join(json.dumps(line) + "\n" for line in lines), refresh="true")
            assert not answer["errors"], json.dumps(answer)[:1500]

    def search(self, indices: Iterable[str], body: Any, **params: Any) -> Any:
        return self.call("POST", f"/{','.join(indices)}/_search", body, **LENIENT, **params)

    # What only OpenSearch has here:

    def render(self, template: str, model: Mapping[str, Any]) -> Any:
        """A mustache template whose outcome is JSON."""
        return self.call("POST", "/_render/template", {"source": template, "params": model})["template_output"]

    def text(self, template: str, model: Mapping[str, Any]) -> str:
        """A mustache template whose outcome is text."""
        return str(self.render(f'{{"text": "{json.dumps(template)[1:-1]}"}}', model)["text"])

    def painless(self, source: str, ctx: Mapping[str, Any]) -> Any:
        """What a script returns, at its end and nowhere before, run as a processor over `ctx`."""
        body, returns, value = source.rpartition("return ")
        assert returns, "a script returns something"
        script = f"{body}ctx.out = {value}"
        simulation = {
            "pipeline": {"processors": [{"script": {"lang": "painless", "source": script}}]},
            "docs": [{"_source": ctx}],
        }
        [answer] = self.call("POST", "/_ingest/pipeline/_simulate", simulation)["docs"]
        assert "doc" in answer, json.dumps(answer)[:1500]
        return answer["doc"]["_source"]["out"]


def merge(into: dict[str, Any], other: Mapping[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = json.loads(json.dumps(value))
