"""What each habit was taught, hour by hour: the way back when a person says "not me".

One row for each (hour, habit) with the number of sign-ins; their weight is a function of the day, so that
undoing is exact. Kept apart from the hot profile, for 30 days.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional, Tuple

from ..decay import Decay
from ..errors import ModelError
from .profile import Key, Profile

DAYS = 30
ROWS = 1000
Row = Tuple[int, Key]


class Journal:
    def __init__(self, rows: Optional[Dict[Row, int]] = None) -> None:
        self.rows: Dict[Row, int] = rows if rows is not None else {}

    def note(self, hour: int, key: Key) -> None:
        """One sign-in of that hour (since 1970) was learned under `key`."""
        row = (hour, key)
        rows = self.rows
        if row in rows:
            rows[row] += 1
            return
        rows[row] = 1
        oldest = next(iter(rows))
        if oldest[0] < hour - 24 * DAYS or len(rows) > ROWS:
            del rows[oldest]

    def roll_back(self, profile: Profile, disowned: List[str], decay: Decay) -> int:
        """Take out of the profile all that a disowned network or device taught. Returns sign-ins undone."""
        undone = 0
        for row in list(self.rows):
            hour, key = row
            if not is_of(key, disowned):
                continue
            times = self.rows.pop(row)
            weight = times * decay.weight(hour // 24, profile.era)
            habit = profile.habits.get(key)
            if habit is not None:
                habit.count -= min(weight, habit.count)
            profile.hours[hour % 24] -= min(weight, profile.hours[hour % 24])
            profile.total -= min(weight, profile.total)
            undone += times
        for key in [key for key in profile.habits if is_of(key, disowned)]:
            profile.total -= min(profile.total, profile.habits.pop(key).count)
        return undone

    def encode(self) -> str:
        keys = {key: place for place, key in enumerate(dict.fromkeys(key for _, key in self.rows))}
        rows = [[hour, keys[key], times] for (hour, key), times in self.rows.items()]
        return json.dumps([[list(key) for key in keys], rows], ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def decode(cls, text: Optional[str], user: str = "?") -> Journal:
        if text is None:
            return cls()
        try:
            names, rows = json.loads(text)
            keys: List[Any] = [tuple(key) for key in names]
            return cls({(hour, keys[place]): times for hour, place, times in rows})
        except (ValueError, TypeError, IndexError) as error:
            raise ModelError(f"the journal is damaged ({error}). Restore the store from a backup.", key=user) from error


def is_of(key: Key, disowned: List[str]) -> bool:
    """Whether a habit holds a disowned network or device."""
    return f"asn:{key[2]}" in disowned or f"device:{key[3]}" in disowned or f"id:{key[4]}" in disowned
