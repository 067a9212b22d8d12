"""How a profile changes: sign-ins wait for the lateness bound, then teach in time order.

A sign-in that arrives is put in its place among those of the last hour (`admit`). Once the hour of event time
is over, `settle` judges it again against all that came before it, and only then may it teach. So the order of
arrival within the bound changes nothing, and no event teaches twice.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from ..decay import Decay
from ..places import distance_km
from ..policy import Policy
from ..population.delta import Delta
from ..signin import SignIn
from . import incidents, trust
from .journal import Journal
from .profile import ANCHORS, HOUR, WINDOW, Anchor, Profile, Waiting

TRUSTED, PENDING, WITHHELD = "trusted", "pending", "withheld"
DAY = 86400.0
SOURCES = 8
FIRST_SIGNINS = 3  # of a new person: there is nothing yet that one side could vouch for
PLACE_KM = 100.0  # anchors closer than this are one place


class Judgement(NamedTuple):
    """What the detectors and the fusion say of one sign-in against one profile, before calibration."""

    log_odds: float
    findings: Tuple[Any, ...]
    hard: bool  # something other than a value that may one day be trusted was odd
    incident: Optional[Dict[str, Any]]  # the open incident that it belongs to
    anchor: Optional[Anchor]  # what travel was measured from


class Outcome(NamedTuple):
    """What learning needs of a judgement, calibrated."""

    log_odds: float
    risk: float
    hard: bool
    sentence: str  # for the incident, where one opens


Judge = Callable[[Profile, SignIn], Outcome]


def is_known(profile: Profile, signin: SignIn) -> bool:
    """Whether this very event was taken in before."""
    return any(entry.id == signin.id and entry.source == signin.source for entry in profile.window)


def is_late(profile: Profile, signin: SignIn, lateness: float) -> bool:
    """Whether the event is older than its data set's lateness bound for this person."""
    latest = profile.sources.get(signin.source)
    if latest is not None and signin.time < latest - lateness:
        return True
    floor = profile.floor.get(signin.source)
    return floor is not None and signin.time <= floor


def admit(profile: Profile, entry: Waiting) -> None:
    """Put a new sign-in in its place among those that wait. The caller asked `is_late` and `is_known`."""
    window = profile.window
    if not window or (window[-1].time, window[-1].id) <= (entry.time, entry.id):
        window.append(entry)
    else:
        _insert(window, entry)
    latest = profile.sources.get(entry.source)
    if latest is None:
        if len(profile.sources) >= SOURCES:
            _forget_source(profile)
        profile.sources[entry.source] = entry.time
    elif entry.time > latest:
        profile.sources[entry.source] = entry.time
    if profile.last is None or entry.time > profile.last:
        profile.last = entry.time


def _insert(window: List[Waiting], entry: Waiting) -> None:
    """Out of order: all that follows it has to be judged again when it settles."""
    place = len(window)
    while place and (window[place - 1].time, window[place - 1].id) > (entry.time, entry.id):
        place -= 1
        window[place] = window[place]._replace(sure=False)
    window.insert(place, entry._replace(sure=False))


def _forget_source(profile: Profile) -> None:
    """More data sets than are kept: the one silent longest may teach nothing older than it already did."""
    oldest = min(profile.sources, key=lambda source: (profile.sources[source], source))
    floor = profile.sources.pop(oldest)
    profile.floor[oldest] = floor
    while len(profile.floor) > SOURCES:
        del profile.floor[min(profile.floor, key=lambda source: (profile.floor[source], source))]


