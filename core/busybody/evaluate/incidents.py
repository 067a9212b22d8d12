"""Incidents: the unit of the evaluation. A person, 24 hours and a cause count once, with the highest of their scores.

    TPR(b)  = share of the attack incidents that score above all but b · exposure honest incidents
    PR-AUC  = Σ over attack incidents of the precision at their score / their number (average precision)

The cut of a budget b (false incidents per 1,000 people per day) is taken from the test's own honest incidents, for
every method alike. Where scores are equal the honest incident counts first.
"""

from __future__ import annotations

from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from .replay import Replay, Row, Split

BUDGETS = (0.3, 1.0, 3.0, 10.0)


class Incident(NamedTuple):
    user: str
    day: int
    label: str  # attack class, or the honest kind of the sign-in that scored highest
    attack: bool
    score: float
    alert: bool  # by the method's own threshold

    @property
    def order(self) -> Tuple[float, bool]:
        return (-self.score, self.attack)


def incidents(rows: Iterable[Row], day_of: Split) -> List[Incident]:
    """The incidents of some rows, by falling score."""
    found: Dict[Tuple[str, int, str], Incident] = {}
    for row in rows:
        truth = row.truth
        key = (row.user, day_of.day(row.time), truth.label if truth.attack else "")
        known = found.get(key)
        alert = row.detail is not None and row.detail.alert
        if known is None or row.score > known.score:
            alert = alert or (known is not None and known.alert)
            found[key] = Incident(row.user, key[1], truth.label, truth.attack, row.score, alert)
        elif alert and not known.alert:
            found[key] = known._replace(alert=True)
    return sorted(found.values(), key=lambda one: one.order)


class Figures(NamedTuple):
    """What a list of incidents comes to. Rates are shares of attack incidents."""

    attacks: float
    honest: float
    precision: float  # PR-AUC
    found: Tuple[float, ...]  # TPR at BUDGETS, pooled
    mean: Tuple[float, ...]  # TPR at BUDGETS, mean over the attack classes
    by_class: Mapping[str, Tuple[float, ...]]  # attack class -> incidents, TPR at BUDGETS, and by the method's own cut
    own_found: float  # TPR by the method's own cut: pooled,
    own_mean: float  # and mean over classes,
    own_false: float  # false incidents per 1,000 people per day at it

    @property
    def base_rate(self) -> float:
        return self.attacks / (self.attacks + self.honest) if self.attacks + self.honest else 0.0


class Judged:
    """The incidents of one replay, ready to be counted again and again under other weights of people."""

    def __init__(self, found: Sequence[Incident], exposure: float) -> None:
        """`found` in falling order; `exposure` in thousands of person-days."""
        self.incidents = list(found)
        self.exposure = exposure
        self.users = sorted({one.user for one in found})
        index = {user: place for place, user in enumerate(self.users)}
        self._steps = [(index[one.user], one.attack, one.label, one.alert) for one in found]

    @classmethod
    def of(cls, run: Replay) -> Judged:
        return cls(incidents(run.tested, run.split), run.exposure)

    def threshold(self, budget: float) -> float:
        """The lowest score that at most the budget's honest incidents exceed."""
        scores = [one.score for one in self.incidents if not one.attack]
        return scores[min(len(scores) - 1, int(budget * self.exposure))] if scores else float("-inf")

    def figures(self, weights: Optional[Sequence[int]] = None) -> Figures:
        """The figures, each person counted as often as `weights` says (in the order of `users`); once without."""
        limits = [int(budget * self.exposure) for budget in BUDGETS]
        honest = attacks = own_false = own_found = 0
        area = 0.0
        counts: Dict[str, List[int]] = {}
        for user, attack, label, alert in self._steps:
            weight = 1 if weights is None else weights[user]
            if not weight:
                continue
            if not attack:
                honest += weight
                own_false += weight * alert
                continue
            attacks += weight
            area += weight * attacks / (attacks + honest)
            own_found += weight * alert
            row = counts.get(label)
            if row is None:
                row = counts[label] = [0] * (len(BUDGETS) + 2)
            row[0] += weight
            row[-1] += weight * alert
            for place, limit in enumerate(limits, 1):
                if honest <= limit:
                    row[place] += weight
        by_class = {
            name: (float(row[0]), *(count / row[0] for count in row[1:])) for name, row in sorted(counts.items())
        }
        pooled = [sum(row[place] for row in counts.values()) for place in range(1, len(BUDGETS) + 1)]
        mean = _means(by_class)
        return Figures(
            attacks, honest, _share(area, attacks), tuple(_share(count, attacks) for count in pooled), mean[:-1],
            by_class, _share(own_found, attacks), mean[-1], own_false / self.exposure if self.exposure else 0.0,
        )  # fmt: skip


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _means(by_class: Mapping[str, Tuple[float, ...]]) -> Tuple[float, ...]:
    if not by_class:
        return (float("nan"),) * (len(BUDGETS) + 1)
    columns = list(zip(*by_class.values()))[1:]
    return tuple(sum(column) / len(column) for column in columns)


def together(all_figures: Sequence[Figures]) -> Figures:
    """Several runs as one: shares weighted by their incidents, PR-AUC and false incidents as plain means."""
    classes = sorted({name for one in all_figures for name in one.by_class})
    by_class = {name: _pooled([one.by_class[name] for one in all_figures if name in one.by_class]) for name in classes}
    runs = [one for one in all_figures if one.attacks]
    attacks = sum(one.attacks for one in runs)
    found = tuple(_share(sum(one.found[place] * one.attacks for one in runs), attacks) for place in range(len(BUDGETS)))
    mean = _means(by_class)
    return Figures(
        attacks, sum(one.honest for one in all_figures), _share(sum(one.precision for one in runs), len(runs)), found,
        mean[:-1], by_class, _share(sum(one.own_found * one.attacks for one in runs), attacks), mean[-1],
        _share(sum(one.own_false for one in all_figures), len(all_figures)),
    )  # fmt: skip


def _pooled(rows: Sequence[Tuple[float, ...]]) -> Tuple[float, ...]:
    total = sum(row[0] for row in rows)
    return (total, *(sum(row[0] * row[place] for row in rows) / total for place in range(1, len(rows[0]))))
