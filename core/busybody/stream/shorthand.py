"""Sign-ins as lines of text, for the way to another process or to a temporary file.

    time ⇥ session ⇥ where ⇥ with what ⇥ [id, user, raw id, extra]        each in JSON, which holds no tab

Many sign-ins share where and with what they are made: that is written once and read once, and remembered. The time and
the session stand apart, so that who needs no more of a sign-in reads no more.
"""

from __future__ import annotations

import json
from itertools import cycle
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from ..signin import NO_EXTRA, SignIn
from .entries import Entry, Payload, payload_of

REMEMBERED = 50_000  # texts
FIRST, OTHER = ord("0"), ord(" ")
OUTCOME, USER_AGENT, SESSION, RAW_ID = map(SignIn._fields.index, ("outcome", "user_agent", "session", "raw_id"))
BEFORE = SESSION - USER_AGENT  # how much of with what stands before the session in a sign-in
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_scan: Any = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
_new = SignIn._make
Values = Tuple[Any, ...]


class Shorthand:
    """Writes and reads them."""

    def __init__(self) -> None:
        self._texts: Dict[Values, str] = {}
        self._values: Dict[str, Values] = {}

    def text(self, signin: SignIn) -> str:
        """A sign-in as one line of ASCII, without its end."""
        where, means = signin[OUTCOME:USER_AGENT], signin[USER_AGENT:SESSION] + signin[SESSION + 1 : RAW_ID]
        identity, session, raw, extra = quoted(signin.id), signin.session, signin.raw_id, signin.extra
        return (
            f"{signin.time!r}\t{'' if session is None else quoted(session)}"
            f"\t{self._texts.get(where) or self._write(where)}\t{self._texts.get(means) or self._write(means)}"
            f"\t[{identity},{quoted(signin.user)},{'null' if raw is None else identity if raw == signin.id else quoted(raw)},"
            f"{_encode(dict(extra)) if extra else 'null'}]"
        )

    def signin(self, parts: List[str]) -> SignIn:
        """The sign-in of the parts of a line."""
        time, session, where, means, rest = parts
        identity, user, raw, extra = _scan(rest, 0)[0]
        what = self.values(means)
        return _new(
            (
                identity, float(time), user, *self.values(where), *what[:BEFORE],
                _scan(session, 0)[0] if session else None, *what[BEFORE:], raw, extra or NO_EXTRA,
            )
        )  # fmt: skip

    def values(self, text: str) -> Values:
        """What a line's part says of where, or of with what."""
        found = self._values.get(text)
        if found is None:
            found = tuple(tuple(value) if type(value) is list else value for value in json.loads(text))
            if len(self._values) >= REMEMBERED:
                self._values.clear()
            self._values[text] = found
        return found

    def _write(self, values: Values) -> str:
        """Equal values of one field have the same JSON, but for 0.0 and -0.0: what holds one is not remembered."""
        text = _encode(values)
        if all(value != 0.0 or type(value) is bool for value in values):
            if len(self._texts) >= REMEMBERED:
                self._texts.clear()
            self._texts[values] = text
        return text


# Batches ------------------------------------------------------------------------------------------------------


class Packed(NamedTuple):
    """A batch of entries as text, so that it can be handed on without being read."""

    owners: bytes  # for each entry the number of its person's worker behind FIRST; OTHER for what is no sign-in
    files: bytes  # the name of each one's file, or the one name of all
    others: bytes  # line and payload of what is no sign-in
    lines: bytes  # the sign-ins


def pack(entries: List[Entry], owner: Callable[[str], int], shorthand: Shorthand) -> Packed:
    """`owner` gives the number of a person's worker."""
    owners = bytearray()
    others: List[Tuple[int, Payload]] = []
    lines: List[str] = []
    for _, line, payload in entries:
        if type(payload) is SignIn:
            owners.append(FIRST + owner(payload.user))
            lines.append(shorthand.text(payload))
        else:
            owners.append(OTHER)
            others.append((line, payload))
    files = [file for file, _, _ in entries]
    if files.count(files[0]) == len(files):
        files = files[:1]
    return Packed(bytes(owners), _encode(files).encode(), _encode(others).encode(), "\n".join(lines).encode("ascii"))


def unpack(packed: Packed, shorthand: Shorthand) -> List[Entry]:
    """The entries again, but for the line numbers of sign-ins, which nobody asks for."""
    files = json.loads(packed.files)
    others, lines = iter(json.loads(packed.others)), iter(packed.lines.decode("ascii").split("\n"))
    entries: List[Entry] = []
    for file, owner in zip(cycle(files), packed.owners):
        if owner == OTHER:
            line, row = next(others)
            entries.append((file, line, payload_of(row)))
        else:
            entries.append((file, 0, shorthand.signin(next(lines).split("\t"))))
    return entries
