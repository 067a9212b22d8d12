"""An invented month of scores: the shape of real ones, with a few bad days in it. Seeded, so that pictures compare."""

from __future__ import annotations

import random
from typing import Any, Dict, Iterator, List, Tuple

Line = Dict[str, Any]

START = 1_772_409_600  # Mon 2 Mar 2026 00:00 UTC
HOME = {
    "Lisbon": ("PT", 38.72, -9.14, 3243, "MEO - Servicos de Comunicacoes", "residential"),
    "Berlin": ("DE", 52.52, 13.41, 3320, "Deutsche Telekom AG", "residential"),
    "Chicago": ("US", 41.88, -87.63, 7922, "Comcast Cable Communications", "residential"),
    "São Paulo": ("BR", -23.55, -46.63, 28573, "Claro NXT Telecomunicacoes", "mobile"),
    "Bengaluru": ("IN", 12.97, 77.59, 55836, "Reliance Jio Infocomm", "mobile"),
    "Tokyo": ("JP", 35.68, 139.69, 2516, "KDDI Corporation", "residential"),
    "Sydney": ("AU", -33.87, 151.21, 1221, "Telstra Corporation", "residential"),
}
AWAY = {
    "Lagos": ("NG", 6.52, 3.38, 37148, "Globacom Limited", "mobile"),
    "Frankfurt am Main": ("DE", 50.11, 8.68, 24940, "Hetzner Online GmbH", "hosting"),
    "Saint Petersburg": ("RU", 59.93, 30.34, 49505, "OOO Network of data-centers Selectel", "hosting"),
    "Auckland": ("NZ", -36.85, 174.76, 9500, "One New Zealand Group", "residential"),
    "Bucharest": ("RO", 44.43, 26.1, 9009, "M247 Europe SRL", "vpn"),
}
DEVICES = (
    "Chrome on Windows",
    "Edge on Windows",
    "Safari on macOS",
    "Chrome on Android",
    "Safari on iOS",
    "Firefox on Linux",
)
GIVEN = "ana bruno chandra dina emil fatou goran hana ines jonas kofi lena marta nils olga pavel quinn rosa sven tara uma vik wanda yara zoe"
FAMILY = "silva costa okafor meyer novak tanaka rossi dubois haddad lindqvist moreau petrov reyes schulz"


def people(count: int) -> List[str]:
    names = [f"{given}.{family}@example.org" for family in FAMILY.split() for given in GIVEN.split()]
    return [names[(i * 37) % len(names)] for i in range(count)]


def place(city: str, table: Dict[str, Tuple[Any, ...]]) -> Line:
    country, lat, lon, asn, as_org, network = table[city]
    return {"country": country, "city": city, "lat": lat, "lon": lon, "asn": asn, "as_org": as_org, "network": network}


def signin(city: str, device: str, table: Dict[str, Tuple[Any, ...]], **more: Any) -> Line:
    ip = "203.0.113.7" if table is HOME else "198.51.100.23"
    base = {
        "outcome": "success",
        "ip": ip,
        "region": None,
        "device": device,
        "app": "Microsoft 365",
        "method": "password",
    }
    return {**base, **place(city, table), "mfa": "passed", "source": "entra.signin", **more}


def line(number: int, time: float, user: str, risk: float, this: Line, **more: Any) -> Line:
    level = ("none", "low", "medium", "high", "critical")[sum(risk >= bound for bound in (20, 40, 70, 90))]
    base = {
        "event_id": f"e{number}",
        "time": time,
        "user": user,
        "risk": risk,
        "level": level,
        "log_odds": -4.0,
        "base": -6.9,
    }
    rest = {"findings": [], "sentence": "", "learned": "trusted", "previous": None, "model": "2.0.0", "incident": None}
    return {**base, **rest, "late": False, "alert": False, "signin": this, **more}


