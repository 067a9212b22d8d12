"""The rows of an alert as people see them: one group per person, in each the oddest sign-in first.

Reads what `busyscore` writes, the fields of Enterprise Security's risk events, and CIM; the first that is there counts.
"""

from __future__ import annotations

from itertools import islice
from math import isfinite
from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from busybody.detectors import CATALOGUE
from busybody.devices import describe, parse
from busybody.risk import LEVELS, level_of

from .results import Row, text, values
from .text import clean, moment

USER = ("user", "risk_object", "ldap", "src_user", "dest_user")
IP = ("src", "src_ip", "ip", "threat_object")
LONGEST_NAME = 512  # characters of a person's name, which may be a distinguished name
LONGEST_VALUE = 200
MOST_FIELDS = 10
_TITLES = {entry.name: entry.title for entry in CATALOGUE}


class SignIn(NamedTuple):
    """One row, in words. What it does not say is empty."""

    row: Row
    risk: Optional[float]  # 0 to 100
    level: str
    sentence: str
    when: str
    where: str
    network: str
    device: str
    before: Tuple[str, str, str, str]  # when, where, network, device of the previous sign-in
    findings: Sequence[str]
    techniques: Sequence[str]
    fields: Sequence[str]  # `name: value` of a row that is another search's, and says none of the above


class Person(NamedTuple):
    """One person's sign-ins, the oddest first. `name` is empty where the rows name nobody."""

    name: str
    signins: Sequence[SignIn]

    @property
    def worst(self) -> SignIn:
        """The sign-in that speaks for the person."""
        return self.signins[0]

    @property
    def rows(self) -> List[Row]:
        """The rows behind it."""
        return [signin.row for signin in self.signins]


def people(rows: Sequence[Row], user_field: str = "") -> List[Person]:
    """The rows grouped by person, most at risk first. Spelling in capitals or not is the same person."""
    groups: Dict[str, Tuple[str, List[SignIn]]] = {}
    for row in rows:
        signin = signin_of(row)
        for name in users_of(row, user_field) or [""]:
            groups.setdefault(name.casefold(), (name, []))[1].append(signin)
    found = [Person(name, sorted(signins, key=_badness)) for name, signins in groups.values()]
    return sorted(found, key=lambda person: _badness(person.worst))


def users_of(row: Row, user_field: str = "") -> List[str]:
    """Whom a row is about, by that field alone where one is named: nobody, one person, or each of several values."""
    for field in [user_field] if user_field else USER:
        names = _cleaned(values(row, field), LONGEST_NAME)
        if names:
            return list(dict.fromkeys(names))
    return []


def signin_of(row: Row) -> SignIn:
    """A row in words."""
    risk = _number(text(row, "busy_risk", "risk_score", "risk"))
    level = text(row, "busy_level", "severity", "urgency").lower()
    sentence = clean(text(row, "busy_sentence", "risk_message", "description", "event_info"), 3000)
    return SignIn(
        row=row,
        risk=risk,
        level=clean(level, 20) or (level_of(risk) if risk is not None else ""),
        sentence=sentence,
        when=clean(moment(text(row, "_time", "busy_time", "time")), LONGEST_VALUE),
        where=_place(row, ("City", "city", "src_city"), ("Country", "country", "src_country")),
        network=clean(", ".join(filter(None, (_address(row), text(row, "as_org", "busy_as_org")))), LONGEST_VALUE),
        device=_device(row),
        before=(
            clean(moment(text(row, "busy_previous_time")), LONGEST_VALUE),
            _place(row, ("busy_previous_city",), ("busy_previous_country",)),
            clean(text(row, "busy_previous_ip"), LONGEST_VALUE),
            _in_words(text(row, "busy_previous_device")),
        ),
        findings=_cleaned((_TITLES.get(name, name) for name in values(row, "busy_findings")), LONGEST_VALUE),
        techniques=_cleaned(values(row, "busy_techniques") or values(row, "annotations.mitre_attack"), 20),
        fields=[] if sentence else _fields(row),
    )


def _cleaned(found: Iterable[str], longest: int) -> List[str]:
    """Each value cleaned, without those that nothing is left of."""
    return [value for value in (clean(value, longest) for value in found) if value]


def _fields(row: Row) -> List[str]:
    """The first fields that the search chose to show, but for those of the person."""
    shown = (
        name
        for name in row
        if not name.startswith(("_", "busy_")) and name not in (*USER, "rid", "orig_rid", "orig_sid")
    )
    told = (f"{name}: {value}" for name, value in ((name, text(row, name)) for name in shown) if value)
    return _cleaned(islice(told, MOST_FIELDS), LONGEST_VALUE)


def _badness(signin: SignIn) -> Tuple[float, float]:
    """Sorts the oddest first: by risk, and by level where there is none."""
    order = dict(LEVELS)
    return -(signin.risk if signin.risk is not None else -1.0), -order.get(signin.level, -1.0)


def _number(found: str) -> Optional[float]:
    try:
        number = float(found)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _place(row: Row, city: Sequence[str], country: Sequence[str]) -> str:
    return clean(", ".join(filter(None, (text(row, *city), text(row, *country)))), LONGEST_VALUE)


def _device(row: Row) -> str:
    """In words: `Chrome on Windows`. What cannot be told from the user agent stays as it is."""
    known = text(row, "busy_device", "device")
    agent = text(row, "user_agent", "http_user_agent")
    told = parse(agent)
    return _in_words(known or (told.fingerprint if told.os and told.fingerprint else agent))


def _in_words(device: str) -> str:
    return clean(describe(device) if device else "", LONGEST_VALUE)


def _address(row: Row) -> str:
    """The source address; `threat_object` also lists the user agent, behind it."""
    return next((value for name in IP for value in values(row, name)), "")
