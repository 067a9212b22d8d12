"""Verdicts: the answer of the person who was asked, or of an analyst, on its way into the model.

benign, verified      promotes exactly the values of that sign-in, closes its incident
benign, unverified    is remembered and changes nothing: an attacker may hold the chat account
malicious             the person is critical; learning freezes; what that network and device taught since
                      first seen is taken back
closed                an analyst ends the freeze
"""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .decay import Decay
from .errors import BusybodyError, shown
from .profile import Profile, incidents
from .profile.described import in_words
from .profile.journal import Journal, is_of
from .profile.known import name, values
from .profile.profile import DAY, Key, key_of
from .signin import SignIn

ANSWERS = ("benign", "malicious", "closed")
CONFIRMED_SIGNINS = 3  # weight of a confirmed value
COUNTRY_AGAIN = 7 * 86400.0  # a second new country confirmed within this needs an analyst
CONFIRMED_COUNTRY = "confirmed country"
REMEMBERED = 64  # verdicts kept for a person, so that a repeated one changes nothing


class Verdict(NamedTuple):
    user: str
    event_id: str
    answer: str  # one of ANSWERS
    time: float  # when it was given, epoch seconds
    verified: bool = False  # proved with a second factor, through a channel independent of the session
    analyst: bool = False
    signin: Optional[SignIn] = None  # the sign-in itself; needed where it opened no incident

    def settle_until(self, profile: Profile) -> float:
        """The time up to which what waits has to settle first: the event itself, where it still waits."""
        waiting = [entry.signin.time for entry in profile.window if entry.signin.id == self.event_id]
        return max(waiting) + 0.001 if waiting else float("-inf")


def take(verdict: Verdict, profile: Profile, journal: Journal, decay: Decay) -> str:
    """Apply a verdict to a profile. Returns what it did, in words. Raises BusybodyError for an unknown answer."""
    if verdict.answer not in ANSWERS:
        raise BusybodyError(f"{shown(verdict.answer)} is no verdict. Say one of: {', '.join(ANSWERS)}.", key="verdict")
    said = f"{verdict.answer}{'++' if verdict.analyst else '+' if verdict.verified else ''}"
    if profile.verdicts.get(verdict.event_id) == said:
        return "already known: nothing changed"
    incident = next((row for row in reversed(profile.incidents) if _concerns(row, verdict)), None)
    if verdict.answer == "closed":
        done = _close(profile, incident)
    elif verdict.answer == "malicious":
        done = _disown(verdict, profile, journal, incident, decay)
    elif verdict.verified or verdict.analyst:
        done = _confirm(verdict, profile, incident, decay)
    else:
        done = "remembered; without a second factor it changes nothing"
    profile.verdicts[verdict.event_id] = said
    while len(profile.verdicts) > REMEMBERED:
        del profile.verdicts[next(iter(profile.verdicts))]
    return done


def _concerns(incident: Dict[str, Any], verdict: Verdict) -> bool:
    return verdict.event_id in (incident["event"], incident["id"], incident["opening"])


def _values(verdict: Verdict, incident: Optional[Dict[str, Any]]) -> List[str]:
    if verdict.signin is not None:
        return [name(kind, value) for kind, value in values(verdict.signin)]
    return list(incident["values"]) if incident is not None else []


