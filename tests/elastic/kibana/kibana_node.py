"""A genuine node that holds a simulated month in a namespace of its own, in the shipped mappings."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from typing import Any, Iterable, Mapping

from busybody_elastic import assets
from kibana_month import Month
from nodes import Node

Json = dict[str, Any]
TEMPLATES = {
    "score": "busybody-score",
    "alert": "busybody-alert",
    "incident": "busybody-incident",
    "risk": "busybody-risk",
    "risk_latest": "busybody-risk-latest",
    "heartbeat": "busybody-heartbeat",
}
CHUNK = 2000


class Holder:
    """Indexes a month, searches it, takes it away again."""

    def __init__(self, node: Node, namespace: str) -> None:
        self.node, self.namespace = node, namespace

    def index_of(self, pattern: str) -> str:
        """The index that a data view's pattern stands for in this namespace."""
        return pattern.removesuffix("default") + self.namespace

    def fill(self, month: Month, patterns: Mapping[str, str]) -> None:
        """Templates for this namespace only, then all documents."""
        for view, template in TEMPLATES.items():
            body = assets.for_namespace(template, self.namespace)
            self.call("PUT", f"/_index_template/{template}-{self.namespace}", body)
            self._bulk(self.index_of(patterns[view]), month.documents[view])
        self.call("POST", f"/*-{self.namespace}/_refresh")

    def empty(self, patterns: Mapping[str, str]) -> None:
        """Takes away what the node lets go: without the data-stream API (405) the streams go with the node."""
        for view, template in TEMPLATES.items():
            index = self.index_of(patterns[view])
            plain = view in ("incident", "risk_latest")
            self.call("DELETE", f"/{index}" if plain else f"/_data_stream/{index}", ignore=(400, 404, 405))
            self.call("DELETE", f"/_index_template/{template}-{self.namespace}", ignore=(400, 404, 500))

    def search(self, pattern: str, body: Mapping[str, Any]) -> Json:
        """One search; the whole truth or an error."""
        answer = self.call("POST", f"/{self.index_of(pattern)}/_search", body)
        shards = answer["_shards"]
        assert shards["failed"] == 0, shards
        assert shards["successful"] == shards["total"] > 0, shards
        return answer

    def _bulk(self, index: str, documents: list[tuple[str | None, Json]]) -> None:
        for start in range(0, len(documents), CHUNK):
            lines: list[Any] = []
            for key, document in documents[start : start + CHUNK]:
                lines += [{"create": {"_id": key} if key else {}}, document]
            answer = self.call("POST", f"/{index}/_bulk", lines)
            wrong = [item for item in answer["items"] if item["create"]["status"] != 201]
            assert not wrong, wrong[:3]

    def call(self, method: str, path: str, body: Any = None, ignore: Iterable[int] = ()) -> Json:
        """One request; a list is sent as NDJSON."""
        lines = isinstance(body, list)
        data = (
            ("".join(json.dumps(row) + "\n" for row in body) if lines else json.dumps(body)).encode() if body else None
        )
        secret = base64.b64encode(f"{self.node.user}:{self.node.password}".encode()).decode()
        headers = {"Content-Type": "application/x-ndjson" if lines else "application/json"}
        if self.node.user:
            headers["Authorization"] = f"Basic {secret}"
        request = urllib.request.Request(self.node.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode()
            if error.code in ignore:
                return {}
            raise AssertionError(f"{method} {path}: {error.code} {text[:500]}") from error
