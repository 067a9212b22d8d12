"""Records in, per second: reading ECS JSON Lines to SignIns, beside a loop that only parses the same lines and counts.

    python benchmarks/intake.py [--events 20000] [--small]

CPU seconds of the same run, best of five. The records are as an ingest pipeline writes them, with agent, host and
vendor fields around what matters; `--small` leaves those out, which makes the reference cheaper. The locator is the
packaged table. What is left of the reference's time is for scoring: a ratio of 0.4 here and a score and learn of
5 µs make about 0.3 end to end.
"""

from __future__ import annotations

import argparse
import io
import json
import platform
import random
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core"))

from busybody.fields import containers, json_text
from busybody.fields.intake import Intake
from busybody.places import Locator
from busybody.policy import Policy

AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:136.0) Gecko/20100101 Firefox/136.0",
]
CITIES = [("GB", "London", 51.5, -0.12), ("DE", "Berlin", 52.52, 13.4), ("SE", "Linköping", 58.41, 15.62)]


def event(number: int, chance: random.Random, small: bool) -> Dict[str, Any]:
    """One sign-in of one of 1,000 people in ECS."""
    person = chance.randrange(1000)
    country, city, lat, lon = CITIES[person % len(CITIES)]
    seconds = number % 86400
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{chance.randrange(1000):03d}"
    found: Dict[str, Any] = {
        "@timestamp": f"2025-03-{1 + number // 86400:02d}T{clock}Z",
        "event": {
            "id": f"{chance.getrandbits(128):032x}",
            "category": ["authentication"],
            "type": ["start"],
            "action": "user.session.start",
            "outcome": "success" if chance.random() < 0.96 else "failure",
            "dataset": "okta.system",
            "module": "okta",
            "kind": "event",
        },
        "user": {"name": f"person{person}", "email": f"person{person}@example.com"},
        "source": {
            "ip": f"81.2.{person % 200}.{chance.randrange(20)}",
            "geo": {"country_iso_code": country, "city_name": city, "location": {"lat": lat, "lon": lon}},
            "as": {"number": 20712 + person % 40, "organization": {"name": f"Example Telecom {person % 40}"}},
        },
        "user_agent": {"original": AGENTS[person % len(AGENTS)], "name": "Chrome", "device": {"name": "Other"}},
    }
    if not small:
        found["agent"] = {
            "id": "5c0f2f6a-7a4f-4f0b-9f5a-1f2e3d4c5b6a",
            "name": "agent-1",
            "type": "filebeat",
            "version": "9.2.0",
        }
        found["ecs"] = {"version": "8.17.0"}
        found["data_stream"] = {"dataset": "okta.system", "namespace": "default", "type": "logs"}
        found["related"] = {"ip": [found["source"]["ip"]], "user": [f"person{person}"]}
        found["tags"] = ["forwarded", "okta-system"]
        found["input"] = {"type": "httpjson"}
        found["okta"] = {
            "actor": {"alternate_id": f"person{person}@example.com", "display_name": f"Person {person}", "id": f"00u{person:017d}", "type": "User"},
            "client": {"device": "Computer", "ip": found["source"]["ip"], "zone": "null", "user_agent": {"browser": "CHROME", "os": "Windows 10"}},
            "outcome": {"result": "SUCCESS"},
            "transaction": {"id": f"{chance.getrandbits(96):024x}", "type": "WEB"},
            "authentication_context": {"authentication_step": 0, "external_session_id": f"{chance.getrandbits(96):024x}"},
            "display_message": "User login to Okta",
            "event_type": "user.session.start",
        }  # fmt: skip
    return found


def reference(content: bytes) -> None:
    """json.loads of every line and four counters."""
    counters: List[Dict[Any, int]] = [{}, {}, {}, {}]
    for line in io.BytesIO(content):
        parsed = json.loads(line)
        user = parsed["user"]["email"]
        source = parsed["source"]
        for counter, key in zip(
            counters, (user, source["ip"], source["as"]["number"], source["geo"]["country_iso_code"])
        ):
            counter[key] = counter.get(key, 0) + 1


def best(run: Callable[[], Any], events: int) -> float:
    """Microseconds of CPU per event, best of five."""
    found = []
    for _ in range(5):
        start = time.process_time()
        run()
        found.append((time.process_time() - start) / events * 1e6)
    return min(found)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20000)
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    chance = random.Random(7)
    rows = [event(number, chance, options.small) for number in range(options.events)]
    content = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    intake = Intake(Policy.default(), Locator())

    def parse() -> None:
        for _ in containers.records(io.BytesIO(content), "bench"):
            pass

    def understand() -> None:
        for row in rows:
            intake.read(row)

    def whole() -> None:
        for found in containers.records(io.BytesIO(content), "bench"):
            if found.value is not None:
                intake.read(found.value)

    quick = json_text.fastest() is not json_text.loads
    base = best(lambda: reference(content), options.events)
    print(
        f"Python {platform.python_version()}, {len(content) // options.events} bytes a record, JSON by {'orjson' if quick else 'json'}"
    )
    print(f"{'':24}{'µs':>8}{'per second':>12}{'of reference':>14}")
    rows_out = [("reference", base), ("lines to records", best(parse, options.events))]
    rows_out += [
        ("record to SignIn", best(understand, options.events)),
        ("lines to SignIns", best(whole, options.events)),
    ]
    for name, cost in rows_out:
        print(f"{name:24}{cost:8.2f}{1e6 / cost:12,.0f}{base / cost:14.2f}")


if __name__ == "__main__":
    main()
