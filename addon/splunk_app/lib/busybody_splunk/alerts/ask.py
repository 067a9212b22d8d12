"""Alert action `busybody_ask`: hand findings to the responder, which asks the person and tells the outcome.

Only what has no answer yet is sent again; the responder knows ids and idempotency keys, so that nobody is asked twice.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Dict, List, Optional, Sequence, Set

from busybody.errors import shown

from .batches import batches
from .findings import ORDER, SEVERITIES, Finding, findings_of
from .outcome import LATER, SENT, UNFIT, Outcome
from .payload import Alert
from .relay import Relay
from .report import Part, Report
from .results import Results
from .text import clean
from .tries import Budget, deliver

ACTION = "busybody_ask"
SECONDS = (
    44.0  # of alert_actions.conf maxtime = 60s, so that the last try still ends; the next window delivers the rest
)
MOST = 100  # findings in a request
LARGEST = 500_000  # bytes of them; the responder takes 1 MiB
TAKEN = ("created", "duplicate")


def doubts(alert: Alert) -> List[str]:
    """What of the parameters is not understood, in words."""
    severity = alert.setting("severity")
    if not severity or severity.lower() in SEVERITIES:
        return []
    return [f"severity: {shown(severity)} is none of {', '.join(ORDER)}; medium is used."]


def ask(alert: Alert, results: Results, title: Optional[str], relay: Relay, budget: Budget) -> Report:
    """Hand everything over. `title` as its author wrote it, if known. Returns what became of each finding."""
    findings, nobody = findings_of(alert, results.rows, title)
    field = alert.setting("user_field", "user")
    parts = [Part("nobody", [row], f"The row names nobody who could be asked (field {field}).") for row in nobody]
    for batch in batches(findings, _length, MOST, LARGEST):
        parts += _handed_over(batch, relay, budget)
    return Report(parts)


def _handed_over(findings: Sequence[Finding], relay: Relay, budget: Budget) -> List[Part]:
    batch = _Batch(findings, relay)
    outcome = deliver(batch.attempt, budget)
    if outcome.kind == UNFIT and len(findings) > 1:  # one of them is at fault; the others are not to suffer for it
        middle = len(findings) // 2
        return _handed_over(findings[:middle], relay, budget) + _handed_over(findings[middle:], relay, budget)
    return batch.parts(outcome)


class _Batch:
    """Findings on their way, and what the responder said to each."""

    def __init__(self, findings: Sequence[Finding], relay: Relay) -> None:
        self._findings = findings
        self._waiting = list(findings)
        self._relay = relay
        self._said: Dict[str, str] = {}
        self._errors: Dict[str, str] = {}

    def attempt(self) -> Outcome:
        """Send those without an answer. SENT once all have one."""
        documents = [finding.document for finding in self._waiting]
        outcome = self._relay.responder(documents, _once(self._waiting))
        if outcome.kind != SENT:
            return outcome
        for finding, item in zip(self._waiting, outcome.reply.get("items", [])):
            self._note(finding.id, item)
        answered: Set[str] = {*self._said, *self._errors}
        self._waiting = [finding for finding in self._waiting if finding.id not in answered]
        if self._waiting:
            return Outcome(LATER, f"The responder left {len(self._waiting)} findings without an answer.")
        return outcome

    def parts(self, outcome: Outcome) -> List[Part]:
        """What became of each finding, after the last attempt."""
        parts = []
        for finding in self._findings:
            said = self._said.get(finding.id, "")
            error = "" if said else self._errors.get(finding.id) or outcome.error
            parts.append(Part(finding.document["subject"]["key"], finding.rows, error, said))
        return parts

    def _note(self, identity: str, item: object) -> None:
        result = item.get("result") if isinstance(item, dict) else None
        if result in TAKEN:
            self._said[identity] = str(result)
        elif result == "rejected" and isinstance(item, dict):
            why = item.get("error") or item.get("detail") or "it gave no reason"
            self._errors[identity] = f"The responder rejects the finding: {clean(str(why), 200)}."


def _once(findings: Sequence[Finding]) -> str:
    """The idempotency key of a request: the same findings, the same key."""
    return sha256("\n".join(finding.id for finding in findings).encode("ascii")).hexdigest()


def _length(finding: Finding) -> int:
    """Of its JSON, in characters."""
    return len(json.dumps(finding.document))
