"""Slack's two ways in: chat.postMessage with a bot's token, and an incoming webhook. One attempt each.

429, `ratelimited`        try again after Retry-After
5xx, no answer, no JSON   try again
error about the message   UNFIT, another message may pass
anything else             REFUSED, with what an administrator can do
"""

from __future__ import annotations

import json
from typing import Any, Dict, Mapping

from .https import Reply, Route, Unreachable, Untrusted, post
from .outcome import LATER, REFUSED, SENT, UNFIT, Outcome
from .text import clean

API = "https://slack.com/api"
WAIT = 30.0  # seconds after a 429 that does not say how long
JSON = "application/json; charset=utf-8"
QUIET = {  # names and channels in a text stay text, links show no previews
    "parse": "none",
    "link_names": False,
    "unfurl_links": False,
    "unfurl_media": False,
}
PASSING = frozenset(
    ("internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org", "rollup_error")
)
LIMITED = frozenset(("ratelimited", "rate_limited", "message_limit_exceeded"))
ABOUT_MESSAGE = frozenset(
    ("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "no_text", "invalid_arguments",
     "invalid_payload", "cannot_reply_to_message", "invalid_thread_ts", "thread_not_found")
)  # fmt: skip
ADVICE = {
    "channel_not_found": "Check its name, and invite the bot into it if it is private.",
    "not_in_channel": "Invite the bot into the channel, or give its app the scope chat:write.public.",
    "is_archived": "The channel is archived: name another one.",
    "channel_is_archived": "The channel is archived: name another one.",
    "invalid_auth": "Store a valid bot token as slack_token.",
    "not_authed": "Store a valid bot token as slack_token.",
    "token_revoked": "The token was revoked: install the Slack app again and store its token as slack_token.",
    "token_expired": "The token has expired: store the new one as slack_token.",
    "account_inactive": "The bot was removed from the workspace: install the Slack app again.",
    "missing_scope": "Give the Slack app the scope chat:write and install it again.",
    "no_service": "The webhook was removed: make a new one and store it as slack_webhook.",
    "no_active_hooks": "The webhook was switched off: make a new one and store it as slack_webhook.",
    "invalid_token": "Store a valid webhook as slack_webhook.",
}


def post_message(api: str, token: str, channel: str, message: Mapping[str, Any], route: Route) -> Outcome:
    """Post into a channel as the bot. The reply has channel and ts, which replies in the thread need."""
    document = {**message, **QUIET, "channel": channel}
    headers = {"Content-Type": JSON, "Authorization": "Bearer " + token}
    reply = _posted(f"{(api or API).rstrip('/')}/chat.postMessage", document, headers, route)
    if isinstance(reply, Outcome):
        return reply
    try:
        found = json.loads(reply.body)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("ok"), bool):
        kind = REFUSED if 300 <= reply.status < 500 else LATER
        return Outcome(kind, f"Slack answered {reply.status} without the JSON of its API.")
    if found["ok"]:
        return Outcome(SENT, reply={name: str(found.get(name, "")) for name in ("channel", "ts")})
    return _refusal(str(found.get("error") or "an error without a name"), reply)


def post_webhook(url: str, message: Mapping[str, Any], route: Route) -> Outcome:
    """Post through an incoming webhook, which has its channel built in and answers `ok` or one word of error."""
    document = {**message, **QUIET}
    document.pop("thread_ts", None)
    reply = _posted(url, document, {"Content-Type": JSON}, route)
    if isinstance(reply, Outcome):
        return reply
    word = clean(reply.body[:200].decode("utf-8", "replace"), 80)
    if reply.status == 200 and word == "ok":
        return Outcome(SENT)
    return _refusal(word or f"status {reply.status}", reply)


def _posted(url: str, document: Dict[str, Any], headers: Mapping[str, str], route: Route) -> Any:
    """The Reply, or the Outcome where there is none worth reading."""
    try:
        reply = post(url, json.dumps(document).encode("ascii"), headers, route)
    except Unreachable as error:
        return Outcome(LATER, str(error))
    except Untrusted as error:
        return Outcome(REFUSED, str(error))
    if reply.status == 429:
        return Outcome(LATER, "Slack asks to send more slowly.", WAIT if reply.wait is None else reply.wait)
    if reply.status >= 500:
        return Outcome(LATER, f"Slack answered {reply.status}.", reply.wait)
    return reply


def _refusal(word: str, reply: Reply) -> Outcome:
    word = clean(word, 80)
    if word in LIMITED:
        return Outcome(LATER, "Slack asks to send more slowly.", WAIT if reply.wait is None else reply.wait)
    if word in PASSING:
        return Outcome(LATER, f"Slack answered {word}.")
    kind = UNFIT if word in ABOUT_MESSAGE else REFUSED
    return Outcome(kind, f"Slack answered {word}. {ADVICE.get(word, '')}".strip())
