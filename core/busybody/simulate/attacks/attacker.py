"""What attackers have: networks, devices, and a way to write their sign-ins down."""

from __future__ import annotations

from random import Random
from typing import Dict, List, Optional, Tuple

from ...signin import SignIn
from ..clock import DAY, midnight, weekday
from ..config import Event, Organisation, Truth
from ..devices import LAPTOPS, MODELS, PHONES, TOOLS, Device, draw
from ..life import SOURCE
from ..people import Company, Person
from ..world import Access, Site

THEIR_MACHINES: List[Tuple[str, float]] = [
    ("windows-desktop-chrome", 0.44), ("windows-desktop-firefox", 0.14), ("windows-desktop-edge", 0.08),
    ("linux-desktop-chrome", 0.08), ("linux-desktop-firefox", 0.07), ("macos-desktop-chrome", 0.10),
    ("android-mobile-chrome", 0.05), ("ios-mobile-safari", 0.04),
]  # fmt: skip
COUNTRIES: List[Tuple[str, float]] = [
    ("RU", 8), ("NG", 8), ("CN", 6), ("US", 14), ("BR", 6), ("IN", 7), ("VN", 5), ("ID", 5), ("NL", 7), ("DE", 6),
    ("GB", 6), ("RO", 4), ("UA", 3), ("TR", 4), ("ZA", 4), ("FR", 3), ("PL", 3), ("SG", 4), ("KE", 3), ("EG", 2),
]  # fmt: skip
APPS = ("mail", "mail", "files", "payroll", "cloud-console", "crm", "chat", "hr")


class Attack:
    """One plan against one person, or one campaign. `days` are when `strike` wants to be called."""

    name = "attack"
    days: List[int]

    def __init__(self, rng: Random, victim: Person, company: Company, config: Organisation, order: int) -> None:
        self.rng, self.victim, self.company, self.config = rng, victim, company, config
        self.world = company.world
        self.incident = f"{self.name}-{order + 1}"
        day = config.warmup + int(rng.random() * (config.days - config.warmup))
        if weekday(config.start, day) > 4 and rng.random() < 0.7:  # people fall for things at work
            day = max(config.warmup, day - 2)
        self.days = [day]
        self.plan()

    def plan(self) -> None:
        """Chooses what stays the same over the attack."""

    def strike(self, day: int, lived: Dict[int, List[Event]]) -> List[Event]:
        """The attack's sign-ins of the day; `lived` has the honest ones of everybody."""
        raise NotImplementedError

    def truth(self, victim: bool, person: Optional[Person] = None) -> Truth:
        incident = self.incident if person is None else f"{self.incident}-{person.index}"
        return Truth(self.name, True, incident, victim)

    def moment(self, day: int, lived: Optional[Dict[int, List[Event]]] = None) -> float:
        """What is phished is used at once, while the victim is awake; what was bought, at any time."""
        rng = self.rng
        mine = (lived or {}).get(self.victim.index)
        if mine and rng.random() < 0.6:
            return mine[int(rng.random() * len(mine))].signin.time + 240.0 + rng.expovariate(1 / 4500.0)
        if rng.random() < 0.35:
            return self.config.start + day * DAY + rng.random() * DAY
        return midnight(self.victim.home.zone, self.config.start, day) + (8 + rng.random() * 11) * 3600.0

    def anywhere(self) -> Site:
        rng = self.rng
        names, weights = zip(*COUNTRIES)
        kind = rng.choices(("hosting", "vpn", "residential", "mobile"), (0.54, 0.22, 0.17, 0.07))[0]
        return self.world.pick(rng, kind, rng.choices(names, weights)[0])

    def machine(self, own: float, family: float) -> Tuple[Device, bool]:
        """A machine of the attacker's, of the victim's family, or (the rest) the victim's very agent; True if that."""
        rng, draw_ = self.rng, self.rng.random()
        habit = self.victim.laptop if rng.random() < 0.8 else self.victim.phone
        if draw_ < own:
            return (draw(TOOLS, rng) if rng.random() < 0.08 else draw(THEIR_MACHINES, rng)), False
        if draw_ < own + family:
            return Device(MODELS[habit.model.fingerprint], rng), False
        return habit, True

    def signin(
        self, person: Person, time: float, access: Access, device: Device, *, outcome: str = "success", day: int = 0,
        flags: Tuple[str, ...] = (), session: Optional[str] = None, app: Optional[str] = None, mfa: Optional[str] = None,
        method: Optional[str] = None, victim: bool = True, device_id: Optional[str] = None, per_person: bool = False,
    ) -> Event:  # fmt: skip
        """One sign-in of the attacker's at the person's account."""
        rng = self.rng
        if mfa is None:  # a proxy kit passes the second factor on; an old protocol has none
            mfa = "none" if not person.mfa or outcome == "failure" else "passed" if rng.random() < 0.7 else "unknown"
        if method is None:
            method = "legacy" if mfa == "unknown" and rng.random() < 0.3 else "password"
        signin = SignIn(
            f"{rng.getrandbits(64):016x}", int(time * 1000) / 1000.0, person.user, outcome, *access, device.agent(day),
            device.model.fingerprint, device.version(day), device_id, app or rng.choice(APPS),
            session if session is not None or outcome == "failure" else f"s{rng.getrandbits(60):015x}", method, mfa,
            method != "legacy", flags, person.group, SOURCE,
        )  # fmt: skip
        return Event(signin, self.truth(victim and outcome == "success", person if per_person else None))


__all__ = ("Attack", "LAPTOPS", "PHONES")