def settle(
    profile: Profile, journal: Journal, cutoff: float, judge: Judge, policy: Policy, decay: Decay, delta: Delta, user: str
) -> None:
    """Let every waiting sign-in before `cutoff` teach, in time order, and drop ids that cannot come again."""
    window, sources, kept = profile.window, profile.sources, 0
    for place, entry in enumerate(window):
        if entry.time >= cutoff:
            kept = len(window)
            break
        signin = entry.signin
        if signin is None:
            continue
        if entry.sure:
            teach_habit(profile, journal, signin, decay, delta, user)
        else:
            teach(profile, journal, signin, judge(profile, signin), policy, decay, delta, user)
        window[place] = Waiting(entry.time, entry.id, entry.source, None)
    if kept or len(window) > 1:
        lateness = policy.lateness_seconds
        profile.window = [
            entry for entry in window if entry.signin is not None or entry.time >= sources.get(entry.source, 0.0) - lateness(entry.source)
        ]
        if len(profile.window) > WINDOW:
            _cap(profile)


def _cap(profile: Profile) -> None:
    """Bound the remembered ids of a hyperactive account: its lateness bound shrinks instead."""
    while len(profile.window) > WINDOW and profile.window[0].signin is None:
        entry = profile.window.pop(0)
        profile.floor[entry.source] = max(profile.floor.get(entry.source, 0.0), entry.time)


