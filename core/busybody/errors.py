"""Errors: what is wrong, where, and what to do next.

BusybodyError
├── InputError      a file or stream that cannot be read at all
│   └── RecordError     one record of it; the records around it are still processed
├── PolicyError     a key of a policy, named by its dotted path
├── StoreError      profiles at rest: locked, corrupt, of a newer version
├── ModelError      an exported model that does not fit
├── Several         all that is wrong with one file at once
└── MissingExtra    an optional package that is not installed
"""

from __future__ import annotations

from typing import Any, List, Optional, Sequence, Tuple

LONGEST_VALUE = 80  # characters; a log line is no place for a 10 MB value


class BusybodyError(Exception):
    """Everything that Busybody raises on purpose. Prints as `source:line: key: what happened. Next step.`"""

    def __init__(
        self, message: str, *, source: Optional[str] = None, line: Optional[int] = None, key: Optional[str] = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.line = line
        self.key = key

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.source, self.line) if part is not None)
        return ": ".join(part for part in (place, self.key, self.message) if part)


class Several(BusybodyError):
    """All that is wrong with one file. `problems` has every error of it; never empty."""

    def __init__(self, problems: Sequence[BusybodyError]) -> None:
        first = problems[0]
        if len(problems) == 1:
            super().__init__(first.message, source=first.source, line=first.line, key=first.key)
        else:
            told = "\n".join(f"  {problem}" for problem in problems)
            common = all(problem.source == first.source for problem in problems)
            super().__init__(f"{len(problems)} problems:\n{told}", source=first.source if common else None)
        self.problems = list(problems)

    def __reduce__(self) -> Tuple[type, Tuple[List[BusybodyError]]]:
        return type(self), (self.problems,)


class InputError(BusybodyError):
    """A file or stream cannot be read."""


class RecordError(InputError):
    """One record is no good; the ones around it are."""


class PolicyError(BusybodyError):
    """A policy key is unknown, misplaced or out of bounds."""


class StoreError(BusybodyError):
    """The store is locked, corrupt or written by a newer version."""


class ModelError(BusybodyError):
    """An exported model is damaged or of another version."""


class MissingExtra(BusybodyError):
    """An optional package is needed and absent."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs the package {package}. Install it with: pip install 'busybody[{extra}]'.")


def shown(value: Any) -> str:
    """The value as it may stand in an error: at most 80 characters, on one line."""
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
