"""Values that stand inside of other values: groups of an expression on a text, and JSON in a text, read in place."""

from __future__ import annotations

import json
import re
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Sequence, Tuple

from .paths import Paths, Slots
from .transforms import LONGEST_MATCHED


class Extract(NamedTuple):
    """An expression on a text, and the slots that its groups go to; no expression: JSON text, read in place."""

    slot: int
    search: Optional[Callable[[str], Any]]
    groups: Sequence[Tuple[str, int]]
    prefix: str  # of the paths into the JSON


def compile_extract(
    raw: Mapping[str, Any], slot: Callable[[Any, str], int], fault: Callable[[str, str], Exception], key: str
) -> Extract:
    """The extract; `slot` gives the slot of a path. Raises what `fault` makes for anything else."""
    if set(raw) == {"from", "json"} and raw["json"] is True:
        return Extract(slot(raw["from"], key + ".from"), None, (), f"{raw['from']}.")
    if set(raw) != {"from", "regex"}:
        raise fault(key, 'needs "from" and either "regex" or "json": true')
    try:
        pattern = re.compile(raw["regex"])
    except (re.error, TypeError) as error:
        raise fault(f"{key}.regex", f"is no regular expression: {error}") from error
    groups = [(name, slot(f"${name}", key)) for name in pattern.groupindex]
    return Extract(slot(raw["from"], key + ".from"), pattern.search, groups, "")


def run(extracts: Sequence[Extract], paths: Paths, slots: Slots) -> None:
    """Fill the slots; of the expressions the first that matches does."""
    matched = False
    for slot, search, groups, prefix in extracts:
        value = slots[slot]
        if type(value) is list and len(value) > 0:
            value = value[0]
        if type(value) is not str:
            continue
        if search is None:
            _read_json(value, prefix, paths, slots)
        elif not matched:
            found = search(value[:LONGEST_MATCHED])
            if found:
                matched = True
                for name, target in groups:
                    slots[target] = found.group(name)


def _read_json(text: str, prefix: str, paths: Paths, slots: Slots) -> None:
    try:
        inner = json.loads(text)
    except (ValueError, RecursionError):
        return
    if not isinstance(inner, dict):
        return
    nested: Dict[str, Any] = inner
    for key in reversed(prefix[:-1].split(".")):
        nested = {key: nested}
    for number, value in enumerate(paths.read(nested)):
        if value is not None and (slots[number] is None or isinstance(slots[number], str)):
            slots[number] = value
