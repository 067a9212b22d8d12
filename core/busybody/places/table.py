"""The packaged geography: country, coarse cell and AS of every address, mapped from one file, decoded never.

Two tables for each IP version (cities, autonomous systems), each a rising list of starts; an address belongs to the
last start that is not above it. IPv4 starts are low halves behind a bucket for every upper half; IPv6 is keyed on its
/48, in low halves of 16 bits behind a sorted list of the distinct upper words. `tools/geo` writes the file.
"""

from __future__ import annotations

import os
import sys
from bisect import bisect_left, bisect_right
from socket import AF_INET, AF_INET6, inet_pton
from struct import Struct
from typing import Any, Dict, NamedTuple, Optional, Tuple

from ..errors import InputError
from ..signin import NETWORK_CLASSES
from . import networks
from .address import MAPPED, parse
from .resources import read_bytes

FILE = os.path.join(os.path.dirname(__file__), "data", "geography.bin")
MAGIC = b"BUSYGEO1"
CLASSES_FILE = os.path.join(os.path.dirname(__file__), "data", "classes.bin")
CLASSES_HEAD = 32  # bytes before the classes: the SHA-256 of the rules that they were made by
CLASSES: Tuple[Optional[str], ...] = (None, *NETWORK_CLASSES)  # by the byte that stands for each
PRIVATE_ASN = 0xFFFFFFFF  # stands for "private" in the AS columns; never a real AS number
IPV4 = int(AF_INET)
IPV6 = int(AF_INET6)


class Place(NamedTuple):
    """Where an address is. Degrees and km; whatever is not known is None."""

    country: Optional[str] = None  # ISO 3166-1 alpha-2
    region: Optional[str] = None
    city: Optional[str] = None
    lat: Optional[float] = None
    lon: Optional[float] = None
    accuracy_km: Optional[float] = None  # radius that holds the true place with probability 0.67
    asn: Optional[int] = None
    as_org: Optional[str] = None
    network: Optional[str] = None  # network class


NOWHERE = Place()
Cell = Tuple[Optional[str], Optional[str], Optional[str], Optional[float], Optional[float]]
System = Tuple[Optional[float], Optional[int], Optional[str], Optional[str]]


class Table:
    """The table over the bytes of its file, and the network class of every AS in it (`tools/geo/build_classes.py`).

    What is kept in memory is bounded by the number of cells and systems, not of addresses.
    """

    def __init__(self, content: Any, classes: bytes, source: str = FILE) -> None:
        self.about, sections = _sections(memoryview(content), source)

        def column(name: str, code: str) -> Any:
            return _column(sections[name], code)

        self._city4 = tuple(
            column(f"v4.city.{name}", code) for name, code in (("bucket", "I"), ("low", "H"), ("value", "H"))
        )
        self._asn4 = tuple(
            column(f"v4.asn.{name}", code) for name, code in (("bucket", "I"), ("low", "H"), ("value", "I"))
        )
        words = (("high", "I"), ("begin", "I"), ("low", "H"))
        self._city6 = tuple(column(f"v6.city.{name}", code) for name, code in (*words, ("value", "H")))
        self._asn6 = tuple(column(f"v6.asn.{name}", code) for name, code in (*words, ("value", "I")))
        self._countries = sections["place.country"]
        self._lats, self._lons = column("place.lat", "h"), column("place.lon", "h")
        self._region_of = column("place.region", "H")
        self._regions = (column("region.begin", "I"), sections["region.text"])
        self._cities = (column("place.city.begin", "I"), sections["place.city.text"])
        self._numbers = column("asn.number", "I")
        self._names = (column("asn.name.begin", "I"), sections["asn.name.text"])
        self._classes = classes[CLASSES_HEAD:]
        if len(self._classes) != len(self._numbers):
            raise InputError(f"{CLASSES_FILE} is of another table. Install the package anew.", source=source)
        self._cells: Dict[int, Cell] = {}  # the cells and systems met so far; cell 0 never gets in
        self._systems: Dict[int, System] = {}

    @classmethod
    def open(cls, file: str = FILE, classes_file: str = CLASSES_FILE) -> Table:
        """The table in `file`, mapped where it is a file, read where the package lives in an archive."""
        return cls(_mapped(file), read_bytes(classes_file), file)

    def locate(self, ip: str) -> Place:
        """The place of an address; NOWHERE for a text that is none."""
        try:
            if ":" in ip:
                return self._locate6(ip)
            high, low = _halves(inet_pton(IPV4, ip))
        except (OSError, ValueError):
            plain = parse(ip)
            return NOWHERE if plain is None else self.locate(plain)
        bucket, lows, values = self._city4
        cell = values[bisect_right(lows, low, bucket[high], bucket[high + 1]) - 1]
        bucket, lows, values = self._asn4
        asn = values[bisect_right(lows, low, bucket[high], bucket[high + 1]) - 1]
        if cell in self._cells and asn in self._systems:
            return _new(Place, self._cells[cell] + self._systems[asn])
        return self._place(cell, asn)

    def ranges(self) -> Dict[str, int]:
        """How many ranges and names the table has, by kind: for those who want to know what they look things up in."""
        return {
            "IPv4 ranges with a place": len(self._city4[1]), "IPv4 ranges with an operator": len(self._asn4[1]),
            "IPv6 ranges with a place": len(self._city6[2]), "IPv6 ranges with an operator": len(self._asn6[2]),
            "places": len(self._lats), "operators": len(self._numbers),
        }  # fmt: skip

    def organisation(self, asn: int) -> Optional[str]:
        """The name of an AS, or None if the table does not know it."""
        at = self._at(asn)
        return None if at is None else _string(self._names, at) or None

    def _locate6(self, ip: str) -> Place:
        packed = inet_pton(IPV6, ip)
        high, low = _words(packed)
        if not high and packed[:12] == MAPPED:
            return self.locate(parse(ip) or "")
        return self._place(_find6(self._city6, high, low), _find6(self._asn6, high, low))

    def _place(self, cell: int, asn: int) -> Place:
        place = _new(Place, self._cell(cell) + self._system(asn))
        return place if cell else place._replace(accuracy_km=None)

    def _cell(self, index: int) -> Cell:
        known = self._cells.get(index)
        if known is None:
            if not index:
                return NOWHERE[:5]
            known = self._cells[index] = (
                sys.intern(str(self._countries[2 * index : 2 * index + 2], "ascii")),
                _string(self._regions, self._region_of[index]) or None,
                _string(self._cities, index) or None,
                self._lats[index] / 100,
                self._lons[index] / 100,
            )
        return known

    def _system(self, asn: int) -> System:
        known = self._systems.get(asn)
        if known is None:
            at = self._at(asn)
            if at is None:
                known = (networks.OTHER_ACCURACY_KM, None, None, "private" if asn == PRIVATE_ASN else None)
            else:
                network = CLASSES[self._classes[at]]
                known = (networks.accuracy_km(network), asn, _string(self._names, at) or None, network)
            self._systems[asn] = known
        return known

    def _at(self, asn: int) -> Optional[int]:
        at = bisect_left(self._numbers, asn)
        return at if at < len(self._numbers) and self._numbers[at] == asn else None


