"""The window of recent evidence: what spans several people or events, kept for a day of event time.

Keyed by address and by session, so that any worker may own a key. `observe` fills it while learning, `about`
reads it while scoring. Bounded: an address keeps the people who failed from it (64 at most, then only their
number), the table keeps the most recent addresses and sessions. Observing an event twice changes nothing.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from ..signin import SignIn
from .people import person

ADDRESSES, SESSIONS, PEOPLE = 4096, 8192, 64
LIFETIME = 86400.0  # seconds


class About(NamedTuple):
    """What recent evidence says of one sign-in's address and session."""

    failures: Tuple[Tuple[str, float], ...] = ()  # (person, latest failure), by time, before this sign-in
    succeeded: Tuple[Tuple[str, float], ...] = ()  # (person, latest success) from an address that also failed
    session: Optional[Tuple[Optional[int], Optional[str], float]] = None  # (ASN, device, time) that opened the session


NOTHING = About()


class Evidence:
    def __init__(self, key: Callable[[str], str] = str) -> None:
        """`key` gives the name under which a person is stored: a pseudonym where the policy asks for privacy."""
        self._key = key
        self.addresses: Dict[str, Dict[str, Dict[str, float]]] = {}
        self.sessions: Dict[str, List[Any]] = {}
        self.latest = 0.0

    def observe(self, signin: SignIn) -> None:
        """Take one sign-in in: failures by address, successes from addresses that fail, where a session began.

        What is older than a day before the latest says nothing any more; an event taken in twice changes nothing.
        """
        time = signin.time
        if time > self.latest:
            self.latest = time
        elif time < self.latest - LIFETIME:
            return
        address, session, outcome = signin.ip, signin.session, signin.outcome
        if outcome == "failure":
            if address is not None:
                self._note(address, "failed", signin)
        elif address in self.addresses:
            if min(self.addresses[address]["failed"].values(), default=time + 1.0) <= time:
                self._note(address, "succeeded", signin)
        if session is not None and outcome == "success":
            self._join(session, signin)

    def about(self, signin: SignIn) -> About:
        """What was seen of this sign-in's address and session in the day before it."""
        address = self.addresses.get(signin.ip) if signin.ip is not None else None
        session = self.sessions.get(signin.session) if signin.session is not None else None
        if address is None and session is None:
            return NOTHING
        since = signin.time - LIFETIME
        began = None
        if session is not None and session[2] <= signin.time and since <= session[3]:
            began = (session[0], session[1], session[2])
        if address is None:
            return About(session=began)
        return About(
            _between(address["failed"], since, signin.time), _between(address["succeeded"], since, signin.time), began
        )

    def to_json(self) -> Dict[str, Any]:
        return {"v": 1, "latest": self.latest, "addresses": self.addresses, "sessions": self.sessions}

    @classmethod
    def from_json(cls, row: Optional[Dict[str, Any]], key: Callable[[str], str] = str) -> Evidence:
        evidence = cls(key)
        if row:
            evidence.addresses = row["addresses"]
            evidence.sessions = row["sessions"]
            evidence.latest = row["latest"]
        return evidence

    def _join(self, session: str, signin: SignIn) -> None:
        """Note where a session began, and that it lives."""
        known, time = self.sessions.get(session), signin.time
        if known is None:
            self.sessions[session] = [signin.asn, signin.device, time, time]
            if len(self.sessions) > SESSIONS:
                del self.sessions[next(iter(self.sessions))]
        elif time > known[3] + LIFETIME:
            known[:] = [signin.asn, signin.device, time, time]
        elif time > known[3]:
            known[3] = time
        elif known[2] - LIFETIME <= time < known[2]:
            known[:3] = [signin.asn, signin.device, time]

    def _note(self, address: str, what: str, signin: SignIn) -> None:
        seen, who = self.addresses.get(address), person(self._key(signin.user))
        if seen is None:
            seen = self.addresses[address] = {"failed": {}, "succeeded": {}}
        elif signin.time <= seen[what].get(who, 0.0):
            return
        else:
            self.addresses[address] = self.addresses.pop(address)  # to the end: the first is least recently used
        if len(self.addresses) > ADDRESSES:
            del self.addresses[next(iter(self.addresses))]
        people = seen[what]
        people.pop(who, None)
        people[who] = signin.time
        if len(people) > PEOPLE:
            del people[next(iter(people))]


def _between(people: Dict[str, float], since: float, until: float) -> Tuple[Tuple[str, float], ...]:
    found = [(who, time) for who, time in people.items() if since <= time <= until]
    return tuple(sorted(found, key=lambda entry: (entry[1], entry[0])))
