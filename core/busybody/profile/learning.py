"""How a profile changes: sign-ins wait for the lateness bound, then teach in time order.

A sign-in that arrives is put in its place among those of the last hour (`admit`). Once its lateness bound is over
it is judged again against all that came before it, and only then may it teach: `repeat` where it merely repeats a
habit, else `teach`. So the order of arrival within the bound changes nothing, and no event teaches twice.
"""

from __future__ import annotations

from math import floor
from operator import itemgetter
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from ..decay import Decay
from ..places import distance_km
from ..policy import Policy
from ..population import About
from ..population.delta import Delta
from ..signin import SignIn
from . import incidents, trust
from .journal import Journal
from .known import Known, Value, untrusted
from .profile import ANCHORS, DAY, HOUR, REMEMBERED_METHODS, WINDOW, Habit, Profile, Waiting, key_of, operator_of

TRUSTED, PENDING, WITHHELD = "trusted", "pending", "withheld"
SOURCES = 8
ANY = "*"  # the floor of every data set whose own was forgotten
FIRST_SIGNINS = 3  # of a new person: there is nothing yet that one side could vouch for
LONG_AGO, FOREVER = float("-inf"), float("inf")
PLACE_KM = 100.0  # anchors closer than this are one place
_repeated = itemgetter(
    *map(SignIn._fields.index, ("time", "subnet", "device", "version", "session", "method", "group"))
)  # what a habitual sign-in may still change, in one call


class Judgement(NamedTuple):
    """What the detectors and the fusion say of one sign-in against one profile, before calibration."""

    log_odds: float
    findings: Tuple[Any, ...]
    hard: bool  # something other than a value that may one day be trusted was odd
    incident: Optional[Dict[str, Any]]  # the open incident that it belongs to
    anchor: Optional[SignIn]  # what travel was measured from
    seen: Known
    about: Optional[About] = None  # what recent evidence said, where it was asked


class Outcome(NamedTuple):
    """What learning needs of a judgement, calibrated."""

    log_odds: float
    risk: float
    hard: bool
    sentence: str  # for the incident, where one opens
    seen: Known
    incident: Optional[Dict[str, Any]]
    epoch: int  # of the organisation that it was judged by
    asked: bool  # whether recent evidence had a say


def is_known(profile: Profile, signin: SignIn) -> bool:
    """Whether this very event was taken in before."""
    return (signin.source, signin.id) in profile.seen


def is_late(profile: Profile, signin: SignIn, lateness: float) -> bool:
    """Whether the event is older than its data set's lateness bound for this person."""
    if signin.time < profile.sources.get(signin.source, LONG_AGO) - lateness:
        return True
    if not profile.floor or (signin.source in profile.sources and signin.source not in profile.floor):
        return False
    return signin.time <= profile.floor.get(signin.source, profile.floor.get(ANY, LONG_AGO))


def admit(profile: Profile, entry: Waiting) -> None:
    """Put a new sign-in in its place among those that wait. The caller asked `is_late` and `is_known`."""
    signin, last = entry.signin, profile.last
    event_id, time, source = signin.id, signin.time, signin.source
    if last is None or time > last:
        profile.window.append(entry)
        profile.last = time
    else:
        _insert(profile.window, entry)
    profile.seen[source, event_id] = time
    sources = profile.sources
    latest = sources.get(source)
    if latest is None:
        if len(sources) >= SOURCES:
            _forget_source(profile)
        sources[source] = time
    elif time > latest:
        sources[source] = time


def _insert(window: List[Waiting], entry: Waiting) -> None:
    """Out of order: it and all that follows it have to be judged again when they settle."""
    signin, place = entry.signin, len(window)
    while place and (window[place - 1].signin.time, window[place - 1].signin.id) > (signin.time, signin.id):
        place -= 1
        window[place].unsettle()
        entry.unsettle()
    window.insert(place, entry)


