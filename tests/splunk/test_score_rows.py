"""Rows become the sign-ins that the core makes of the same rows: also those that are remembered."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Dict, List, Mapping, Union

import pytest
from busybody.errors import RecordError
from busybody.fields.intake import Intake, Skipped
from busybody.fields.schema import MAPS
from busybody.places import Locator
from busybody.policy import Policy
from busybody.signin import SignIn
from busybody.stream.entries import Broken
from busybody_splunk.chunks import Chunk
from busybody_splunk.signins import SignIns, columns_wanted
from driver import body_of
from hypothesis import given
from hypothesis import strategies as st
from searching import FAR, HOME, simulated

NOW = 1_800_000_000.0
POLICY = Policy.default()
Cell = Union[str, List[str]]


@lru_cache(maxsize=1)
def the_core() -> Intake:
    intake = Intake(POLICY, Locator(POLICY), reference_time=NOW)
    reader = intake.registry.of_source("splunk_cim")
    assert reader is not None
    intake.registry.readers[:] = [reader]
    return intake


@lru_cache(maxsize=1)
def the_app() -> SignIns:
    return SignIns(POLICY, "splunk_cim", NOW)


def by_the_core(events: List[Mapping[str, Cell]]) -> List[Any]:
    """What the core's own intake makes of them, restricted to the one map."""
    intake = the_core()
    known = intake.registry.readers[0].tree()
    found: List[Any] = []
    for event in events:
        record = {name: _split(name, event[name]) for name in sorted(event) if event[name] and name in known}
        try:
            read = intake.read(record)
        except RecordError as error:
            found.append(Broken(error.key, error.message))
            continue
        late = isinstance(read, SignIn) and read.time > NOW + 86400.0
        found.append("future" if late else read.reason if isinstance(read, Skipped) else read)
    return found


def _split(name: str, cell: Cell) -> Cell:
    if isinstance(cell, list):
        return cell if len(cell) > 1 else cell[0]
    return [part for part in cell.splitlines() if part] if "\n" in cell else cell


def assert_same(events: List[Mapping[str, Cell]]) -> None:
    names = sorted({name for event in events for name in event})
    reader = the_app()
    reader.forget()
    chunk = Chunk(body_of(names, events))
    expected = by_the_core(events)
    for _ in range(2):  # the second time from memory
        found = reader.read(chunk)
        told = ["future" if isinstance(one, Broken) and "future" in one.message else one for one in found]
        assert told == expected


def test_simulated_sign_ins_are_those_of_the_core() -> None:
    events = [dict(event) for event in simulated()[:600]]
    assert_same(events)
    assert_same([{name: value for name, value in event.items() if name != "event_hash"} for event in events])


CELLS: Dict[str, st.SearchStrategy[Cell]] = {
    "_time": st.sampled_from(
        ["1772409616.371", "1772409616", "1772409616371", "1.7724e9", "", "2026-03-02T00:00:00Z", "nan", "4000000000", " 1772409617 ", "177_2409616"]
    ),
    "user": st.sampled_from(["ana", "Ana ", "DC1$", "", "-", "unknown", "x\ny", "é", "a\u0301na", ["ana", "bo"], "a" * 2000]),
    "src_user": st.sampled_from(["", "eve"]),
    "action": st.sampled_from(["success", "failure", "allowed", "logoff", "", "pending", "error", ["success", "failure"], "Success"]),
    "src": st.sampled_from(["203.0.113.10", "2001:db8::7", "", "-", "no address", "10.0.0.1", "203.0.113.10:443", ["203.0.113.1", "203.0.113.2"]]),
    "app": st.sampled_from(["", "mail", "-", "a,b", 'quo"ted']),
    "authentication_method": st.sampled_from(["", "password", "OTP push", "saml", "-"]),
    "Country": st.sampled_from(["", "PT", "Portugal", "nowhere"]),
    "lat": st.sampled_from(["", "38.72", "0", "0.0", "123", "x"]),
    "lon": st.sampled_from(["", "-9.14", "0", "1e1"]),
    "src_asn": st.sampled_from(["", "64510", "AS64510", "-5", "1", "1.0"]),
    "user_agent": st.sampled_from(["", HOME["user_agent"], FAR["user_agent"]]),
    "session_id": st.sampled_from(["", "s1", "-", "s\n2", ["s1", "s2"]]),
    "event_hash": st.sampled_from(["", "e1", "-", "e\n2", "unknown"]),
    "event_uid": st.sampled_from(["", "u1"]),
    "tag": st.sampled_from(["", "authentication", ["authentication", "cloud"], ["network", "web"], "web"]),
    "is_proxy": st.sampled_from(["", "true", "false", "1"]),
    "mfa_result": st.sampled_from(["", "approved", "denied", "none"]),
    "reason": st.sampled_from(["", "MFA denied"]),
    "sourcetype": st.sampled_from(["", "okta", "linux_secure"]),
}  # fmt: skip


@given(st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=12))
def test_any_rows_are_read_as_the_core_reads_them(events: List[Dict[str, Cell]]) -> None:
    assert_same([*events, *events])


def test_what_was_remembered_of_one_row_is_not_said_of_another() -> None:
    """Cells that look alike: a name on two lines and two names; a value that is missing in other words."""
    plain = {"_time": "1772409616", "user": "ana", "action": "success", "src": "203.0.113.10"}
    assert_same(
        [
            plain,
            {**plain, "user": "ana\nbo"},
            {**plain, "user": ["ana\nbo", "cy"]},
            {**plain, "user": ["ana", "bo\ncy"]},
        ]
    )
    assert_same(
        [
            {**plain, "action": "", "app": ""},
            {**plain, "action": "", "app": "", "src": "-"},
            {**plain, "action": "", "src": ""},
        ]
    )
    assert_same([plain, {**plain, "_time": ""}, {**plain, "_time": "-"}])


def test_many_rows_do_not_make_the_memory_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    from busybody_splunk import memory

    monkeypatch.setattr(memory, "REMEMBERED", 20)
    events = [
        {"_time": "1772409616", "user": f"u{number}", "action": "success", "src": f"203.0.113.{number}"}
        for number in range(200)
    ]
    assert_same(events)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(path.stem for path in MAPS.glob("*.json")))
def test_the_columns_asked_for_are_those_that_the_map_reads(name: str) -> None:
    intake = Intake(POLICY, None)
    reader = intake.registry.of_source(name)
    assert reader is not None
    wanted = columns_wanted(name)
    if "_time" not in reader.tree():
        assert wanted == ("_time", "_raw")
        return
    paths = {path.partition("[")[0] for path in reader._paths.slots if not path.startswith("$")}
    assert set(wanted or ()) == paths


def test_a_name_that_is_no_packaged_map_asks_for_all_columns() -> None:
    assert columns_wanted("badges") is None
    assert columns_wanted("../../errors") is None
