"""A sample of the input, kept beside the tests: addresses with what the packages say of them."""

from __future__ import annotations

import json
import random
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Dict, List, Optional

import inputs
from intervals import flat

PER_FILE = 60  # addresses drawn from each of the four files
SEED = 20260617


def write(target: Path, city_files: Dict[int, Path], asn_files: Dict[int, Path]) -> None:
    """Addresses of random ranges of every file, each with the input's country, position and AS number (or null)."""
    import maxminddb

    draw = random.Random(SEED)
    rows: List[Dict[str, Any]] = []
    for version in (4, 6):
        intervals = flat(inputs.asn_ranges(asn_files[version])[0])
        networks = [(int(network[0]), int(network[-1])) for network, _ in inputs.city_networks(city_files[version])]
        bounds = draw.sample([(first, last) for first, last, _ in intervals], PER_FILE) + draw.sample(
            networks, PER_FILE
        )
        with maxminddb.open_database(str(city_files[version])) as reader:
            for first, last in bounds:
                for value in (first, draw.randint(first, last)):
                    text = str(ip_address(value.to_bytes(4 if version == 4 else 16, "big")))
                    record = reader.get(text) or {}
                    rows.append(
                        {
                            "ip": text,
                            "country": record.get("country_code"),
                            "lat": _rounded(record.get("latitude")),
                            "lon": _rounded(record.get("longitude")),
                            "asn": next((asn for low, high, asn in intervals if low <= value <= high), None),
                        }
                    )
    target.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n", encoding="utf-8")


def _rounded(degrees: Optional[float]) -> Optional[float]:
    return None if degrees is None else round(degrees, 3)
