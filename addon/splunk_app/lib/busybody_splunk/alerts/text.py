"""Text that a stranger may have written, made safe to show: no control or direction marks, no markup, never too long.

Slack can escape only `& < >` in its markup; `*`, `_`, `~` and backticks stay. So values of events go into plain text,
and into markup only escaped, which leaves an odd bold word as the worst that they can do.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timezone

_UNSEEN = frozenset(("Cc", "Cf", "Cs"))  # control, format (direction marks, zero width) and lone surrogates
_HALF_ENTITY = re.compile(r"&[a-z]*$")


def units(text: str) -> int:
    """The length as Slack counts it, in UTF-16 code units: an emoji is two."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def cut(text: str, longest: int) -> str:
    """The text, in at most `longest` units; what was cut ends in an ellipsis."""
    if units(text) <= longest:
        return text
    kept = text[:longest].encode("utf-16-le", "ignore")[: 2 * (longest - 1)]
    return kept.decode("utf-16-le", "ignore") + "…"


def clean(text: str, longest: int, *, lines: bool = False) -> str:
    """The text without what cannot be seen, on one line unless `lines`, in at most `longest` units."""
    text = text[: 4 * longest]  # a megabyte is not walked through to show a line of it
    if text.isprintable():  # nearly always
        return cut(text.strip(), longest)
    kept = "".join(
        letter if letter == "\n" and lines else " " if letter in "\r\n\t\u2028\u2029" else letter
        for letter in text
        if unicodedata.category(letter) not in _UNSEEN or letter in "\r\n\t"
    )
    return cut(kept.strip(), longest)


def escaped(text: str) -> str:
    """The text so that Slack's markup shows it as it is: no link, no mention, no channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut_markup(text: str, longest: int) -> str:
    """Markup in at most `longest` units, no entity halved."""
    if units(text) <= longest:
        return text
    return _HALF_ENTITY.sub("", cut(text, longest)[:-1]) + "…"


def moment(value: str) -> str:
    """A `_time` as people read it: epoch seconds become UTC to the minute, anything else stays."""
    try:
        return datetime.fromtimestamp(float(value), timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return value
