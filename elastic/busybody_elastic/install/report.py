"""What became of each asset."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

INSTALLED, UPDATED, UNCHANGED = "installed", "updated", "unchanged"
REMOVED, KEPT = "removed", "kept"  # by uninstall; kept: something still needs it
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
        """For people: a line for each asset, then how many of each. Those left alone for one reason share a line."""
        alike = Counter(map(_group, self.lines))
        rows: dict[Line, str] = {}
        for line in self.lines:
            group = _group(line)
            name = f"{line.kind} {line.name}" if alike[group] == 1 else f"{alike[group]} × {line.kind}"
            status = "absent in this cluster" if line.status == ABSENT else self._word(line.status)
            rows[group] = f"{status:<22}  {name}{': ' if line.why else ''}{line.why}"
        counts = Counter(self._word(line.status) for line in self.lines)
        return "\n".join([*rows.values(), ", ".join(f"{count} {word}" for word, count in counts.items())])

    def _word(self, status: str) -> str:
        changes = status in (INSTALLED, UPDATED, REMOVED, KEPT)
        return f"would be {status}" if self.dry_run and changes else status


def _group(line: Line) -> Line:
    return line._replace(name="") if line.status in (ABSENT, KEPT) and line.why else line
