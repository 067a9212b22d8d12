"""Sign-ins, people and streams for the tests of the model, in the words of the field.

Places and devices are dictionaries of SignIn's fields, so that a test reads as what happened:
`signin(day=3, hour=9, **HOME, **LAPTOP)`.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any, Dict, Iterable, List, Mapping, Optional

from busybody.people import population_text
from busybody.policy import Policy
from busybody.profile import Profile
from busybody.profile.codec import encode
from busybody.scorer import Scorer
from busybody.signin import Assessment, Finding, SignIn
from busybody.stores.memory import MemoryStore

START = 1772409600.0  # Monday 2 March 2026, 00:00 UTC
HOUR, DAY = 3600.0, 86400.0

HOME: Dict[str, Any] = {
    "ip": "203.0.113.10", "subnet": "203.0.113.0/24", "network": "residential", "country": "PT", "city": "Lisbon",
    "lat": 38.72, "lon": -9.14, "accuracy_km": 20.0, "asn": 64510, "as_org": "Tejo Cable",
}  # fmt: skip
HOME_RENUMBERED = {**HOME, "ip": "203.0.112.77", "subnet": "203.0.112.0/24"}
PHONE_NET: Dict[str, Any] = {
    "ip": "198.51.100.20", "subnet": "198.51.100.0/24", "network": "mobile", "country": "PT", "city": "Lisbon",
    "lat": 38.74, "lon": -9.2, "accuracy_km": 100.0, "asn": 64511, "as_org": "Onda Mobile",
}  # fmt: skip
OFFICE: Dict[str, Any] = {
    "ip": "192.0.2.5", "subnet": "192.0.2.0/24", "network": "organisation", "country": "PT", "city": "Setubal",
    "lat": 38.52, "lon": -8.89, "accuracy_km": 5.0, "asn": 64512, "as_org": "Example Works",
}  # fmt: skip
HOTEL: Dict[str, Any] = {  # a trip: another country and provider, reachable overnight
    "ip": "198.18.1.9", "subnet": "198.18.1.0/24", "network": "residential", "country": "NL", "city": "Utrecht",
    "lat": 52.09, "lon": 5.12, "accuracy_km": 20.0, "asn": 64520, "as_org": "Polder Fibre",
}  # fmt: skip
FAR: Dict[str, Any] = {
    "ip": "198.19.7.7", "subnet": "198.19.7.0/24", "network": "residential", "country": "JP", "city": "Sapporo",
    "lat": 43.06, "lon": 141.35, "accuracy_km": 20.0, "asn": 64530, "as_org": "Yuki Net",
}  # fmt: skip
HOSTING: Dict[str, Any] = {
    "ip": "198.18.99.1", "subnet": "198.18.99.0/24", "network": "hosting", "country": "DE", "city": "Frankfurt",
    "lat": 50.11, "lon": 8.68, "accuracy_km": 50.0, "asn": 64540, "as_org": "Rack Farm",
}  # fmt: skip
VPN: Dict[str, Any] = {
    "ip": "198.18.200.1", "subnet": "198.18.200.0/24", "network": "vpn", "country": "CH", "city": "Zurich",
    "lat": 47.37, "lon": 8.54, "accuracy_km": 50.0, "asn": 64550, "as_org": "Tunnel Ltd",
}  # fmt: skip
TOR: Dict[str, Any] = {
    "ip": "198.18.210.1", "subnet": "198.18.210.0/24", "network": "tor", "country": "RO", "city": None,
    "lat": 44.43, "lon": 26.1, "accuracy_km": 100.0, "asn": 64551, "as_org": "Exit Nodes",
}  # fmt: skip
NO_ASN: Dict[str, Any] = {
    "ip": "192.0.2.200", "subnet": "192.0.2.128/25", "network": "private", "country": None, "lat": None, "lon": None,
}  # fmt: skip
NOWHERE: Dict[str, Any] = {}
PLACES = (HOME, HOME_RENUMBERED, PHONE_NET, OFFICE, HOTEL, FAR, HOSTING, VPN, TOR, NO_ASN, NOWHERE)

LAPTOP: Dict[str, Any] = {"device": "windows-desktop-chrome", "version": 140}
PHONE: Dict[str, Any] = {"device": "ios-mobile-safari", "version": 19}
STRANGE: Dict[str, Any] = {"device": "linux-desktop-firefox", "version": 128}
MANAGED: Dict[str, Any] = {**LAPTOP, "device_id": "A-17", "flags": ("managed_device",)}
TOOL: Dict[str, Any] = {"device": "linux-tool-curl"}
NO_DEVICE: Dict[str, Any] = {}
DEVICES = (LAPTOP, PHONE, STRANGE, MANAGED, TOOL, NO_DEVICE)


def at(day: float, hour: float = 0.0) -> float:
    """Epoch seconds of an hour of a day of the test's calendar; day 0 is a Monday."""
    return START + day * DAY + hour * HOUR


