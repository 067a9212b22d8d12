"""The page as a whole: one file, no network, nothing that runs but the script whose hash it names."""

from __future__ import annotations

import base64
import hashlib
import os
from functools import cache
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

from ..errors import BusybodyError
from ..risk import person_risk
from . import findings, tables
from .map import Journey, world
from .summary import Incident, PersonRisk, Summary, summary
from .timeline import Dot, risk_over_time
from .words import count, day, duration, html, moment, name, plain

Credit = Tuple[str, Optional[str]]  # words, address

TITLE = "Sign-ins at risk"
GEOLOCATION: Sequence[Credit] = (("IP Geolocation by DB-IP", "https://db-ip.com"),)  # its licence asks for this link
MAP_CREDIT: Credit = ("Made with Natural Earth", None)
TRAVEL = "impossible_travel"
MOST_JOURNEYS = 24
MOST_NAMED = 3
SECTIONS = (
    ("people", "Who is at risk"),
    ("findings", "What was unlike them"),
    ("time", "Risk over time"),
    ("map", "Journeys"),
    ("levels", "Levels"),
    ("quality", "Data quality"),
)


def write(path: Union[str, Path], assessments: Iterable[Mapping[str, Any]], **options: Any) -> None:
    """Draw the report into a file, whole or not at all. Options as for `render`."""
    target = Path(path)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        try:
            with unfinished.open("x", encoding="utf-8", newline="\n") as stream:
                stream.writelines(render(assessments, **options))
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise BusybodyError(
            f"the report cannot be written: {reason}. Choose another path.", source=str(path)
        ) from error


def render(
    assessments: Iterable[Mapping[str, Any]],
    *,
    title: str = TITLE,
    attribution: Sequence[Credit] = GEOLOCATION,
    person_risk: PersonRisk = person_risk,
) -> Iterator[str]:
    """The page in pieces, from the lines of `busybody score --output jsonl`, skipped ones included.

    `attribution` are words and addresses for the foot of the page; `person_risk` makes a person's risk of their
    incidents, as `busybody.risk` does. All lines are read before the first piece comes; memory is bounded (see `summary`).
    """
    said = summary(assessments, person_risk=person_risk)
    yield from _head(title)
    yield from _masthead(title, said)
    yield '<main id="main">'
    if said.quality.scored:
        yield from _body(said)
    else:
        yield '<section><p class="empty">There is no scored sign-in in this input. What was read stands below.</p></section>'
    yield from _section("quality", '<div class="columns">', tables.quality(said.quality), "</div>")
    yield "</main>"
    yield from _foot(attribution)


@cache
def _asset(file: str) -> str:
    return (Path(__file__).parent / file).read_text(encoding="utf-8").strip()


def script_hash() -> str:
    """The hash by which the page's policy lets its one script run."""
    return base64.b64encode(hashlib.sha256(_asset("report.js").encode()).digest()).decode()


def _head(title: str) -> Iterable[str]:
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{script_hash()}'; base-uri 'none'; form-action 'none'"
    yield '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
    yield f'<meta name="referrer" content="no-referrer"><title>{html(title, 200)}</title><style>{_asset("report.css")}</style>'
    yield '</head>\n<body><a class="skip" href="#main">Skip to the people at risk</a>'


def _masthead(title: str, said: Summary) -> Iterable[str]:
    yield '<header class="masthead"><div class="line"><p class="brand">Busybody</p><nav aria-label="Sections"><ul>'
    shown = SECTIONS if said.quality.scored else SECTIONS[-1:]
    yield from (f'<li><a href="#{anchor}">{words}</a></li>' for anchor, words in shown)
    yield f"</ul></nav></div><h1>{html(title, 200)}</h1>"
    if said.first is not None and said.last is not None:
        first, last = day(said.first), day(said.last)
        yield f'<p class="period">{first if first == last else f"{first} – {last}"} <span>UTC</span></p>'
        yield f'<p class="verdict">{_verdict(said)}</p>'
    yield "</header>"


def _verdict(said: Summary) -> str:
    """The first sentence that an analyst reads."""
    urgent = [person for person in said.people if person.alert]
    if not urgent:
        return f"Nobody needs a look now: none of {count(said.quality.scored, 'sign-in')} reached the alert threshold."
    links = {incident.key: f"f{place}" for place, incident in enumerate(said.incidents, 1)}
    named = [f'<a href="#{links.get(one.top, "people")}">{name(one.name)}</a>' for one in urgent[:MOST_NAMED]]
    if len(urgent) > MOST_NAMED:
        named.append(f"{len(urgent) - MOST_NAMED:,} more")
    need = count(len(urgent), "person needs", "people need")
    return f"<strong>{need} a look:</strong> {', '.join(named)}."


