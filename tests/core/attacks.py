"""Ana's month, and what attackers do then: for the tests of the detectors of attacks."""

from __future__ import annotations

from typing import Any, List, Optional

from builders import HOME, HOSTING, LAPTOP, STRANGE, at, finding, live, model, signin
from busybody.scorer import Scorer
from busybody.sentence import reason
from busybody.signin import Assessment

TODAY = 30  # day of the calendar


def known() -> Scorer:
    """A model that knows ana, who has lived at home with her laptop for a month."""
    scorer = model()
    live(scorer, TODAY)
    return scorer


def fail(scorer: Scorer, minutes: float, user: str = "ana", **fields: Any) -> None:
    """One failure, so many minutes after eight."""
    values = {**HOSTING, **STRANGE, "outcome": "failure", **fields}
    scorer.process(signin(time=at(TODAY, 8) + minutes * 60.0, user=user, **values))


def enter(scorer: Scorer, minutes: float = 60.0, **fields: Any) -> Assessment:
    """A success at ana's account, so many minutes after eight."""
    return scorer.process(signin(time=at(TODAY, 8) + minutes * 60.0, **{**HOSTING, **STRANGE, **fields}))


def words(assessment: Assessment, detector: str) -> Optional[str]:
    """What the detector says; None where it says nothing."""
    found = finding(assessment, detector)
    return reason(found) if found is not None else None


def at_home(scorer: Scorer, minutes: float = 60.0, **fields: Any) -> Assessment:
    """Ana herself."""
    return enter(scorer, minutes, **{**HOME, **LAPTOP, **fields})


def people(number: int) -> List[str]:
    return [f"person{one}" for one in range(number)]
