"""The tables of an evaluation, once, as text: for a terminal, for Markdown and for the page."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence

from .timing import quantile

Summary = Mapping[str, Any]


class Block(NamedTuple):
    title: str
    note: str
    heading: Sequence[str]
    rows: Sequence[Sequence[str]]


def blocks(said: Summary) -> List[Block]:
    """Every table that the summary has figures for."""
    makers: Sequence[Callable[[Summary], Optional[Block]]] = (
        methods, ahead, classes, runs, own_cut, tuned, explanation, times, hard_negatives, new_people, cold_start, drift, feedback,
        poisoning, risks, levels,
    )  # fmt: skip
    return [block for block in (maker(said) for maker in makers) if block is not None and block.rows]


def markdown(block: Block, depth: int = 3) -> Iterator[str]:
    """The lines of a block."""
    yield from (f"{'#' * depth} {block.title}", "", *([block.note, ""] if block.note else []))
    yield "| " + " | ".join(block.heading) + " |"
    yield "|" + "|".join(["---", *["---:"] * (len(block.heading) - 1)]) + "|"
    yield from ("| " + " | ".join(row) + " |" for row in block.rows)
    yield ""


def share(value: Optional[float]) -> str:
    """`.56`, `1.00`, `–` for none."""
    if value is None or value != value:
        return "–"
    text = f"{round(value, 2) + 0.0:.2f}"  # the sum turns -0.0 into 0.0
    return text.replace("0.", ".", 1) if abs(value) < 0.995 else text


def told(one: Mapping[str, Any]) -> str:
    """A value with its interval."""
    between = one.get("interval")
    if between is None:
        return share(one["value"])
    return f"{share(one['value'])} ({share(between[0])}–{share(between[1])})"


def of(part: float, whole: float) -> str:
    """`12 of 14`."""
    return f"{part:,.0f} of {whole:,.0f}"


def percent(part: float, whole: float) -> str:
    return f"{part / whole:.0%}" if whole else "–"


def _own(said: Summary) -> Optional[Mapping[str, Any]]:
    return next((one for one in said["methods"] if one["name"] == "busybody"), None)


def methods(said: Summary) -> Block:
    log = said["log"]
    budgets = [f"{budget:g}" for budget in said["budgets"]]
    at_one = said["budgets"].index(1.0)
    rows = [
        [one["name"], told(one["pr_auc"]), told(one["mean"][at_one])]
        + [told(rate) if place == at_one else share(rate["value"]) for place, rate in enumerate(one["pooled"])]
        for one in said["methods"]
    ]
    note = (
        f"{log['attack_incidents']:,} attack incidents among {log['honest_incidents']:,} honest ones (base rate "
        f"{log['base_rate']:.2%}), {log['people']:,} people, {log['signins']:,} sign-ins, {log['test_days']:g} days of test. TPR is the "
        "share of the attack incidents found at so many false incidents per 1,000 people per day; in brackets 95 % intervals."
    )
    heading = ["method", "PR-AUC", "TPR at 1, mean over classes", *(f"pooled at {budget}" for budget in budgets)]
    return Block("Methods", note, heading, rows)


def ahead(said: Summary) -> Block:
    rows = []
    for one in said["methods"]:
        if "busybody_ahead" in one:
            gains = one["busybody_ahead"]
            rows.append([one["name"], *(told(gains[key]) for key in ("pr_auc", "mean_at_1", "pooled_at_1"))])
    note = "Difference on the same people, with its 95 % interval by paired bootstrap."
    return Block("How far Busybody is ahead", note, ["of", "PR-AUC", "TPR at 1, mean", "TPR at 1, pooled"], rows)


def classes(said: Summary) -> Block:
    at_one = said["budgets"].index(1.0)
    own, names = _own(said), [one["name"] for one in said["methods"]]
    first = own or said["methods"][0]
    rows = []
    for label, row in first["by_class"].items():
        cells = []
        for one in said["methods"]:
            value = one["by_class"][label]
            found = {"value": value["found"][at_one], "interval": value["interval"]}
            cells.append(told(found) if one is first else share(found["value"]))
        own_cut = [share(row["own_cut"])] if own else []
        rows.append([label, str(row["incidents"]), cells[0], *own_cut, *cells[1:]])
    heading = ["class", "incidents", names[0], *(["by its own cut"] if own else []), *names[1:]]
    return Block("By attack class", "TPR at 1 false incident per 1,000 people per day.", heading, rows)


def runs(said: Summary) -> Optional[Block]:
    if len(said["runs"]) < 2:
        return None
    names = [one["name"] for one in said["methods"]][:2]
    rows = []
    for run in said["runs"]:
        cells = [run["name"], f"{run['people']:,}"]
        for name in names:
            one = run["methods"][name]
            cells += [share(one["pr_auc"]), share(one["mean_at_1"]), share(one["pooled_at_1"])]
        rows.append(cells)
    columns = [f"{name}: {what}" for name in names for what in ("PR-AUC", "TPR at 1, mean", "pooled")]
    return Block("Log by log", "", ["log", "people", *columns], rows)


def own_cut(said: Summary) -> Optional[Block]:
    own = _own(said)
    if own is None:
        return None
    rows = [[run["name"], share(run["methods"]["busybody"]["own_false"]), share(run["methods"]["busybody"]["own_pooled"])]
            for run in said["runs"]]  # fmt: skip
    cut = own["own_cut"]
    if len(rows) > 1:
        rows.append(["together", told(cut["false"]), told(cut["pooled"])])
    note = f"What alerts without any tuning (`assessment.alert`). Mean over classes: {told(cut['mean'])}."
    return Block("The shipped cut", note, ["log", "false incidents per 1,000 people per day", "TPR"], rows)


def tuned(said: Summary) -> Optional[Block]:
    rows = [
        [
            name,
            f"{row['false'] / row['exposure']:.2f}",
            share(row["above_cut"] / row["attacks"] if row["attacks"] else None),
        ]
        for name, row in said.get("tuned", {}).items()
    ]
    note = "The cut that lets 1 false incident per 1,000 people per day through in the days before the test, and what it gives in the test."
    return Block("A cut set beforehand", note, ["method", "false incidents per 1,000 people per day", "TPR"], rows)


def explanation(said: Summary) -> Optional[Block]:
    one = said.get("explanation")
    if one is None:
        return None
    table = {**one["by_class"], "all": one["all"]}
    rows = [[label, f"{row['alerts']}", percent(row["first"], row["alerts"]), percent(row["among_three"], row["alerts"])]
            for label, row in table.items()]  # fmt: skip
    note = (
        "Of the attack incidents that are found, how many name the planted cause first, or among the first three (`evaluate/causes.json`). "
        f"Contributions add up to the log-odds in {of(one['signins'] - one['not_adding_up'], one['signins'])} sign-ins."
    )
    return Block("Does the explanation name the cause?", note, ["class", "found", "first", "among three"], rows)


def times(said: Summary) -> Optional[Block]:
    if "time_to_detect" not in said:
        return None
    rows = []
    for label, row in sorted(said["time_to_detect"].items()):
        hours = sorted(row["hours"])
        rows.append([label, f"{row['attacks']}", percent(len(hours), row["attacks"]), percent(row["at_once"], row["attacks"]),
                     _hours(quantile(hours, 0.5)), _hours(quantile(hours, 0.9))])  # fmt: skip
    note = "From the attacker's first way in to the first sign-in above the cut of 1 false incident; of those found at all."
    heading = ["class", "attacks", "found", "at the first sign-in", "median", "90 %"]
    return Block("Time to detect", note, heading, rows)


def _hours(value: Optional[float]) -> str:
    return "–" if value is None else f"{value:.1f} h" if value < 48 else f"{value / 24:.1f} d"


def hard_negatives(said: Summary) -> Optional[Block]:
    rows = [
        [kind, f"{row['person_days']:,}", _per_thousand(row["above_cut"], row["person_days"]),
         _per_thousand(row["alerts"], row["person_days"])]
        for kind, row in sorted(said.get("hard_negatives", {}).items())
    ]  # fmt: skip
    note = "Days on which somebody did something honest of that kind, and how many of 1,000 such days are above the cut of 1, or alert."
    return Block("Hard negatives", note, ["kind", "days", "above the cut, of 1,000", "alerts, of 1,000"], rows)


def _per_thousand(part: float, whole: float) -> str:
    return f"{1000 * part / whole:.1f}" if whole else "–"


def new_people(said: Summary) -> Optional[Block]:
    one = said.get("new_people")
    if one is None:
        return None
    rows = []
    for key, words in (
        ("newcomers", "newcomers, first 14 days"),
        ("new_organisation", "everybody, in a new organisation's first 14 days"),
    ):
        row = one[key]
        rows.append([words, f"{row['people']:,}", _per_thousand(row["above_cut"], row["person_days"]),
                     _per_thousand(row["alerts"], row["person_days"])])  # fmt: skip
    heading = ["who", "people", "above the cut", "alerts"]
    return Block("New people", "False incidents per 1,000 people per day.", heading, rows)


def cold_start(said: Summary) -> Optional[Block]:
    if "cold_start" not in said:
        return None
    honest = said["new_people"]["by_signins_before"]
    rows = [
        [known, of(row["above_cut"], row["attacks"]), percent(row["above_cut"], row["attacks"]), percent(row["alerts"], row["attacks"]),
         _per_thousand(honest[known]["alerts"], honest[known]["signins"])]
        for known, row in said["cold_start"].items()
    ]  # fmt: skip
    note = "The victim's history cut to so many sign-ins before the attack; and alerts among honest sign-ins of people with that many or more."
    heading = ["sign-ins known", "attacks found", "TPR at 1", "alerts", "honest alerts, of 1,000 sign-ins"]
    return Block("Cold start", note, heading, rows)


def drift(said: Summary) -> Optional[Block]:
    rows = []
    for key, words in (("drift", ""), ("drift_after_answer", ", one verified “it was me”")):
        for label, row in said.get(key, {}).items():
            odd = row["odd"]
            if odd:
                rows.append([label + words, str(len(odd)), percent(sum(not n for n in odd), len(odd)),
                             percent(sum(n < 3 for n in odd), len(odd)), str(max(odd))])  # fmt: skip
    note = (
        "Real changes (a move with a known device, a device on a known network): sign-ins until the first below medium."
    )
    return Block("Drift", note, ["change", "episodes", "at once", "within three", "most, before it"], rows)


def feedback(said: Summary) -> Optional[Block]:
    one = said.get("feedback")
    if one is None:
        return None
    rows = []
    for key, words in (("without", "nobody is asked"), ("with", "asked at each alert")):
        row = one[key]
        rows.append([words, f"{row['false'] / row['exposure']:.2f}", share(row["alerts"] / row["attacks"] if row["attacks"] else None),
                     share(row["above_cut"] / row["attacks"] if row["attacks"] else None), f"{row['repeated']}"])  # fmt: skip
    note = f"{one['answers']} answers, {one['answers_false']} of them lies, verified ones too; {one['silent']} stayed silent."
    heading = [
        "",
        "false incidents per 1,000 people per day",
        "TPR by the shipped cut",
        "TPR at 1",
        "alerts repeated in a week",
    ]
    return Block("Feedback", note, heading, rows)


def poisoning(said: Summary) -> Optional[Block]:
    rows = []
    for key, words in (("silent", "daily attacker"), ("says_it_was_me", "… who says “it was me”, unverified")):
        row = said.get("poisoning", {}).get(key)
        if row is None:
            continue
        days = by_day(row["still_alerting"])
        slow = by_day(row["slow_alerting"])
        rows.append([words, str(row["alerting_first_day"]), *(percent(days[day], days[0]) for day in (1, 3, 7, 14)),
                     str(row["below_at_first"]), percent(slow[7], row["below_at_first"])])  # fmt: skip
    note = "Attackers who come every day from the same place: of those who alert on the first day, how many still do; of those below it at first, how many alert a week later."
    heading = ["", "alert on day 0", "day 1", "day 3", "day 7", "day 14", "below on day 0", "alert on day 7"]
    return Block("Poisoning", note, heading, rows)


def by_day(row: Mapping[str, int]) -> List[int]:
    return [row[day] for day in sorted(row, key=int)]


def risks(said: Summary) -> Optional[Block]:
    one = said.get("calibration")
    if one is None:
        return None
    rows = [
        [f"{row['risk']:g}", f"{row['promised']:.3%}", f"{row['observed']:.3%}", _interval(row["interval"]), f"{row['expected']:,.0f}",
         f"{row['signins']:,}", "yes" if row["kept"] else "no"]
        for row in one["risks"] if row["observed"] is not None
    ]  # fmt: skip
    note = f"Share of the honest sign-ins that reach a risk, of {one['signins']:,}. As probabilities: Brier score {one['posterior']['brier']:.4f}, ECE {one['posterior']['ece']:.4f}."
    heading = ["risk", "promised", "observed", "95 % interval", "expected", "sign-ins", "kept"]
    return Block("Does a risk mean what it says?", note, heading, rows)


def _interval(between: Optional[Sequence[float]]) -> str:
    return "–" if between is None else f"{between[0]:.3%}–{between[1]:.3%}"


def levels(said: Summary) -> Optional[Block]:
    one = said.get("calibration")
    if one is None:
        return None
    rows = [
        [row["level"], f"{row['promised']:.3%}", f"{row['observed']:.3%}", f"{row['observed'] / row['promised']:.2f}"]
        for row in one["levels"] if row["observed"] is not None
    ]  # fmt: skip
    return Block("Levels", "", ["level", "promised", "observed", "times"], rows)


def text(said: Summary) -> Iterable[str]:
    """All tables as aligned text."""
    for block in blocks(said):
        widths = [max(len(row[column]) for row in [block.heading, *block.rows]) for column in range(len(block.heading))]
        yield from (block.title, *([block.note] if block.note else []))
        for row in [block.heading, *block.rows]:
            cells = [f"{row[0]:<{widths[0]}}", *(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:]))]
            yield "  " + "  ".join(cells).rstrip()
        yield ""
