"""From the script to the handler: splunkd's REST, in the session of the alert's owner."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Sequence

from busybody.errors import BusybodyError

from ..rest import Splunkd, SplunkdError
from .outcome import LATER, REFUSED, Outcome, outcome_of
from .payload import Alert

SEND = "/services/busybody/send"
TIMEOUT = 15.0  # seconds; longer than the handler's one attempt, and what a script's time leaves for its last one
ADVICE = {
    401: "The session of the alert has ended.",
    403: "The alert's owner lacks the capability busybody_send: give them the role busybody_sender.",
    404: "splunkd does not know Busybody's handler: restart Splunk after installing the app.",
}


class Relay:
    """The way out for one run of an alert action."""

    def __init__(self, splunkd: Splunkd) -> None:
        self._splunkd = splunkd

    def slack(self, channel: str, message: Mapping[str, Any]) -> Outcome:
        """One attempt to post one message."""
        return self._send({"to": "slack", "channel": channel, "message": message})

    def responder(self, alerts: Sequence[Mapping[str, Any]], once: str) -> Outcome:
        """One attempt to hand findings over, under that idempotency key."""
        return self._send({"to": "responder", "alerts": alerts, "once": once})

    def _send(self, document: Dict[str, Any]) -> Outcome:
        try:
            return outcome_of(self._splunkd.post(SEND, json=document))
        except SplunkdError as error:
            if error.status in ADVICE:
                return Outcome(REFUSED, ADVICE[error.status])
            passing = error.status == 0 or error.status >= 500
            return Outcome(LATER if passing else REFUSED, str(error))
        except BusybodyError as error:  # no certificates to trust
            return Outcome(REFUSED, str(error))


def original(splunkd: Splunkd, alert: Alert, action: str, name: str) -> Optional[str]:
    """The parameter as its author wrote it, tokens and all; None where the owner cannot read the saved search."""
    from urllib.parse import quote

    if not alert.search_name:
        return None
    place = (quote(part, safe="") for part in (alert.owner or "nobody", alert.app or "search"))
    path = "/servicesNS/{}/{}/saved/searches/".format(*place) + quote(alert.search_name, safe="")
    try:
        found = splunkd.get(path, f=f"action.{action}.param.{name}")
        value = found["entry"][0]["content"].get(f"action.{action}.param.{name}")
    except (BusybodyError, KeyError, IndexError, TypeError, AttributeError):
        return None
    return value if isinstance(value, str) else None
