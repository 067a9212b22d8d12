"""What each network and device taught, day by day: the way back when a person says "not me".

One row for each (day, network, class, country, subnet, device, device id) with the number of sign-ins; the
weights are a function of the day, so that undoing is exact. Kept apart from the hot profile, for 30 days.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional, Tuple

from ..decay import Decay
from ..errors import ModelError
from ..signin import SignIn
from .profile import Profile
from .trust import network_key

DAYS = 30
Row = Tuple[int, Any, Any, Any, Any, Any, Any]


class Journal:
    def __init__(self, rows: Optional[Dict[Row, int]] = None) -> None:
        self.rows: Dict[Row, int] = rows if rows is not None else {}

    def note(self, signin: SignIn, times: int = 1) -> None:
        row = (
            int(signin.time // 86400.0), network_key(signin), signin.network, signin.country, signin.subnet,
            signin.device, signin.device_id,
        )  # fmt: skip
        self.rows[row] = self.rows.get(row, 0) + times

    def prune(self, today: int) -> None:
        """Drop rows older than 30 days; rows are in order of arrival, so a look at the first tells."""
        if self.rows and next(iter(self.rows))[0] < today - DAYS:
            self.rows = {row: times for row, times in self.rows.items() if row[0] >= today - DAYS}

    def roll_back(self, profile: Profile, disowned: List[str], decay: Decay) -> int:
        """Take out of the profile all that rows with a disowned network or device taught. Returns sign-ins undone."""
        undone = 0
        for row in list(self.rows):
            day, network, network_class, country, subnet, device, device_id = row
            if f"asn:{network}" not in disowned and f"device:{device}" not in disowned and f"id:{device_id}" not in disowned:
                continue
            times = self.rows.pop(row)
            weight = times * decay.weight(day, profile.era)
            for table, value in (
                (profile.asns, network), (profile.classes, network_class), (profile.countries, country),
                (profile.subnets, subnet), (profile.devices, device), (profile.device_ids, device_id),
            ):  # fmt: skip
                if value is not None:
                    table.remove(value, weight)
            undone += times
        return undone

    def encode(self) -> str:
        return json.dumps([[*row, times] for row, times in self.rows.items()], ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def decode(cls, text: Optional[str], user: str = "?") -> Journal:
        if text is None:
            return cls()
        try:
            return cls({(*row[:7],): int(row[7]) for row in json.loads(text)})
        except (ValueError, TypeError, IndexError) as error:
            raise ModelError(f"the journal is damaged ({error}). Restore the store from a backup.", key=user) from error
