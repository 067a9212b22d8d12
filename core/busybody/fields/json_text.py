"""One JSON text -> values, the same with the standard library and with orjson.

Both: NaN and Infinity are refused, integers beyond 64 bits are read as floats, of duplicate keys the last counts,
and what is no valid UTF-8 or too deep is an error. orjson is asked first where it is installed; what it refuses, the
standard library judges, so that the message is the same too.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Union

from ..errors import shown

TOO_DEEP = "is nested too deeply"
LOWEST, HIGHEST = -(2**63), 2**64 - 1  # what orjson reads as an integer


def _integer(text: str) -> Union[int, float]:
    if len(text) < 19:
        return int(text)
    if len(text) > 400:
        return float("-inf") if text[0] == "-" else float("inf")
    value = int(text)
    return value if LOWEST <= value <= HIGHEST else float(text)


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON value")


DECODER = json.JSONDecoder(parse_int=_integer, parse_constant=_constant)
LENIENT = json.JSONDecoder(parse_int=_integer)  # lets NaN and Infinity pass, to find out where a refused value ends
_decode = DECODER.decode
# Without the hook integers of any length are read twice as fast.
_scan: Any = json.JSONDecoder(parse_constant=_constant).scan_once  # type: ignore[attr-defined]
_AS_ZERO = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else byte for byte in range(256))
_LONG = b"0" * 19  # the shortest run of digits, all taken for 0, that may be an integer beyond 64 bits
_ENDS = ("", "\n", "\r\n")


def loads(line: bytes) -> Any:
    """The value of a whole JSON text in UTF-8. Raises ValueError with what is wrong and where."""
    try:
        text = line.decode("utf-8")
        if _LONG not in line.translate(_AS_ZERO):
            try:
                value, end = _scan(text, 0)
            except StopIteration:
                pass  # space in front, or what is no JSON: read again to say what
            else:
                if text[end:] in _ENDS:
                    return value
        return _decode(text)
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start + 1} is no valid UTF-8") from error
    except json.JSONDecodeError as error:
        raise ValueError(fault(error)) from error
    except RecursionError as error:
        raise ValueError(TOO_DEEP) from error


def fault(error: json.JSONDecodeError) -> str:
    """The error in words, with the place and what stands there."""
    there = error.doc[error.pos : error.pos + 20]
    if not there:
        return f"the JSON text ends too early, after {error.pos} characters"
    return f"no JSON at character {error.pos + 1}: {error.msg.lower()}, found {shown(there)}"


def fastest() -> Callable[[bytes], Any]:
    """`loads`, in front of it orjson where it is installed."""
    try:
        import orjson
    except ImportError:
        return loads
    quick = orjson.loads

    def loads_quickly(line: bytes) -> Any:
        try:
            return quick(line)
        except ValueError:
            return loads(line)

    return loads_quickly