def _forget_source(profile: Profile) -> None:
    """More data sets than are kept: the one silent longest may teach nothing older than it already did."""
    oldest = min(profile.sources, key=lambda source: (profile.sources[source], source))
    floor = profile.sources.pop(oldest)
    profile.floor[oldest] = floor
    while len(profile.floor) > SOURCES + 1:
        forgotten = min((name for name in profile.floor if name != ANY), key=lambda name: (profile.floor[name], name))
        profile.floor[ANY] = max(profile.floor.pop(forgotten), profile.floor.get(ANY, LONG_AGO))


def forget_seen(profile: Profile, lateness_of: Callable[[str], float]) -> None:
    """Drop the ids of sign-ins that would be late if they came again."""
    seen = profile.seen
    for source, latest in profile.sources.items():
        oldest = latest - lateness_of(source)
        for event in [event for event, time in seen.items() if time < oldest]:
            if event[0] == source:
                del seen[event]
    if len(seen) > WINDOW:
        _cap(profile)


def _cap(profile: Profile) -> None:
    """Bound the remembered ids of a hyperactive account: its lateness bound shrinks instead."""
    seen, floor = profile.seen, profile.floor
    waiting = {(entry.signin.source, entry.signin.id) for entry in profile.window}
    learned = sorted((time, event) for event, time in seen.items() if event not in waiting)
    for time, event in learned[: len(seen) - WINDOW]:
        del seen[event]
        floor[event[0]] = max(floor.get(event[0], 0.0), time)


def standing(profile: Profile, signin: SignIn, fresh: List[Value], incident: Optional[Dict[str, Any]]) -> str:
    """Whether the sign-in would teach: trusted, pending or withheld. `fresh`: its untrusted values."""
    if signin.outcome != "success" or profile.frozen or trust.denied(profile, signin):
        return WITHHELD
    if incident is not None and incident["status"] == "malicious":
        return WITHHELD
    return PENDING if fresh else TRUSTED


def repeat(
    profile: Profile, journal: Journal, signin: SignIn, habit: Optional[Habit], unit: int, policy: Policy, decay: Decay,
    delta: Delta, user: str,
) -> None:  # fmt: skip
    """Learn a sign-in that the short path found habitual: nothing about it is in doubt.

    `unit` is what one sign-in of its day weighs, 0 where that is not at hand.
    """
    time, subnet, device, version, session, method, group = _repeated(signin)
    hour, era = floor(time) // 3600, profile.era
    day = hour // 24
    counts = delta.days.get(day) or delta.day(day)
    counts.habitual += 1
    if session is not None and session != profile.noted:
        profile.note_session(signin)
    if habit is None or not habit.kept or day - era >= decay.era_days:
        _learn(profile, journal, signin, day, policy, decay, delta, user)
        return
    profile.count += 1
    if profile.repeat(habit, subnet, time, unit or decay.weight(day, era), day):
        delta.note_values(signin, day, user)
    if habit.trail is None:
        habit.trail = journal.trail(key_of(signin))
    habit.trail.append(hour)
    if version != profile.versions.get(device) or group != profile.group or method in REMEMBERED_METHODS:
        _follow(profile, signin)
    _move(profile, signin, day, policy, decay)


