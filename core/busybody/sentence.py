"""The sentence: why a sign-in is odd, in words an analyst understands at once.

The words are the catalogue's, the values the evidence's; the previous sign-in comes last. What shows an attack (a spray,
a session on another device) is named before what is merely unlike the person, unless it weighs less than half as much
as the strongest reason; among each, the strongest comes first. The order changes no contribution.
"""

from __future__ import annotations

from datetime import datetime, timezone
from math import inf
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from .detectors import CATALOGUE, entry
from .devices import describe
from .filters.marks import counts
from .population.calibration import risk_of
from .signin import Finding, SignIn

RAREST = 100_000  # sign-ins: beyond it a fitted tail is a guess
NOTICEABLE, LOW = 0.3, 20.0  # log-odds below which a reason is not worth a word, up to this risk
SHOWS = 0.4  # of the strongest reason: what says as much is named before what says less
LONGEST_VALUE = 80  # characters of a value in a sentence
DEVICES = frozenset(("new_device", "session_reuse", "concurrent_sessions"))  # their evidence names fingerprints
ORDER = {row.name: place for place, row in enumerate(CATALOGUE)}


def reason(finding: Finding) -> str:
    """One finding in words, the values in them."""
    row = entry(finding.detector)
    values = _values(finding.evidence)
    if finding.detector in DEVICES:
        for name in ("device", "usual"):
            if values.get(name):
                values[name] = _cut(", ".join(map(describe, str(finding.evidence[name]).split(", "))))
    words = row.reason.format(**values)
    told = values.get("usual") and values["usual"] != values.get("device")  # "Chrome (usually Chrome)" tells nothing
    return f"{words} ({row.usual.format(**values)})" if row.usual and told else words


def sentence(
    findings: Sequence[Finding],
    risk: float,
    rarity: float,
    signin: SignIn,
    previous: Optional[Mapping[str, Any]],
    seen: float = inf,
) -> str:
    """The whole sentence. Empty where nothing was odd.

    `seen` is how many sign-ins the organisation has been measured on: a rarity beyond it is not said to be "here".
    """
    joined = [found for found in findings if found.detector == "open_incident"]
    against = [found for found in findings if found.contribution > 0.0 and counts(found)]
    if not against and not joined:
        return _set_aside(findings, risk)
    strongest = max((found.contribution for found in against), default=0.0)
    least = NOTICEABLE if risk < LOW else min(NOTICEABLE, strongest)
    reasons = [found for found in against if found.contribution >= least]
    if not reasons and not joined:
        return ""
    relief = [found for found in findings if found.contribution <= -NOTICEABLE and counts(found)]
    text = "; ".join(reason(found) for found in [*joined, *ranked(reasons)])
    if relief:
        text += "; but " + " and ".join(reason(found) for found in relief)
    before = _before(previous, signin.time)
    return f"Risk {risk:.0f} ({_one_in(rarity, seen)}{_held(risk, rarity)}): {text}.{before}"


def ranked(findings: Sequence[Finding]) -> List[Finding]:
    """Findings that raise the odds, in the order in which they are named.

    Of those that say much, evidence of an attack goes first, then from where, with what, how far, when: the catalogue's
    order, so that sentences read alike.
    """
    least = SHOWS * max((found.contribution for found in findings), default=0.0)

    def place(found: Finding) -> Tuple[int, float, int]:
        order = ORDER.get(found.detector, len(ORDER))
        if found.contribution < least:
            return 2, -found.contribution, order
        return (0, -found.contribution, order) if entry(found.detector).kind == "evidence" else (1, 0.0, order)

    return sorted(findings, key=place)


def _set_aside(findings: Sequence[Finding], risk: float) -> str:
    """What would have been said, where filters set everything aside."""
    aside = ranked([found for found in findings if found.contribution > 0.0])
    if not aside:
        return ""
    filters = ", ".join(dict.fromkeys(name for found in aside for name in found.filtered_by))
    return f"Risk {risk:.0f}, set aside by {filters}: {'; '.join(map(reason, aside))}."


def _held(risk: float, rarity: float) -> str:
    """A word where the risk says less than the rarity, which by itself is no evidence."""
    return ", held lower for want of evidence" if risk < risk_of(rarity) - 1.0 else ""


def _one_in(rarity: float, seen: float) -> str:
    number = 1.0 / max(rarity, 1e-9)
    if number < 2:
        return "an everyday sign-in here"
    if number > RAREST:
        return f"rarer than 1 in {RAREST:,} sign-ins"
    digits = 10 ** max(0, len(str(int(number))) - 2)
    return f"1 in {int(round(number / digits) * digits):,} sign-ins{' here' if number <= seen else ''}"


def _before(previous: Optional[Mapping[str, Any]], now: float) -> str:
    if previous is None:
        return ""
    place = ", ".join(str(previous[name]) for name in ("city", "country") if previous.get(name))
    parts = [f"from {_cut(place)}" if place else "", f"on {_cut(previous['as_org'])}" if previous.get("as_org") else ""]
    device = f"with {_cut(describe(previous['device']))}" if previous.get("device") else ""
    described = " ".join(part for part in [*parts, device] if part)
    return f" Before: {elapsed(now - previous['time'])} earlier {described}.".replace(" .", ".")


def elapsed(seconds: float) -> str:
    """A span of time as people say it."""
    seconds = abs(seconds)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    if seconds < 172800:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.0f} days"


def _values(evidence: Mapping[str, Any]) -> Dict[str, Any]:
    values: Dict[str, Any] = {}
    for name, value in evidence.items():
        values[name] = _cut(value) if isinstance(value, str) else value
    if "hours" in evidence:
        values["elapsed"] = elapsed(evidence["hours"] * 3600.0)
    if "opened" in evidence:
        opened = datetime.fromtimestamp(evidence["opened"], timezone.utc)
        values["opened_text"] = opened.strftime("%Y-%m-%d %H:%M UTC")
    return values


def _cut(value: Any) -> str:
    """A value as it may stand in a sentence: printable, on one line, not too long."""
    text = str(value)[: 4 * LONGEST_VALUE]
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
