"""The responder's way in: POST /api/v1/alerts. One attempt, up to 1,000 findings.

It answers 202 with one result per finding, in order: created, duplicate (it has that one) or rejected.
"""

from __future__ import annotations

import json
from typing import Any, Mapping, Sequence

from .https import Reply, Route, Unreachable, Untrusted, post
from .outcome import LATER, REFUSED, SENT, UNFIT, Outcome
from .text import clean

PATH = "/api/v1/alerts"
WAIT = 5.0  # seconds after a 429 that does not say how long
AGAIN = frozenset((408, 409, 425))  # 409: the same key is just being worked on
ABOUT_MESSAGE = frozenset((400, 413, 422))
ADVICE = {
    401: "Store a valid key as responder_key.",
    403: "The key lacks the scope alerts:write.",
    404: "Check the url: it is the responder's own address, without a path.",
}


def post_alerts(url: str, key: str, alerts: Sequence[Mapping[str, Any]], once: str, route: Route) -> Outcome:
    """Hand the findings over. `once` is the Idempotency-Key: the same findings are never taken twice."""
    headers = {"Content-Type": "application/json", "Authorization": "Bearer " + key, "Idempotency-Key": once}
    body = json.dumps({"alerts": list(alerts)}).encode("ascii")
    try:
        reply = post(url.rstrip("/") + PATH, body, headers, route)
    except Unreachable as error:
        return Outcome(LATER, str(error))
    except Untrusted as error:
        return Outcome(REFUSED, str(error))
    return _judged(reply)


def _judged(reply: Reply) -> Outcome:
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        found = None
    if reply.status in (200, 202):
        items = found.get("items") if isinstance(found, dict) else None
        if isinstance(items, list):
            return Outcome(SENT, reply={"items": items})
        return Outcome(LATER, f"The responder answered {reply.status} without the results of its API.")
    if reply.status == 429:
        return Outcome(LATER, "The responder asks to send more slowly.", WAIT if reply.wait is None else reply.wait)
    told = f"The responder answered {reply.status}{_problem(found)}. {ADVICE.get(reply.status, '')}".strip()
    if reply.status >= 500 or reply.status in AGAIN:
        return Outcome(LATER, told, reply.wait)
    return Outcome(UNFIT if reply.status in ABOUT_MESSAGE else REFUSED, told)


def _problem(found: Any) -> str:
    """The words of a problem+json answer."""
    problem = found if isinstance(found, dict) else {}
    words = [problem[name] for name in ("title", "detail") if isinstance(problem.get(name), str)]
    return f": {clean(', '.join(words), 200)}" if words else ""