def _body(said: Summary) -> Iterator[str]:
    links = {incident.key: f"f{place}" for place, incident in enumerate(said.incidents, 1)}
    yield from _figures(said)
    if said.people:
        yield from _section("people", _controls(), tables.people(said.people, links))
        shown = said.incidents
        kept = (
            count(said.odd, "incident")
            if len(shown) == said.odd
            else f"The first {len(shown)} of {said.odd:,} incidents"
        )
        note = f"{kept}: those with an alert, then by falling risk."
        yield from _section("findings", f'<p class="note">{note}</p>', findings.cards(shown))
    else:
        yield from _section("people", '<p class="empty">No sign-in reached risk 20.</p>')
    dots = [_dot(place, incident) for place, incident in enumerate(said.incidents, 1)]
    note = (
        '<p class="note">Each dot is one of the incidents above at its risk; the columns below count all sign-ins.</p>'
    )
    chart = risk_over_time(said.spans.counts, said.spans.seconds, dots, "time-title")
    yield from _section("time", note, '<div class="figure wide" tabindex="0">', chart, "</div>")
    if said.places:
        yield from _map(said)
    yield from _section("levels", tables.levels(said))


def _figures(said: Summary) -> Iterable[str]:
    rows = [
        (said.alerts, "alerts", "hot" if said.alerts else ""),
        (said.at_risk, "people with a high or critical sign-in", ""),
    ]
    rows += [(said.names, "people", ""), (said.quality.scored, "sign-ins scored", "")]
    yield '<dl class="figures">'
    yield from (f'<div class="{kind}"><dt>{words}</dt><dd>{number:,}</dd></div>' for number, words, kind in rows)
    yield "</dl>"


def _controls() -> str:
    return (
        '<div class="controls" hidden><label for="find">Find a person</label><input id="find" type="search" autocomplete="off" '
        'spellcheck="false"><output for="find" aria-live="polite"></output><button type="button" id="unfold">Open all findings</button></div>'
    )


def _section(anchor: str, *parts: Union[str, Iterable[str]]) -> Iterable[str]:
    title: Dict[str, str] = dict(SECTIONS)
    yield f'<section id="{anchor}" aria-labelledby="{anchor}-title"><h2 id="{anchor}-title">{title[anchor]}</h2>'
    for part in parts:
        if isinstance(part, str):
            yield part
        else:
            yield from part
    yield "</section>"


def _dot(place: int, incident: Incident) -> Dot:
    best = incident.best
    return Dot(best.time, best.risk, best.level, f"{best.user}, risk {best.risk:.0f}, {moment(best.time)}", f"f{place}")


def _map(said: Summary) -> Iterable[str]:
    journeys: List[Journey] = []
    for place, incident in enumerate(said.incidents, 1):
        journey = _journey(place, incident)
        if journey is not None and len(journeys) < MOST_JOURNEYS:
            journeys.append(journey)
    if journeys:
        words = f"{count(len(journeys), 'journey that nobody can', 'journeys that nobody can')} make in the time, over the places where people sign in."
    else:
        words = "No impossible journey. The dots are the places where people sign in."
    drawing = world(said.places, reversed(journeys), "map-title")
    yield from _section(
        "map",
        f'<p class="note">{words}</p><div class="figure wide" tabindex="0">',
        drawing,
        "</div>",
        _routes(journeys),
    )


def _journey(place: int, incident: Incident) -> Optional[Journey]:
    best = incident.best
    before, this = best.previous, best.this
    far = findings.kilometres(before, this)
    travelled = any(one.detector == TRAVEL and one.contribution > 0 and not one.filtered_by for one in best.findings)
    if not travelled or far is None or before is None:
        return None
    gap = "" if before.time is None or this.time is None else f" in {duration(this.time - before.time)}"
    route = f"{before.city or before.country} to {this.city or this.country}, {far:,.0f} km{gap}"
    start, end = (before.lat or 0.0, before.lon or 0.0), (this.lat or 0.0, this.lon or 0.0)
    return Journey(
        start, end, f"{best.level}{' alerts' if incident.alert else ''}", f"{plain(best.user)}: {route}", f"f{place}"
    )


def _routes(journeys: Sequence[Journey]) -> Iterable[str]:
    """The same journeys as words, for whoever does not see the map."""
    yield '<ul class="routes">'
    for journey in journeys:
        yield f'<li><span class="dotmark {journey.level}" aria-hidden="true"></span><a href="#{journey.link}">{html(journey.label, 200)}</a></li>'
    yield "</ul>"


def _foot(attribution: Sequence[Credit]) -> Iterable[str]:
    yield "<footer><p>Risk is a calibrated rarity: 50 is one sign-in in a hundred here, 75 one in a thousand, 100 one in ten thousand.</p><p>"
    yield " · ".join(_credit(words, address) for words, address in (*attribution, MAP_CREDIT))
    yield f"</p></footer><script>{_asset('report.js')}</script></body></html>\n"


def _credit(words: str, address: Optional[str]) -> str:
    if address and address.startswith(("https://", "http://")):
        return f"<a href='{html(address, 200)}'>{html(words, 200)}</a>"
    return html(words, 200)
