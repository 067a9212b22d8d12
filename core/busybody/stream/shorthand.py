"""Sign-ins as lines of text, for the way to another process or to a temporary file.

    time ⇥ outcome ⇥ subnet ⇥ place ⇥ device ⇥ manner ⇥ the rest        each in JSON, which holds no tab

Many sign-ins share place, device and manner: they are written once and read once, and remembered. What stands in front
is what recent evidence asks for, so that who needs no more of a sign-in reads no more.
"""

from __future__ import annotations

import json
from itertools import cycle
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ..signin import NO_EXTRA, SignIn
from .entries import Entry, Payload, payload_of

REMEMBERED = 50_000  # texts
FIRST, OTHER = ord("0"), ord(" ")
_at = SignIn._fields.index
NETWORK, USER_AGENT, DEVICE_ID, APP, METHOD, RAW_ID = map(
    _at, ("network", "user_agent", "device_id", "app", "method", "raw_id")
)
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
        ip, subnet, session, raw, extra = signin.ip, signin.subnet, signin.session, signin.raw_id, signin.extra
        place, device = signin[NETWORK:USER_AGENT], signin[USER_AGENT:DEVICE_ID]
        manner = signin[APP : APP + 1] + signin[METHOD:RAW_ID]
        texts, identity, device_id = self._texts, quoted(signin.id), signin.device_id
        return (
            f"{signin.time!r}\t{quoted(signin.outcome)}\t{'' if subnet is None else quoted(subnet)}"
            f"\t{texts.get(place) or self._write(place)}"
            f"\t{texts.get(device) or self._write(device)}\t{texts.get(manner) or self._write(manner)}"
            f"\t[{identity},{quoted(signin.user)},{'null' if raw is None else identity if raw == signin.id else quoted(raw)},"
            f"{'null' if ip is None else quoted(ip)},{'null' if session is None else quoted(session)},"
            f"{'null' if device_id is None else quoted(device_id)},"
            f"{_encode(dict(extra)) if extra else 'null'}]"
        )

    def glimpse(self, text: str) -> Tuple[str, Optional[str], Optional[str], Optional[str]]:
        """Outcome, subnet, network and device of a line: what recent evidence asks for."""
        _, outcome, subnet, place, device, _ = text.split("\t", 5)
        network = (self._values.get(place) or self._read(place))[0]
        return outcome[1:-1], _told(subnet), network, (self._values.get(device) or self._read(device))[1]

    def signin(self, text: str) -> SignIn:
        """The sign-in of a line."""
        time, outcome, subnet, place, device, manner, rest = text.split("\t")
        identity, user, raw, ip, session, device_id, extra = _scan(rest, 0)[0]
        values = self._values
        app, *means = values.get(manner) or self._read(manner)
        return _new(
            (
                identity, float(time), user, _told(outcome), ip, _told(subnet), *(values.get(place) or self._read(place)),
                *(values.get(device) or self._read(device)), device_id, app, session, *means, raw,
                extra or NO_EXTRA,
            )
        )  # fmt: skip

    def _read(self, text: str) -> Values:
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


def _told(text: str) -> Optional[str]:
    """One of the parts in front, read."""
    if "\\" in text:
        return str(json.loads(text))
    return text[1:-1] if text else None


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
    asides, lines = others(packed), iter(packed.lines.decode("ascii").split("\n"))
    return [
        next(asides) if owner == OTHER else (file, 0, shorthand.signin(next(lines)))
        for file, owner in zip(cycle(json.loads(packed.files)), packed.owners)
    ]


def others(packed: Packed) -> Iterator[Entry]:
    """Those of the entries that are no sign-ins."""
    rows = iter(json.loads(packed.others))
    for file, owner in zip(cycle(json.loads(packed.files)), packed.owners):
        if owner == OTHER:
            line, row = next(rows)
            yield file, line, payload_of(row)
