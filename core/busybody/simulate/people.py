"""Who works there: homes, devices, habits, and what the month holds for each person, decided in advance."""

from __future__ import annotations

from itertools import accumulate
from random import Random
from typing import Dict, List, NamedTuple, Optional, Set, Tuple

from .config import Organisation, Shape
from .devices import LAPTOPS, PHONES, TOOLS, Device, draw, sibling
from .world import Access, City, Site, World, distance_km

FIRST = (
    "ada alan ana aya bea ben carl cleo dana dev ebba eli emil eva fadi finn gael gita hana hugo ines ivan jana jon "
    "kai kira lea leo lina luca maja marc mei mila nils noor olga omar pia paul rafa rosa sami sara timo uma vera "
    "wim xin yara yusuf zoe"
).split()
LAST = (
    "abe adler alves baker bauer berg blanc brown castro chen costa cruz diaz duarte evans faure fischer garcia "
    "green haas hansen ito jansen jones kaya keller khan kim klein kovac lange lee lopez mann meyer mori nair novak "
    "okoye olsen park patel peeters perez popov quinn rao reyes rossi roth sato silva singh smit sousa tan vance "
    "visser wagner walsh weiss wong yilmaz zeman"
).split()
DEPARTMENTS = ("engineering", "sales", "finance", "support", "people", "operations")
COMMON_APPS = ("mail", "chat", "files", "calendar")
APPS: Dict[str, Tuple[str, ...]] = {
    "engineering": ("source", "tickets", "cloud-console", "build", "wiki"),
    "sales": ("crm", "quotes", "video", "wiki"),
    "finance": ("ledger", "expenses", "payroll", "bank-portal"),
    "support": ("tickets", "crm", "phone", "wiki"),
    "people": ("hr", "payroll", "recruiting", "expenses"),
    "operations": ("inventory", "wiki", "vpn", "cloud-console"),
}


class Trip(NamedTuple):
    first: int  # day of departure and of return, both partly at home
    last: int
    leave_hour: float
    back_hour: float
    flight_hours: float
    city: City
    hotel: Site
    office: Optional[Site]
    label: str


class Person:
    """One account: what it has and does. Mutable only in what wears out: leases, sessions, devices."""

    index: int
    user: str
    group: str
    kind: str  # employee, rare, kiosk, service
    home: City
    isp: Site
    lease: Access
    lease6: Optional[Access] = None
    renews: float  # chance that the home address changes overnight
    office: Optional[Site] = None
    carrier: List[Site]
    laptop: Device
    phone: Device
    tablet: Optional[Device] = None
    shared: Optional[Device] = None  # the kiosk
    rate: float  # sign-ins on a working day
    weekend: float  # of the rate
    shifts: float = 0.0  # how often the mobile gateway is not the usual one
    tethers: float = 0.0  # chance that the laptop goes online through the phone
    phone_rate: float = 0.0  # share of the sign-ins that come from the phone
    starts: float
    span: float
    office_days: float = 0.0
    vpn: str = ""  # "", corporate, commercial, relay
    vpn_rate: float = 0.0
    exits: List[Site]
    hops: float = 0.0  # how often it is another exit of the provider
    strays: List[Site]  # other exits of the same provider
    apps: List[str]
    app_bounds: List[float]  # running sums of how often each application is used
    mfa: bool = False
    method: str = "password"

    def __init__(self, index: int, rng: Random) -> None:
        self.index = index
        self.rng = rng
        self.trips: List[Trip] = []
        self.joins = -1
        self.leaves = 10**6
        self.silent: Tuple[int, int] = (10**6, 10**6)  # days away: long leave or a forgotten account
        self.new_phone: Set[int] = set()
        self.new_laptop: Set[int] = set()
        self.forgets: Set[int] = set()
        self.moves: Dict[int, Site] = {}
        self.sessions: Dict[Device, Tuple[str, float]] = {}
        self.fresh: Dict[str, int] = {}  # what is new, with the day it began
        self.exits, self.strays, self.carrier = [], [], []

    def present(self, day: int) -> bool:
        return self.joins <= day < self.leaves and not self.silent[0] <= day < self.silent[1]


class Company(NamedTuple):
    countries: List[str]
    offices: List[Site]
    egress: List[Site]  # where the corporate VPN comes out
    people: List[Person]
    world: World


