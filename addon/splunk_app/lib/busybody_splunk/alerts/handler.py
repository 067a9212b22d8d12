"""The side with the secrets: what splunkd runs with its own rights for POST /services/busybody/send.

The alert's owner says what to send, and needs the capability `busybody_send` for it; where it goes and with which
secret stands where only administrators can write: busybody_send.conf [slack] and [responder], and storage/passwords.
One call is one attempt; the script on the other side counts the tries.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, Mapping, NamedTuple, Union

from busybody.errors import BusybodyError, InputError, shown

from ..rest import Splunkd
from .https import Route
from .log import redacted
from .messages import MOST_BLOCKS
from .outcome import LATER, REFUSED, Outcome
from .responder_api import post_alerts
from .secrets import secret, settings
from .webapi import post_message, post_webhook

LARGEST = 1 << 20  # bytes of a request
MOST_ALERTS = 1000
TIMEOUT = 10.0  # seconds for each answer of splunkd's
Document = Dict[str, Any]


class Request(NamedTuple):
    """What the script asks for."""

    to: str
    document: Mapping[str, Any]


def handle(request: Union[str, bytes]) -> Document:
    """Answer one call of splunkd's persistent handler protocol: status and payload, both for JSON."""
    try:
        call = json.loads(request)
        if call.get("method") != "POST":
            return _answer(405, Outcome(REFUSED, "Only POST is answered here."))
        asked = read_request(call.get("payload") or "")
        token = call.get("system_authtoken") or ""
        if not token:
            raise InputError("splunkd passed no system token: restmap.conf needs passSystemAuth = true.")
        splunkd = Splunkd(call["server"]["rest_uri"], token, timeout=TIMEOUT)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return _answer(400, Outcome(REFUSED, f"splunkd's request is not understood ({type(error).__name__})."))
    except BusybodyError as error:
        return _answer(400, Outcome(REFUSED, str(error)))
    try:
        outcome = TARGETS[asked.to](splunkd, asked.document)
    except BusybodyError as error:
        later = getattr(error, "status", 400) in (0, 429, 500, 502, 503, 504)
        outcome = Outcome(LATER if later else REFUSED, str(error))
    except Exception as error:  # noqa: BLE001  its words, which splunkd would log, may repeat a secret
        outcome = Outcome(REFUSED, f"Busybody's handler met a fault of its own ({type(error).__name__}). Report it.")
    finally:
        splunkd.close()
    return _answer(200, outcome._replace(error=redacted(outcome.error, [token])))


def read_request(payload: str) -> Request:
    """The request, checked. Raises InputError."""
    if len(payload.encode("utf-8", "replace")) > LARGEST:
        raise InputError(f"The request is larger than {LARGEST} bytes.")
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        raise InputError("The request is no JSON.") from None
    to = found.get("to") if isinstance(found, dict) else None
    if not isinstance(to, str) or to not in TARGETS:
        raise InputError(f"{shown(to)} is nowhere to send to. Say one of: {', '.join(sorted(TARGETS))}.", key="to")
    return Request(to, found)


def to_slack(splunkd: Splunkd, document: Mapping[str, Any]) -> Outcome:
    """One message into one channel. Raises InputError, SplunkdError."""
    conf = settings(splunkd, "slack")
    message = _message(document.get("message"))
    channel = document.get("channel") or conf.get("channel", "")
    if not isinstance(channel, str) or len(channel) > 100:
        raise InputError("A channel is a name such as #security, or an id.", key="channel")
    allowed = [_plain(name) for name in conf.get("channels", "").split(",") if name.strip()]
    if channel and allowed and _plain(channel) not in allowed:
        raise InputError(f"{shown(channel)} is not among [slack] channels of busybody_send.conf.", key="channel")
    route = _route(splunkd, conf)
    token = secret(splunkd, "slack_token")
    if token:
        if not channel:
            raise InputError(
                "No channel: name one in the alert, or [slack] channel in busybody_send.conf.", key="channel"
            )
        return _hidden(post_message(conf.get("api", ""), token, channel.strip(), message, route), token, route)
    webhook = secret(splunkd, "slack_webhook")
    if not webhook:
        raise InputError("Neither slack_token nor slack_webhook is stored. Store one of them in realm busybody.")
    return _hidden(post_webhook(webhook, message, route), webhook, route)


def to_responder(splunkd: Splunkd, document: Mapping[str, Any]) -> Outcome:
    """Findings to the responder. Raises InputError, SplunkdError."""
    alerts, once = document.get("alerts"), document.get("once")
    if (
        not isinstance(alerts, list)
        or not 0 < len(alerts) <= MOST_ALERTS
        or not all(isinstance(a, dict) for a in alerts)
    ):
        raise InputError(f"A request has 1 to {MOST_ALERTS} alerts.", key="alerts")
    if not isinstance(once, str) or not once.isalnum() or len(once) > 100:
        raise InputError("An idempotency key is letters and digits.", key="once")
    conf = settings(splunkd, "responder")
    url, key = conf.get("url", ""), secret(splunkd, "responder_key")
    if not url or not key:
        lacks = (
            "busybody_send.conf has no [responder] url" if not url else "No responder_key is stored in realm busybody"
        )
        raise InputError(f"{lacks}. Set the responder up before alerts use it.")
    route = _route(splunkd, conf)
    return _hidden(post_alerts(url, key, alerts, once, route), key, route)


TARGETS: Mapping[str, Callable[[Splunkd, Mapping[str, Any]], Outcome]] = {
    "responder": to_responder,
    "slack": to_slack,
}


def _message(found: Any) -> Document:
    """The parts of a message that an alert may set: no other sender, no other flags."""
    if not isinstance(found, dict) or not set(found) <= {"text", "blocks", "thread_ts"}:
        raise InputError("A message has text, blocks and thread_ts.", key="message")
    if not isinstance(found.get("text"), str) or not found["text"].strip():
        raise InputError("A message needs a text for notifications.", key="message.text")
    blocks = found.get("blocks", [])
    if not isinstance(blocks, list) or len(blocks) > MOST_BLOCKS:
        raise InputError(f"A message has at most {MOST_BLOCKS} blocks.", key="message.blocks")
    return dict(found)


def _hidden(outcome: Outcome, key: str, route: Route) -> Outcome:
    """Without the secrets, should the other side have repeated one in its answer."""
    return outcome._replace(error=redacted(outcome.error, [key, route.proxy_login]))


def _route(splunkd: Splunkd, conf: Mapping[str, str]) -> Route:
    proxy = conf.get("proxy", "")
    return Route(conf.get("ca_file", ""), proxy, secret(splunkd, "proxy") if proxy else "")


def _plain(channel: str) -> str:
    return channel.strip().lstrip("#").casefold()


def _answer(status: int, outcome: Outcome) -> Document:
    payload = outcome.document()
    if status >= 400:
        payload["messages"] = [{"type": "ERROR", "text": outcome.error}]  # as splunkd's own errors look
    return {"status": status, "payload": payload}
