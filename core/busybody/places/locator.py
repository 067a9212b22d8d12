"""Locator: the place of an address, from the packaged table or from the user's own MMDB files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Optional

from . import networks
from .address import parse
from .table import NOWHERE, Place, Table, with_class

if TYPE_CHECKING:
    from ..policy import Policy


_shared: Optional[Table] = None


def table() -> Table:
    """The packaged table, opened when first asked for and shared by the whole process."""
    global _shared
    if _shared is None:
        _shared = Table.open()
    return _shared


class Locator:
    """Says where addresses are. Building one costs nothing; the first look-up opens the files.

    `policy.geo` names MMDB files that take the place of the packaged table for what they know; `policy.networks`
    lists addresses and AS numbers whose class the user knows better than any table.
    """

    def __init__(self, policy: Optional[Policy] = None) -> None:
        self._policy = policy
        self.locate: Callable[[str], Place] = self._first

    def _first(self, ip: str) -> Place:
        self.locate = self._prepared()
        return self.locate(ip)

    def _prepared(self) -> Callable[[str], Place]:
        find = table().locate
        if self._policy is None:
            return find
        geo: Any = getattr(self._policy, "geo", None)
        if geo is not None and any((geo.city_mmdb, geo.asn_mmdb, geo.anonymous_mmdb)):
            from .mmdb import Databases

            find = Databases(geo.city_mmdb, geo.asn_mmdb, geo.anonymous_mmdb, find).locate
        lists = networks.Lists(self._policy.networks)
        return _listed(find, lists) if lists else find


def _listed(find: Callable[[str], Place], lists: networks.Lists) -> Callable[[str], Place]:
    def locate(ip: str) -> Place:
        plain = parse(ip)
        if plain is None:
            return NOWHERE
        place = find(plain)
        network = lists.of(plain, place.asn)
        return place if network is None else with_class(place, network)

    return locate
