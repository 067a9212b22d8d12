"""What a watch posts to: Slack's incoming webhook and the responder, on a loopback port, refusing what they would refuse."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

ATTACHMENT = {
    "fallback", "color", "pretext", "author_name", "author_link", "author_icon", "title", "title_link", "text", "fields",
    "image_url", "thumb_url", "mrkdwn_in", "footer", "footer_icon", "ts",
}  # fmt: skip
FINDING = {"id", "source", "rule_id", "title", "severity", "subject", "event_time", "entities", "event_ids", "link"}
MOST_TEXT, MOST_ATTACHMENTS = 40_000, 100


class Loopback:
    """Runs between `with` and its end. `slack` and `responder` are the bodies that were taken, `refused` the reasons."""

    def __init__(self) -> None:
        self.slack: list[dict[str, Any]] = []
        self.responder: list[dict[str, Any]] = []
        self.refused: list[str] = []

    def __enter__(self) -> Self:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                reason = outer.take(self.path, self.headers.get("Content-Type", ""), body)
                self.send_response(400 if reason else 200)
                self.end_headers()
                self.wfile.write((reason or "ok").encode())

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, path: str, kind: str, body: dict[str, Any]) -> str:
        """Keep a request; the reason why not, if any."""
        reason = wrong_message(body) if path == "/slack" else wrong_findings(path, body)
        reason = reason or ("" if kind == "application/json" else "content type")
        if reason:
            self.refused.append(reason)
        else:
            (self.slack if path == "/slack" else self.responder).append(body)
        return reason


def wrong_message(body: dict[str, Any]) -> str:
    """Slack's objection to a message with attachments, if any."""
    attachments = body.get("attachments", [])
    if not body.get("text") and not attachments:
        return "no_text"
    if set(body) - {"channel", "username", "icon_url", "icon_emoji", "text", "attachments"}:
        return "unknown key"
    if not body.get("channel", "").startswith(("#", "@", "C")):
        return "channel_not_found"
    if len(attachments) > MOST_ATTACHMENTS or any(set(one) - ATTACHMENT for one in attachments):
        return "invalid_attachments"
    for field in (field for one in attachments for field in one.get("fields", [])):
        if set(field) != {"title", "value", "short"} or not isinstance(field["short"], bool):
            return "invalid_field"
    values = [body["text"], *(value for one in attachments for value in one.values() if isinstance(value, str))]
    return "msg_too_long" if sum(map(len, values)) > MOST_TEXT else ""


def wrong_findings(path: str, body: dict[str, Any]) -> str:
    """The responder's objection, if any."""
    if path != "/api/v1/alerts":
        return "not found"
    for finding in body["alerts"]:
        if (
            FINDING - set(finding) - {"link"}
            or set(finding) - FINDING
            or finding["severity"] not in ("low", "medium", "high", "critical")
        ):
            return "not a finding"
        if "" in (*finding["entities"].values(), *finding["event_ids"], finding.get("link")):
            return "empty where it should be absent"
        if not finding["subject"].get("key") or len(finding["id"]) > 1024:
            return "subject or id"
    return ""
