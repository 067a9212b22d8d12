"""The options of a search command, `name=value` each: declared once, and parsed, explained and refused from that.

    OPTIONS = (
        Option("update", "bool", False, "learn from the events, too"),
        Option("min_risk", "number", 0.0, "rows below this risk stay without columns", least=0.0, most=100.0),
        Option("user", "text", REQUIRED, "the person, as in the events"),
    )
    parse(OPTIONS, search.args, "busyscore")["update"]

A kind is bool (1/0, true/false, t/f, yes/no, on/off), number, name (letters, digits, `_`, `.`, `-`), text or choice.
"""

from __future__ import annotations

import re
from math import inf, isfinite, nan
from typing import Any, Dict, NamedTuple, NoReturn, Sequence, Tuple

from .frames import Fatal

BOOLS = {
    word: value
    for words, value in (("1 true t yes y on", True), ("0 false f no n off", False))
    for word in words.split()
}
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")
REQUIRED: Any = object()  # in place of a default
LONGEST_VALUE = 80  # characters shown of what was written


class UsageError(Fatal):
    """An option is unknown or has no good value, or help was asked for; the words say what to write instead."""

    def __init__(self, text: str, *, is_help: bool = False) -> None:
        super().__init__(text)
        self.is_help = is_help


class Option(NamedTuple):
    """One option; `words` explain it to whoever asks for help."""

    name: str
    kind: str
    default: Any  # REQUIRED where the command cannot do without
    words: str
    choices: Tuple[str, ...] = ()
    least: float = -inf
    most: float = inf

    def accepts(self) -> str:
        """The values that are good, in words."""
        if self.kind == "choice":
            return " or ".join(self.choices)
        if self.kind == "number" and self.most < inf:
            return f"a number from {self.least:g} to {self.most:g}"
        if self.kind == "number" and self.least > -inf:
            return f"a number from {self.least:g} on"
        return {
            "bool": "true or false",
            "number": "a number",
            "name": "a name of letters, digits, '_', '.' and '-'",
            "text": "a text that is not empty",
        }[self.kind]


def parse(options: Sequence[Option], args: Sequence[str], command: str) -> Dict[str, Any]:
    """The value of each option, its default where it is not given.

    UsageError for an option that is unknown, missing, given twice or has no good value, and for the word `help`.
    """
    if any(word.lower() in ("help", "help=true", "--help", "-h", "?") for word in args):
        raise UsageError(usage(options, command), is_help=True)
    known = {option.name: option for option in options}
    values: Dict[str, Any] = {}
    for word in filter(None, args):
        name, sign, text = word.partition("=")
        name = name.strip()
        if not sign or name not in known:
            _refuse_unknown(word, name, known, command)
        if name in values:
            raise UsageError(f"{command}: {name} is given twice. Keep one of them.")
        values[name] = _value(known[name], text.strip(), command)
    for option in options:
        if option.default is REQUIRED and option.name not in values:
            raise UsageError(f"{command}: {option.name}= is missing: {option.words}. {_see_help(command)}")
        values.setdefault(option.name, option.default)
    return values


def _value(option: Option, text: str, command: str) -> Any:
    if option.kind == "bool" and text.lower() in BOOLS:
        return BOOLS[text.lower()]
    if option.kind == "number" and option.least <= _number(text) <= option.most:
        return _number(text)
    if option.kind == "choice" and text.lower() in option.choices:
        return text.lower()
    if option.kind == "name" and NAME.fullmatch(text):
        return text
    if option.kind == "text" and text:
        return text
    near = _nearest(text.lower(), option.choices or [word for word in BOOLS if option.kind == "bool" and len(word) > 1])
    raise UsageError(f"{command}: {option.name}={_shown(text)} is not {option.accepts()}.{near}")


def _number(text: str) -> float:
    """The number; one that is in no range where the text is none, or none that can be reckoned with."""
    try:
        number = float(text)
    except ValueError:
        return nan
    return number if isfinite(number) else nan


def _refuse_unknown(word: str, name: str, known: Dict[str, Option], command: str) -> NoReturn:
    if name in known:
        raise UsageError(f"{command}: {name} has no value. Write {name}=<{known[name].kind}>. {_see_help(command)}")
    near = _nearest(name.lower(), list(known))
    told = near or (f" It has {', '.join(known)}." if known else " It has none.")
    raise UsageError(f"{command}: there is no option {_shown(word)}.{told} {_see_help(command)}")


def _nearest(word: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches  # not before something is wrong

    near = get_close_matches(word, known, 1)
    return f" Did you mean {near[0]}?" if near else ""


def _see_help(command: str) -> str:
    return f"`| {command} help` explains them all."


def _shown(text: str) -> str:
    return repr(text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…")


def usage(options: Sequence[Option], command: str) -> str:
    """What the word `help` is answered with: the options in one line, and each explained."""
    brief = " ".join(_brief(option) for option in options)
    lines = [f"usage: | {command} {brief}".rstrip()]
    for option in options:
        default = "" if option.default in (REQUIRED, None, "") else f"; {_written(option.default)} if not given"
        lines.append(f"{option.name}: {option.words} ({option.accepts()}{default}).")
    return "\n".join(lines)


def _brief(option: Option) -> str:
    text = f"{option.name}=<{option.kind}>"
    return text if option.default is REQUIRED else f"[{text}]"


def _written(value: object) -> str:
    """A default as it would be written in a search."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
