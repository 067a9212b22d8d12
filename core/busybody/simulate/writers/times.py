"""Times as logs write them."""

from __future__ import annotations

from datetime import datetime, timezone

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # in every locale


def iso(time: float) -> str:
    """2026-03-02T08:15:30.250Z"""
    date = datetime.fromtimestamp(int(time), timezone.utc)
    return f"{date.isoformat()[:19]}.{round(time * 1000) % 1000:03d}Z"


def seconds(time: float) -> str:
    """2026-03-02T08:15:30Z"""
    return datetime.fromtimestamp(int(time), timezone.utc).isoformat()[:19] + "Z"


def syslog(time: float) -> str:
    """Mar  2 08:15:30, in UTC"""
    date = datetime.fromtimestamp(int(time), timezone.utc)
    return f"{MONTHS[date.month - 1]} {date.day:2d} {date:%H:%M:%S}"