def overfull(profile: Profile) -> Optional[float]:
    """The time up to which an account with too much to wait for has to settle early; else None."""
    return profile.window[len(profile.window) // 2].time if len(profile.window) > 2 * WINDOW else None


def standing(profile: Profile, signin: SignIn, incident: Optional[Dict[str, Any]]) -> str:
    """Whether the sign-in would teach: trusted, pending or withheld."""
    if signin.outcome != "success" or profile.frozen or trust.denied(profile, signin):
        return WITHHELD
    if incident is not None and incident["status"] == "malicious":
        return WITHHELD
    return PENDING if trust.untrusted(profile, signin) else TRUSTED


def teach_habit(profile: Profile, journal: Journal, signin: SignIn, decay: Decay, delta: Delta, user: str) -> None:
    """Learn a sign-in that the short path found habitual: nothing about it is in doubt."""
    day = int(signin.time // DAY)
    if decay.era(day) > profile.era:
        profile.move_to_era(decay.era(day), decay)
    delta.habitual[day] = delta.habitual.get(day, 0) + 1
    _learn(profile, journal, signin, day, decay.weight(day, profile.era), delta, user)


def teach(
    profile: Profile, journal: Journal, signin: SignIn, outcome: Outcome, policy: Policy, decay: Decay, delta: Delta,
    user: str,
) -> None:  # fmt: skip
    """Learn one sign-in, as far as it may teach."""
    brought = incidents.brings(profile, signin)
    incident = incidents.open_one(profile.incidents, brought, signin.time, policy.learning.incident_hours)
    verdict = standing(profile, signin, incident)
    day = int(signin.time // DAY)
    era = decay.era(day)
    if era > profile.era:
        profile.move_to_era(era, decay)
    if incident is None and verdict != WITHHELD:
        delta.note_score(outcome.log_odds, day)
    if outcome.risk >= incidents.RISK:
        identity = incidents.identifier(user, signin)
        incidents.record(
            profile.incidents, incident, brought, signin, identity, outcome.log_odds, outcome.risk, outcome.sentence
        )
    if verdict == WITHHELD:
        return
    weight = decay.weight(day, profile.era)
    if verdict == PENDING:
        verdict = _try_to_trust(profile, signin, outcome.hard, policy, weight)
    if verdict == TRUSTED:
        before = profile.previous
        if before is not None and int(before.time // DAY) // 7 != day // 7:
            forget(profile, day, policy.learning.forget_days)
            incidents.expire(profile, signin.time)
        _learn(profile, journal, signin, day, weight, delta, user)


def _try_to_trust(profile: Profile, signin: SignIn, hard: bool, policy: Policy, weight: int) -> str:
    """Trust what may be trusted now; TRUSTED when nothing untrusted is left."""
    rule = policy.learning
    if not hard and profile.is_new(rule.new_person_signins, rule.new_person_days, signin.time):
        fresh = {trust.SIDES[kind] for kind, _ in trust.untrusted(profile, signin)}
        if profile.count < FIRST_SIGNINS or len(fresh) == 1:
            return TRUSTED
    if not hard and rule.strong_factor and trust.strong_factor(profile, signin):
        return TRUSTED
    ripe = trust.observe(profile, signin, not hard, policy)
    if ripe:
        trust.promote(profile, ripe, signin, weight)
    return PENDING if trust.untrusted(profile, signin) else TRUSTED


def _learn(
    profile: Profile, journal: Journal, signin: SignIn, day: int, weight: int, delta: Delta, user: str
) -> None:
    """Add one trusted sign-in to every table."""
    time, country, device = signin.time, signin.country, signin.device
    network = signin.asn if signin.asn is not None else signin.subnet
    profile.count += 1
    if profile.first is None or time < profile.first:
        profile.first = time
    if signin.network is not None:
        profile.classes.add(signin.network, weight, day)
    if country is not None:
        profile.countries.add(country, weight, day)
        if time > profile.country_times.get(country, 0.0):
            profile.country_times[country] = time
    if network is not None:
        profile.asns.add(network, weight, day)
    if signin.subnet is not None:
        profile.subnets.add(signin.subnet, weight, day)
    if device is not None:
        profile.devices.add(device, weight, day)
        if signin.version is not None and signin.version > profile.versions.get(device, 0):
            profile.versions[device] = signin.version
    if signin.device_id is not None:
        profile.device_ids.add(signin.device_id, weight, day)
    profile.hours[int(time % DAY // HOUR)] += weight
    profile.hours_total += weight
    if signin.group is not None:
        profile.group = signin.group
    _move(profile, signin, network, weight, day)
    journal.note(signin)
    delta.note_values(signin, day, user)


def _move(profile: Profile, signin: SignIn, network: Optional[trust.Key], weight: int, day: int) -> None:
    """Keep the previous sign-in, the anchors of travel and the pairs of networks used in turn."""
    before = profile.previous
    if before is not None:
        if before.time > signin.time:
            return
        if network is not None:
            came_from = before.asn if before.asn is not None else before.subnet
            if came_from != network and came_from is not None:
                profile.pairs.add(pair(came_from, network), weight, day)
    profile.previous = here = anchor_at(signin)
    if signin.lat is None or signin.lon is None or signin.network == "private" or signin.interactive is False:
        return
    anchors = profile.anchors
    for index in range(len(anchors) - 1, -1, -1):
        anchor = anchors[index]
        if anchor.subnet == here.subnet or (
            anchor.asn == here.asn and distance_km(anchor.lat, anchor.lon, here.lat, here.lon) < PLACE_KM
        ):
            del anchors[index]
            break
    anchors.append(here)
    if len(anchors) > ANCHORS:
        del anchors[0]


def anchor_at(signin: SignIn) -> Anchor:
    """Where and with what a sign-in was; 0, 0 where it has no place."""
    return Anchor(
        signin.time, signin.lat or 0.0, signin.lon or 0.0, signin.accuracy_km, signin.asn, signin.subnet, signin.network,
        signin.country, signin.city, signin.as_org, signin.device, signin.app, signin.ip,
    )  # fmt: skip


def pair(one: trust.Key, other: trust.Key) -> str:
    """Two networks, in either order."""
    first, second = sorted((str(one), str(other)))
    return f"{first}|{second}"


def forget(profile: Profile, today: int, days: float) -> None:
    """Drop what the person has not used for so many days."""
    before = today - int(days)
    for table in profile.tables():
        table.forget(before)
    known = profile.countries.values
    profile.country_times = {country: time for country, time in profile.country_times.items() if country in known}
    profile.versions = {device: version for device, version in profile.versions.items() if device in profile.devices.values}
    profile.denied = {key: time for key, time in profile.denied.items() if today * DAY - time < trust.DENIED_DAYS * DAY}
