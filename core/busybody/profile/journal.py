"""What each habit was taught, hour by hour: the way back when a person says "not me".

One row for each habit with the hours at which it was learned; the weight of a sign-in is a function of its day,
so that undoing is exact. Kept apart from the hot profile, for 30 days.
"""

from __future__ import annotations

import json
from itertools import accumulate
from typing import Dict, List, Optional

from ..decay import Decay
from ..errors import ModelError
from .profile import Key, Profile

DAYS = 30
LONGEST = 500  # sign-ins of one habit; older ones can no longer be taken back


class Journal:
    def __init__(self, rows: Optional[Dict[Key, List[int]]] = None) -> None:
        self.rows: Dict[Key, List[int]] = rows if rows is not None else {}  # habit -> hours since 1970, one a sign-in

    def trail(self, key: Key) -> List[int]:
        """The hours at which a habit was learned; append to it."""
        return self.rows.setdefault(key, [])

    def roll_back(self, profile: Profile, disowned: List[str], decay: Decay) -> int:
        """Take out of the profile all that a disowned network or device taught. Returns sign-ins undone."""
        undone = 0
        self._trim()
        for key in [key for key in self.rows if is_of(key, disowned)]:
            for hour in self.rows.pop(key):
                weight = decay.weight(hour // 24, profile.era)
                profile.hours[hour % 24] -= min(weight, profile.hours[hour % 24])
                undone += 1
        for key in [key for key in profile.habits if is_of(key, disowned)]:
            profile.total -= min(profile.total, profile.drop(key).count)
        profile.count -= min(undone, profile.count)
        return undone

    def encode(self) -> str:
        """As text: each habit with its first hour and the steps to the next ones."""
        self._trim()
        kept = [
            [list(key), row[0], [after - before for before, after in zip(row, row[1:])]]
            for key, row in sorted(self.rows.items(), key=str)
            if row
        ]
        return json.dumps(kept, separators=(",", ":"))

    def _trim(self) -> None:
        """Drop what is older than 30 days before the latest, in place: habits hold their rows."""
        latest = max((row[-1] for row in self.rows.values() if row), default=0)
        for row in self.rows.values():
            row[:] = [hour for hour in row[-LONGEST:] if hour >= latest - 24 * DAYS]

    @classmethod
    def decode(cls, text: Optional[str], user: str = "?") -> Journal:
        if text is None:
            return cls()
        try:
            rows: Dict[Key, List[int]] = {}
            for key, first, steps in json.loads(text):
                network, country, operator, device, device_id = key
                rows[network, country, operator, device, device_id] = list(accumulate([first, *steps]))
            return cls(rows)
        except (ValueError, TypeError) as error:
            raise ModelError(f"the journal is damaged ({error}). Restore the store from a backup.", key=user) from error


def is_of(key: Key, disowned: List[str]) -> bool:
    """Whether a habit holds a disowned network or device."""
    return f"asn:{key[2]}" in disowned or f"device:{key[3]}" in disowned or f"id:{key[4]}" in disowned
