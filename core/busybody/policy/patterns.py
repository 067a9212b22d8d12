"""Patterns of people, written between slashes: /svc-.*/. They match a whole name, whatever its case.

Python's regular expressions can take for ever on the right name, and names come from whoever tries to sign in. What
makes them do so is refused: a repeated group that repeats or chooses inside, and many repeats and choices together.
"""

from __future__ import annotations

import re
from typing import List, Pattern

LONGEST = 200  # characters; an entry longer than that is a list written as a pattern
LONGEST_NAME = 256  # characters; longer ones, as only attackers have them, match no pattern
# A repeat may be tried at each of the name's 2**8 characters, an optional piece or one of n alternatives doubles or
# multiplies the work: at most 2**24 steps, some tenths of a second for the worst of names.
MOST_BITS, BITS_OF_REPEAT = 24, 8
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


def matches(pattern: Pattern[str], name: str) -> bool:
    """Whether the pattern matches the whole name."""
    return len(name) <= LONGEST_NAME and pattern.fullmatch(name) is not None


def _check_cost(body: str) -> None:
    """Refuse what can take exponential time, and some that cannot: the reading is a simple one."""
    groups: List[List[int]] = [
        [0, 1]
    ]  # for each open group, whether it repeats or chooses inside, and its alternatives
    closed = False  # whether the group that has just been closed does
    bits = 0
    for piece in PIECE.findall(body):
        is_repeat = piece in ("*", "+") or (piece.startswith("{") and piece.endswith("}") and piece != "{1}")
        if is_repeat and closed:
            raise ValueError(
                "a repeated group that repeats or chooses inside takes for ever on some names. Write it without"
            )
        closed = False
        if is_repeat or piece in ("?", "|"):
            groups[-1][0] = True
            groups[-1][1] += piece == "|"
            bits += BITS_OF_REPEAT if is_repeat else piece == "?"
        elif piece.startswith("("):
            groups.append([0, 1])
        elif piece == ")" and len(groups) > 1:
            inside, alternatives = groups.pop()
            closed = bool(inside)
            bits += (alternatives - 1).bit_length()
            groups[-1][0] = groups[-1][0] or inside
    if bits > MOST_BITS:
        raise ValueError(
            "so many repeats and choices take for ever on some names. Keep to 3 repeats, or write several entries"
        )
