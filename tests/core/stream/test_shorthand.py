"""Shorthand: what goes to another process and back is the same, to the sign of a zero."""

from __future__ import annotations

import json
from typing import Any, List

from busybody.signin import SignIn
from busybody.stream.entries import Broken, Entry
from busybody.stream.shorthand import FIRST, OTHER, Packed, Shorthand, pack, unpack
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(st.characters() | st.sampled_from('\t\n\0"\udcff'), max_size=4).map(
    lambda text: json.loads(json.dumps(text))
)  # no pair of halves: JSON has none
MAYBE = st.none() | TEXT
DEGREES = st.none() | st.sampled_from([0.0, -0.0]) | st.floats(-180, 180)
SIGNINS = st.builds(
    SignIn, id=TEXT, time=st.floats(-4e9, 4e9), user=TEXT, outcome=TEXT, ip=MAYBE, city=MAYBE, lat=DEGREES, lon=DEGREES,
    accuracy_km=DEGREES, asn=st.none() | st.integers(0, 3), user_agent=MAYBE, version=st.none() | st.integers(0, 3),
    device_id=MAYBE, app=MAYBE, session=MAYBE, method=MAYBE, interactive=st.none() | st.booleans(),
    flags=st.lists(TEXT, max_size=2).map(tuple), group=MAYBE, source=TEXT, raw_id=MAYBE,
    extra=st.dictionaries(TEXT, st.none() | TEXT | st.lists(st.integers()), max_size=2),
)  # fmt: skip
PAYLOADS = SIGNINS | TEXT | st.builds(Broken, MAYBE, TEXT)


@given(st.lists(st.tuples(st.sampled_from(["a", "b\udcff\n"]), PAYLOADS), min_size=1, max_size=6))
def test_a_batch_comes_back_as_it_was(rows: List[Any]) -> None:
    shorthand = Shorthand()
    entries: List[Entry] = [
        (file, 0 if type(payload) is SignIn else line, payload) for line, (file, payload) in enumerate(rows, 1)
    ]
    packed = pack(entries, len, shorthand)
    assert repr(unpack(Packed(*b"\n".join(packed).split(b"\n", 3)), Shorthand())) == repr(entries)
    owners = [FIRST + len(row.user) if type(row) is SignIn else OTHER for _, row in rows]
    assert list(packed.owners) == owners


@given(st.lists(SIGNINS, min_size=2, max_size=6))
def test_what_is_remembered_of_one_changes_no_other(signins: List[SignIn]) -> None:
    writer, reader = Shorthand(), Shorthand()
    for signin in signins:
        assert repr(reader.signin(writer.text(signin))) == repr(signin)
