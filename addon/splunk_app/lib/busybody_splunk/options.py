"""The options of a search command, `name=value` each, declared once: parsed, explained and refused from that."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

from .frames import Fatal

TRUE, FALSE = ("1", "true", "t", "yes", "on"), ("0", "false", "f", "no", "off")


class UsageError(Fatal):
    """An option is unknown or has no good value, or help was asked for; the words say what to write instead."""


class Option(NamedTuple):
    """One option: `kind` is bool, number, name, text or choice; `words` explain it; default None makes it required."""

    name: str
    kind: str
    default: Any
    words: str
    choices: Tuple[str, ...] = ()


def parse(options: Sequence[Option], args: Sequence[str], command: str) -> Dict[str, Any]:
    """The value of each option; UsageError when one is unknown, given twice, missing or bad, or the word `help` is there."""
    if "help" in args:
        raise UsageError(usage(options, command))
    values: Dict[str, Any] = {}
    known = {option.name: option for option in options}
    for word in args:
        name, sign, text = word.partition("=")
        if not sign or name not in known:
            raise UsageError(_unknown(word, name if sign else word, list(known), command))
        if name in values:
            raise UsageError(f"{command}: {name} is given twice. Keep one of them.")
        values[name] = _value(known[name], text, command)
    for option in options:
        if option.name not in values:
            values[option.name] = option.default
    return values


def _value(option: Option, text: str, command: str) -> Any:
    lowered = text.lower()
    if option.kind == "bool" and lowered in TRUE + FALSE:
        return lowered in TRUE
    if option.kind == "number":
        try:
            return float(text)
        except ValueError:
            pass
    if option.kind == "choice" and text in option.choices:
        return text
    if option.kind in ("text", "name"):
        return text
    raise UsageError(f"{command}: {option.name}={text[:80]} is no {option.kind}.")


def _unknown(word: str, name: str, known: List[str], command: str) -> str:
    near = get_close_matches(name, known, 1)
    hint = f"Did you mean {near[0]}?" if near else f"It knows {', '.join(known)}."
    return f"{command}: there is no option {word[:80]!r}. {hint} `{command} help` explains them."


def usage(options: Sequence[Option], command: str) -> str:
    """What `<command> help` says."""
    lines = [f"{option.name}=<{option.kind}>: {option.words}" for option in options]
    return f"usage: {command} [<option>=<value> ...]\n" + "\n".join(lines)
