"""What a run comes to: whose rows went out, whose did not and why, and the exit code that splunkd sees."""

from __future__ import annotations

from typing import List, NamedTuple, Sequence

from .results import Row

ALL, PARTLY, NOTHING, MISUSED = 0, 1, 2, 3  # exit codes; splunkd takes any but 0 as failed


class Part(NamedTuple):
    """What became of some rows: of a person's, or of those in the digest. No error is success."""

    about: str
    rows: Sequence[Row]
    error: str = ""
    note: str = ""  # on success, what there is to say


class Report(NamedTuple):
    """All parts of a run, in the order in which they were tried."""

    parts: List[Part]

    @property
    def failed(self) -> List[Part]:
        """The parts that did not go out."""
        return [part for part in self.parts if part.error]

    def exit_code(self) -> int:
        """0 all went out, 1 some did not, 2 none did."""
        if not self.failed:
            return ALL
        return PARTLY if len(self.failed) < len(self.parts) else NOTHING
