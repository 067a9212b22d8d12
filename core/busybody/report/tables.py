"""The tables of the page: who is at risk, how the levels are spread, how good the data was."""

from __future__ import annotations

from collections import Counter
from math import log1p
from typing import Iterable, List, Mapping, Tuple

from .findings import badge
from .reading import LEVELS, PRESENT
from .summary import Person, Quality, Summary
from .words import html, minute, name, stamp

MOST_ROWS = 40
MOST_CHIPS = 4
LONGEST_REASONS = 240  # the whole sentence stands in the card


def people(rows: List[Person], links: Mapping[str, str]) -> Iterable[str]:
    """Those with an alert, then the riskiest; `links` leads from an incident's key to its card."""
    yield '<div class="scroll"><table class="people sortable"><thead><tr>'
    heads = (
        ("Risk", "number", "none"),
        ("Worst sign-in", "number", "none"),
        ("Person", "text", "none"),
        ("Why", "", ""),
        ("Odd", "number", "none"),
    )
    for label, kind, order in (*heads, ("Last", "number", "none")):
        sort = f' data-sort="{kind}" aria-sort="{order}"' if kind else ""
        yield f'<th scope="col"{sort}>{label}</th>'
    yield "</tr></thead><tbody>"
    for person in rows[:MOST_ROWS]:
        yield from _person(person, links)
    yield "</tbody></table></div>"
    if len(rows) > MOST_ROWS:
        yield f'<p class="note">The {MOST_ROWS} riskiest of {len(rows):,} people with a sign-in at risk 20 or more.</p>'


def _person(person: Person, links: Mapping[str, str]) -> Iterable[str]:
    link = links.get(person.top)
    shown = f'<a href="#{link}">{name(person.name)}</a>' if link else name(person.name)
    alert = ' <span class="alert">alert</span>' if person.alert else ""
    yield f'<tr data-name="{html(person.name)}"><td class="risk" data-label="Risk" data-value="{person.risk:.3f}">'
    yield f"<b>{person.risk:.0f}</b>{_meter(person.risk, person.worst)}</td>"
    yield f'<td class="worst" data-value="{person.highest:.3f}">{badge(person.highest, person.worst)}</td>'
    yield f'<th scope="row" data-value="{html(person.name)}">{shown}{alert}</th>'
    yield f'<td class="why">{html("; ".join(person.reasons) or person.sentence, LONGEST_REASONS)}<span class="chips">'
    for detector, _ in person.detectors.most_common(MOST_CHIPS):
        yield f'<span class="chip">{html(detector.replace("_", " "))}</span>'
    yield f'</span></td><td class="count" data-label="Odd sign-ins" data-value="{person.signins}">{person.signins:,}</td>'
    yield f'<td class="last" data-label="Last" data-value="{person.last:.0f}">{stamp(person.last, minute)}</td></tr>'


def _meter(risk: float, level: str) -> str:
    return f'<span class="meter {level}" aria-hidden="true"><span style="width:{risk:.0f}%"></span></span>'


def levels(summary: Summary) -> Iterable[str]:
    """How many sign-ins reached which level; the bars are logarithmic, or only `none` would be seen."""
    totals = summary.spans.total()
    whole, most = sum(totals) or 1, log1p(max(totals)) or 1.0
    yield '<table class="levels"><thead><tr><th scope="col">Level</th><th scope="col">Sign-ins</th>'
    yield '<th scope="col">Of 1,000</th><td class="note">logarithmic</td></tr></thead><tbody>'
    for level, total in reversed(list(zip(LEVELS, totals))):
        width = log1p(total) / most * 100
        yield f'<tr><th scope="row"><span class="dotmark {level}" aria-hidden="true"></span>{level}</th><td>{total:,}</td>'
        yield f'<td>{total / whole * 1000:,.1f}</td><td class="barcell"><span class="meter {level}" aria-hidden="true">'
        yield f'<span style="width:{width:.1f}%"></span></span></td></tr>'
    yield "</tbody></table>"


def quality(said: Quality) -> Iterable[str]:
    """Records in, records used, and why the others were not."""
    skipped = sum(said.skipped.values())
    rows: List[Tuple[str, int]] = [("Records", said.records), ("Scored", said.scored), ("Skipped", skipped)]
    rows += [("Arrived late: scored, not learned", said.late), ("Lines that are no score", said.unreadable)]
    yield from _counts("Records", rows, said.records)
    if said.skipped:
        yield from _counts("Skipped, by reason", _ranked(said.skipped), said.records)
    if said.scored:
        yield from _counts("Sign-ins that carry", [(label, said.present[label]) for label, _ in PRESENT], said.scored)
        yield from _counts("What they taught", _ranked(said.learned), said.scored)
        yield from _counts("Sources", _ranked(said.sources), said.scored)


def _ranked(counter: Counter[str]) -> List[Tuple[str, int]]:
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))


def _counts(title: str, rows: Iterable[Tuple[str, int]], whole: int) -> Iterable[str]:
    yield f'<table class="counts"><caption>{title}</caption><tbody>'
    for label, number in rows:
        share = f"{number / whole:.1%}" if whole else "–"
        yield f'<tr><th scope="row">{html(label, 120)}</th><td>{number:,}</td><td class="share">{share}</td></tr>'
    yield "</tbody></table>"
