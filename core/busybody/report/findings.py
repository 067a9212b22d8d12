"""The findings: each incident as a card, the previous sign-in beside the odd one, and what weighed how much."""

from __future__ import annotations

import re
from typing import Iterable, List, Optional, Tuple

from ..filters.marks import MINIMUM
from ..places import distance_km
from .reading import Scored, Shown, Side
from .summary import Incident
from .words import LONGEST_SENTENCE, count, duration, html, name, stamp

OPEN = 8  # cards that show their inside at once
TECHNIQUE = re.compile(r"T(\d{4})(?:\.(\d{3}))?")
NEAR_KM = 1.0


def cards(incidents: Iterable[Incident]) -> Iterable[str]:
    """One card an incident; the id of the n-th is `f<n>`, which other parts of the page link to."""
    for place, incident in enumerate(incidents, 1):
        yield from _card(place, incident)


def badge(risk: float, level: str) -> str:
    return f'<span class="badge {level}"><b>{risk:.0f}</b> {level}</span>'


def _card(place: int, incident: Incident) -> Iterable[str]:
    best = incident.best
    shown = " open" if place <= OPEN else ""
    yield f'<details class="card {best.level}" id="f{place}" data-name="{html(best.user)}"{shown}>'
    yield f'<summary><span class="top">{badge(best.risk, best.level)}<h3>{name(best.user)}</h3>'
    yield f'<span class="facts">{_facts(incident)}</span></span>'
    yield f'<span class="sentence">{html(best.sentence or "No sentence was given.", LONGEST_SENTENCE)}</span></summary>'
    yield '<div class="inside">'
    yield from _comparison(best)
    yield from _reasons(best.findings)
    yield "</div></details>"


def _facts(incident: Incident) -> str:
    parts = [stamp(incident.best.time)]
    if incident.signins > 1:
        parts.append(f"{count(incident.signins, 'sign-in')} in {duration(incident.last - incident.first)}")
    if incident.alert:
        parts.append('<span class="alert">alert</span>')
    if incident.best.late:
        parts.append("arrived late")
    return " · ".join(parts)


def _comparison(best: Scored) -> Iterable[str]:
    before, this = best.previous, best.this
    yield '<table class="compare"><thead><tr><td></td>'
    yield '<th scope="col">Previous sign-in</th><th scope="col">This sign-in</th></tr></thead><tbody>'
    for label, left, right in _rows(before, this):
        differs = ' class="differs"' if before is not None and left and right and left != right else ""
        yield f'<tr{differs}><th scope="row">{label}</th><td>{left or "–"}</td><td>{right or "–"}</td></tr>'
    yield "</tbody></table>"
    if before is None:
        yield '<p class="note">There is no earlier sign-in to compare with.</p>'


def _rows(before: Optional[Side], this: Side) -> Iterable[Tuple[str, str, str]]:
    yield "When", stamp(before.time) if before else "", stamp(this.time) + _after(before, this)
    yield "Where", _where(before), _where(this) + _away(before, this)
    yield "Network", _network(before), _network(this)
    for label, field in (("Address", "ip"), ("Device", "device"), ("Application", "app")):
        yield label, html(getattr(before, field, "")), html(getattr(this, field))
    for label, field in (("Method", "method"), ("Second factor", "mfa"), ("Outcome", "outcome")):
        left, right = html(getattr(before, field, "")), html(getattr(this, field))
        if left or right:
            yield label, left.replace("_", " "), right.replace("_", " ")


def _where(side: Optional[Side]) -> str:
    if side is None:
        return ""
    return ", ".join(name(part) for part in (side.city, side.region, side.country) if part)


def _network(side: Optional[Side]) -> str:
    if side is None:
        return ""
    number = f"AS{html(side.asn)}" if side.asn else ""
    operator = (
        f"{name(side.as_org)} ({number})" if side.as_org and number else name(side.as_org) if side.as_org else number
    )
    kind = f'<span class="kind {html(side.network)}">{html(side.network)}</span>' if side.network else ""
    return " ".join(part for part in (kind, operator) if part)


def _after(before: Optional[Side], this: Side) -> str:
    if before is None or before.time is None or this.time is None:
        return ""
    gap = this.time - before.time
    return f' <span class="gap">{duration(gap)} {"later" if gap >= 0 else "earlier"}</span>'


def kilometres(before: Optional[Side], this: Side) -> Optional[float]:
    """The great-circle distance between the two, or None where one has no place."""
    if before is None or before.lat is None or before.lon is None or this.lat is None or this.lon is None:
        return None
    return distance_km(before.lat, before.lon, this.lat, this.lon)


def _away(before: Optional[Side], this: Side) -> str:
    distance = kilometres(before, this)
    return "" if distance is None or distance < NEAR_KM else f' <span class="gap">{distance:,.0f} km away</span>'


def _reasons(findings: Tuple[Shown, ...]) -> Iterable[str]:
    if not findings:
        return
    widest = max(abs(finding.contribution) for finding in findings) or 1.0
    yield '<div class="reasons"><h4>What weighed how much <span class="note">log-odds</span></h4><ul>'
    for finding in findings:
        yield from _reason(finding, widest)
    yield "</ul></div>"


def _reason(finding: Shown, widest: float) -> Iterable[str]:
    kinds: List[str] = ["lowers" if finding.contribution < 0 else "raises"]
    if finding.filtered_by:
        kinds.append("filtered")
    yield f'<li class="{" ".join(kinds)}"><span class="detector">{html(finding.detector.replace("_", " "))}</span>'
    yield f'<span class="weight">{f"{finding.contribution:+.1f}".replace("-", "−")}</span>'
    share = abs(finding.contribution) / widest * 100
    yield f'<span class="bar" aria-hidden="true"><span style="width:{share:.0f}%"></span></span>'
    yield f'<span class="reason">{html(finding.reason, LONGEST_SENTENCE)}{_techniques(finding.techniques)}'
    if finding.filtered_by:
        told = "not alerted" if finding.filtered_by == (MINIMUM,) else "not counted"
        yield f' <span class="note">{told}: {html(", ".join(finding.filtered_by))}</span>'
    yield "</span></li>"


def _techniques(ids: Tuple[str, ...]) -> str:
    return "".join(f" {_technique(one)}" for one in ids)


def _technique(one: str) -> str:
    match = TECHNIQUE.fullmatch(one)
    if not match:
        return f'<span class="technique">{html(one)}</span>'
    path = "/".join(part for part in match.groups() if part)
    return f'<a class="technique" rel="noreferrer" href="https://attack.mitre.org/techniques/T{path}/">{one}</a>'
