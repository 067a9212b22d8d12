"""Build the geography table of the core from the pinned packages, the same bytes every time.

    build_table.py [--input DIR] [--output FILE] [--sample FILE]

`--input` holds the tarballs, or receives what npm fetches. `--sample` writes a few hundred addresses with what the
input says of them, for the test that compares the table with its input. Takes about two minutes; needs maxminddb.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from array import array
from ipaddress import ip_network
from pathlib import Path
from typing import Dict, List

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "core"), str(Path(__file__).parent)]

import build_classes  # noqa: E402
import inputs  # noqa: E402  after the path is set
import sample  # noqa: E402
from busybody.places import address  # noqa: E402
from busybody.places.table import PRIVATE_ASN  # noqa: E402
from cells import Cells  # noqa: E402
from intervals import Interval, Starts, by_halves, by_words, coarse, flat, starts  # noqa: E402
from sections import little_endian, strings, write  # noqa: E402

OUTPUT = ROOT / "core" / "busybody" / "places" / "data" / "geography.bin"
KEPT_BITS = {4: 32, 6: 48}  # IPv6 is keyed on its /48, the smallest block that is routed on its own
DROPPED_BITS = {4: 0, 6: 80}


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the geography table from the pinned packages.")
    parser.add_argument("--input", type=Path, default=ROOT / "build" / "geo", help="folder of the npm tarballs")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--sample", type=Path, help="write the sample for the tests here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        city_files = dict(zip((4, 6), inputs.unpack(inputs.CITY, options.input, Path(folder))))
        asn_files = dict(zip((4, 6), inputs.unpack(inputs.ASN, options.input, Path(folder))))
        write(options.output, build(city_files, asn_files), about())
        if options.sample:
            sample.write(options.sample, city_files, asn_files)
    if options.output == OUTPUT:
        build_classes.main()
    print(f"{options.output}: {options.output.stat().st_size:,} bytes")


def build(city_files: Dict[int, Path], asn_files: Dict[int, Path]) -> Dict[str, bytes]:
    """All sections of the table, by name."""
    sections: Dict[str, array[int]] = {}
    names: Dict[int, str] = {}
    cells = Cells()
    city_ranges = {version: [*cells.collect(version, file)] for version, file in city_files.items()}
    number_of = cells.number()
    for version in (4, 6):
        ranges, known = inputs.asn_ranges(asn_files[version])
        names.update(known)
        dropped, bits = DROPPED_BITS[version], KEPT_BITS[version]
        located = ((first, last, number_of[cell]) for first, last, cell in city_ranges.pop(version))
        cities = starts(coarse(located, dropped), private(version, 0), bits)
        systems = starts(coarse(flat(ranges), dropped), private(version, PRIVATE_ASN), bits)
        for kind, table, code in (("city", cities, "H"), ("asn", systems, "I")):
            for part, values in keyed(version, table).items():
                sections[f"v{version}.{kind}.{part}"] = values
            sections[f"v{version}.{kind}.value"] = array(code, (value for _, value in table))
            print(f"IPv{version} {kind}: {len(table):,} ranges")
    numbers = sorted(names)
    sections["asn.number"] = array("I", numbers)
    content = {name: little_endian(values) for name, values in sections.items()}
    content.update(strings("asn.name", [names[number] for number in numbers]))
    content.update(cells.sections())
    return content


def private(version: int, value: int) -> List[Interval]:
    """The private blocks of one version, all with this value."""
    blocks = [ip_network(block) for block in address.PRIVATE_BLOCKS]
    dropped = DROPPED_BITS[version]
    return sorted((int(b[0]) >> dropped, int(b[-1]) >> dropped, value) for b in blocks if b.version == version)


def keyed(version: int, table: Starts) -> Dict[str, array[int]]:
    return by_halves(table) if version == 4 else by_words(table)


def about() -> Dict[str, object]:
    """What the table says of its origin."""
    return {
        "built_from": [f"{package.name}@{package.version}" for package in (inputs.CITY, inputs.ASN)],
        "attribution": "IP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0; RouteViews, CC BY 4.0; NRO, CC BY 4.0",
        "modified": "merged into a grid of coarse cells, coordinates rounded, IPv6 cut to its upper 48 bits",
    }


if __name__ == "__main__":
    main()
