"""The JSON of an answer. It shows documents as they were written, and a cluster takes more than a strict reader does."""

from __future__ import annotations

from typing import Any

import orjson
from busybody.fields.json_text import DECODER


def loads(text: str | bytes) -> Any:
    """The values, whatever documents are among them: half a surrogate pair is kept, a number that no double holds is
    infinite, bytes that are no UTF-8 become U+FFFD. Raises ValueError for what is no JSON, or nested too deeply.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    try:
        return DECODER.decode(plain)
    except RecursionError as error:
        raise ValueError("the answer is nested too deeply") from error
