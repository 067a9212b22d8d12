"""What became of each asset."""

from __future__ import annotations

from typing import NamedTuple

INSTALLED, UPDATED, UNCHANGED = "installed", "updated", "unchanged"
REMOVED, KEPT = "removed", "kept"  # by uninstall; kept: data still needs it
MISSING, OUTDATED = "missing", "outdated"  # as status finds them
ABSENT, FAILED = "absent", "failed"  # absent: the cluster has nothing to take it; failed: it should have worked


class Line(NamedTuple):
    """One asset."""

    kind: str  # index template, watch, dashboard, ...
    name: str
    status: str  # one of the above
    why: str = ""  # in words, where there is something to say


class Report(NamedTuple):
    """All assets, in the order in which they were looked at."""

    lines: list[Line]
    dry_run: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing failed. What a cluster cannot take is no failure."""
        return all(line.status != FAILED for line in self.lines)

    def of(self, status: str) -> list[Line]:
        return [line for line in self.lines if line.status == status]

    def text(self) -> str:
        """For people: a line for each asset, then how many of each."""
        rows = []
        for line in self.lines:
            status = {ABSENT: "absent in this cluster"}.get(line.status, line.status)
            if self.dry_run and line.status in (INSTALLED, UPDATED, REMOVED):
                status = f"would be {status}"
            rows.append(f"{status:<22}  {line.kind} {line.name}{': ' if line.why else ''}{line.why}")
        counts = {line.status: len(self.of(line.status)) for line in self.lines}
        return "\n".join([*rows, ", ".join(f"{count} {status}" for status, count in counts.items())])
