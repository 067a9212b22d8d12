"""The JSON of an answer. It shows documents as they were written, and a cluster takes more than a strict reader does."""

from __future__ import annotations

import re
from typing import Any

import orjson
from busybody.fields.json_text import DECODER

_TEXT_OR_COMMENT = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|/\*.*?\*/|//[^\r\n]*', re.DOTALL)


def loads(text: str | bytes) -> Any:
    """The values, whatever documents are among them: half a surrogate pair is kept, a number that no double holds is
    infinite, bytes that are no UTF-8 become U+FFFD, comments are nothing. Raises ValueError for what is no JSON, or
    nested too deeply.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    try:
        try:
            return DECODER.decode(plain)
        except ValueError:
            bare = _TEXT_OR_COMMENT.sub(lambda found: found[0] if found[0][0] == '"' else " ", plain)
            if bare == plain:
                raise
            return DECODER.decode(bare)
    except RecursionError as error:
        raise ValueError("the answer is nested too deeply") from error