def teach(
    profile: Profile, journal: Journal, signin: SignIn, outcome: Outcome, policy: Policy, decay: Decay, delta: Delta,
    user: str,
) -> None:  # fmt: skip
    """Learn one sign-in, as far as it may teach."""
    seen, incident = outcome.seen, outcome.incident
    if signin.session is not None:
        profile.note_session(signin)
    fresh = untrusted(signin, seen)
    verdict = standing(profile, signin, fresh, incident)
    day = int(signin.time // DAY)
    if incident is None and verdict != WITHHELD:
        delta.note_score(outcome.log_odds, day)
    if outcome.risk >= incidents.RISK:
        identity = incidents.identifier(user, signin)
        brought = incidents.brings(signin, seen)
        incidents.record(
            profile.incidents, incident, brought, signin, identity, outcome.log_odds, outcome.risk, outcome.sentence
        )
    if verdict == WITHHELD:
        if not fresh and not trust.denied(profile, signin):
            _move(profile, signin, day, policy, decay)  # learning is frozen, but travel is still watched
        return
    if verdict == PENDING and not _earned(profile, signin, fresh, seen, outcome.hard, policy):
        return
    _learn(profile, journal, signin, day, policy, decay, delta, user)


def _earned(profile: Profile, signin: SignIn, fresh: List[Value], seen: Known, hard: bool, policy: Policy) -> bool:
    """Whether the untrusted values of a sign-in become trusted with it."""
    rule = policy.learning
    if not hard and profile.is_new(rule.new_person_signins, rule.new_person_days, signin.time):
        if profile.count < FIRST_SIGNINS or len({trust.SIDES[kind] for kind, _ in fresh}) == 1:
            return True
    if not hard and rule.strong_factor and trust.strong_factor(signin, seen):
        trust.promote(profile, fresh, signin.time)
        return True
    if trust.observe(profile, signin, fresh, seen, not hard, policy):
        trust.promote(profile, fresh, signin.time)
        return True
    return False


def _learn(
    profile: Profile, journal: Journal, signin: SignIn, day: int, policy: Policy, decay: Decay, delta: Delta, user: str
) -> None:
    """Count one trusted sign-in."""
    time = signin.time
    profile.move_to_era(decay.era(day), decay)
    profile.count += 1
    if profile.first is None:
        delta.people += 1
    if profile.first is None or time < profile.first:
        profile.first = time
    key = key_of(signin)
    if profile.add(key, signin.subnet, time, decay.weight(day, profile.era)):
        delta.note_values(signin, day, user)  # once a day: who signs in a thousand times is one of the people here
    journal.trail(key).append(int(time // HOUR))
    _follow(profile, signin)
    _move(profile, signin, day, policy, decay)


def _follow(profile: Profile, signin: SignIn) -> None:
    """Keep what is not counted: browser version, peer group, old methods."""
    device, version = signin.device, signin.version
    if version is not None and device is not None and version != profile.versions.get(device):
        profile.follow(device, version)
    if signin.group is not None:
        profile.group = signin.group
    if signin.method in REMEMBERED_METHODS and signin.method not in profile.methods:
        profile.methods.append(signin.method or "")


def _move(profile: Profile, signin: SignIn, day: int, policy: Policy, decay: Decay) -> None:
    """Keep the previous sign-in, the anchors of travel and the pairs of networks used in turn."""
    before, asn = profile.previous, signin.asn
    if before is not None:
        then = before.time
        if then > signin.time:
            return
        if then < day // 7 * 7 * DAY:
            tidy(profile, signin.time, policy)
        if before.asn != asn or asn is None:
            here, there = operator_of(signin), operator_of(before)
            if here != there and here is not None and there is not None:
                profile.add_pair(there, here, decay.weight(day, profile.era), day)
    profile.previous = signin
    if signin.lat is not None and signin.lon is not None and signin.network != "private":
        if signin.interactive is not False:
            anchors = profile.anchors
            if anchors and anchors[-1].subnet == signin.subnet:
                anchors[-1] = signin
            else:
                _anchor(anchors, signin)


def _anchor(anchors: List[SignIn], signin: SignIn) -> None:
    """Let travel start here; of one place only the latest sign-in is kept."""
    subnet, asn = signin.subnet, signin.asn
    for index in range(len(anchors) - 1, -1, -1):
        other = anchors[index]
        if other.subnet == subnet or (other.asn == asn and _is_near(other, signin)):
            del anchors[index]
            break
    anchors.append(signin)
    if len(anchors) > ANCHORS:
        del anchors[0]


def _is_near(one: SignIn, other: SignIn) -> bool:
    if one.lat is None or one.lon is None or other.lat is None or other.lon is None:
        return False
    return distance_km(one.lat, one.lon, other.lat, other.lon) < PLACE_KM


def tidy(profile: Profile, time: float, policy: Policy) -> None:
    """Once a week: drop what was not used for long, and incidents too old to count."""
    profile.forget(time - policy.learning.forget_days * DAY)
    profile.denied = {value: when for value, when in profile.denied.items() if time - when < trust.DENIED_DAYS * DAY}
    incidents.expire(profile, time)
