"""Logs that every kind of trouble is in, and what a store holds after them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random
from typing import Any, Callable, Dict, List, NamedTuple

from busybody.simulate import Organisation, generate
from busybody.simulate.writers import lines
from busybody.stores import open as open_store

CORE = Path(__file__).resolve().parents[3] / "core"


class Ran(NamedTuple):
    code: int
    output: bytes
    errors: str

    @property
    def rows(self) -> List[Dict[str, Any]]:
        return [json.loads(line) for line in self.output.splitlines()]


Busybody = Callable[..., Ran]


def environment(home: Path) -> Dict[str, str]:
    """Without an accelerator, so that what is tested is what everybody has; the user's data is in `home`."""
    return {**os.environ, "PYTHONPATH": str(CORE), "XDG_DATA_HOME": str(home), "PYTHONWARNINGS": "error"}


def signin(number: int, time: float, user: str = "ana", **fields: Any) -> Dict[str, Any]:
    """A record in ECS, dotted."""
    record = {
        "@timestamp": time, "event.category": "authentication", "event.outcome": "success", "event.id": f"e{number}",
        "event.dataset": "test", "user.name": user, "source.ip": "81.2.69.142", "source.geo.country_iso_code": "GB",
    }  # fmt: skip
    return {**record, **fields}


def written(path: Path, records: List[Any]) -> Path:
    """The records as JSON Lines; text goes in as it is."""
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in records), encoding="utf-8"
    )
    return path


def spray(start: float, users: List[str]) -> List[Dict[str, Any]]:
    """One address fails against everybody, then gets in once."""
    rows = [
        signin(90_000 + place, start + 20.0 * place, user, **{"event.outcome": "failure", "source.ip": "45.9.148.3"})
        for place, user in enumerate(users)
    ]
    return [*rows, signin(99_999, start + 20.0 * len(users), users[0], **{"source.ip": "45.9.148.3"})]


def write_troubled(path: Path) -> Path:
    """Twelve days of thirty people: with a spray, out of order, late, repeated, broken, and with other records."""
    config = Organisation(people=30, days=12, seed=11, warmup=4)
    events = list(generate(config))
    texts = [(event.signin.time, text) for event, (text, _, _) in zip(events, lines(iter(events), "ecs"))]
    users = sorted({event.signin.user for event in events})
    for row in spray(config.start + 9 * 86400.0, users):
        texts.append((row["@timestamp"], json.dumps(row)))
    chance = Random(5)
    placed = [(time + (chance.uniform(0, 7200) if chance.random() < 0.1 else 0.0), text) for time, text in texts]
    placed += [(time + 30.0 * 3600, text) for time, text in chance.sample(texts, 10)]  # once more, a day late
    ordered = [text for _, text in sorted(placed)]
    for place, text in (
        (40, "{broken"),
        (300, '{"a": 1}'),
        (700, ""),
        (701, "[]"),
        (702, "nonsense \xe4"),
        (900, "{}"),
    ):
        ordered.insert(place, text)
    ordered.insert(500, json.dumps(signin(7, 1e11)))
    ordered.insert(501, json.dumps({**signin(8, 0.0), "@timestamp": "yesterday"}))
    path.write_text("\n".join(ordered), encoding="utf-8")
    return path


def contents(path: Path) -> Dict[str, Any]:
    """All that a store holds."""
    with open_store(str(path), read_only=True) as store:
        users = list(store.users())
        population = json.loads(store.population() or "{}")
        population["delta"] = _ordered(population.get("delta"))
        return {
            "profiles": {user: store.profile(user) for user in users},
            "journals": {user: store.journal(user) for user in users},
            "population": population,
        }


def _ordered(counts: Any) -> Any:
    """Counts that are still to be added, without the order in which they were counted."""
    if isinstance(counts, dict):
        return {name: _ordered(value) for name, value in counts.items()}
    return sorted(map(_ordered, counts), key=json.dumps) if isinstance(counts, list) else counts
