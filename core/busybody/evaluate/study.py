"""A study: what one log says of all methods; and the summary of several, as one JSON object."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence

from ..policy import Policy
from ..simulate.config import Event
from .baselines import BASELINES, SLOW
from .bootstrap import DRAWS, Measure, difference, draws, interval
from .calibration import Counted, calibration, counted
from .cold_start import cold_start
from .explanation import explained
from .feedback import OneAnswer, with_feedback
from .incidents import BUDGETS, Figures, Judged, incidents, together
from .replay import DAY, Method, Replay, Split, replay
from .shipped import Busybody
from .timing import detection_times, drift, hard_negatives, new_people

OWN = "busybody"
RIVAL = "sum + travel"
AT_ONE = BUDGETS.index(1.0)


class Study(NamedTuple):
    """One log, judged. `details` hold counts and lists only, so that those of several logs can be added."""

    name: str
    judged: Dict[str, Judged]
    details: Dict[str, Any]
    calibration: Optional[Counted]
    facts: Dict[str, Any]


def study(
    name: str,
    events: List[Event],
    when: Split,
    methods: Sequence[str],
    policy: Optional[Policy] = None,
    others: Optional[Mapping[str, Callable[[], Method]]] = None,
    *,
    people: Optional[int] = None,
    deep: bool = False,
) -> Study:
    """Replay every method. `others` are methods besides the known ones; `deep` adds what needs further replays:
    cold start, answers of the people, drift after one answer."""
    makers = {OWN: lambda: Busybody(policy), **BASELINES, **SLOW, **(others or {})}
    runs: Dict[str, Replay] = {}
    for method in methods:
        run = replay(makers[method](), events, when)
        runs[method] = run if people is None else run._replace(people=people)
    judged = {method: Judged.of(run) for method, run in runs.items()}
    details: Dict[str, Any] = {}
    if when.test > when.tune:
        details["tuned"] = {method: _tuned(run) for method, run in runs.items()}
    told = runs.get(OWN)
    if told is not None:
        cut = judged[OWN].threshold(1.0)
        details.update({
            "time_to_detect": detection_times(told, cut),
            "hard_negatives": hard_negatives(told, cut),
            "new_people": new_people(told, cut),
            "drift": drift(told),
            "explanation": explained(told, cut),
        })  # fmt: skip
        if deep:
            details["cold_start"] = cold_start(makers[OWN], events, when, cut)
            details["feedback"] = with_feedback(events, when, told, policy)
            details["drift_after_answer"] = drift(replay(Busybody(policy, OneAnswer(events)), events, when))
    any_run = next(iter(runs.values()))
    facts = {
        "people": any_run.people,
        "signins": len(events),
        "test_days": when.days,
        "days": (when.end - when.start) / DAY,
    }
    return Study(name, judged, details, None if told is None else counted(told), facts)


def _tuned(run: Replay) -> Dict[str, float]:
    """The cut that the days before the test give for a budget of 1, and what it finds in the test."""
    when = run.split
    before = [row for row in run.rows if when.tune <= row.time < when.test]
    days = (when.test - when.tune) / DAY
    cut = Judged(incidents(before, when), run.people * days / 1000.0).threshold(1.0)
    found = incidents(run.tested, when)
    attacks = [one for one in found if one.attack]
    return {
        "exposure": run.exposure,
        "false": sum(not one.attack and one.score > cut for one in found),
        "attacks": len(attacks),
        "above_cut": sum(one.score > cut for one in attacks),
    }


def added(parts: Sequence[Any]) -> Any:
    """Several details as one: numbers are added, lists joined, mappings merged."""
    first = parts[0]
    if isinstance(first, dict):
        keys = list(dict.fromkeys(key for part in parts for key in part))
        return {key: added([part[key] for part in parts if key in part]) for key in keys}
    if isinstance(first, list):
        return [item for part in parts for item in part]
    return sum(parts)


def summary(
    studies: Sequence[Study], *, number: int = DRAWS, extra: Sequence[Mapping[str, Any]] = ()
) -> Dict[str, Any]:
    """Everything that was measured, as JSON. `extra` are further details, to be added to those of the studies."""
    names = [name for name in studies[0].judged if all(name in one.judged for one in studies)]
    figures = {name: together([one.judged[name].figures() for one in studies]) for name in names}
    drawn = {name: draws([one.judged[name] for one in studies], number) for name in names}
    details = [one.details for one in studies if one.details] + [dict(one) for one in extra]
    known = [one.calibration for one in studies if one.calibration is not None]
    return {
        "log": _facts(studies, figures[names[0]]),
        "budgets": list(BUDGETS),
        "methods": [_method(name, figures, drawn) for name in names],
        "runs": [_run(one, names) for one in studies],
        **(added(details) if details else {}),
        "calibration": calibration(known) if known else None,
    }


def _facts(studies: Sequence[Study], figures: Figures) -> Dict[str, Any]:
    return {
        "runs": len(studies),
        "people": sum(one.facts["people"] for one in studies),
        "signins": sum(one.facts["signins"] for one in studies),
        "days": studies[0].facts["days"],
        "test_days": studies[0].facts["test_days"],
        "attack_incidents": int(figures.attacks),
        "honest_incidents": int(figures.honest),
        "base_rate": figures.base_rate,
    }


def _method(name: str, figures: Mapping[str, Figures], drawn: Mapping[str, List[Figures]]) -> Dict[str, Any]:
    one, sample = figures[name], drawn[name]

    def told(measure: Measure) -> Dict[str, Any]:
        return {"value": measure(one), "interval": interval([measure(draw) for draw in sample])}

    answer: Dict[str, Any] = {
        "name": name,
        "pr_auc": told(lambda f: f.precision),
        "pooled": [told(lambda f, place=place: f.found[place]) for place in range(len(BUDGETS))],  # type: ignore[misc]
        "mean": [told(lambda f, place=place: f.mean[place]) for place in range(len(BUDGETS))],  # type: ignore[misc]
        "by_class": {
            label: {"incidents": int(row[0]), "found": list(row[1 : 1 + len(BUDGETS)]),
                    "interval": interval([d.by_class[label][1 + AT_ONE] for d in sample if label in d.by_class]),
                    "own_cut": row[-1]}
            for label, row in one.by_class.items()
        },
    }  # fmt: skip
    if name == OWN:
        answer["own_cut"] = {"pooled": told(lambda f: f.own_found), "mean": told(lambda f: f.own_mean),
                             "false": told(lambda f: f.own_false)}  # fmt: skip
    elif OWN in figures:
        answer["busybody_ahead"] = {
            key: {"value": measure(figures[OWN]) - measure(one), "interval": difference(drawn[OWN], sample, measure)}
            for key, measure in AHEAD.items()
        }
    return answer


AHEAD: Mapping[str, Measure] = {
    "pooled_at_1": lambda f: f.found[AT_ONE],
    "mean_at_1": lambda f: f.mean[AT_ONE],
    "pr_auc": lambda f: f.precision,
}


def _run(one: Study, names: Sequence[str]) -> Dict[str, Any]:
    rows = {}
    for name in names:
        figures = one.judged[name].figures()
        rows[name] = {
            "pr_auc": figures.precision, "pooled_at_1": figures.found[AT_ONE], "mean_at_1": figures.mean[AT_ONE],
            "own_false": figures.own_false, "own_pooled": figures.own_found,
        }  # fmt: skip
    return {"name": one.name, **one.facts, "methods": rows}
