"""One line for everything that writes: who did what to which model, in $SPLUNK_HOME/var/log/splunk/busybody_audit.log.

    2026-11-21T16:00:00.123Z action="verdict" actor="admin" model="default" event_id="270145bb" person="3f9a…" answer="benign"

Splunk indexes the file by itself. A person stands there as a hash alone.
"""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Optional

from busybody.errors import StoreError

NAME = "busybody_audit.log"
LONGEST = 10 << 20  # bytes; then the file becomes .1, and that one .2, up to KEPT
KEPT = 5
LONGEST_VALUE = 200  # characters


def audit(
    action: str, actor: str, model: str, *, now: Optional[float] = None, home: Optional[str] = None, **facts: object
) -> None:
    """Appends one line. `facts`: counts and ids; None is left out. Raises StoreError where it cannot be written."""
    home = home or os.environ.get("SPLUNK_HOME", "")
    if not home:
        raise StoreError(
            "is not set, so that no audit line can be written. Start this from Splunk.", source="SPLUNK_HOME"
        )
    path = Path(home, "var", "log", "splunk", NAME)
    told = line(action, actor, model, time.time() if now is None else now, **facts).encode("utf-8", "replace")
    try:
        _turn_over(path)
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, told)  # one write, so that lines of several processes do not mix
        finally:
            os.close(file)
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror}. Check its permissions.", source=str(path)) from error


def line(action: str, actor: str, model: str, now: float, **facts: object) -> str:
    """The line, with its newline."""
    second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    pairs = {"action": action, "actor": actor, "model": model, **facts}
    told = " ".join(f"{name}={_quoted(value)}" for name, value in pairs.items() if value is not None)
    return f"{second}.{int(now % 1 * 1000):03}Z {told}\n"


def person(key: str) -> str:
    """The hash of a person's key, by which lines about the same one are found."""
    return hashlib.sha256(b"busybody audit|" + key.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _quoted(value: object) -> str:
    """A value in quotes on one line, whatever is in it."""
    if isinstance(value, (int, float)):
        return str(value).lower()
    text = str(value)[:LONGEST_VALUE].replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(one if one.isprintable() else "?" for one in text) + '"'


def _turn_over(path: Path) -> None:
    """Begins another file where this one is long. Another process may be doing the same."""
    try:
        if path.stat().st_size < LONGEST:
            return
    except FileNotFoundError:
        return
    names = [path, *(path.with_name(f"{NAME}.{number}") for number in range(1, KEPT + 1))]
    for newer, older in reversed(list(zip(names, names[1:]))):
        with suppress(FileNotFoundError):
            newer.replace(older)