def signin(day: float = 0.0, hour: float = 9.0, **fields: Any) -> SignIn:
    """A successful sign-in of ana; whatever is not said is missing."""
    time = fields.pop("time", at(day, hour))
    values: Dict[str, Any] = {"user": "ana", "outcome": "success", "interactive": True, "source": "test", "mfa": "none"}
    values.update(fields)
    values.setdefault("id", f"{values['user']}@{time:.3f}/{values['source']}/{values.get('ip')}/{values.get('device')}")
    return SignIn(time=time, **values)


def policy(**sections: Any) -> Policy:
    """The default policy with some keys said: policy(learning={"trust_days": 2})."""
    return Policy.from_mapping(sections)


def model(rules: Optional[Policy] = None, *, short_path: bool = True, store: Optional[MemoryStore] = None) -> Scorer:
    return Scorer(rules or Policy.default(), store or MemoryStore(), short_path=short_path)


def adding(rules: Optional[Policy] = None) -> Scorer:
    """A model in which each contribution is weight times surprisal, so that a test can tell what one detector says."""
    given = rules or Policy.default()
    return model(given._replace(trained=given.trained._replace(fusion="sum")))


def live(scorer: Scorer, days: int = 30, *, user: str = "ana", first: int = 0, **fields: Any) -> None:
    """Everyday life: two sign-ins on each day, at HOME with the LAPTOP unless `fields` says otherwise."""
    usual = {**HOME, **LAPTOP, "user": user, **fields}
    for day in range(first, first + days):
        for hour in (8.0, 13.0):
            scorer.process(signin(day, hour, **usual))


def company(scorer: Scorer, people: int = 12, days: int = 30, first: int = 0) -> None:
    """Colleagues in the same town, on the same few providers and devices, each with a subnet of their own."""
    providers, devices = (HOME, PHONE_NET, OFFICE), (LAPTOP, PHONE)
    for day in range(first, first + days):
        for number in range(people):
            own = {"ip": f"100.64.{number}.5", "subnet": f"100.64.{number}.0/24", "user": f"colleague{number}"}
            place, device = providers[number % 3], devices[number % 2]
            scorer.process(signin(day, 8.0 + number / 20.0, **{**place, **device, **own}))


def settled(scorer: Scorer, time: float) -> Scorer:
    """The same model a while after `time`, when all that came until then has taught."""
    scorer.advance(time + 3 * HOUR)
    caught_up(scorer)
    return scorer


def caught_up(scorer: Scorer) -> None:
    """Let everybody teach what is due, those too who were not met yet."""
    for keys in scorer._ripe.values():
        for key in keys:
            scorer.people.by_key(key)
    scorer.catch_up()


def profile_of(scorer: Scorer, user: str = "ana") -> Profile:
    person = scorer.people.get(user)
    assert person is not None, f"nothing is known of {user}"
    return person.profile


def finding(assessment: Assessment, detector: str) -> Optional[Finding]:
    return next((found for found in assessment.findings if found.detector == detector), None)


def names(assessment: Assessment) -> List[str]:
    return [found.detector for found in assessment.findings]