_new = tuple.__new__
_halves = Struct(">HH").unpack
_words = Struct(">IH10x").unpack


def with_class(place: Place, network: str) -> Place:
    """The place with another network class, and the radius that goes with it."""
    return place._replace(network=network, accuracy_km=None if place.lat is None else networks.accuracy_km(network))


def organisations(file: str = FILE) -> Dict[int, str]:
    """All AS numbers of a table with their names, in rising order."""
    _, sections = _sections(memoryview(_mapped(file)), file)
    names = (_column(sections["asn.name.begin"], "I"), sections["asn.name.text"])
    return {asn: _string(names, at) for at, asn in enumerate(_column(sections["asn.number"], "I"))}


def _find6(table: Tuple[Any, ...], high: int, low: int) -> int:
    """The value at an address whose upper 48 bits are `high` (32) and `low` (16)."""
    highs, begin, lows, values = table
    at = bisect_right(highs, high) - 1
    end = begin[at + 1]
    if highs[at] == high:
        end = bisect_right(lows, low, begin[at], end)
    return int(values[end - 1])


def _string(strings: Tuple[Any, memoryview], index: int) -> str:
    begin, text = strings
    return str(text[begin[index] : begin[index + 1]], "utf-8")


def _mapped(file: str) -> Any:
    from mmap import ACCESS_READ, mmap

    try:
        with open(file, "rb") as stream:
            return mmap(stream.fileno(), 0, access=ACCESS_READ)
    except (OSError, ValueError):  # inside an archive, or on a file system that cannot map; ValueError: an empty file
        return read_bytes(file)


def _sections(content: memoryview, source: str) -> Tuple[Dict[str, Any], Dict[str, memoryview]]:
    """What the file says of itself, and its sections by name."""
    import json

    try:
        if content[:8] != MAGIC:
            raise ValueError("it does not begin with " + MAGIC.decode())
        base = 16 + int.from_bytes(content[8:16], "little")
        about = json.loads(bytes(content[16:base]))
        where = about.pop("sections")
        if any(base + at + length > len(content) for at, length in where.values()):
            raise ValueError("it is cut short")
        sections = {name: content[base + at : base + at + length] for name, (at, length) in where.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"this is no geography table: {error}. Install the package anew.", source=source) from None
    return about, sections


def _column(section: memoryview, code: str) -> Any:
    """A section as numbers; on a big-endian machine a swapped copy of it."""
    if sys.byteorder == "little":
        return section.cast(code)  # type: ignore[call-overload]
    from array import array

    values = array(code, section.tobytes())
    values.byteswap()
    return values
