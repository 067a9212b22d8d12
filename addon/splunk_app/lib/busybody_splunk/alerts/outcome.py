"""What became of one attempt to send: done, to be tried again, refused for good, or refused for what it says."""

from __future__ import annotations

from typing import Any, Dict, Mapping, NamedTuple, Optional

SENT, LATER, REFUSED, UNFIT = "sent", "later", "refused", "unfit"
KINDS = (SENT, LATER, REFUSED, UNFIT)


class Outcome(NamedTuple):
    """One attempt. REFUSED would meet any message, UNFIT lies in this one.

    `wait`: seconds the other side asked for (Retry-After); `reply`: what it answered.
    """

    kind: str
    error: str = ""
    wait: Optional[float] = None
    reply: Mapping[str, Any] = {}

    def document(self) -> Dict[str, Any]:
        """As it travels from the handler to the script."""
        return {"outcome": self.kind, "error": self.error, "wait": self.wait, "reply": dict(self.reply)}


def outcome_of(found: Any) -> Outcome:
    """The outcome in a handler's answer; an answer of another shape is one to be tried again."""
    if not isinstance(found, dict) or found.get("outcome") not in KINDS:
        return Outcome(LATER, "Splunk's answer is not that of Busybody's handler.")
    wait, reply = found.get("wait"), found.get("reply")
    return Outcome(
        found["outcome"],
        str(found.get("error") or ""),
        float(wait) if isinstance(wait, (int, float)) and wait >= 0 else None,
        reply if isinstance(reply, dict) else {},
    )
