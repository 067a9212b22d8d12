"""Conditions of a map, compiled: `{"path": "event.type", "equals": "start"}` and what is made of such.

The vocabulary is closed and listed in README.md. Comparison ignores case; numbers and booleans compare by their
JSON text; on a list one element is enough. A condition is compiled to a function of the slots (see `paths`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping  # isinstance() with the one of typing takes five times as long
from typing import Any, Callable, Dict, FrozenSet, List, NamedTuple, Sequence

from .paths import Paths, Slots

Holds = Callable[[Slots], bool]
TESTS = ("equals", "in", "prefix", "suffix", "contains", "regex", "exists")
Fault = Callable[[str, str], Exception]  # (key below here, what is wrong) -> the error to raise


class Condition(NamedTuple):
    """A compiled condition, how many tests it makes at least, and what must be there for it to hold."""

    holds: Holds
    tests: int
    needs: Sequence[FrozenSet[str]]  # top-level keys: of each set one must be in the record


def compile_condition(raw: Any, paths: Paths, missing: FrozenSet[str], fault: Fault) -> Condition:
    """The condition as a function of the slots. Raises what `fault` makes for anything outside the vocabulary."""
    if isinstance(raw, list):
        return _all(raw, paths, missing, fault, "")
    if not isinstance(raw, Mapping):
        raise fault("", 'is no condition. Give {"path": …, "equals": …}, {"all": […]}, {"any": […]} or {"not": …}')
    if "path" in raw:
        return _test(raw, paths, missing, fault)
    if len(raw) != 1 or next(iter(raw)) not in ("all", "any", "not"):
        raise fault(
            "", f'has the keys {sorted(raw)}. A condition has "path" and one test, or only "all", "any" or "not"'
        )
    if "all" in raw:
        return _all(raw["all"], paths, missing, fault, "all")
    if "any" in raw:
        return _any(raw["any"], paths, missing, fault)
    inner = compile_condition(raw["not"], paths, missing, _below(fault, "not")).holds
    return Condition(lambda slots: not inner(slots), 0, ())


def text_of(value: Any) -> str:
    """How a value compares: its text, or for numbers and booleans their JSON spelling."""
    if isinstance(value, str):
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    return str(value)


def _below(fault: Fault, key: str) -> Fault:
    return lambda inner, message: fault(f"{key}.{inner}" if inner else key, message)


def _list(raw: Any, fault: Fault, key: str) -> List[Any]:
    if not isinstance(raw, list) or not raw:
        raise fault(key, "needs a list with at least one condition")
    return raw


def _all(raw: Any, paths: Paths, missing: FrozenSet[str], fault: Fault, key: str) -> Condition:
    parts = [
        compile_condition(part, paths, missing, _below(fault, f"{key}[{number}]"))
        for number, part in enumerate(_list(raw, fault, key))
    ]
    if len(parts) == 1:
        return parts[0]
    checks = [part.holds for part in parts]
    needs = [need for part in parts for need in part.needs]

    def holds(slots: Slots) -> bool:
        for check in checks:
            if not check(slots):
                return False
        return True

    return Condition(holds, sum(part.tests for part in parts), needs)


def _any(raw: Any, paths: Paths, missing: FrozenSet[str], fault: Fault) -> Condition:
    parts = [
        compile_condition(part, paths, missing, _below(fault, f"any[{number}]"))
        for number, part in enumerate(_list(raw, fault, "any"))
    ]
    checks = [part.holds for part in parts]

    def holds(slots: Slots) -> bool:
        for check in checks:
            if check(slots):
                return True
        return False

    needs: List[FrozenSet[str]] = []
    if all(part.needs for part in parts):
        needs = [frozenset().union(*(part.needs[0] for part in parts))]
    return Condition(holds, min(part.tests for part in parts), needs)


def _test(raw: Mapping[str, Any], paths: Paths, missing: FrozenSet[str], fault: Fault) -> Condition:
    names = [key for key in raw if key != "path"]
    if len(names) != 1 or names[0] not in TESTS:
        raise fault("", f'has the tests {names}. Beside "path" it needs exactly one of {", ".join(TESTS)}')
    name, wanted = names[0], raw[names[0]]
    spelled = raw["path"] if isinstance(raw["path"], list) else [raw["path"]]
    slots, needs = [], set()
    for path in spelled:
        if not isinstance(path, str):
            raise fault("path", f"{path!r} is no path")
        try:
            slots.append(paths.slot(path) if name == "exists" else paths.add(path))
        except ValueError as error:
            raise fault("path", f"{path!r}: {error}") from error
        needs.update(["$"] if path.startswith("$") else paths.top_keys(path))
    if name == "exists":
        if not isinstance(wanted, bool):
            raise fault("exists", "needs true or false")
        paths.whether.append(slots)
        return _exists(slots, wanted, missing, frozenset(needs))
    paths.compared.update(slots)
    matches = _matcher(name, wanted, fault)
    holds = _one(slots[0], matches) if len(slots) == 1 else _several(slots, matches)
    return Condition(holds, 1, () if "$" in needs else (frozenset(needs),))


def _exists(slots: Sequence[int], wanted: bool, missing: FrozenSet[str], needs: FrozenSet[str]) -> Condition:
    longest = max(len(word) for word in missing)

    def present(values: Slots) -> bool:
        for slot in slots:
            value = values[slot]
            if value is None:
                continue
            if type(value) is list and len(value) == 1:
                value = value[0]
            if type(value) is str and len(value) > longest and value[0] > " ":
                return True  # no word that means nothing is as long
            if is_present(value, missing):
                return True
        return False

    if not wanted:
        return Condition(lambda values: not present(values), 1, ())
    return Condition(present, 1, () if "$" in needs else (needs,))


def is_present(value: Any, missing: FrozenSet[str]) -> bool:
    """Whether there is a value: not None, not one of the texts that mean nothing, no list of only such."""
    if value is None:
        return False
    if isinstance(value, str):
        return value.strip().lower() not in missing
    if isinstance(value, list):
        return any(is_present(element, missing) for element in value)
    return True


def _matcher(name: str, wanted: Any, fault: Fault) -> Callable[[str], bool]:
    if name == "in":
        if not isinstance(wanted, list) or not wanted:
            raise fault("in", "needs a list of values")
        members = frozenset(_scalar(value, "in", fault).lower() for value in wanted)
        return lambda text: text in members or text.lower() in members
    text = _scalar(wanted, name, fault)
    if name == "regex":
        try:
            search = re.compile(text, re.IGNORECASE).search
        except re.error as error:
            raise fault("regex", f"{text!r} is no regular expression: {error}") from error
        return lambda value: search(value) is not None
    low = text.lower()
    matchers: Dict[str, Callable[[str], bool]] = {
        "equals": lambda value: value == text or value.lower() == low,
        "prefix": lambda value: value.lower().startswith(low),
        "suffix": lambda value: value.lower().endswith(low),
        "contains": lambda value: low in value.lower(),
    }
    return matchers[name]


def _scalar(value: Any, name: str, fault: Fault) -> str:
    if value is None or isinstance(value, (list, Mapping)):
        raise fault(name, f"{value!r} is no text, number or boolean")
    return text_of(value)


def _one(slot: int, matches: Callable[[str], bool]) -> Holds:
    def holds(slots: Slots) -> bool:
        value = slots[slot]
        if value is None:
            return False
        if type(value) is str:
            return matches(value)
        if type(value) is list and len(value) == 1 and type(value[0]) is str:
            return matches(value[0])
        return _matches(value, matches)

    return holds


def _several(wanted: Sequence[int], matches: Callable[[str], bool]) -> Holds:
    def holds(slots: Slots) -> bool:
        return any(slots[slot] is not None and _matches(slots[slot], matches) for slot in wanted)

    return holds


def _matches(value: Any, matches: Callable[[str], bool]) -> bool:
    if isinstance(value, list):
        return any(element is not None and _matches(element, matches) for element in value)
    return not isinstance(value, Mapping) and matches(text_of(value))


def always(_slots: Slots) -> bool:
    """The condition of what has none."""
    return True
