"""The window of recent evidence: failures and arrivals that mean something only beside those of others.

`observe` fills it while learning, `about` reads it while scoring, one day back from the sign-in asked about; where
operator or kind of device are all that ties those who failed to it, only as long as such a crowd failed within six hours. Three tables: the tries at each account; the people who failed from each network, each operator with one kind of device, and
each kind of device anywhere; the people who got in from each hosting network, with each scripting tool, and from each
network where somebody failed.

What is kept depends on neither the order of arrival nor on repetition, so a sign-in that settles a day later is told
the same; but who got in at a network before the first failure there was heard of, is not counted. A table that is full forgets the quarter that has been silent longest: a flood of a million failures costs
a few megabytes, and the memory of older failures elsewhere.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple, Type, TypeVar, Union

from ..signin import SignIn
from .crowd import LEAST, Crowd, Many
from .people import person
from .tries import Tries, Try

VERSION = 2
LIFETIME = 86400.0  # seconds that `about` looks back
LIVE = 6 * 3600.0  # ... in which a crowd goes on where many share what ties it: one that ended says nothing of others
KEPT = 3 * LIFETIME  # what settles a day later, and its lateness bound before that, still has to find its day
ENTRIES = 40_000  # of one table
ANONYMOUS = frozenset(("hosting", "vpn", "tor"))


class About(NamedTuple):
    """What recent evidence says of one sign-in: the hours before it, and never what came after."""

    failed: Tuple[Try, ...] = ()  # failures at the same account, by time
    denied: Tuple[Try, ...] = ()  # second factors denied there
    source: Optional[Many] = None  # people who failed from the same network (subnet)
    family: Optional[Many] = None  # people who failed from the same operator with the same kind of device
    device: Optional[Many] = None  # people who failed with the same kind of device
    entered: Optional[Many] = None  # people who got in from the same network (subnet), once somebody had failed there
    arrived: Optional[Many] = None  # people who got in from the same hosting network (operator)
    tool: Optional[Many] = None  # people who got in with the same scripting tool


NOTHING = About()
Row = TypeVar("Row", Crowd, Tries)
_heard = itemgetter(*map(SignIn._fields.index, ("time", "outcome", "subnet", "network", "device")))


class Evidence:
    def __init__(self, key: Callable[[str], str] = str) -> None:
        """`key` gives the name under which a person is stored: a pseudonym where the policy asks for privacy."""
        self._key = key
        self.tries: Dict[str, Tries] = {}  # person ->
        self.failing: Dict[str, Crowd] = {}  # subnet, operator|device or |device ->
        self.arrived: Dict[str, Crowd] = {}  # subnet that is failing, operator or |tool ->
        self.sizes = [0, 0, 0]
        self.latest = 0.0
        self.midnight = LIFETIME  # the end of the day that `latest` lies in

    def asks(self, outcome: str, subnet: Optional[str], network: Optional[str], device: Optional[str]) -> bool:
        """Whether `observe` would take anything in but the time: who hears of many sign-ins need not read the rest."""
        if outcome != "success":
            return outcome == "failure"
        return subnet in self.failing or network in ANONYMOUS or is_tool(device)

    def reach(self, time: float) -> None:
        """Let event time reach `time`. Once a day what is too old to say anything is dropped."""
        if time > self.latest:
            if time >= self.midnight:
                self._forget(time - KEPT)
                self.midnight = (time // LIFETIME + 1.0) * LIFETIME
            self.latest = time

    def observe(self, signin: SignIn) -> None:
        """Take one sign-in in. Older than KEPT says nothing any more; taken in twice changes nothing."""
        time, outcome, subnet, network, device = _heard(signin)
        if self.latest < time < self.midnight:
            self.latest = time
        else:
            self.reach(time)
        if not self.asks(outcome, subnet, network, device) or time < self.latest - KEPT:
            return
        who = person(self._key(signin.user))
        if outcome == "failure":
            self._fail(signin, who)
            return
        if subnet in self.failing:
            self._note(2, self.arrived, subnet or "", who, time)
        if network in ANONYMOUS and signin.asn is not None:
            self._note(2, self.arrived, str(signin.asn), who, time)
        if is_tool(device):
            self._note(2, self.arrived, f"|{device}", who, time)

    def about(self, signin: SignIn, key: Optional[str] = None) -> About:
        """What was seen in the day before this sign-in; the object NOTHING where nothing was.

        `key` is the name under which the person is stored, where the sign-in itself no longer says who it was.
        """
        until = signin.time
        since = until - LIFETIME
        asn, device, failing = signin.asn, signin.device, self.failing
        tries = self.tries.get(person(key if key is not None else self._key(signin.user)))
        source = failing.get(signin.subnet) if signin.subnet is not None else None
        family = failing.get(f"{asn}|{device}") if asn is not None and device is not None else None
        alike = failing.get(f"|{device}") if device is not None else None
        entered = self.arrived.get(signin.subnet) if source is not None and signin.subnet is not None else None
        arrived = self.arrived.get(str(asn)) if signin.network in ANONYMOUS else None
        tool = self.arrived.get(f"|{device}") if is_tool(device) else None
        if tries is None and source is family is alike is arrived is tool is None:
            return NOTHING
        if family is not None and family.between(until - LIVE, until) is None:
            family = None
        if alike is not None and alike.between(until - LIVE, until) is None:
            alike = None
        found = About(
            tries.between(since, until, False) if tries is not None else (),
            tries.between(since, until, True) if tries is not None else (),
            *[
                crowd.between(since, until) if crowd is not None else None
                for crowd in (source, family, alike, entered, arrived, tool)
            ],
        )
        return found if found != NOTHING else NOTHING

    def _fail(self, signin: SignIn, who: str) -> None:
        time = signin.time
        tries = self.tries.get(who)
        if tries is None:
            tries = self.tries[who] = Tries()
        size = tries.size
        tries.add(time, signin.subnet or "", signin.mfa == "denied")
        self._grown(0, tries.size - size)
        for key in _places(signin):
            self._note(1, self.failing, key, who, time)

    def _note(self, table: int, crowds: Dict[str, Crowd], key: str, who: str, time: float) -> None:
        crowd = crowds.get(key)
        if crowd is None:
            crowd = crowds[key] = Crowd()
        grown = crowd.add(who, time)
        if grown:
            self._grown(table, grown)

    def _grown(self, table: int, entries: int) -> None:
        """Keep the bound."""
        self.sizes[table] += entries
        if self.sizes[table] > ENTRIES:
            rows: Dict[str, Any] = (self.tries, self.failing, self.arrived)[table]
            for key in sorted(rows, key=lambda key: (rows[key].latest, key)):
                self.sizes[table] -= rows.pop(key).size
                if self.sizes[table] <= 0.75 * ENTRIES:
                    break

    def _forget(self, before: float) -> None:
        """Drop what is too old to say anything."""
        self.sizes = [_drop(self.tries, before), _drop(self.failing, before), _drop(self.arrived, before)]

    def to_json(self) -> Dict[str, Any]:
        return {
            "v": VERSION, "latest": self.latest, "tries": _to_json(self.tries), "failing": _to_json(self.failing),
            "arrived": _to_json(self.arrived),
        }  # fmt: skip

    @classmethod
    def from_json(cls, row: Optional[Dict[str, Any]], key: Callable[[str], str] = str) -> Evidence:
        """A window of the first version, which kept other things for a day, is begun anew."""
        evidence = cls(key)
        if row and row["v"] == VERSION:
            evidence.latest = row["latest"]
            evidence.midnight = (evidence.latest // LIFETIME + 1.0) * LIFETIME
            evidence.tries = _from_json(Tries, row["tries"])
            evidence.failing = _from_json(Crowd, row["failing"])
            evidence.arrived = _from_json(Crowd, row["arrived"])
            evidence._forget(float("-inf"))
        return evidence


def _places(signin: SignIn) -> List[str]:
    """What a failure is counted for: the subnet, the operator with the kind of device, the kind of device."""
    asn, device, subnet = signin.asn, signin.device, signin.subnet
    places = [subnet] if subnet is not None else []
    if device is not None:
        places += [f"{asn}|{device}", f"|{device}"] if asn is not None else [f"|{device}"]
    return places


def is_tool(device: Optional[str]) -> bool:
    """Whether a device is a script or command-line tool."""
    return device is not None and "tool" in device and "tool" in device.split("-")


def _drop(rows: Dict[str, Row], before: float) -> int:
    """Drop what was before; returns how many entries are left."""
    for key in [key for key, row in rows.items() if row.latest < before]:
        del rows[key]
    for row in rows.values():
        row.forget(before)
    return sum(row.size for row in rows.values())


def _to_json(rows: Union[Dict[str, Crowd], Dict[str, Tries]]) -> Dict[str, Any]:
    return {key: row.to_json() for key, row in rows.items()}


def _from_json(kind: Type[Row], rows: Dict[str, List[Any]]) -> Dict[str, Row]:
    return {key: kind.from_json(row) for key, row in rows.items()}


__all__ = ["LEAST", "NOTHING", "About", "Evidence", "Many"]
