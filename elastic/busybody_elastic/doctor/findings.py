"""What a check found, and the report of them all."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

from ..cluster.protocol import Cluster
from ..config import Config
from ..documents import Names

OK, WARNING, FAILED = "ok", "warning", "failed"
SKIPPED = "skipped"  # this cluster cannot tell, or there is nothing to look at
MARKS = {OK: "ok      ", WARNING: "warning ", FAILED: "FAILED  ", SKIPPED: "skipped "}
MOST_NAMES = 5  # of a list in a sentence


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    status: str  # OK, WARNING, FAILED or SKIPPED
    found: str  # in words
    todo: str = ""  # what to do, unless it is ok

    def text(self) -> str:
        line = f"{MARKS[self.status]} {self.name}: {self.found}"
        return f"{line}\n         → {self.todo}" if self.todo else line


class Patient(NamedTuple):
    """What is examined."""

    config: Config
    cluster: Cluster
    now: Callable[[], float]  # UTC epoch seconds

    @property
    def names(self) -> Names:
        return Names(self.config.namespace)

    @property
    def followed(self) -> str:
        """The reader's indices, as one target."""
        return ",".join(self.config.reader.indices)


class Report(NamedTuple):
    """Everything that was looked at, in that order."""

    checks: list[Check]

    @property
    def ok(self) -> bool:
        """Whether nothing failed; a warning is none."""
        return all(check.status != FAILED for check in self.checks)

    def of(self, name: str) -> list[Check]:
        return [check for check in self.checks if check.name == name]

    def text(self) -> str:
        counts = {status: sum(check.status == status for check in self.checks) for status in MARKS}
        total = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        return "\n".join([*(check.text() for check in self.checks), total])

    def lines(self) -> str:
        """One JSON object for each check."""
        return "\n".join(json.dumps(check._asdict(), ensure_ascii=False) for check in self.checks)


def listed(names: list[str]) -> str:
    """A few of them, and how many more there are."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
