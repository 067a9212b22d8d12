"""JSON that is not one record per line: arrays, envelopes and pretty-printed objects, without loading the file.

The text is read in pieces; an element is decoded as soon as it is complete. A broken element is one error, and
reading goes on at the next place that looks like the start of one.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Any, Callable, Dict, Iterator, Tuple, Union

from .envelopes import AROUND, LISTS
from .json_text import DECODER, LENIENT, TOO_DEEP, fault

PIECE = 1 << 16  # characters
LONGEST_ELEMENT = 1 << 26  # characters
_SPACE = re.compile(r"[\s\x1e]*")
# Nested objects are indented, so one that begins its line is an element.
_NEXT_ELEMENT = re.compile(r"\}\s*,\s*(?=\{)|\n,?(?=\{)")
_NEXT_LINE = re.compile(r"\n\s*(?=[\[{])")

Found = Union[Dict[str, Any], Any, ValueError]


class _Ended(Exception):
    """The text is over."""


class _Told(_Ended):
    """The text is over, and the record that was not has been told of."""


class _AnotherStarts(ValueError):
    """An object begins where the one before has no end."""


class Scanner:
    """A growing window on the text; what is behind is forgotten."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self.text = ""
        self.at = 0
        self.ended = False

    def more(self) -> bool:
        """At least as much again as is pending, so that long elements stay linear; False where there is no more."""
        pending = [self.text[self.at :]]
        wanted = len(pending[0])
        while not self.ended:
            content = self._read(PIECE)
            self.ended = not content
            pending.append(self._decode(content, final=self.ended))
            wanted -= len(pending[-1])
            if wanted <= 0:
                break
        self.text = "".join(pending)
        self.at = 0
        return not self.ended

    def peek(self) -> str:
        """The next character that is no space. Raises _Ended."""
        while True:
            self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                raise _Ended

    def line(self) -> str:
        """What is left of the line; nothing is consumed."""
        while True:
            end = self.text.find("\n", self.at)
            if end >= 0:
                return self.text[self.at : end]
            if len(self.text) - self.at >= LONGEST_ELEMENT or not self.more():
                return self.text[self.at :]

    def value(self) -> Any:
        """The JSON value that starts here. Raises ValueError; behind the value where its end is known, else here."""
        self.peek()
        while True:
            try:
                found, end = DECODER.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                if not self.ended and len(self.text) - self.at < LONGEST_ELEMENT:
                    self.more()
                    continue
                position = max(0, error.pos - self.at)
                raise ValueError(fault(json.JSONDecodeError(error.msg, self.text[self.at :], position))) from error
            except RecursionError as error:
                raise ValueError(TOO_DEEP) from error
            except ValueError:  # a NaN or Infinity somewhere within
                if self._passed():
                    raise
                continue
            if end == len(self.text) and not self.ended and not isinstance(found, (dict, list, str)):
                self.more()
                continue  # a number may go on
            piece = self.text[self.at : end]
            self.at = end
            if not piece.isascii():
                try:
                    piece.encode("utf-8")
                except UnicodeEncodeError as error:
                    raise ValueError("is no valid UTF-8") from error
            return found

    def _passed(self) -> bool:
        """Go behind a value that is refused for what it holds; False where more text was read to find its end."""
        try:
            _, self.at = LENIENT.raw_decode(self.text, self.at)
        except (json.JSONDecodeError, RecursionError):
            if self.ended or len(self.text) - self.at >= LONGEST_ELEMENT:
                return True
            self.more()
            return False
        return True

    def resume(self, at: re.Pattern[str]) -> bool:
        """Go on behind the next match; False where the text ends before."""
        start = self.at + 1
        while True:
            found = at.search(self.text, start)
            if found:
                self.at = found.end()
                return True
            self.at = max(self.at, len(self.text) - 64)
            if not self.more():
                self.at = len(self.text)
                return False
            start = 0


