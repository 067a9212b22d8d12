"""An ordinary day: the honest sign-ins of one person, with everything that looks odd and is not."""

from __future__ import annotations

import math
from bisect import bisect
from random import Random
from typing import List, Optional, Tuple

from ..signin import SignIn
from .clock import midnight, weekday
from .config import Event, Organisation, Truth
from .devices import Device, sibling
from .people import Person, Trip, settle
from .world import Access, Site, World

HOUR = 3600.0
SOURCE = "simulated"
_HONEST = {}  # type: dict[str, Truth]


def honest(label: str) -> Truth:
    truth = _HONEST.get(label)
    if truth is None:
        truth = _HONEST[label] = Truth(label, False, "", False)
    return truth


class Life:
    """Lives the days of an organisation, one person and day at a time."""

    def __init__(self, config: Organisation, world: World) -> None:
        self.start = config.start
        self.world = world
        rng = Random(f"{config.seed}:holidays")
        self.holidays = {
            country: int(rng.random() * 45) for country in sorted(world.homes)
        }  # one, if it is in the month

    def day(self, person: Person, day: int) -> List[Event]:
        """The person's honest sign-ins of one local day, in no particular order."""
        rng = person.rng
        self._morning(person, day)
        if not person.present(day):
            return []
        if person.kind == "service":
            return self._service(person, day)
        trip = next((trip for trip in person.trips if trip.first <= day <= trip.last + 1), None)
        if trip is not None and day > trip.last:
            landed = trip.back_hour + trip.flight_hours - 24.0
            trip = trip if landed > 0 else None
        working = weekday(self.start, day) < 5 and day != self.holidays.get(person.home.country)
        rate = person.rate * (1.0 if working else person.weekend)
        if trip is not None and working:
            rate *= 0.6 if trip.label == "trip" else 0.3
        times = self._times(person, day, rate, working)
        if not times:
            return []
        in_office = working and trip is None and rng.random() < person.office_days
        zone = (trip.city if trip and trip.first < day < trip.last else person.home).zone
        base = midnight(zone, self.start, day)
        events: List[Event] = []
        if day in person.forgets:
            person.fresh["forgotten_password"] = day
        for hour in times:
            if trip is not None and self._in_the_air(trip, day, hour):
                continue
            self._signin(person, day, base + hour * HOUR, hour, in_office, trip, events)
        return events

    def _morning(self, person: Person, day: int) -> None:
        """What changes overnight."""
        rng = person.rng
        if rng.random() < person.renews:
            person.lease = person.isp.lease(rng, person.lease[0])
        if day in person.new_phone:
            person.phone, person.fresh["new_phone"] = sibling(person.phone.model, rng), day
        if day in person.new_laptop:
            old = person.laptop
            person.laptop, person.fresh["new_laptop"] = sibling(old.model, rng), day
            person.laptop.device_id = f"{rng.getrandbits(48):012x}" if old.device_id else None
        if day in person.moves:
            settle(person, person.moves[day])
            person.home, person.fresh["moved_home"] = person.isp.city, day

    def _times(self, person: Person, day: int, rate: float, working: bool) -> List[float]:
        """Local hours of sign-ins: mostly within working hours, some in the evening."""
        rng = person.rng
        count, bar, product = 0, math.exp(-rate), rng.random()
        while product > bar:
            count, product = count + 1, product * rng.random()
        hours = []
        for _ in range(count):
            if working and rng.random() < 0.84:
                hours.append(person.starts + person.span * rng.random() ** 1.3)
            else:
                hours.append(7.0 + 16.5 * rng.random())
        hours.sort()
        return hours

    @staticmethod
    def _in_the_air(trip: Trip, day: int, hour: float) -> bool:
        out, back = 24 * (day - trip.first) + hour - trip.leave_hour, 24 * (day - trip.last) + hour - trip.back_hour
        return 0 <= out < trip.flight_hours or 0 <= back < trip.flight_hours

    @staticmethod
    def _there(trip: Optional[Trip], day: int, hour: float) -> bool:
        if trip is None:
            return False
        return 24 * (day - trip.first) + hour >= trip.leave_hour + trip.flight_hours and (
            day < trip.last or (day == trip.last and hour < trip.back_hour)
        )

    def _signin(
        self,
        person: Person,
        day: int,
        time: float,
        hour: float,
        in_office: bool,
        trip: Optional[Trip],
        out: List[Event],
    ) -> None:
        rng = person.rng
        device = self._device(person, in_office, hour)
        there = self._there(trip, day, hour)
        access, flags, label = self._network(person, device, day, hour, in_office, trip if there else None)
        label = self._label(person, device, day, label)
        session, fresh = self._session(person, device, time)
        app = person.apps[self._app(person)]
        common = (device.agent(day), device.model.fingerprint, device.version(day), device.device_id)
        if device.device_id is not None:
            flags = flags + ("managed_device",)
        stamp = int(time * 1000) / 1000.0
        truth = honest(label)
        if fresh:
            wrong = 0
            if person.fresh.pop("forgotten_password", None) is not None:
                wrong, truth = 3 + int(rng.random() * 9), honest("forgotten_password")
            elif rng.random() < 0.04:
                wrong = 1 + int(rng.random() * 1.6)
            for number in range(wrong, 0, -1):
                before = stamp - int(number * (8000 + rng.random() * 25000)) / 1000.0
                out.append(
                    Event(
                        SignIn(f"{rng.getrandbits(64):016x}", before, person.user, "failure", *access, *common, app, None,
                               "password", "none", True, flags, person.group, SOURCE),
                        truth,
                    )
                )  # fmt: skip
            mfa = "passed" if person.mfa else "none"
            if person.mfa and rng.random() < 0.006:
                out.append(
                    Event(
                        SignIn(f"{rng.getrandbits(64):016x}", stamp - 20.0, person.user, "failure", *access, *common, app,
                               None, person.method, "denied", True, flags, person.group, SOURCE),
                        truth,
                    )
                )  # fmt: skip
            method = person.method
            if method == "passkey":
                flags = flags + ("phishing_resistant",)
        else:
            method, mfa = "sso", "unknown"
        out.append(
            Event(
                SignIn(f"{rng.getrandbits(64):016x}", stamp, person.user, "success", *access, *common, app, session,
                       method, mfa, True, flags, person.group, SOURCE),
                truth,
            )
        )  # fmt: skip

    @staticmethod
    def _app(person: Person) -> int:
        bounds = person.app_bounds
        return min(bisect(bounds, person.rng.random() * bounds[-1]), len(bounds) - 1)

    @staticmethod
    def _device(person: Person, in_office: bool, hour: float) -> Device:
        draw = person.rng.random()
        if person.shared is not None and in_office and draw < 0.85:
            return person.shared
        working = person.starts <= hour <= person.starts + person.span
        if draw < (person.phone_rate if working else min(0.9, 2.2 * person.phone_rate)):
            return person.phone
        return person.tablet if person.tablet is not None and draw > 0.9 else person.laptop

    def _network(
        self, person: Person, device: Device, day: int, hour: float, in_office: bool, trip: Optional[Trip]
    ) -> Tuple[Access, Tuple[str, ...], str]:
        """The address that the service sees, the provider's flags for it, and the honest kind of it."""
        rng = person.rng
        form = device.model.kind
        if person.vpn and device is not person.shared and rng.random() < person.vpn_rate:
            site = self._tunnel(person, device, in_office and trip is None)
            if site is not None:
                return (
                    site.lease(rng),
                    site.flags,
                    {"corporate": "corporate_vpn", "commercial": "vpn"}.get(person.vpn, "relay"),
                )
        if trip is not None:
            return self._abroad(person, form, hour, trip)
        if (
            in_office
            and person.office is not None
            and 7.5 <= hour <= 19.5
            and (form != "mobile" or rng.random() < 0.35)
        ):
            office = person.office
            start = office.blocks[0][0]
            host = start + 4 + int(rng.random() * 3)
            subnet = f"{host >> 24}.{host >> 16 & 255}.{host >> 8 & 255}"
            access: Access = (f"{subnet}.{host & 255}", f"{subnet}.0/24") + office.place
            return access, office.flags, "kiosk" if device is person.shared else "shared_egress"
        draw = rng.random()
        if draw < (0.65 if form == "mobile" else person.tethers):
            return self._carrier(person), (), "usual"
        if draw > 0.992:
            return self.world.pick(rng, "residential", city=person.home).lease(rng), (), "usual"  # a café, a friend
        if person.lease6 is not None and rng.random() < 0.6:
            six = person.lease6
            if rng.random() < 0.2:
                assert six[0] is not None
                six = person.lease6 = (person.isp.same_64(rng, six[0]),) + six[1:]
            return six, (), "usual"
        return person.lease, (), "usual"

    @staticmethod
    def _carrier(person: Person) -> Access:
        """Carrier-grade translation comes out somewhere in the country, and somewhere else the next hour."""
        sites = person.carrier
        draw = person.rng.random()
        return sites[0 if draw >= person.shifts else int(person.rng.random() * len(sites))].lease(person.rng)

    @staticmethod
    def _tunnel(person: Person, device: Device, in_office: bool) -> Optional[Site]:
        rng = person.rng
        if person.vpn == "corporate":
            return None if device.model.kind == "mobile" or (in_office and rng.random() < 0.8) else person.exits[0]
        if person.vpn == "relay":
            apple = device.model.fingerprint.startswith(("ios", "ipados", "macos"))
            return person.exits[int(rng.random() * 2)] if apple else None
        if in_office and rng.random() < 0.8:
            return None
        if rng.random() >= person.hops:
            return person.exits[0]
        return person.strays[int(rng.random() * len(person.strays))]

    def _abroad(self, person: Person, form: str, hour: float, trip: Trip) -> Tuple[Access, Tuple[str, ...], str]:
        rng = person.rng
        foreign = trip.city.country != person.home.country
        if trip.office is not None and 8.5 <= hour <= 17.5 and rng.random() < 0.6:
            return trip.office.lease(rng), trip.office.flags, "trip"
        draw = rng.random()
        if (form == "mobile" and draw < 0.3) or draw < person.tethers:
            if foreign and rng.random() < 0.2:  # a local card, or a roaming partner that breaks out locally
                return self.world.pick(rng, "mobile", trip.city.country).lease(rng), (), "roaming"
            return self._carrier(person), (), "roaming"
        if draw > 0.9:
            return self.world.pick(rng, "residential", city=trip.city).lease(rng), (), "trip"
        return trip.hotel.lease(rng), trip.hotel.flags, "trip"

    @staticmethod
    def _label(person: Person, device: Device, day: int, label: str) -> str:
        fresh = person.fresh
        if fresh:
            if device is person.phone and day - fresh.get("new_phone", -99) < 4:
                return "new_phone"
            if device is person.laptop and day - fresh.get("new_laptop", -99) < 4:
                return "new_laptop"
            if label == "usual" and day - fresh.get("moved_home", -99) < 6:
                return "moved_home"
        if label == "usual":
            if person.joins > 0 and day - person.joins < 5:
                return "newcomer"
            if 0 <= day - person.silent[1] < 3:
                return "returner"
        return label

    @staticmethod
    def _session(person: Person, device: Device, time: float) -> Tuple[str, bool]:
        """The device's session, and whether this sign-in began it."""
        held = person.sessions.get(device)
        if held is not None and time < held[1] and device is not person.shared:
            return held[0], False
        rng = person.rng
        session = f"s{rng.getrandbits(60):015x}"
        person.sessions[device] = (session, time + HOUR * (10 if rng.random() < 0.6 else 24 * 5) * (0.5 + rng.random()))
        return session, True

    def _service(self, person: Person, day: int) -> List[Event]:
        rng = person.rng
        if rng.random() < 0.0007:  # moved to another region of the cloud
            person.isp = self.world.pick(rng, "hosting")
            person.lease = person.isp.lease(rng)
        base = midnight(person.home.zone, self.start, day)
        device, truth = person.laptop, honest("service")
        out = []
        count = int(person.rate + rng.random())
        for number in range(count):
            time = base + (number + rng.random() * 0.2) * 86400.0 / count
            outcome = "success" if rng.random() < 0.97 else "failure"
            out.append(
                Event(
                    SignIn(f"{rng.getrandbits(64):016x}", int(time * 1000) / 1000.0, person.user, outcome, *person.lease,
                           device.agent(day), device.model.fingerprint, device.version(day), None, person.apps[0], None,
                           person.method, "none", False, person.isp.flags, person.group, SOURCE),
                    truth,
                )
            )  # fmt: skip
        return out