def found(config: Organisation, shape: Shape, world: World) -> Company:
    """Everybody, with their month planned. Each person has a random source of their own."""
    rng = Random(f"{config.seed}:company")
    wanted = ["US", "GB", "DE", "FR", "NL", "ES", "IN", "BR", "AU", "CA", "IT", "PL", "SE", "JP", "MX", "ZA"]
    start = int(rng.random() * 8)
    order = wanted[start:] + wanted[:start]
    countries = order[:1] + rng.sample(order[1:], shape.countries - 1)
    offices: List[Site] = []
    for number in range(shape.offices):
        cities = world.homes[countries[number % len(countries)] if number else countries[0]]
        city = cities[number // len(countries) % len(cities)]
        own = rng.random() < 0.5 and ("organisation", city.number) in world.by_city
        offices.append(world.pick(rng, "organisation" if own else "residential", city=city))
    egress = offices[:1] or [world.pick(rng, "hosting", countries[0])]
    if rng.random() < 0.5 and len(offices) > 1:
        egress = [world.pick(rng, "hosting", countries[0])]  # a cloud-hosted gateway
    company = Company(countries, offices, egress, [], world)
    kiosks = {site: draw(LAPTOPS, rng, 1.0) for site in offices}
    services = max(1, round(config.people * shape.service)) if config.people >= 20 else 0
    taken: Set[str] = set()
    for index in range(config.people):
        person = Person(index, Random(f"{config.seed}:person:{index}"))
        if index >= config.people - services:
            _service(person, company)
        else:
            _human(person, company, shape, config, kiosks, taken)
        company.people.append(person)
    return company


def _named(rng: Random, taken: Set[str]) -> str:
    while True:
        name = f"{rng.choice(FIRST)}.{rng.choice(LAST)}"
        if name in taken:
            name += str(2 + int(rng.random() * 90))
        if name not in taken:
            taken.add(name)
            return f"{name}@example.com"


def _service(person: Person, company: Company) -> None:
    rng, world = person.rng, company.world
    person.kind, person.group = "service", "services"
    person.user = f"svc-{rng.choice(('backup', 'build', 'deploy', 'sync', 'report', 'monitor', 'mail'))}-{person.index}@example.com"
    person.isp = world.pick(rng, "hosting", company.countries[0])
    person.home = person.isp.city
    person.lease = person.isp.lease(rng)
    person.carrier = [person.isp]
    person.laptop = person.phone = draw(TOOLS, rng)
    person.rate, person.weekend, person.starts, person.span = 2 + rng.random() * 14, 1.0, 0.0, 24.0
    person.renews = 0.02
    person.apps, person.app_bounds = [rng.choice(("source", "files", "cloud-console", "mail", "tickets"))], [1.0]
    person.method = rng.choice(("token", "password", "legacy"))


def _human(
    person: Person, company: Company, shape: Shape, config: Organisation, kiosks: Dict[Site, Device], taken: Set[str]
) -> None:
    rng, world = person.rng, company.world
    person.user = _named(rng, taken)
    person.group = rng.choice(DEPARTMENTS)
    away = len(company.countries) > 1 and rng.random() < shape.spread
    country = rng.choice(company.countries[1:]) if away else company.countries[0]
    near = [site for site in company.offices if site.city.country == country]
    person.home = (
        near[int(rng.random() * len(near))].city if near and rng.random() < 0.8 else rng.choice(world.homes[country])
    )
    settle(person, world.pick(rng, "residential", city=person.home))
    person.renews = 1.0 if rng.random() < 0.12 else rng.random() * 0.12
    here = [site for site in near if site.city.number == person.home.number]
    person.office = rng.choice(here) if here else None
    person.office_days = min(1.0, max(0.0, rng.gauss(shape.office_days, 0.25))) if person.office else 0.0
    _subscribe(person, world)
    person.laptop, person.phone = draw(LAPTOPS, rng, shape.managed), draw(PHONES, rng)
    if rng.random() < 0.25:
        person.tablet = sibling(person.laptop.model, rng)
    _habits(person, shape, company)
    if person.kind == "kiosk" and person.office is not None:
        person.shared = kiosks[person.office]
    _fate(person, shape, config, company)


def settle(person: Person, isp: Site) -> None:
    """Moves in: a new line at home."""
    person.isp, person.lease = isp, isp.lease(person.rng)
    person.lease6 = isp.lease6(person.rng) if isp.v6 is not None and person.rng.random() < 0.35 else None


def _subscribe(person: Person, world: World) -> None:
    """A mobile operator, rather one that comes out nearby; its gateways by distance from home."""
    sites = world.sites("mobile", person.home.country)
    away = {site: distance_km(site.city.lat, site.city.lon, person.home.lat, person.home.lon) for site in sites}
    first = person.rng.choices(sites, [site.weight * (500.0 if away[site] < 250 else 1.0) for site in sites])[0]
    person.shifts = 0.4 if person.rng.random() < 0.04 else 0.006
    person.carrier = sorted((site for site in sites if site.asn == first.asn), key=lambda site: away[site])


def _habits(person: Person, shape: Shape, company: Company) -> None:
    rng = person.rng
    draw_ = rng.random()
    person.kind = "rare" if draw_ < shape.rare else "kiosk" if draw_ < shape.rare + shape.kiosk else "employee"
    person.rate = min(12.0, max(0.8, rng.lognormvariate(1.25, 0.38)))
    if person.kind == "rare":
        person.rate = 0.15 + rng.random() * 0.5
    person.weekend = rng.choice((0.05, 0.15, 0.3, 0.6))
    person.phone_rate = 0.25 + rng.random() * 0.35 if rng.random() < 0.55 else 0.0
    if person.phone_rate:
        person.tethers = 0.12 if rng.random() < 0.2 else 0.003
    person.starts, person.span = min(13.0, max(5.0, rng.gauss(8.6, 1.0))), 8.0 + rng.random() * 4
    habit = rng.random()
    if habit < shape.commercial_vpn:
        _commercial(person, company)
    elif habit < shape.commercial_vpn + shape.corporate_vpn:
        person.vpn, person.vpn_rate, person.exits = "corporate", 0.5 + rng.random() * 0.45, company.egress
    elif habit < shape.commercial_vpn + shape.corporate_vpn + shape.relay:
        country = person.home.country
        person.vpn, person.vpn_rate = "relay", 0.4 + rng.random() * 0.5
        sites = sorted(company.world.sites("hosting", country), key=lambda site: _apart(site, person))
        person.exits = [rng.choice(sites[:4]) for _ in range(2)]  # relays keep to the user's region
    own = list(APPS[person.group])
    rng.shuffle(own)
    person.apps = list(COMMON_APPS) + own[: 2 + int(rng.random() * 3)]
    person.app_bounds = list(accumulate(rng.random() + 0.05 for _ in person.apps))
    person.mfa = rng.random() < shape.mfa
    person.method = "passkey" if person.mfa and rng.random() < 0.12 else "password"


def _apart(site: Site, person: Person) -> float:
    return distance_km(site.city.lat, site.city.lon, person.home.lat, person.home.lon)


def _commercial(person: Person, company: Company) -> None:
    """A VPN for private use: one provider, mostly a favourite exit, at times any other."""
    rng, world = person.rng, company.world
    person.vpn, person.vpn_rate = "commercial", rng.choice((0.12, 0.3, 0.5, 0.7, 0.95))
    favourite = world.pick(
        rng, "vpn", person.home.country if rng.random() < 0.65 else rng.choice(("NL", "CH", "SE", "US", "GB", "DE"))
    )
    person.exits = [favourite]
    person.hops = 0.7 if rng.random() < 0.08 else 0.004
    person.strays = world.by_operator[favourite.asn]
    if len(person.strays) < 4 or rng.random() < 0.25:  # large providers rent from several operators
        person.strays = person.strays + world.by_operator[world.pick(rng, "vpn").asn]


def _fate(person: Person, shape: Shape, config: Organisation, company: Company) -> None:
    """What the month brings. Chances are per 30 days; the plan covers `days`."""
    rng, days = person.rng, config.days
    months = days / 30.0
    day = -int(rng.random() * 20)
    while True:
        day += 2 + int(rng.expovariate(shape.trips / 30.0))
        if day >= days:
            break
        trip = _trip(person, day, company)
        person.trips.append(trip)
        day = trip.last + 2
    for chance, chosen in ((0.035, person.new_phone), (0.025, person.new_laptop), (0.08, person.forgets)):
        if rng.random() < chance * months:
            chosen.add(int(rng.random() * days))
    if rng.random() < 0.02 * months:
        city = person.home if rng.random() < 0.6 else rng.choice(company.world.homes[person.home.country])
        person.moves[int(rng.random() * days)] = company.world.pick(rng, "residential", city=city)
    fate = rng.random()
    if fate < 0.04:
        person.joins = int(rng.random() * days)
    elif fate < 0.065:
        person.leaves = int(rng.random() * days)
    elif fate < 0.09:
        begin = 6 + int(rng.random() * 6)
        person.silent = (begin, begin + 10 + int(rng.random() * 14))  # long leave; some come back in the month


def _trip(person: Person, first: int, company: Company) -> Trip:
    rng, world = person.rng, company.world
    private = rng.random() < 0.35
    if not private and company.offices and rng.random() < 0.4:
        city = rng.choice(company.offices).city
    elif rng.random() < 0.45 and len(world.homes[person.home.country]) > 1:
        city = rng.choice(world.homes[person.home.country])
    else:
        country = rng.choice(sorted(world.homes))
        city = rng.choice(world.homes[country])
    length = 1 + int(rng.expovariate(1 / (6.0 if private else 2.5)))
    kind = "residential" if rng.random() < 0.98 else "organisation" if rng.random() < 0.6 else "hosting"
    office = next((site for site in company.offices if site.city.number == city.number), None)
    flight = distance_km(person.home.lat, person.home.lon, city.lat, city.lon) / 650.0 + 1.5 + rng.random() * 2
    hotel = world.pick(rng, kind, city=city)
    return Trip(
        first, first + min(21, length), 5.5 + rng.random() * 11, 7 + rng.random() * 10, flight, city, hotel,
        None if private else office, "trip",
    )  # fmt: skip