def finding(
    detector: str, contribution: float, reason: str, *techniques: str, filtered_by: Tuple[str, ...] = ()
) -> Line:
    return {
        "detector": detector,
        "contribution": contribution,
        "reason": reason,
        "techniques": list(techniques),
        "evidence": {},
        "filtered_by": list(filtered_by),
    }


def attack(
    number: int, time: float, user: str, risk: float, home: str, away: str, draw: random.Random, **more: Any
) -> Line:
    """A sign-in from the wrong end of the world, a while after one from home."""
    gap = draw.choice((900, 2_640, 7_800, 14_400))
    device = "Chrome on Linux"
    before = {
        "time": time - gap,
        "ip": "203.0.113.7",
        "device": DEVICES[0],
        "app": "Microsoft 365",
        **place(home, HOME),
    }
    network, country = AWAY[away][5], AWAY[away][0]
    findings = [
        finding("impossible_travel", 4.1, f"{home} to {away} in {gap // 60} minutes", "T1078.004", "T1550.004"),
        finding("new_device", 2.3, f"first {device}", "T1078"),
        finding("unusual_network", 1.9, f"first {network} network {AWAY[away][4]}", "T1078"),
        finding("new_country", 0.8, f"first sign-in from {country}", "T1078.004", filtered_by=("countries.trusted",)),
        finding("unusual_hour", -0.2, "within the usual hours"),
    ]
    sentence = (
        f"{user.split('@', maxsplit=1)[0]} signed in from {away} {gap // 60} minutes after {home}, "
        f"on a device never seen before, over a {network} network."
    )
    this = signin(away, device, AWAY, method="legacy", mfa="none")
    shape = {
        "findings": findings,
        "sentence": sentence,
        "previous": before,
        "learned": "withheld",
        "incident": f"i{number}",
    }
    return line(number, time, user, risk, this, **{**shape, "alert": risk >= 70, **more})


def month(count: int = 200, days: int = 28, seed: int = 7) -> Iterator[Line]:
    """Some thirty sign-ins a person, a handful of attacks, some noise, some records that are no sign-ins."""
    draw = random.Random(seed)
    cities = list(HOME)
    number = 0
    for day in range(days):
        weekend = day % 7 >= 5
        for index, user in enumerate(people(count)):
            number += 1
            if draw.random() < (0.85 if weekend else 0.1):
                continue
            home = cities[index % len(cities)]
            time = START + day * 86_400 + draw.gauss(9.5, 2.0) * 3_600
            risk = min(draw.expovariate(1 / 7.0), 66.0)
            this = signin(home, DEVICES[index % 6], HOME, mfa=draw.choice(("passed", "passed", "none", "unknown")))
            if risk < 20:
                yield line(number, time, user, risk, this)
                continue
            odd = finding("unusual_hour", risk / 20, "earlier than usual", "T1078")
            sentence = f"{user.split('@')[0]} signed in at an unusual hour from {home}."
            before = {"time": time - 86_400, "ip": "203.0.113.7", "device": DEVICES[index % 6], **place(home, HOME)}
            yield line(
                number, time, user, risk, this, findings=[odd], sentence=sentence, previous=before, learned="pending"
            )
        if draw.random() < 0.05:
            yield {"skipped": "a token refresh is no sign-in", "line": number}
        yield from ({"skipped": reason, "line": number} for reason in ("no address", "not a sign-in", "not a sign-in"))
    for day, index, risk in ((3, 4, 92.0), (9, 4, 97.5), (9, 11, 84.0), (16, 23, 76.0), (17, 23, 71.0), (22, 40, 90.4)):
        home, away = cities[index % len(cities)], list(AWAY)[(day + index) % len(AWAY)]
        for repeat in range(3):
            number += 1
            when = START + day * 86_400 + 7_400 + repeat * 700
            yield attack(
                number, when, people(count)[index % count], risk - repeat, home, away, draw, incident=f"i{day}-{index}"
            )
