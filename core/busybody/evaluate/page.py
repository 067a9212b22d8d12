"""The evaluation as one HTML page: the curves, then every table. No script, no network."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Sequence

from ..report import words
from ..report.words import html
from .blocks import Block, blocks, by_day, percent, share
from .charts import Bar, Line, Scale, bars, curves

TITLE = "What Busybody finds"
OWN, RIVAL = "busybody", "sum + travel"
SHARES = Scale(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0), lambda value: f"{value:.0%}", "share found")
Summary = Mapping[str, Any]


def render(said: Summary, *, title: str = TITLE) -> Iterator[str]:
    """The page in pieces, from what `study.summary` gives."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    yield '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
    yield f'<meta name="referrer" content="no-referrer"><title>{html(title, 200)}</title><style>{_style()}</style></head><body>'
    yield f'<header class="masthead"><p class="brand">Busybody</p><h1>{html(title, 200)}</h1><p class="period">{_period(said)}</p></header>'
    yield '<main id="main">'
    yield from _figures(said)
    charts = _charts(said)
    for block in blocks(said):
        yield from _section(block, charts.get(block.title, ()))
    yield "</main><footer><p>Measured by replaying the log in order, each sign-in judged before it was learned.</p></footer></body></html>\n"


@cache
def _style() -> str:
    """The report's own style, and what is drawn here alone."""
    report = (Path(words.__file__).parent / "report.css").read_text(encoding="utf-8")
    return report.strip() + Path(__file__).with_name("page.css").read_text(encoding="utf-8").strip()


def _period(said: Summary) -> str:
    log = said["log"]
    logs = words.count(log["runs"], "log")
    return f"{logs}, {log['people']:,} people, {log['signins']:,} sign-ins, {log['test_days']:g} days of test"


def _figures(said: Summary) -> Iterable[str]:
    first = next((one for one in said["methods"] if one["name"] == OWN), said["methods"][0])
    at_one = said["budgets"].index(1.0)
    rows = [
        (
            share(first["mean"][at_one]["value"]),
            "of the attacks found at 1 false incident per 1,000 people per day, mean over classes",
        ),
        (share(first["pooled"][at_one]["value"]), "the same, pooled"),
        (share(first["pr_auc"]["value"]), f"PR-AUC; the base rate is {said['log']['base_rate']:.2%}"),
    ]
    if "own_cut" in first:
        rows.append(
            (share(first["own_cut"]["false"]["value"]), "false incidents per 1,000 people per day by the shipped cut")
        )
    yield '<dl class="figures">'
    yield from (f"<div><dt>{html(what, 200)}</dt><dd>{html(value)}</dd></div>" for value, what in rows)
    yield "</dl>"


def _section(block: Block, chart: Iterable[str]) -> Iterable[str]:
    yield f"<section><h2>{html(block.title, 200)}</h2>"
    drawn = list(chart)
    if drawn:
        yield from ('<div class="figure" tabindex="0">', *drawn, "</div>")
    if block.note:
        yield f'<p class="note">{html(block.note, 700)}</p>'
    yield '<div class="scroll" tabindex="0"><table class="sheet"><thead><tr>'
    yield from (f'<th scope="col">{html(cell, 200)}</th>' for cell in block.heading)
    yield "</tr></thead><tbody>"
    for row in block.rows:
        yield (
            f'<tr><th scope="row">{html(row[0], 200)}</th>'
            + "".join(f"<td>{html(cell, 200)}</td>" for cell in row[1:])
            + "</tr>"
        )
    yield "</tbody></table></div></section>"


def _charts(said: Summary) -> Dict[str, Iterable[str]]:
    """Title of a block -> what is drawn above it."""
    charts: Dict[str, Iterable[str]] = {"Methods": _budgets(said), "By attack class": _classes(said)}
    if "cold_start" in said:
        charts["Cold start"] = _cold(said["cold_start"])
    if "poisoning" in said:
        charts["Poisoning"] = _poisoned(said["poisoning"])
    if said.get("calibration"):
        charts["Does a risk mean what it says?"] = _calibrated(said["calibration"])
    return charts


def _kind(name: str) -> str:
    return "own" if name == OWN else "rival" if name == RIVAL else "other"


def _budgets(said: Summary) -> Iterable[str]:
    budgets: Sequence[float] = said["budgets"]
    lines = [
        Line(one["name"], _kind(one["name"]), [(budget, rate["value"]) for budget, rate in zip(budgets, one["pooled"])])
        for one in said["methods"]
        if one["pooled"][0]["value"] == one["pooled"][0]["value"]
    ]
    across = Scale(
        budgets[0], budgets[-1], budgets, lambda value: f"{value:g}", "false incidents per 1,000 people per day", True
    )
    return curves("Share of the attacks found by the budget of false incidents", lines, across, SHARES)


def _classes(said: Summary) -> Iterable[str]:
    at_one = said["budgets"].index(1.0)
    named = {one["name"]: one for one in said["methods"]}
    first, rival = named.get(OWN, said["methods"][0]), named.get(RIVAL)
    rows: List[Bar] = []
    for label, row in first["by_class"].items():
        found = row["found"][at_one]
        other = None if rival is None or rival is first else rival["by_class"][label]["found"][at_one]
        note = f"{found:.0%} of {row['incidents']}" + ("" if other is None else f", the sum {other:.0%}")
        rows.append(Bar(label, found, row["interval"], other, note))
    return bars("Share found at one false incident, by attack class", rows, RIVAL)


def _cold(table: Mapping[str, Mapping[str, int]]) -> Iterable[str]:
    known = [int(key) for key in table]
    rows = [row for row in table.values() if row["attacks"]]
    lines = [
        Line("found at 1", "own", [(n + 1.0, row["above_cut"] / row["attacks"]) for n, row in zip(known, rows)]),
        Line("by the shipped cut", "rival", [(n + 1.0, row["alerts"] / row["attacks"]) for n, row in zip(known, rows)]),
    ]
    ticks = [n + 1.0 for n in known]
    across = Scale(1.0, ticks[-1], ticks, lambda value: f"{value - 1:g}", "sign-ins known of the victim", True)
    return curves("Share found by how much is known of the victim", lines, across, SHARES)


def _poisoned(table: Mapping[str, Any]) -> Iterable[str]:
    lines = []
    for key, name, kind in (("silent", "silent", "own"), ("says_it_was_me", "says “it was me”", "rival")):
        days = by_day(table[key]["still_alerting"])
        if days and days[0]:
            lines.append(Line(name, kind, [(float(day), count / days[0]) for day, count in enumerate(days)]))
    across = Scale(
        0.0, 14.0, (0.0, 2.0, 4.0, 7.0, 10.0, 14.0), lambda value: f"{value:g}", "days since the first visit"
    )
    return curves("Daily attackers who still alert", lines, across, SHARES._replace(title="still alert"))


def _calibrated(table: Mapping[str, Any]) -> Iterable[str]:
    seen = [(row["promised"], row["observed"]) for row in reversed(table["risks"]) if row["observed"]]
    ideal = [(row["promised"], row["promised"]) for row in reversed(table["risks"])]
    ticks = (0.0001, 0.001, 0.01, 0.1)
    across = Scale(0.00005, 0.2, ticks, _rare, "promised share of the sign-ins", True)
    lines = [Line("observed", "own", seen), Line("as promised", "ideal", ideal)]
    return curves(
        "Promised and observed share of the sign-ins that reach a risk",
        lines,
        across,
        across._replace(title="observed"),
    )


def _rare(value: float) -> str:
    return f"1 in {1 / value:,.0f}" if value < 0.5 else percent(value, 1.0)
