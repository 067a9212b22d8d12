"""Person at risk: something foreign about somebody whose incidents already make a high risk."""

from __future__ import annotations

from attacks import at_home, enter, known, words
from builders import FAR, PHONE, profile_of
from busybody.profile import incidents

NAME = "person_risk"


def test_foreign_sign_in_of_a_person_at_risk_is_told_with_the_risk() -> None:
    scorer = known()
    profile_of(scorer).incidents.append(incidents.blank("e1", 0.0, [], []))
    assert words(enter(scorer, 10, **FAR, **PHONE), NAME) == "the person's risk is already 100"


def test_habitual_sign_in_is_held_against_nobody() -> None:
    scorer = known()
    profile_of(scorer).incidents.append(incidents.blank("e1", 0.0, [], []))
    assert words(at_home(scorer, 10), NAME) is None


def test_one_old_incident_is_no_high_risk() -> None:
    scorer = known()
    row = {**incidents.blank("e1", 0.0, [], []), "status": "open", "risk": 60.0}
    profile_of(scorer).incidents.append(row)
    assert words(enter(scorer, 10, **FAR, **PHONE), NAME) is None
