"""Words for a page: every value that comes from a log passes through here, once, on its way into HTML.

A name in a log is written by whoever tried to sign in with it. So it is cut, its control characters and the marks
that turn the direction of text are shown instead of obeyed, and it is escaped for text and for quoted attributes alike.
"""

from __future__ import annotations

import re
import time as clock
from html import escape
from typing import Any, Callable, Optional

LONGEST_NAME = 80  # characters
LONGEST_SENTENCE = 700
DAY = 86_400
LATEST = 253_402_300_799  # 9999-12-31T23:59:59Z, the last time that a calendar can name
# C0 and C1 controls, line and paragraph separators, marks of direction, zero widths, surrogates, tags.
UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def plain(value: Any, longest: int = LONGEST_NAME) -> str:
    """The value as one line of visible text, at most `longest` characters."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else str(value)
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return UNSEEN.sub(_spelled, cut)


def visible(text: str) -> str:
    """The whole text, its line breaks kept, with everything else that is not seen shown."""
    return "\n".join(UNSEEN.sub(_spelled, part) for part in text.split("\n"))


def _spelled(match: re.Match[str]) -> str:
    character = match.group()
    return " " if character in "\t\n\r" else f"⟨U+{ord(character):04X}⟩"


def html(value: Any, longest: int = LONGEST_NAME) -> str:
    """The value as HTML, fit for text and for a quoted attribute."""
    return escape(plain(value, longest), quote=True)


def name(value: Any) -> str:
    """A name as HTML that keeps its own direction to itself."""
    return f"<bdi>{html(value).replace('@', '<wbr>@')}</bdi>"


def minute(time: float) -> str:
    """`3 Mar 2026 02:14`, in UTC."""
    return moment(time)[4:]


def moment(time: float) -> str:
    """`Tue 3 Mar 2026 02:14`, in UTC."""
    parts = clock.gmtime(within(time))
    return f"{clock.strftime('%a', parts)} {parts.tm_mday} {clock.strftime('%b %Y %H:%M', parts)}"


def day(time: float) -> str:
    """`3 Mar 2026`, in UTC."""
    parts = clock.gmtime(within(time))
    return f"{parts.tm_mday} {clock.strftime('%b %Y', parts)}"


def machine_time(time: float) -> str:
    """ISO 8601 for the datetime attribute."""
    return clock.strftime("%Y-%m-%dT%H:%M:%SZ", clock.gmtime(within(time)))


def within(time: float) -> float:
    return min(max(time, 0.0), LATEST)


def stamp(time: Optional[float], words: Callable[[float], str] = moment) -> str:
    """A moment as a `<time>` element; a dash for none."""
    return "–" if time is None else f'<time datetime="{machine_time(time)}">{words(time)}</time>'


def duration(seconds: float) -> str:
    """The two largest units that say it: `3 d 4 h`, `2 h 5 min`, `40 s`."""
    left = int(abs(seconds))
    if left < 60:
        return f"{left} s"
    if left < 3600:
        return f"{left // 60} min"
    if left < DAY:
        return f"{left // 3600} h {left % 3600 // 60} min" if left % 3600 >= 60 else f"{left // 3600} h"
    return f"{left // DAY:,} d {left % DAY // 3600} h" if left < 10 * DAY else f"{left // DAY:,} d"


def count(number: int, one: str, many: str = "") -> str:
    """`1 person`, `1,204 people`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
