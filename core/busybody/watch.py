"""What the policy wants judged, and how: people on its lists, networks it vouches for, what it sets aside."""

from __future__ import annotations

from functools import lru_cache
from typing import Sequence, Tuple

from .custom import Profiles
from .filters.filters import Filters
from .filters.marks import ENABLED, IGNORED, LEAVERS, SERVICE, SILENT, VIP, VIP_ONLY
from .policy import Policy
from .profile import Profile
from .profile.learning import Judgement
from .signin import Finding, SignIn

REMEMBERED = 65536  # people whose lists are
NOTHING: Tuple[Finding, ...] = ()
LEAVER = Finding("leaver", 10.0, {"list": LEAVERS})  # log-odds: beyond critical, whatever is usual about the sign-in
Lists = Tuple[str, ...]


class Watch:
    """One policy's lists, filters and behaviour profiles."""

    def __init__(self, policy: Policy) -> None:
        people = policy.people
        self._policy, self._networks = policy, policy.networks
        self._countries = policy.countries.ignored
        self._named = any(people) or policy.filters.alert_is_vip_only
        self._of = lru_cache(maxsize=REMEMBERED)(self._lists)
        self._filters = Filters(policy)
        self.profiles = Profiles(policy)
        self.whole = not policy.networks.ignored and not policy.networks.trusted and not policy.countries.ignored
        self.speaks = bool(people.leavers or self.profiles)  # may find something that no detector asks for

    def lists(self, user: str) -> Lists:
        """The policy's lists that count for this person, by their keys; `people.enabled` for who is missing there."""
        return self._of(user) if self._named else ()

    def _lists(self, user: str) -> Lists:
        people, vip_only = self._policy.people, self._policy.filters.alert_is_vip_only
        vip = people.vip.matches(user)
        found = {
            VIP: vip,
            VIP_ONLY: vip_only and not vip,
            IGNORED: not vip_only and people.ignored.matches(user),
            ENABLED: not vip_only and bool(people.enabled) and not people.enabled.matches(user),
            SERVICE: people.service.matches(user),
            LEAVERS: people.leavers.matches(user),
        }
        return tuple(name for name, holds in found.items() if holds)

    def says(self, signin: SignIn, profile: Profile, lists: Sequence[str]) -> Tuple[Finding, ...]:
        """What the policy itself finds odd: that somebody left, and what its behaviour profiles say."""
        if not self.speaks:
            return NOTHING
        found = self.profiles.findings(signin, profile) if self.profiles else NOTHING
        return (LEAVER, *found) if LEAVERS in lists and signin.outcome == "success" else found

    def judged(self, signin: SignIn, profile: Profile, judgement: Judgement, lists: Sequence[str]) -> Judgement:
        """The judgement of what counts; see `filters`."""
        return self._filters.judged(signin, profile, judgement, lists)

    def is_silent(self, lists: Sequence[str]) -> bool:
        """Whether somebody on these lists never alerts."""
        return bool(lists) and not SILENT.isdisjoint(lists)

    def holds_back(self, risk: float) -> bool:
        """Whether a person of this risk is below the level from which people alert."""
        return self._filters.holds_back(risk)

    def strip(self, signin: SignIn) -> SignIn:
        """The sign-in without what is not to be judged: missing weighs nothing."""
        networks = self._networks
        if signin.ip is not None and (
            networks.ignored.matches(signin.ip, signin.asn) or networks.trusted.matches(signin.ip, signin.asn)
        ):
            return signin._replace(
                subnet=None, network=None, country=None, region=None, city=None, lat=None, lon=None, accuracy_km=None,
                asn=None, as_org=None, flags=(),
            )  # fmt: skip
        if signin.country is not None and signin.country in self._countries:
            return signin._replace(country=None)
        return signin
