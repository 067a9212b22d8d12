"""Kibana as far as the installer uses it: saved objects' import and export, connectors, alerting and detection rules.

It answers as Kibana's documentation and source say: 404 for an unknown path, 400 without kbn-xsrf, 409 for an id that
is taken, 403 for what the user may not, saved objects that exist as conflicts within a 200.
"""

from __future__ import annotations

import json
import re
from typing import Any, Callable
from urllib.parse import parse_qs

import httpx

DATA_VIEW = "index-pattern"


class FakeKibana:
    """Spaces of one Kibana behind a base path."""

    def __init__(self, base: str = "", spaces: tuple[str, ...] = ("default",)) -> None:
        self.base, self.spaces = base, spaces
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}  # saved objects by type and id, over all spaces
        self.space_of: dict[tuple[str, str], str] = {}
        self.things: dict[str, dict[str, Any]] = {}  # connectors and rules by space and path
        self.forbidden: Callable[[str, str], bool] = lambda method, path: False
        self.changes: list[tuple[str, str]] = []  # method and path of what changed something

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if not path.startswith(self.base):
            return said(404, "Not Found")
        path, space = path.removeprefix(self.base), "default"
        if found := re.fullmatch(r"/s/([^/]+)(/.*)", path):
            space, path = found.groups()
        if space not in self.spaces:
            return said(404, "Not Found")
        if request.method != "GET" and "kbn-xsrf" not in request.headers:
            return said(400, "Request must contain a kbn-xsrf header.")
        if self.forbidden(request.method, path):
            return said(403, "Unable to do that, missing privilege")
        query = {key: values[0] for key, values in parse_qs(request.url.query.decode()).items()}
        if path.startswith("/api/saved_objects/"):
            return self._saved_objects(request, path.removeprefix("/api/saved_objects/"), space, query)
        return self._thing(request, path, space, query)

    def _saved_objects(self, request: httpx.Request, path: str, space: str, query: dict[str, str]) -> httpx.Response:
        if path == "_export":
            wanted = [(row["type"], row["id"]) for row in json.loads(request.content)["objects"]]
            missing = [key for key in wanted if self.space_of.get(key) != space]
            if missing:
                return said(400, "Error fetching objects to export")
            lines = "\n".join(json.dumps(self.objects[key]) for key in wanted)
            return httpx.Response(200, text=lines, headers={"content-type": "application/x-ndjson"})
        if path == "_import":
            assert b'filename="' in request.content
            assert b".ndjson" in request.content
            rows = [json.loads(line) for line in request.content.splitlines() if line.startswith(b"{")]
            errors = [error for row in rows if (error := self._import(row, space, query.get("overwrite") == "true"))]
            self.changes.append((request.method, "_import"))
            return httpx.Response(
                200, json={"success": not errors, "successCount": len(rows) - len(errors), "errors": errors}
            )
        kind, _, name = path.partition("/")
        if self.space_of.get((kind, name)) != space:
            return said(404, f"Saved object [{kind}/{name}] not found")
        self.changes.append((request.method, path))
        del self.objects[kind, name], self.space_of[kind, name]
        return httpx.Response(200, json={})

    def _import(self, row: dict[str, Any], space: str, overwrite: bool) -> dict[str, Any] | None:
        key = row["type"], row["id"]
        for pointed in row["references"]:
            needed = pointed["type"], pointed["id"]
            if pointed["type"] in (DATA_VIEW, "search") and self.space_of.get(needed) != space:
                return {"type": key[0], "id": key[1], "error": {"type": "missing_references"}}
        if key in self.objects and (not overwrite or self.space_of[key] != space):
            return {"type": key[0], "id": key[1], "error": {"type": "conflict"}}
        self.objects[key], self.space_of[key] = row, space
        return None

    def _thing(self, request: httpx.Request, path: str, space: str, query: dict[str, str]) -> httpx.Response:
        body = json.loads(request.content) if request.content else {}
        detection = path == "/api/detection_engine/rules"
        if not detection and not re.fullmatch(r"/api/(actions/connector|alerting/rule)/[0-9a-f-]{36}", path):
            return said(404, "Not Found")
        key = f"{space}{path}" + (f"?{query.get('rule_id') or body.get('rule_id')}" if detection else "")
        match request.method:
            case "POST" if key in self.things:
                return said(409, "Saved object conflict")
            case "POST":
                self.things[key] = body
            case "GET" if key in self.things:
                return httpx.Response(200, json=self.things[key])
            case "PATCH" | "PUT" | "DELETE" if key in self.things:
                parts = [body, *body.get("actions", ())] if request.method == "PUT" else [body]
                if any({"rule_type_id", "consumer", "connector_type_id", "enabled"} & part.keys() for part in parts):
                    return said(400, "[request body]: definition for this key is missing")
                if request.method == "DELETE":
                    del self.things[key]
                else:
                    self.things[key] = {**self.things[key], **body}
            case _:
                return said(404, "Not Found")
        self.changes.append((request.method, path))
        return httpx.Response(200, json=body)


def said(status: int, message: str) -> httpx.Response:
    return httpx.Response(status, json={"statusCode": status, "error": "…", "message": message})
