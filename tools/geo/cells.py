"""Cells: the coarse places that the table knows, each the share of one country in one square of the grid."""

from __future__ import annotations

import re
from array import array
from math import floor
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import inputs
from sections import little_endian, strings

GRID = 0.25  # degrees; adds at most 20 km, about the error of fixed lines
UNKNOWN_COUNTRIES = ("", "ZZ", "XX")
DISTRICT = re.compile(r"\s*[(（].*$")  # "Los Angeles (Playa Vista)": the city is what counts

Key = Tuple[str, int, int]
City = Tuple[str, str]  # region, city


class Cells:
    """Collects networks into cells, then numbers the cells (1 on; 0 is "nowhere known") and describes each.

    A cell is called after the city that has most of its addresses, and lies where that city lies.
    """

    def __init__(self) -> None:
        self._index: Dict[Key, int] = {}  # in order of appearance
        self._cities: List[Dict[City, List[float]]] = []  # per cell: city -> weight, weighted latitude, longitude
        self._order: List[Key] = []

    def collect(self, version: int, file: Path) -> Iterator[Tuple[int, int, int]]:
        """First and last address of every network and the (temporary) index of its cell."""
        for network, record in inputs.city_networks(file):
            country = record["country_code"].upper()
            if country in UNKNOWN_COUNTRIES:
                continue
            lat, lon = record["latitude"], record["longitude"]
            key = (country, floor(lat / GRID), floor(lon / GRID))
            index = self._index.setdefault(key, len(self._index))
            if index == len(self._cities):
                self._cities.append({})
            city = (record["state1"].strip(), DISTRICT.sub("", record["city"]).strip())
            # An IPv6 network counts once: their sizes say nothing of how many people are behind them.
            weight = network.num_addresses if version == 4 else 1
            sums = self._cities[index].setdefault(city, [0.0, 0.0, 0.0])
            sums[0] += weight
            sums[1] += weight * lat
            sums[2] += weight * lon
            first = int(network.network_address)
            yield first, first + network.num_addresses - 1, index

    def number(self) -> Dict[int, int]:
        """Temporary index -> number. Numbers follow country and position, so that neighbours compress well."""
        self._order = sorted(self._index)
        if len(self._order) >= 1 << 16:
            raise SystemExit(f"{len(self._order)} cells do not fit into 16 bits; the grid of {GRID}° is too fine")
        return {self._index[key]: number for number, key in enumerate(self._order, 1)}

    def sections(self) -> Dict[str, bytes]:
        """What is known of the cells, by number."""
        countries, cities, regions = ["--"], [""], [""]
        lats, lons = array("h", [0]), array("h", [0])  # hundredths of a degree
        for key in self._order:
            known = self._cities[self._index[key]]
            region, city = max(sorted(known), key=lambda name: known[name][0])
            weight, lat, lon = known[region, city]
            countries.append(key[0])
            regions.append(region)
            cities.append(city)
            lats.append(round(100 * lat / weight))
            lons.append(round(100 * lon / weight))
        distinct = sorted(set(regions))
        number_of = {region: number for number, region in enumerate(distinct)}
        content = {
            "place.country": "".join(countries).encode("ascii"),
            "place.lat": little_endian(lats),
            "place.lon": little_endian(lons),
            "place.region": little_endian(array("H", (number_of[region] for region in regions))),
        }
        content.update(strings("place.city", cities))
        content.update(strings("region", distinct))
        return content
