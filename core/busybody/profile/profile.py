"""Profile: what is known of one person. Bounded, decaying, and made of nothing that JSON cannot hold.

The heart of it is one table of habits: how often the person used a network, country and device *together*.
How often each of them alone was used follows by adding up (`known`). So learning an everyday sign-in is one
step, and taking back what a network or device taught is leaving out its rows.

Only `learning` and `verdict` write here. Detectors read.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from math import floor
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

from ..decay import Decay, shifted
from ..signin import SignIn

Operator = Union[int, str, None]  # the ASN, else the subnet
Event = Tuple[str, str]  # data set, id
Key = Tuple[Optional[str], Optional[str], Operator, Optional[str], Optional[str]]
Opening = Tuple[float, Operator, Optional[str]]  # when, network and device that a session was opened from

ROWS = 20  # habits kept
SUBNETS = 5  # of one habit
SESSIONS = 4
REMEMBERED_METHODS = frozenset(("legacy", "device_code"))  # the only ones whose first use is news
PAIRS = 8
ANCHORS = 5
CROWDED = 256  # sign-ins that wait; with more the older half settles early
WINDOW = 128  # sign-ins remembered within the lateness bound; more in one hour raise the floor instead
DAY, HOUR = 86400.0, 3600.0


class Habit:
    """How often one combination of network class, country, operator, device and device id was used."""

    __slots__ = ("count", "first", "kept", "last", "subnets", "trail")

    def __init__(self, first: int, count: int = 0, last: float = 0.0, subnets: Optional[Dict[str, int]] = None) -> None:
        self.first = first  # day of the first sign-in that is known
        self.count = count  # decayed whole number
        self.last = last  # latest sign-in, epoch seconds
        self.subnets: Dict[str, int] = subnets if subnets is not None else {}  # subnet -> last day
        self.kept = True  # still in the table
        self.trail: Optional[List[int]] = None  # its row of the journal, once that was read


class Doubt(NamedTuple):
    """How a sign-in was first scored. An incident of it holds at once, whatever it may teach later."""

    risk: float = 0.0
    log_odds: float = 0.0
    sentence: str = ""
    ignored: bool = False  # the policy does not watch this person: the name is not kept, so this is
    lists: Tuple[str, ...] = ()  # and the policy's lists that the person stands on


class Waiting:
    """A sign-in inside the lateness bound, not yet learned."""

    __slots__ = ("doubt", "habit", "outcome", "signin")

    def __init__(self, signin: SignIn, habit: Optional[Habit], doubt: Optional[Doubt] = None) -> None:
        self.signin = signin
        self.habit = habit  # the one that it repeats, where it is at hand
        self.doubt = doubt  # None: habitual, and nothing arrived before it since; it need not be judged again
        self.outcome: Any = None  # what it was judged to be, for as long as judging again would say the same

    def unsettle(self) -> None:
        """Something that came before it is news now: it has to be judged again when it settles."""
        self.outcome = None
        if self.doubt is None:
            self.doubt = UNJUDGED


UNJUDGED = Doubt()


class Profile:
    """One person. Times are epoch seconds, days whole days since 1970, counts decayed whole numbers."""

    __slots__ = (
        "anchors", "count", "custom", "denied", "era", "first", "floor", "fresh", "frozen", "group", "habits", "hours",
        "incidents", "last", "methods", "noted", "pairs", "pending", "previous", "promoted", "seen", "sessions", "settled", "sources",
        "total", "verdicts", "versions", "window",
    )  # fmt: skip

    def __init__(self) -> None:
        self.era = 0
        self.count = 0  # sign-ins learned, ever
        self.first: Optional[float] = None
        self.last: Optional[float] = None  # latest success, learned or not: dormancy ends with it
        self.settled: Optional[float] = None  # the latest of those that no longer wait
        self.habits: Dict[Key, Habit] = {}
        self.total = 0  # counts of everything learned
        self.fresh = 0  # counts of what came from a subnet that was new then
        self.hours: List[int] = [0] * 24
        self.versions: Dict[str, int] = {}  # device -> browser version of late, see `follow`
        self.pairs: Dict[str, List[int]] = {}  # two networks used one after the other -> [count, last day]
        self.methods: List[str] = []  # of REMEMBERED_METHODS
        self.sessions: Dict[str, Opening] = {}  # short hash -> where it was opened, oldest first
        self.noted: Optional[str] = None  # the session that was noted last: it is among them
        self.anchors: List[SignIn] = []  # trusted places where travel may start, oldest first
        self.previous: Optional[SignIn] = None  # the latest trusted sign-in, placed or not
        self.pending: Dict[str, Dict[str, Any]] = {}  # see trust
        self.promoted: List[Any] = []  # (kind, time) of values that became trusted, this week
        self.incidents: List[Dict[str, Any]] = []  # see incidents
        self.denied: Dict[str, float] = {}  # values the person disowned -> when
        self.verdicts: Dict[str, str] = {}  # event id -> verdict already taken
        self.frozen = False
        self.custom: Dict[str, Any] = {}  # see custom
        self.group: Optional[str] = None
        self.sources: Dict[str, float] = {}  # data set -> latest time seen
        self.floor: Dict[str, float] = {}  # data set -> nothing at or before this is learned any more
        self.seen: Dict[Event, float] = {}  # what was taken in within the lateness bound -> when it happened
        self.window: List[Waiting] = []  # what of it is not learned yet, by (time, id)

    def add(self, key: Key, subnet: Optional[str], time: float, weight: int) -> bool:
        """Count one sign-in; returns whether this combination is new today."""
        habit = self.habits.get(key)
        day = int(time // DAY)
        if habit is None:
            habit = self.habits[key] = Habit(day)
            if len(self.habits) > ROWS:
                self._evict(key)
        return self.repeat(habit, subnet, time, weight, day)

    def repeat(self, habit: Habit, subnet: Optional[str], time: float, weight: int, day: int) -> bool:
        """Count one sign-in of a habit at hand; returns whether it is the first of that day."""
        midnight, last, subnets = day * DAY, habit.last, habit.subnets
        habit.count += weight
        if time > last:
            habit.last = time
        elif day < habit.first:
            habit.first = day
        if subnet in subnets:
            if last < midnight:
                subnets[subnet] = day
        elif subnet is not None:
            self.fresh += weight
            if len(subnets) >= SUBNETS:
                del subnets[min(subnets, key=lambda name: (subnets[name], name))]
            subnets[subnet] = day
        self.hours[floor(time) // 3600 % 24] += weight
        self.total += weight
        return last < midnight

    def drop(self, key: Key) -> Habit:
        """Take a habit out of the table."""
        habit = self.habits.pop(key)
        habit.kept = False
        return habit

    def follow(self, device: str, version: int) -> None:
        """Let the usual version of a device follow: down at once, up by one a sign-in.

        So one absurd version does not make the everyday one look old, nor do two machines that differ.
        """
        usual = self.versions.get(device)
        self.versions[device] = version if usual is None else min(version, usual + 1)

    def add_pair(self, one: Operator, other: Operator, weight: int, day: int) -> None:
        """Count that two networks were used one after the other."""
        row = self.pairs.setdefault(pair(one, other), [0, day])
        row[0] += weight
        row[1] = max(row[1], day)
        if len(self.pairs) > PAIRS:
            del self.pairs[min(self.pairs, key=lambda name: (self.pairs[name], name))]

    def alternates(self, one: Operator, other: Operator) -> int:
        """Count of two networks used one after the other."""
        row = self.pairs.get(pair(one, other))
        return row[0] if row is not None else 0

    def most_used(self, part: int, number: int = 3) -> List[str]:
        """The most used values of one part of the habits (0 class, 1 country, 2 operator, 3 device)."""
        counts: Dict[Any, int] = {}
        for key, habit in self.habits.items():
            if key[part] is not None:
                counts[key[part]] = counts.get(key[part], 0) + habit.count
        return [str(value) for value in sorted(counts, key=lambda value: (-counts[value], str(value)))[:number]]

    def forget(self, before: float) -> None:
        """Drop habits not used since."""
        for key in [key for key, habit in self.habits.items() if habit.last < before]:
            self.drop(key)
        devices = {key[3] for key in self.habits}
        self.versions = {device: version for device, version in self.versions.items() if device in devices}
        self.pairs = {name: row for name, row in self.pairs.items() if row[1] * DAY >= before}

    def move_to_era(self, era: int, decay: Decay) -> None:
        """Make the counts those of a later era."""
        if era <= self.era:
            return
        if self.era:
            bits = decay.shift(self.era, era)
            for key, habit in list(self.habits.items()):
                habit.count = shifted(habit.count, bits)
                if not habit.count:
                    self.drop(key)
            self.pairs = {name: [row[0] >> bits, row[1]] for name, row in self.pairs.items() if row[0] >> bits}
            self.hours = [count >> bits for count in self.hours]
            self.total, self.fresh = self.total >> bits, self.fresh >> bits
        self.era = era

    def note_session(self, signin: SignIn) -> None:
        """Keep where a session was opened: at its first sign-in, trusted or not."""
        name = short(signin.session or "")
        self.noted = signin.session
        if name not in self.sessions:
            self.sessions[name] = (signin.time, operator_of(signin), signin.device)
            if len(self.sessions) > SESSIONS:
                del self.sessions[next(iter(self.sessions))]

    def opening(self, signin: SignIn) -> Optional[Opening]:
        """Where the session of a sign-in was opened before it; None where that is not known."""
        opened = self.sessions.get(short(signin.session or ""))
        if opened is not None:
            return opened if opened[0] < signin.time else None
        for entry in self.window:
            other = entry.signin
            if other.session == signin.session and (other.time, other.id) < (signin.time, signin.id):
                return other.time, operator_of(other), other.device
        return None

    def silent_since(self, signin: SignIn) -> Optional[float]:
        """When the person last got in before this sign-in, whether it waits or not."""
        if self.last is None or self.last < signin.time:
            return self.last
        waiting = [entry.signin.time for entry in self.window if entry.signin.time < signin.time]
        return waiting[-1] if waiting else self.settled

    def is_new(self, signins: int, days: float, time: float) -> bool:
        """Whether too little is known of the person to call anything unlike them."""
        return self.count < signins and (self.first is None or time - self.first < days * DAY)

    def _evict(self, newest: Key) -> None:
        habits = self.habits
        victim = min(
            (key for key in habits if key != newest), key=lambda key: (habits[key].count, habits[key].last, str(key))
        )
        self.drop(victim)


@lru_cache(maxsize=4096)
def pair(one: Operator, other: Operator) -> str:
    """Two networks, in either order."""
    first, second = sorted((str(one), str(other)))
    return f"{first}|{second}"


@lru_cache(maxsize=4096)
def short(session: str) -> str:
    """A session id may be a secret: eight hexadecimal digits stand for it."""
    return hashlib.sha256(session.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def operator_of(signin: SignIn) -> Operator:
    """What names the network: the ASN, else the subnet."""
    return signin.asn if signin.asn is not None else signin.subnet


def key_of(signin: SignIn) -> Key:
    """The combination that a sign-in counts for."""
    asn = signin.asn
    return signin.network, signin.country, asn if asn is not None else signin.subnet, signin.device, signin.device_id
