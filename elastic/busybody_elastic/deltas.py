"""What settling for an epoch taught the people of a partition, as a note in its head: the others add it up."""

from __future__ import annotations

import json

from busybody.population.delta import Delta

SLOTS = ("delta.0", "delta.1")  # notes; the last two epochs, in turn


def written(delta: Delta) -> str:
    """The text of the note."""
    return json.dumps(delta.to_json(), separators=(",", ":"))


def read(text: str) -> Delta:
    """The delta again."""
    return Delta.from_json(json.loads(text))


def without(user: str, name: str, text: str) -> str:
    """A note without that person, whom a delta names where addresses are shared. Other notes name nobody."""
    if name not in SLOTS:
        return text
    delta = read(text)
    delta.egress = {edge: day for edge, day in delta.egress.items() if edge[1] != user}
    return written(delta)
