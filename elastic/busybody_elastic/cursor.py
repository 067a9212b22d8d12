"""The reader's cursor: up to where everything was read, and is safely done.

It is kept in the notes of the state, which are written in one piece with what was learned up to it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Mapping

from busybody.errors import StoreError

NOTE = "reader"
RECOVERY = "recovery"  # of an instance that reads nothing but what its gateway stamped
VERSION = 1


@dataclass
class Cursor:
    """All times in milliseconds since 1970, as the cluster sorts by them."""

    started: int  # when the first start began: what is older is learned silently
    committed: int  # when it was committed, by our clock
    learning: int | None = None  # how far the silent start has come, in event time; None once it is over
    lanes: dict[str, int] = field(default_factory=dict)  # name of the lane -> the latest position that was read

    @classmethod
    def first(cls, now: int, learn_days: float) -> Cursor:
        """That of the first start. `learn_days` of 0 learns nothing of the past."""
        return cls(now, now, now - int(learn_days * 86_400_000) if learn_days else None)

    @classmethod
    def of(cls, notes: Mapping[str, str], name: str = NOTE) -> Cursor | None:
        """The one in the notes; None before the first start. Raises StoreError for one that cannot be read."""
        text = notes.get(name)
        if text is None:
            return None
        try:
            row = json.loads(text)
            version = row.pop("v")
            if version == VERSION:
                return cls(**{item.name: row[item.name] for item in fields(cls)})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError("the reader's cursor is damaged. Restore the state from a snapshot.", key=NOTE) from error
        raise StoreError(
            f"the reader's cursor is of version {version}; this one reads {VERSION}. Update busybody-elastic.", key=NOTE
        )

    def notes(self, name: str = NOTE) -> dict[str, str]:
        """What `of` reads."""
        return {name: json.dumps({"v": VERSION, **asdict(self)}, separators=(",", ":"))}

    def position(self, lane: str) -> int:
        """Where the lane goes on; a lane that has not begun starts where the service did."""
        return self.lanes.get(lane, self.started)

    def reach(self, lane: str, value: int, until: int) -> None:
        """Everything up to `value` was read. A document from the future (`until` is now) moves nothing."""
        if self.position(lane) < value <= until:
            self.lanes[lane] = value
