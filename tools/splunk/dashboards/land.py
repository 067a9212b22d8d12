"""The land of the map as a lookup: one row for each coast, as GeoJSON, from the outline that the core's report draws."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import List

SOURCE = Path(__file__).resolve().parents[3] / "core" / "busybody" / "report" / "land.json"


def land() -> str:
    """The CSV: area (empty, so that the map says nothing of it), geom."""
    data = json.loads(SOURCE.read_text(encoding="utf-8"))
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(("coast", "geom"))
    for number, flat in enumerate(data["rings"]):
        lon = lat = 0
        ring: List[List[float]] = []
        for dlon, dlat in zip(flat[::2], flat[1::2]):
            lon, lat = lon + dlon, lat + dlat
            ring.append([round(lon / data["unit"], 1), round(lat / data["unit"], 1)])
        if ring[0] != ring[-1]:
            ring.append(ring[0])
        rows.writerow((number, json.dumps({"type": "Polygon", "coordinates": [ring]}, separators=(",", ":"))))
    return out.getvalue()
