"""What is simulated: the size and shape of the organisation, and which attacks on how many of its people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, Mapping, NamedTuple, Tuple

from ..errors import PolicyError, shown
from ..signin import SignIn

START = 1772409600.0  # Monday 2 March 2026, 00:00 UTC: the month holds both daylight-saving changes of spring

ATTACKS: Mapping[str, float] = {  # share of the people who are hit within a month
    "naive": 0.028,
    "vpn": 0.026,
    "residential_proxy": 0.008,
    "session_replay": 0.018,
    "abroad": 0.012,
    "stuffing": 0.018,
    "spraying": 0.01,
    "mfa_fatigue": 0.012,
    "slow_takeover": 0.0015,
    "insider": 0.004,
    "dormant": 0.005,
}
HONEST_KINDS = (
    "usual", "trip", "roaming", "vpn", "corporate_vpn", "relay", "new_phone", "new_laptop", "moved_home",
    "forgotten_password", "kiosk", "shared_egress", "service", "returner", "newcomer",
)  # fmt: skip


class Shape(NamedTuple):
    """How an organisation lives: shares of its people, and sign-ins per person and month of a kind."""

    countries: int
    spread: float  # share of the people outside the first country
    offices: int
    office_days: float  # share of working days spent in the office, for those who have one near
    commercial_vpn: float
    corporate_vpn: float
    relay: float
    trips: float  # trips per person in 30 days
    rare: float  # people who sign in a few times a month
    kiosk: float
    service: float  # service accounts per person
    mfa: float  # share of the people with a second factor
    managed: float  # share of the laptops that report a device id


SHAPES: Mapping[str, Shape] = {
    "mixed": Shape(5, 0.35, 3, 0.45, 0.05, 0.12, 0.05, 0.18, 0.07, 0.03, 0.03, 0.75, 0.55),
    "office": Shape(1, 0.0, 2, 0.75, 0.04, 0.10, 0.04, 0.16, 0.06, 0.04, 0.03, 0.70, 0.70),
    "remote": Shape(3, 0.35, 0, 0.0, 0.07, 0.20, 0.06, 0.22, 0.06, 0.0, 0.04, 0.85, 0.60),
    "global": Shape(9, 0.70, 5, 0.40, 0.06, 0.18, 0.05, 0.30, 0.07, 0.02, 0.04, 0.80, 0.60),
    "school": Shape(1, 0.0, 1, 0.60, 0.08, 0.02, 0.07, 0.10, 0.22, 0.18, 0.01, 0.25, 0.20),
}


@dataclass(frozen=True)
class Organisation:
    """A seeded organisation. The same values give the same events on every Python from 3.9 on.

    `attacks` maps an attack class to the share of the people it hits in 30 days; classes left out take their default,
    an empty mapping means none. `misclassified` is the share of hosting and VPN operators that the scorer sees as residential.
    """

    people: int = 200
    days: int = 30
    seed: int = 7
    start: float = START
    shape: str = "mixed"
    attacks: Mapping[str, float] = field(default_factory=lambda: dict(ATTACKS))
    misclassified: float = 0.25
    warmup: int = 10  # days without attacks

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise PolicyError(f"{shown(self.shape)} is no shape. Use one of {', '.join(SHAPES)}.", key="shape")
        for name, share in self.attacks.items():
            if name not in ATTACKS:
                raise PolicyError(f"{shown(name)} is no attack. Use one of {', '.join(ATTACKS)}.", key="attacks")
            if not 0 <= share <= 1:
                raise PolicyError(f"{shown(share)} is no share. Give a number from 0 to 1.", key=f"attacks.{name}")
        for key in ("people", "days"):
            value = getattr(self, key)
            if not isinstance(value, int) or value < 1:
                raise PolicyError(f"{shown(value)} is no count. Give a whole number from 1.", key=key)


class Truth(NamedTuple):
    """What a sign-in really was."""

    label: str  # an honest kind or an attack class
    attack: bool
    incident: str  # one attack on one person; empty for honest sign-ins
    victim: bool  # the attacker got in: this is a successful sign-in of somebody else


class Event(NamedTuple):
    signin: SignIn
    truth: Truth


def attacks_named(names: Tuple[str, ...], scale: float = 1.0) -> Dict[str, float]:
    """The named attack classes at their default share, times `scale`; ("all",) and ("none",) are understood."""
    if names == ("none",):
        return {}
    chosen = tuple(ATTACKS) if names == ("all",) else names
    unknown = [name for name in chosen if name not in ATTACKS]
    if unknown:
        raise PolicyError(
            f"{shown(unknown[0])} is no attack. Use all, none or some of {', '.join(ATTACKS)}.", key="attacks"
        )
    return {name: min(1.0, ATTACKS[name] * scale) for name in chosen}
