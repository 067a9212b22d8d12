"""BuffaLogs' rules and counted levels on a policy, without its defects: what it would have alerted on, and why not.

For who comes from there: the same six alert types (and a stale account), the same order of checks, the same filters.
The scorer does not use it. It stands beside the scorer as the counted level stands beside the risk.

    anonymous address · then, from the second sign-in on: new device · new or atypical country · travel beyond
    `travel.min_distance_km` and `travel.max_speed_kmh` since the sign-in before, by event time · silence of `dormant.days`

A repeated event changes nothing, an older one is compared with what came before it, and every address is checked.
"""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional, Set, Tuple

from ..places import distance_km
from ..policy import Policy
from ..policy.old_buffalogs import THRESHOLD, TYPES
from ..signin import SignIn
from ..watch import Watch
from .filters import Filters
from .levels import LEVELS, Levels
from .marks import MINIMUM

NAMES = {detector: name for name, detector in TYPES.items()}
ANONYMOUS = frozenset(("anonymous", "proxy", "tor", "vpn"))
DAY, HOUR = 86400.0, 3600.0
SAME_TIME = 0.001  # hours, between two sign-ins of one moment
REMEMBERED = 64  # places and events of one person


Event = Tuple[str, str, float]  # source, id, time


class Alert(NamedTuple):
    """One alert of one sign-in."""

    type: str  # as BuffaLogs calls it
    event_id: str
    user: str
    filtered_by: Tuple[str, ...] = ()
    start: Optional[str] = None  # country that travel started in
    speed_kmh: Optional[int] = None
    change: str = ""  # of the level
    vip: bool = False


class Known:
    """What the rules know of one person."""

    def __init__(self, first: float) -> None:
        self.first = first
        self.latest: Optional[float] = None  # sign-in, by event time
        self.events: Dict[Event, None] = {}  # oldest first
        self.devices: Set[str] = set()
        self.countries: Dict[str, float] = {}
        self.places: List[SignIn] = []  # in the order of time


class Rules:
    """Takes sign-ins as they come; returns the alerts of each."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._watch, self._filters = Watch(policy), Filters(policy)
        self._people: Dict[str, Known] = {}
        self.levels = Levels(policy)

    def know(self, user: str, since: float) -> None:
        """Somebody who was first seen then."""
        self._people[user] = Known(since)

    def alerts(self, signin: SignIn) -> List[Alert]:
        """The alerts of one sign-in, filtered ones included. Only successes with an address are looked at."""
        if signin.outcome != "success" or signin.ip is None:
            return []
        known = self._people.setdefault(signin.user, Known(signin.time))
        event = (signin.source, signin.id, signin.time)
        if event in known.events:
            return []
        found = self._found(signin, known)
        self._take(signin, known, event)
        told: List[Alert] = []
        for one in found:
            told += self._filtered(one, signin, known)
        return told

    def _found(self, signin: SignIn, known: Known) -> List[Alert]:
        found: List[str] = []
        if not ANONYMOUS.isdisjoint(signin.flags) or signin.network in ("tor", "vpn"):
            found.append("anonymous_network")
        if known.latest is not None:
            if signin.device is not None and known.devices and signin.device not in known.devices:
                found.append("new_device")
            last = known.countries.get(signin.country or "")
            if signin.country is not None and known.countries:
                if last is None:
                    found.append("new_country")
                elif (signin.time - last) // DAY >= self._policy.countries.atypical_days:
                    found.append("atypical_country")
            if (signin.time - known.latest) // DAY >= self._policy.dormant.days:
                found.append("dormant_account")
        alerts = [Alert(NAMES[detector], signin.id, signin.user) for detector in found]
        travel = self._travel(signin, known)
        return [*alerts, travel] if travel is not None else alerts

    def _travel(self, signin: SignIn, known: Known) -> Optional[Alert]:
        before = next((place for place in reversed(known.places) if place.time <= signin.time), None)
        if before is None or signin.lat is None or signin.lon is None:
            return None
        distance = distance_km(before.lat or 0.0, before.lon or 0.0, signin.lat, signin.lon)
        speed = distance / max((signin.time - before.time) / HOUR, SAME_TIME)
        if distance <= self._policy.travel.min_distance_km or speed <= self._policy.travel.max_speed_kmh:
            return None
        return Alert("Imp Travel", signin.id, signin.user, start=before.country, speed_kmh=int(speed))

    def _filtered(self, alert: Alert, signin: SignIn, known: Known) -> List[Alert]:
        """The alert with what filters it, and the rise of the level that it brings."""
        lists = self._watch.lists(signin.user)
        detector = TYPES[alert.type]
        reasons = self._filters.reasons(detector, signin, known.first, lists, alert.start)
        reasons += self.below(self.levels.level(signin.user))
        alert = alert._replace(filtered_by=reasons, vip="people.vip" in lists)
        if reasons not in ((), (MINIMUM,)):
            return [alert]
        rise = self.levels.add(signin.user, signin.id, signin.time, [detector])
        if rise is None:
            return [alert]
        change = f"{rise.before} to {rise.level}"
        return [alert, Alert(THRESHOLD, signin.id, signin.user, self.below(rise.level), change=change, vip=alert.vip)]

    def below(self, level: str) -> Tuple[str, ...]:
        """Whether somebody of this counted level is below the one from which people alert."""
        least = self._policy.filters.alert_minimum_risk_score
        return (MINIMUM,) if LEVELS.index(level) < LEVELS.index(min(least, "high", key=_rank)) else ()

    @staticmethod
    def _take(signin: SignIn, known: Known, event: Event) -> None:
        known.events[event] = None
        if len(known.events) > REMEMBERED:
            del known.events[next(iter(known.events))]
        known.latest = max(signin.time, known.latest or signin.time)
        if signin.device is not None:
            known.devices.add(signin.device)
        if signin.country is not None:
            known.countries[signin.country] = max(signin.time, known.countries.get(signin.country, signin.time))
        if signin.lat is not None and signin.lon is not None:
            known.places = sorted([*known.places, signin], key=lambda place: place.time)[-REMEMBERED:]


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)
