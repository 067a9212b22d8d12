"""Structured logs: one line for each event, as JSON or as text, on standard error.

    log = get("reader")
    log.info("read", documents=2000, lag_seconds=3.1)      {"@timestamp": …, "log.level": "info", "message": "read", …}

Never personal data: what is logged are counts, times, names of indices and instances. An error's own words are cut to
one line of 300 characters; what is known to hold a name or an address of somebody is never given to a logger.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

ROOT = "busybody_elastic"
LONGEST = 300  # characters of a value
LEVELS = ("debug", "info", "warning", "error")


class Log:
    """A logger whose events have a few words and named values."""

    def __init__(self, name: str) -> None:
        self._log = logging.getLogger(f"{ROOT}.{name}")

    def debug(self, words: str, **values: Any) -> None:
        self._log.debug(words, extra={"values": values})

    def info(self, words: str, **values: Any) -> None:
        self._log.info(words, extra={"values": values})

    def warning(self, words: str, **values: Any) -> None:
        self._log.warning(words, extra={"values": values})

    def error(self, words: str, **values: Any) -> None:
        self._log.error(words, extra={"values": values})


def get(name: str) -> Log:
    """The log of one part of the service."""
    return Log(name)


def start(form: str = "text", level: str = "info", stream: TextIO | None = None) -> None:
    """Log to `stream` (standard error) from now on; `form` is json or text. Of libraries only warnings are shown."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    logging.getLogger().handlers[:] = [handler]
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger(ROOT).setLevel(level.upper())


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        values = {name: shown(value) for name, value in getattr(record, "values", {}).items()}
        row = {
            "@timestamp": _time(record), "log.level": record.levelname.lower(), "message": record.getMessage(),
            "log.logger": record.name, "service.name": "busybody-elastic", **values,
        }  # fmt: skip
        return json.dumps(row, ensure_ascii=False, default=str)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        values = "".join(f" {name}={shown(value)}" for name, value in getattr(record, "values", {}).items())
        return f"{_time(record)} {record.levelname.lower():7} {record.getMessage()}{values}"


def shown(value: Any) -> Any:
    """The value as it may stand in a log: on one line, and not endless."""
    if isinstance(value, float):
        return round(value, 3)
    if value is None or isinstance(value, (bool, int)):
        return value
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
