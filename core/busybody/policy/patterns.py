"""Patterns of people, written between slashes: /svc-.*/. They match a whole name, whatever its case.

Python's regular expressions can take for ever on the right name, and names come from whoever tries to sign in. What
makes them do so is refused: a repeated group that repeats or chooses inside, and many open-ended repeats in a row.
"""

from __future__ import annotations

import re
from typing import List, Pattern

LONGEST = 200  # characters; an entry longer than that is a list written as a pattern
MOST_REPEATS = 4  # open-ended ones; with n of them a name of length l costs l**n
# An escape, a character class or the opening of a group is one piece: what stands within is no operator.
PIECE = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:<?[=!]|P?<[^>]*>|:|[a-zA-Z-]+:?|#)?|\(|\{\d*,?\d*\}|.", re.DOTALL
)


def is_pattern(entry: str) -> bool:
    """Whether the entry stands between slashes."""
    return len(entry) >= 2 and entry.startswith("/") and entry.endswith("/")


def compiled(entry: str) -> Pattern[str]:
    """The regular expression between the slashes. Raises ValueError, saying what would be right."""
    body = entry[1:-1]
    if not body:
        raise ValueError("an empty pattern matches nobody. Write a name, or /.*/ for everybody")
    if len(body) > LONGEST:
        raise ValueError(f"a pattern of {len(body)} characters. Keep it to {LONGEST}, or write several entries")
    try:
        pattern = re.compile(body, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"no regular expression: {error}. Mend the text between the slashes") from error
    _check_cost(body)
    return pattern


def _check_cost(body: str) -> None:
    """Refuses what can take exponential time, and some that cannot: the reading is a simple one."""
    open_groups: List[bool] = [False]  # for each open group, whether it repeats or chooses inside
    closed = False  # whether the group that has just been closed does
    repeats = 0
    for piece in PIECE.findall(body):
        is_repeat = piece in ("*", "+") or (piece.startswith("{") and piece.endswith("}") and piece != "{1}")
        if is_repeat and closed:
            raise ValueError(
                "a repeated group that repeats or chooses inside takes for ever on some names. Write it without"
            )
        closed = False
        if is_repeat or piece in ("?", "|"):
            open_groups[-1] = True
            repeats += is_repeat
        elif piece.startswith("("):
            open_groups.append(False)
        elif piece == ")" and len(open_groups) > 1:
            closed = open_groups.pop()
            open_groups[-1] = open_groups[-1] or closed
    if repeats > MOST_REPEATS:
        raise ValueError(f"{repeats} repeats in one pattern. Keep it to {MOST_REPEATS}, or write several entries")
