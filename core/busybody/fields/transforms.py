"""Transforms of a map: small steps from a raw value to the one that is meant. The vocabulary is in README.md."""

from __future__ import annotations

import re
from collections.abc import Mapping  # isinstance() with the one of typing takes five times as long
from typing import Any, Callable, Dict, List, Sequence

from .conditions import Fault, text_of

Transform = Callable[[Any], Any]  # None means missing, and stays so
LONGEST_MATCHED = 65536  # characters of a value that expressions look at


def compile_transforms(raw: Any, fault: Fault) -> Sequence[Transform]:
    """The steps as functions. Raises what `fault` makes for anything outside the vocabulary."""
    if not isinstance(raw, list):
        raise fault("", "needs a list of transforms")
    return [_step(step, fault, f"[{number}]") for number, step in enumerate(raw)]


def _step(raw: Any, fault: Fault, key: str) -> Transform:
    if isinstance(raw, str) and raw in _PLAIN:
        return on_text(_PLAIN[raw])
    if isinstance(raw, Mapping) and len(raw) == 1:
        name, argument = next(iter(raw.items()))
        make = _WITH_ARGUMENT.get(name)
        if make is not None:
            try:
                return make(argument)
            except (TypeError, ValueError, re.error) as error:
                raise fault(f"{key}.{name}", f"{argument!r} does not fit: {error}") from error
    known = sorted(_PLAIN) + sorted(_WITH_ARGUMENT)
    raise fault(key, f"{raw!r} is no transform. Known are {', '.join(known)}")


def on_text(change: Callable[[str], Any]) -> Transform:
    """A transform that takes text, and of a list each element."""

    def apply(value: Any) -> Any:
        if isinstance(value, list):
            return [found for found in (apply(element) for element in value) if found is not None]
        if value is None or isinstance(value, Mapping):
            return None
        return change(text_of(value))

    return apply


def _split(argument: Any) -> Transform:
    separator, index = argument
    if not isinstance(separator, str) or not separator or not isinstance(index, int):
        raise ValueError("give [separator, index]")

    def part(text: str) -> Any:
        parts: List[str] = text.split(separator)
        return parts[index] if -len(parts) <= index < len(parts) else None

    return on_text(part)


def _text(argument: Any) -> str:
    if not isinstance(argument, str) or not argument:
        raise ValueError("give a text")
    return argument


def _before(argument: Any) -> Transform:
    mark = _text(argument)
    return on_text(lambda text: text.partition(mark)[0])


def _after(argument: Any) -> Transform:
    mark = _text(argument)
    return on_text(lambda text: text.partition(mark)[2] if mark in text else text)


def _prepend(argument: Any) -> Transform:
    added = _text(argument)
    return on_text(lambda text: added + text)


def _append(argument: Any) -> Transform:
    added = _text(argument)
    return on_text(lambda text: text + added)


def _regex(argument: Any) -> Transform:
    pattern = re.compile(_text(argument))
    if pattern.groups < 1:
        raise ValueError("the expression needs a group")

    def group(text: str) -> Any:
        found = pattern.search(text[:LONGEST_MATCHED])
        return found.group(1) if found else None

    return on_text(group)


def _scale(argument: Any) -> Transform:
    if isinstance(argument, bool) or not isinstance(argument, (int, float)):
        raise ValueError("give a number")

    def product(text: str) -> Any:
        try:
            return float(text) * argument
        except ValueError:
            return None

    return on_text(product)


_PLAIN: Dict[str, Callable[[str], Any]] = {"lower": str.lower, "upper": str.upper, "strip": str.strip}
_WITH_ARGUMENT: Dict[str, Callable[[Any], Transform]] = {
    "split": _split,
    "before": _before,
    "after": _after,
    "regex": _regex,
    "prepend": _prepend,
    "append": _append,
    "scale": _scale,
}
