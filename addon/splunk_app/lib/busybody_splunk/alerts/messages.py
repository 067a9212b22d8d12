"""Blocks as messages that Slack accepts: at most 50 blocks and 10,000 units of text in each.

A person whose blocks do not fit into one message gets several; the further ones are replies to the first, so that the
channel shows one message per person.
"""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

from .batches import batches
from .blocks import Block, text_units
from .text import cut_markup, escaped

MOST_BLOCKS = 50
MOST_TEXT = 10_000  # UTF-16 units; Slack refuses longer ones (msg_blocks_too_long) without saying where it begins
LONGEST_NOTICE = 300  # of the text that notifications and screen readers show
Message = Dict[str, Any]


def messages(blocks: Sequence[Block], notice: str) -> List[Message]:
    """The messages in order. `notice` is plain text, which stands for the blocks where they cannot be shown."""
    parts = list(batches(blocks, text_units, MOST_BLOCKS, MOST_TEXT))
    return [_message(part, notice, number, len(parts)) for number, part in enumerate(parts, 1)]


def _message(blocks: List[Block], notice: str, number: int, count: int) -> Message:
    place = f" ({number} of {count})" if count > 1 else ""
    return {
        "text": cut_markup(escaped(notice), LONGEST_NOTICE) + place,
        "blocks": blocks,
    }