def people_of(scorer: Scorer, users: Iterable[str]) -> Dict[str, Any]:
    """Every profile and journal as JSON, read without teaching anything."""
    out: Dict[str, Any] = {}
    for user in sorted(users):
        person = scorer.people.get(user)
        if person is not None:
            out[user] = [json.loads(encode(person.profile)), json.loads(scorer.people.journal(person).encode())]
    return out


def population_of(scorer: Scorer) -> Dict[str, Any]:
    """Tables, evidence and what waits, as JSON."""
    row: Dict[str, Any] = json.loads(
        population_text(scorer.organisation, scorer.evidence, scorer._delta, scorer._ripe, scorer.hour)
    )
    return row


def state_of(scorer: Scorer, users: Iterable[str]) -> str:
    """All that the model knows, as one text."""
    caught_up(scorer)
    return json.dumps([people_of(scorer, users), population_of(scorer)], sort_keys=True)


def reloaded(scorer: Scorer) -> Scorer:
    """The model as another process finds it in the store."""
    scorer.save()
    return Scorer(scorer.policy, scorer.people._store)


def sum_of_parts(assessment: Assessment) -> float:
    total = assessment.base
    for found in assessment.findings:
        total += found.contribution
    return total


GAPS = (0.0, 0.001, 30.0, 400.0, 1800.0, 3599.0, 3600.0, 3601.0, 4 * HOUR, 11 * HOUR, DAY, 3 * DAY)
SILENCES = (8 * DAY, 31 * DAY, 65 * DAY)
FLAGS = ((), (), (), ("managed_device",), ("phishing_resistant",), ("threat",), ("proxy",), ("vpn", "risky"))


def adversarial(seed: int, length: int = 300, users: int = 3, *, sources: int = 2, odd: float = 0.25) -> List[SignIn]:
    """A stream in the order of time that is habitual enough for short cuts and odd enough to catch them out.

    Few people, many coincidences: equal times, hours that end between two sign-ins, networks and devices that
    become habits and vanish, far places, versions that jump, failures, fields that are missing, silences.
    """
    random = Random(seed)
    lives = [
        [({**random.choice(PLACES), **random.choice(DEVICES)}) for _ in range(random.choice((1, 2, 2, 3)))]
        for _ in range(users)
    ]
    time, stream, version = START + random.random() * DAY, [], 140
    for number in range(length):
        time += random.choice(GAPS) if random.random() < 0.985 else random.choice(SILENCES)
        user = random.randrange(users)
        fields: Dict[str, Any] = dict(random.choice(lives[user]))
        source = "one"
        if random.random() < odd:
            fields.update(_oddity(random, version))
            source = random.choice(("one", "two")[:sources])
            version += random.choice((0, 0, 1, 9))
        fields.setdefault("outcome", "success")
        stream.append(signin(time=time, id=f"e{number:04d}", user=f"user{user}", source=source, **fields))
    return stream


def _oddity(random: Random, version: int) -> Mapping[str, Any]:
    kind = random.randrange(8)
    if kind == 0:
        return random.choice(PLACES)
    if kind == 1:
        return random.choice(DEVICES)
    if kind == 2:
        return {**random.choice(PLACES), **random.choice(DEVICES)}
    if kind == 3:
        return {"outcome": random.choice(("failure", "unknown")), "mfa": "denied"}
    if kind == 4:
        return {"version": version + random.choice((-3, -1, 0, 2, 12))}
    if kind == 5:
        return {"flags": random.choice(FLAGS), "method": random.choice(("password", "passkey", None))}
    if kind == 6:
        return {random.choice(("country", "device", "asn", "subnet", "lat", "network", "version", "lon")): None}
    return {"session": f"s{random.randrange(4)}", "interactive": random.choice((True, False, None)), "group": "sales"}


def displaced(stream: Iterable[SignIn], bound: float, random: Random) -> List[SignIn]:
    """The same sign-ins in an order of arrival in which none is overtaken by one `bound` or more seconds younger."""
    return sorted(stream, key=lambda entry: (entry.time + random.random() * bound * 0.999, entry.id))