def scan(read: Callable[[int], bytes]) -> Iterator[Found]:
    """Every record of the text, or the ValueError that stands for a broken one."""
    scanner = Scanner(read)
    try:
        while True:
            first = scanner.peek()
            if first == "[":
                scanner.at += 1
                yield from _elements(scanner)
            elif first == "{":
                yield from _object(scanner)
            elif first == ",":
                scanner.at += 1
            else:
                yield from _other(scanner, first)
    except _Ended:
        return


def _other(scanner: Scanner, first: str) -> Iterator[Found]:
    """What is neither list nor object: a value that has its line to itself, or no JSON."""
    line = scanner.line()
    try:
        value = DECODER.decode(line)
    except (ValueError, RecursionError):
        pass
    else:
        scanner.at += len(line)
        yield value
        return
    yield from _broken(scanner, ValueError(f"no JSON value starts with {first!r}"), _NEXT_LINE)


def _broken(scanner: Scanner, error: ValueError, at: re.Pattern[str]) -> Iterator[Found]:
    yield error
    if not isinstance(error, _AnotherStarts) and not scanner.resume(at):
        raise _Told


def _elements(scanner: Scanner) -> Iterator[Found]:
    """The elements of an array whose bracket was read."""
    while True:
        try:
            first = scanner.peek()
        except _Ended:
            yield ValueError("the JSON text ends inside a list")
            raise _Told from None
        if first == "]":
            scanner.at += 1
            return
        if first == ",":
            scanner.at += 1
            continue
        before = scanner.at
        try:
            yield scanner.value()
        except ValueError as error:
            if scanner.at == before or scanner.text[scanner.at : scanner.at + 1] not in (",", "]", "", " ", "\n", "\r"):
                yield from _broken(scanner, error, _NEXT_ELEMENT)
            else:
                yield error


def _object(scanner: Scanner, depth: int = 0) -> Iterator[Found]:
    """An object: the records of the list in it, or itself."""
    collected: Dict[str, Any] = {}
    wrapped = False
    try:
        for key, first in _keys(scanner):
            if first == "[" and key in LISTS:
                elements: Iterator[Found] = _list_in(scanner)
            elif first == "{" and key in AROUND and depth == 0:
                elements = _object(scanner, 1)
            else:
                collected[key] = scanner.value()
                continue
            for element in elements:
                if isinstance(element, _Whole):
                    collected[key] = element.value
                else:
                    wrapped = True
                    yield element
    except ValueError as error:
        yield from _broken(scanner, error, _NEXT_LINE)
        return
    except _Ended as end:
        if not isinstance(end, _Told):
            yield ValueError("the JSON text ends inside an object")
        raise
    if depth:
        if not wrapped:
            yield _Whole(collected)
    elif not wrapped:
        yield collected


class _Whole:
    """A value that turned out to be no list of records: it belongs to the object around it."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _list_in(scanner: Scanner) -> Iterator[Any]:
    """The list of an envelope, streamed where its first element is an object; else the list as it is."""
    scanner.at += 1
    first = scanner.peek()
    if first != "{":
        if first == "]":
            scanner.at += 1
            yield _Whole([])
            return
        yield _Whole([element for element in _elements(scanner) if not isinstance(element, ValueError)])
        return
    yield from _elements(scanner)


def _keys(scanner: Scanner) -> Iterator[Tuple[str, str]]:
    """(key, first character of its value) of the object that starts here; the caller reads the value."""
    scanner.at += 1
    while True:
        first = scanner.peek()
        if first == "}":
            scanner.at += 1
            return
        if first == ",":
            scanner.at += 1
            continue
        if first == "{":
            raise _AnotherStarts("the JSON text ends inside an object")
        key = scanner.value()
        if not isinstance(key, str) or scanner.peek() != ":":
            raise ValueError("an object needs text, a colon and a value")
        scanner.at += 1
        yield key, scanner.peek()
