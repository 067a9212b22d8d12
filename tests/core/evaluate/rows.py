"""Rows and events made by hand."""

from __future__ import annotations

from typing import Any, Optional, Tuple

from busybody.evaluate.replay import DAY, Detail, Row, Split
from busybody.signin import SignIn
from busybody.simulate import Event, Truth

WHEN = Split(0.0, 0.0, 0.0, 100 * DAY)
HONEST = Truth("usual", False, "", False)


def attack(label: str = "naive", incident: str = "x") -> Truth:
    return Truth(label, True, incident, True)


def row(day: float, score: float, truth: Truth = HONEST, user: str = "ana", *, alert: bool = False, risk: float = 0.0,
        causes: Tuple[str, ...] = (), told: bool = True) -> Row:  # fmt: skip
    detail: Optional[Detail] = Detail(risk, alert, causes, True) if told else None
    return Row(f"{user}-{day}", day * DAY, user, truth, score, 0, True, True, detail)


def signin(time: float, user: str = "ana", **fields: Any) -> SignIn:
    return SignIn(f"{user}-{time}", time, user, fields.pop("outcome", "success"), **fields)


def event(time: float, truth: Truth = HONEST, user: str = "ana", **fields: Any) -> Event:
    return Event(signin(time, user, **fields), truth)
