"""Lines of syslog -> records with timestamp, host, program, pid and message.

RFC 3164 (`Nov  3 10:11:12 host sshd[7]: …`), the same with an ISO 8601 time, RFC 5424, each with or without the
priority. A time without a year is dated to the nearest past of the reference time; it stays without a zone.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any, Dict, Optional

from .times import TimeReader

_PRIORITY = r"(?:<\d{1,3}>)?"
_OLD = re.compile(
    _PRIORITY + r"(?P<timestamp>[A-Z][a-z]{2}\s+\d{1,2}(?: \d{4})? \d\d:\d\d:\d\d(?:\.\d+)?|"
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)"
    r" (?P<host>\S+) (?P<program>[^\s:\[]+)(?:\[(?P<pid>\d+)\])?: ?(?P<message>.*)\Z",
    re.DOTALL,
)
_NEW = re.compile(
    r"<\d{1,3}>1 (?P<timestamp>\S+) (?P<host>\S+) (?P<program>\S+) (?P<pid>\S+) \S+ "
    r"(?:-|(?:\[(?:[^\]\\]|\\.)*\])+) ?(?:\ufeff)?(?P<message>.*)\Z",
    re.DOTALL,
)


def looks_like_syslog(line: str) -> bool:
    """Whether this is a line of syslog."""
    return (_NEW.match(line) or _OLD.match(line)) is not None


class SyslogReader:
    """Reads lines; `reference` (epoch seconds) dates those without a year."""

    def __init__(self, reference: Optional[float]) -> None:
        self._times = TimeReader(None, reference)

    def read(self, line: str) -> Dict[str, Any]:
        """The record of a line; one that is no syslog, such as a continuation, has only its message."""
        found = _NEW.match(line) or _OLD.match(line)
        if found is None:
            return {"message": line}
        record = {key: value for key, value in found.groupdict().items() if value not in (None, "-")}
        stamp = record.get("timestamp", "")
        if stamp[:1].isalpha():
            try:
                seconds = self._times.read(stamp)
            except ValueError:
                return record  # the reader of the record says what is wrong with its time
            record["timestamp"] = datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")
        return record
