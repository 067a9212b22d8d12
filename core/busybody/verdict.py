"""Verdicts: the answer of the person who was asked, or of an analyst, on its way into the model.

    benign, verified      promotes exactly the values of that sign-in, closes its incident
    benign, unverified    is remembered and changes nothing: an attacker may hold the chat account
    malicious             the person is critical; learning freezes; what that network and device taught since
                          first seen is taken back
    closed                an analyst ends the freeze
"""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional

from .decay import Decay
from .errors import BusybodyError, shown
from .profile import Profile, incidents, trust
from .profile.journal import Journal
from .signin import SignIn

ANSWERS = ("benign", "malicious", "closed")
CONFIRMED_SIGNINS = 3  # weight of a confirmed value
COUNTRY_AGAIN = 7 * 86400.0  # a second new country confirmed within this needs an analyst
REMEMBERED = 64  # verdicts kept for a person, so that a repeated one changes nothing
DAY = 86400.0


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
        waiting = [entry.time for entry in profile.window if entry.id == self.event_id]
        return max(waiting) + 0.001 if waiting else float("-inf")


def take(verdict: Verdict, profile: Profile, journal: Journal, decay: Decay) -> str:
    """Apply a verdict to a profile. Returns what it did, in words. Raises BusybodyError for an unknown answer."""
    if verdict.answer not in ANSWERS:
        raise BusybodyError(f"{shown(verdict.answer)} is no verdict. Say one of: {', '.join(ANSWERS)}.", key="verdict")
    said = f"{verdict.answer}{'+' if verdict.verified or verdict.analyst else ''}"
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
        return [trust.name(kind, value) for kind, value in trust.values(verdict.signin)]
    return list(incident["values"]) if incident is not None else []


def _confirm(verdict: Verdict, profile: Profile, incident: Optional[Dict[str, Any]], decay: Decay) -> str:
    names = _values(verdict, incident)
    time = verdict.signin.time if verdict.signin is not None else incident["opened"] if incident is not None else None
    if not names or time is None:
        return "remembered; that sign-in is no longer known, so nothing could be confirmed"
    country = next((name for name in names if name.startswith("country:")), None)
    is_new = country is not None and country[8:] not in profile.countries.values
    recent = [when for kind, when in profile.promoted if kind == "confirmed country" and verdict.time - when < COUNTRY_AGAIN]
    if is_new and recent and not verdict.analyst:
        return "remembered; a second new country within a week needs an analyst's confirmation"
    day = int(time // DAY)
    if decay.era(day) > profile.era:
        profile.move_to_era(decay.era(day), decay)
    weight = CONFIRMED_SIGNINS * decay.weight(day, profile.era)
    for name in names:
        kind, _, text = name.partition(":")
        value: trust.Key = int(text) if kind == "asn" and text.isdigit() else text
        trust.table(profile, kind).add(value, weight, day)
        if kind == "country":
            profile.country_times[text] = max(time, profile.country_times.get(text, 0.0))
        profile.pending.pop(name, None)
        profile.denied.pop(name, None)
    if is_new:
        profile.promoted.append(("confirmed country", verdict.time))
    if incident is not None:
        incident["status"] = "benign"
    if verdict.analyst:
        profile.frozen = any(row["status"] == "malicious" for row in profile.incidents)
    return "confirmed: " + ", ".join(names)


def _disown(
    verdict: Verdict, profile: Profile, journal: Journal, incident: Optional[Dict[str, Any]], decay: Decay
) -> str:
    names = _values(verdict, incident)
    shared = incident["values"][: incident["shared"]] if incident is not None else []
    if not shared:
        shared = [name for name in names if not name.startswith("country:")]
        shared = [name for name in shared if name in profile.pending] or shared[-1:]
    for name in shared:
        profile.denied[name] = verdict.time
        profile.pending.pop(name, None)
    undone = journal.roll_back(profile, shared, decay)
    if incident is None:
        when = verdict.signin.time if verdict.signin is not None else verdict.time
        incident = incidents.blank(verdict.event_id, when, names, shared)
        profile.incidents.append(incident)
    incident["status"] = "malicious"
    incident["risk"] = 100.0
    profile.frozen = True
    places = [anchor for anchor in profile.anchors if f"asn:{anchor.asn}" not in shared and f"device:{anchor.device}" not in shared]
    profile.anchors = places
    return f"disowned: {', '.join(shared) or 'nothing new'}; {undone} learned sign-ins taken back; learning is frozen"


def _close(profile: Profile, incident: Optional[Dict[str, Any]]) -> str:
    closed = [incident] if incident is not None else [row for row in profile.incidents if row["status"] == "malicious"]
    for row in closed:
        row["status"] = "closed"
    profile.frozen = any(row["status"] == "malicious" for row in profile.incidents)
    return f"closed {len(closed)} incidents" + ("" if profile.frozen else "; learning goes on")