def _confirm(verdict: Verdict, profile: Profile, incident: Optional[Dict[str, Any]], decay: Decay) -> str:
    names = _values(verdict, incident)
    key, subnet, time = _confirmed(verdict, incident)
    if key is None or time is None:
        return "remembered; that sign-in is no longer known, so nothing could be confirmed"
    is_new = key[1] is not None and not any(known_key[1] == key[1] for known_key in profile.habits)
    recent = [
        when for kind, when in profile.promoted if kind == CONFIRMED_COUNTRY and verdict.time - when < COUNTRY_AGAIN
    ]
    if is_new and recent and not verdict.analyst:
        return "remembered; a second new country within a week needs an analyst's confirmation"
    day = int(time // DAY)
    profile.move_to_era(decay.era(day), decay)
    profile.add(key, subnet, time, CONFIRMED_SIGNINS * decay.weight(day, profile.era))
    for value in names:
        profile.pending.pop(value, None)
        profile.denied.pop(value, None)
    if is_new:
        profile.promoted.append([CONFIRMED_COUNTRY, verdict.time])
    if incident is not None:
        incident["status"] = "benign"
    if verdict.analyst:
        profile.frozen = any(row["status"] == "malicious" for row in profile.incidents)
    return "confirmed: " + ", ".join(map(in_words, names))


def _confirmed(
    verdict: Verdict, incident: Optional[Dict[str, Any]]
) -> Tuple[Optional[Key], Optional[str], Optional[float]]:
    """The combination that is confirmed, exactly: never "all of hosting"."""
    if verdict.signin is not None:
        return key_of(verdict.signin), verdict.signin.subnet, verdict.signin.time
    if incident is not None and incident["key"] is not None:
        return (*incident["key"],), incident["subnet"], incident["opened"]
    return None, None, None


def _disown(
    verdict: Verdict, profile: Profile, journal: Journal, incident: Optional[Dict[str, Any]], decay: Decay
) -> str:
    names = _values(verdict, incident)
    shared = incident["values"][: incident["shared"]] if incident is not None else []
    if not shared:
        shared = _newest(names, profile)
    for value in shared:
        profile.denied[value] = verdict.time
        profile.pending.pop(value, None)
    undone = journal.roll_back(profile, shared, decay)
    _leave(profile, shared)
    if incident is None:
        when = verdict.signin.time if verdict.signin is not None else verdict.time
        incident = incidents.blank(verdict.event_id, when, names, shared)
        profile.incidents.append(incident)
    incident["status"] = "malicious"
    incident["risk"] = 100.0
    profile.frozen = True
    return f"disowned: {', '.join(map(in_words, shared)) or 'nothing new'}; {undone} learned sign-ins taken back; learning is frozen"


def _newest(names: List[str], profile: Profile) -> List[str]:
    """What of a disowned sign-in is the intruder's: values that are not trusted, else the one that came last.

    The person's own device must not go with the network that somebody else brought to it.
    """
    mine = [value for value in names if not value.startswith("country:")]
    known = [value for value in mine if any(is_of(key, [value]) for key in profile.habits)]
    if len(known) < len(mine):
        return [value for value in mine if value not in known]
    first = {value: min(habit.first for key, habit in profile.habits.items() if is_of(key, [value])) for value in mine}
    latest = max(first.values(), default=0)
    return [value for value in mine if first[value] == latest and latest > min(first.values())] or mine[:1]


def _leave(profile: Profile, disowned: List[str]) -> None:
    """Forget the disowned places, journeys and versions."""
    kept = {key[2] for key in profile.habits}
    profile.anchors = [anchor for anchor in profile.anchors if not is_of(key_of(anchor), disowned)]
    previous = profile.previous
    if previous is not None and is_of(key_of(previous), disowned):
        profile.previous = profile.anchors[-1] if profile.anchors else None
    devices = {key[3] for key in profile.habits}
    profile.versions = {device: version for device, version in profile.versions.items() if device in devices}
    operators = {str(operator) for operator in kept}
    profile.pairs = {name: row for name, row in profile.pairs.items() if operators.issuperset(name.split("|"))}


def _close(profile: Profile, incident: Optional[Dict[str, Any]]) -> str:
    closed = [incident] if incident is not None else [row for row in profile.incidents if row["status"] == "malicious"]
    for row in closed:
        row["status"] = "closed"
    profile.frozen = any(row["status"] == "malicious" for row in profile.incidents)
    return f"closed {len(closed)} incident{'' if len(closed) == 1 else 's'}" + (
        "" if profile.frozen else "; learning goes on"
    )
