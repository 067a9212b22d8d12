"""JSON as a policy may be written: `json` keeps the last of two equal keys and forgets the lines; this does neither."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from ..errors import shown
from .problems import InvalidPolicy, Path, dotted, invalid

DEEPEST = 40  # levels
SPACE = re.compile(r"[ \t\n\r]*")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
WORD = re.compile(r"[A-Za-z0-9+.-]+")


class Document(NamedTuple):
    """What a text says, and on which line each key stands."""

    mapping: Mapping[str, Any]
    lines: Mapping[Path, int]


def read(text: str, source: Optional[str] = None) -> Document:
    """The object that the text holds. Raises InvalidPolicy with the line."""
    reader = _Reader(text, source)
    value = reader.whole()
    if not isinstance(value, dict):
        raise invalid(f"{shown(value)} is no policy. Put the keys between {{ and }}.", source=source, line=1)
    return Document(value, reader.lines)


def read_value(text: str, source: Optional[str], line: int, key: str) -> Any:
    """One JSON value that stands within another text, from `line` on. Raises InvalidPolicy naming `key`."""
    return _Reader(text, source, line - 1, (key,)).whole()


class _Reader:
    """One pass over one text."""

    def __init__(self, text: str, source: Optional[str], lines_before: int = 0, path: Path = ()) -> None:
        self.text = text
        self.source = source
        self.lines: Dict[Path, int] = {}
        self.path = path
        self.lines_before = lines_before
        self.newlines = [match.start() for match in re.finditer("\n", text)]

    def whole(self) -> Any:
        value, at = self.value(self.skip(0), self.path)
        if at < len(self.text):
            raise self.error(f"{shown(self.text[at : at + 20])} follows the end. Remove it", at, self.path)
        return value

    def line(self, at: int) -> int:
        return bisect_right(self.newlines, at - 1) + 1 + self.lines_before

    def error(self, message: str, at: int, path: Path) -> InvalidPolicy:
        return invalid(f"{message}.", source=self.source, line=self.line(at), key=dotted(path) or None)

    def skip(self, at: int) -> int:
        match = SPACE.match(self.text, at)
        return match.end() if match else at

    def value(self, at: int, path: Path) -> Tuple[Any, int]:
        """The value that starts at `at`, and where the text goes on."""
        if len(path) > DEEPEST:
            raise self.error(f"is nested deeper than {DEEPEST} levels", at, path[:3])
        first = self.text[at : at + 1]
        if first == "{":
            return self.object(at, path)
        if first == "[":
            return self.array(at, path)
        if first == '"':
            return self.string(at, path)
        match = WORD.match(self.text, at)
        word = match.group() if match else self.text[at : at + 20]
        try:
            value = json.loads(word, parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise self.error(self.no_value(word), at, path) from None
        return value, self.skip(at + len(word))

    def no_value(self, word: str) -> str:
        if not word:
            return "the text ends where a value should stand. Close what was opened"
        if word.lower().lstrip("+-") in ("nan", "infinity", "inf"):
            return f"{word} is no number that a policy can use. Give a finite one"
        return f"{shown(word)} is no JSON value. Put text between double quotes"

    def string(self, at: int, path: Path) -> Tuple[str, int]:
        match = STRING.match(self.text, at)
        if match is None:
            raise self.error('text without its closing ". Add it', at, path)
        try:
            value = json.loads(match.group())
        except ValueError:
            told = "is no JSON text. Write a backslash as \\\\ and a line end as \\n"
            raise self.error(f"{shown(match.group())} {told}", at, path) from None
        return str(value), self.skip(match.end())

    def object(self, at: int, path: Path) -> Tuple[Dict[str, Any], int]:
        result: Dict[str, Any] = {}
        at = self.skip(at + 1)
        while not self.text.startswith("}", at):
            if not self.text.startswith('"', at):
                raise self.error(
                    "a key is missing. Write it between double quotes, and no comma after the last one", at, path
                )
            key_at = at
            key, at = self.string(at, path)
            here = (*path, key)
            if key in result:
                raise self.error(
                    f"stands there twice, first on line {self.lines[here]}. Keep one of the two", key_at, here
                )
            self.lines[here] = self.line(key_at)
            if not self.text.startswith(":", at):
                raise self.error("has no value. Write a colon and the value after the key", at, here)
            result[key], at = self.value(self.skip(at + 1), here)
            at = self.comma(at, "}", here)
        return result, self.skip(at + 1)

    def array(self, at: int, path: Path) -> Tuple[List[Any], int]:
        result: List[Any] = []
        at = self.skip(at + 1)
        while not self.text.startswith("]", at):
            here = (*path, f"[{len(result)}]")
            self.lines[here] = self.line(at)
            value, at = self.value(at, here)
            result.append(value)
            at = self.comma(at, "]", here)
        return result, self.skip(at + 1)

    def comma(self, at: int, close: str, path: Path) -> int:
        """Past the comma, or at the closing bracket. A comma before the bracket is an error, as JSON has it."""
        if self.text.startswith(",", at):
            after = self.skip(at + 1)
            if self.text.startswith(close, after):
                raise self.error(f"a comma before {close}. Remove it", at, path)
            return after
        if not self.text.startswith(close, at):
            raise self.error(f"the value does not end here. Write a comma or {close} after it", at, path)
        return at


def _refuse(word: str) -> None:
    raise ValueError(word)


def flow(value: Any, *, wide: str = "json") -> str:
    """The value as JSON on one line, in characters that print.

    `wide` says how a character beyond U+FFFF that does not print is escaped: "json" (two halves) or "yaml" (one).
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return text if text.isprintable() else "".join(c if c.isprintable() else _escape(c, wide) for c in text)


def _escape(character: str, wide: str) -> str:
    if wide == "yaml" and ord(character) > 0xFFFF:
        return f"\\U{ord(character):08x}"
    return json.dumps(character)[1:-1] if ord(character) != 0x7F else "\\u007f"


def write(mapping: Mapping[str, Any]) -> str:
    """The whole policy; JSON has no comments."""
    return json.dumps(mapping, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
