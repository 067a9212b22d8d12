"""Profile: what is known of one person. Bounded, decaying, and made of nothing that JSON cannot hold.

Only `learning` writes here. Detectors read. Every change of one sign-in's worth has its inverse in the journal.
"""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional

from ..decay import Decay
from ..signin import SignIn
from .counts import Counts

BOUNDS = {"classes": 8, "countries": 12, "asns": 16, "subnets": 16, "devices": 12, "device_ids": 12, "pairs": 8}
ANCHORS = 5
WINDOW = 128  # sign-ins that wait for the lateness bound; more in one hour raise the floor instead
HOUR = 3600.0


class Anchor(NamedTuple):
    """A trusted place at a time: where travel starts."""

    time: float
    lat: float
    lon: float
    accuracy_km: Optional[float]
    asn: Optional[int]
    subnet: Optional[str]
    network: Optional[str]
    country: Optional[str]
    city: Optional[str]
    as_org: Optional[str]
    device: Optional[str]
    app: Optional[str]
    ip: Optional[str]


class Waiting(NamedTuple):
    """A sign-in inside the lateness bound: known by id, not yet learned unless `signin` is None."""

    time: float
    id: str
    source: str
    signin: Optional[SignIn]
    sure: bool = True  # habitual, and nothing arrived before it since: it need not be judged again
    risk: float = 0.0  # as first scored; an incident of it holds at once, whatever it may teach later
    log_odds: float = 0.0
    sentence: str = ""


class Profile:
    """One person. Times are epoch seconds, days whole days since 1970, counts decayed whole numbers."""

    __slots__ = (
        "anchors", "asns", "classes", "closed", "count", "countries", "country_times", "denied", "device_ids", "devices",
        "era", "failures", "first", "floor", "frozen", "group", "hours", "hours_total", "incidents", "last", "pairs",
        "pending", "previous", "promoted", "sources", "subnets", "verdicts", "versions", "window",
    )  # fmt: skip

    def __init__(self) -> None:
        self.era = 0
        self.count = 0  # sign-ins learned, ever
        self.first: Optional[float] = None
        self.last: Optional[float] = None  # latest success, learned or not: dormancy ends with it
        self.classes = Counts(BOUNDS["classes"])
        self.countries = Counts(BOUNDS["countries"])
        self.asns = Counts(BOUNDS["asns"])
        self.subnets = Counts(BOUNDS["subnets"])
        self.devices = Counts(BOUNDS["devices"])
        self.device_ids = Counts(BOUNDS["device_ids"])
        self.pairs = Counts(BOUNDS["pairs"])  # two networks used one after the other, "asn>asn"
        self.versions: Dict[str, int] = {}  # device -> highest browser version
        self.country_times: Dict[str, float] = {}  # trusted country -> latest sign-in
        self.hours: List[int] = [0] * 24
        self.hours_total = 0
        self.anchors: List[Anchor] = []  # oldest first
        self.previous: Optional[Anchor] = None  # the latest trusted sign-in, placed or not
        self.pending: Dict[str, Dict[str, Any]] = {}  # see trust
        self.incidents: List[Dict[str, Any]] = []  # see incidents
        self.denied: Dict[str, float] = {}  # values the person disowned -> when
        self.verdicts: Dict[str, str] = {}  # event id -> verdict already taken
        self.closed: Dict[str, float] = {}  # incidents closed as benign -> when
        self.failures: List[float] = []  # times of recent failures, oldest first
        self.promoted: List[Any] = []  # (kind, time) of values that became trusted by habit, this week
        self.frozen = False
        self.group: Optional[str] = None
        self.sources: Dict[str, float] = {}  # data set -> latest time seen
        self.floor: Dict[str, float] = {}  # data set -> nothing at or before this is learned any more
        self.window: List[Waiting] = []  # by (time, id)

    def move_to_era(self, era: int, decay: Decay) -> None:
        """Make the counts those of a later era."""
        if self.era and era > self.era:
            bits = decay.shift(self.era, era)
            for table in self.tables():
                table.shift(bits)
            self.hours = [count >> bits for count in self.hours]
            self.hours_total = sum(self.hours)
        if era > self.era:
            self.era = era

    def tables(self) -> List[Counts]:
        return [self.classes, self.countries, self.asns, self.subnets, self.devices, self.device_ids, self.pairs]

    def is_new(self, signins: int, days: float, time: float) -> bool:
        """Whether too little is known of the person to call anything unlike them."""
        return self.count < signins and (self.first is None or time - self.first < days * 86400.0)
