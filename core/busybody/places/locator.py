"""Locator: the place of an address, from the packaged table or from the user's own MMDB files."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Callable, List, Optional, Tuple

from . import networks
from .address import parse
from .table import NOWHERE, Place, Table, with_class

if TYPE_CHECKING:
    from ..policy import Policy
    from ..policy.lists import NetworkList


@lru_cache(maxsize=1)
def table() -> Table:
    """The packaged table, opened when first asked for and shared by the whole process."""
    return Table.open()


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
        geo = self._policy.geo
        if geo.city_mmdb or geo.asn_mmdb or geo.anonymous_mmdb:
            from .mmdb import Databases

            find = Databases(geo.city_mmdb, geo.asn_mmdb, geo.anonymous_mmdb, find).locate
        lists = [(getattr(self._policy.networks, name), network) for name, network in networks.LIST_CLASSES]
        return _listed(find, [(listed, network) for listed, network in lists if listed])


def _listed(find: Callable[[str], Place], lists: List[Tuple[NetworkList, str]]) -> Callable[[str], Place]:
    """Look-ups in which the first list that holds an address decides on its class."""
    if not lists:
        return find

    def locate(ip: str) -> Place:
        plain = parse(ip)
        if plain is None:
            return NOWHERE
        place = find(plain)
        for listed, network in lists:
            if listed.matches(plain, place.asn):
                return with_class(place, network)
        return place

    return locate
