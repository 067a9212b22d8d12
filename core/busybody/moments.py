"""Times as a person gives and reads them: of an option, and shown in UTC."""

from __future__ import annotations

import time
from typing import Optional

from .errors import PolicyError


def moment_of(text: Optional[str], option: str) -> Optional[float]:
    """Epoch seconds of an option: epoch seconds, ISO 8601 or `now`; None where it was not given. Raises PolicyError."""
    if text is None:
        return None
    if text == "now":
        return time.time()
    from .fields.times import TimeReader

    plain = text + "T00:00:00Z" if len(text) == len("2026-03-02") and text.count("-") == 2 else text
    try:
        return TimeReader(None, None).read(float(plain) if plain.replace(".", "", 1).isdigit() else plain)
    except (ValueError, OverflowError) as error:
        raise PolicyError(
            f"{str(error).partition('. ')[0]}. Give epoch seconds, or ISO 8601 such as 2026-03-02T08:00:00Z.",
            key=option,
        ) from error


def minute(moment: Optional[float]) -> str:
    """`2026-03-02 08:00`, in UTC; a dash where nothing is known."""
    from .report.words import within

    return "-" if moment is None else time.strftime("%Y-%m-%d %H:%M", time.gmtime(within(moment)))


def day(number: int) -> str:
    """`2026-03-02` of a day since 1970."""
    return minute(number * 86400.0)[:10]
