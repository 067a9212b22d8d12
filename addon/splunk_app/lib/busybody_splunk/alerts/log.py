"""What an alert action says: lines for splunkd.log, and one line per row for Enterprise Security. Never a secret."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path
from typing import Iterable, Optional, TextIO

from .payload import Alert
from .results import Row, text
from .text import clean

LONGEST = 1000  # characters of a line
LARGEST_FILE = 10 << 20  # bytes; then the log starts afresh beside its predecessor
HIDDEN = "[hidden]"
_SECRETS = re.compile(
    r"xox[a-z](?:\.xox[a-z])?-[\w.-]+|xapp-[\w-]+"  # Slack's tokens
    r"|(?<=/services/)T\w+/\w+/\w+"  # of Slack's webhooks
    r"|(?i:(?<=bearer )|(?<=basic )|(?<=splunk ))[\w.~+/=^-]{8,}"
    r"|(?<=://)[^/\s@]+:[^/\s@]+(?=@)"  # a login in a URL
)


def redacted(line: str, secrets: Iterable[str] = ()) -> str:
    """The line without these secrets, and without anything that has the shape of one."""
    for secret in secrets:
        if len(secret) >= 4:
            line = line.replace(secret, HIDDEN)
    return _SECRETS.sub(HIDDEN, line)


class Log:
    """Lines to the stream, in the form `LEVEL text` that splunkd.log understands."""

    def __init__(self, stream: TextIO, secrets: Iterable[str] = ()) -> None:
        self._stream = stream
        self._secrets = [secret for secret in secrets if secret]

    def info(self, line: str) -> None:
        self._write("INFO", line)

    def warn(self, line: str) -> None:
        self._write("WARN", line)

    def error(self, line: str) -> None:
        self._write("ERROR", line)

    def _write(self, level: str, line: str) -> None:
        shown = clean(redacted(line, self._secrets), LONGEST).encode("ascii", "backslashreplace").decode()
        self._stream.write(f"{level} {shown}\n")
        self._stream.flush()


class ActionLog:
    """The file that Enterprise Security reads to show what became of an adaptive response, one line per row.

    `$SPLUNK_HOME/var/log/splunk/<action>_modalert.log`; without a folder nothing is written.
    """

    def __init__(self, folder: Optional[Path], action: str, alert: Alert) -> None:
        self._path = folder / f"{action}_modalert.log" if folder else None
        self._action = action
        self._alert = alert

    def write(self, rows: Iterable[Row], sent: bool, signature: str, now: float) -> None:
        """One line for each row. Raises OSError where the file cannot be written."""
        if self._path is None:
            return
        if self._path.exists() and self._path.stat().st_size > LARGEST_FILE:
            self._path.replace(self._path.with_name(self._path.name + ".1"))
        stamp = datetime.fromtimestamp(now, timezone.utc).strftime("%Y-%m-%d %H:%M:%S,%f")[:-3] + "+0000"
        level = "INFO" if sent else "ERROR"
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(f"{stamp} {level} {self._line(row, sent, signature)}\n" for row in rows)

    def _line(self, row: Row, sent: bool, signature: str) -> str:
        alert = self._alert
        fields = {
            "signature": redacted(signature, [alert.session_key]),
            "action_name": self._action,
            "search_name": alert.search_name,
            "sid": alert.sid,
            "orig_sid": text(row, "orig_sid"),
            "rid": text(row, "rid"),
            "orig_rid": text(row, "orig_rid"),
            "app": alert.app,
            "user": alert.owner,
            "action_mode": "saved" if alert.search_name else "adhoc",
            "action_status": "success" if sent else "failure",
        }
        return "sendmodaction - " + " ".join(f'{name}="{_quoted(value)}"' for name, value in fields.items())


def _quoted(value: str) -> str:
    return clean(value, 300).replace("\\", "\\\\").replace('"', '\\"')
