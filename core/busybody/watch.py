"""What the policy wants judged at all: people it does not watch, networks it vouches for, countries it ignores."""

from __future__ import annotations

from typing import Tuple

from .policy import Policy
from .signin import SignIn


class Watch:
    def __init__(self, policy: Policy) -> None:
        self._people, self._networks = policy.people, policy.networks
        self._countries = policy.countries.ignored
        self._everybody = not policy.people.ignored and not policy.people.enabled
        self.whole = not policy.networks.ignored and not policy.networks.trusted and not policy.countries.ignored

    def ignored_by(self, user: str) -> Tuple[str, ...]:
        """The lists that keep this person from being watched: findings stay, marked, and never alert."""
        if self._everybody:
            return ()
        if self._people.ignored and self._people.ignored.matches(user):
            return ("people.ignored",)
        if self._people.enabled and not self._people.enabled.matches(user):
            return ("people.enabled",)
        return ()

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
